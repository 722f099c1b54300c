// What the two halves of the page have in common: each trains something, shows it, and gives it away.
import type { Report } from "simdgrad";
import type { Followed } from "../shared/run.ts";
import type { Portable } from "../shared/tools.ts";

/** What a training tells of its latest steps. */
export interface Progress extends Pick<Report, "step" | "totalSteps" | "losses"> {
  /** Of a second network that trains along: as many. */
  readonly others?: readonly number[];
  readonly perSecond: number;
}

export interface Part {
  /** Makes new networks, where there are none, and what they need to train; `onWait` hears what it waits for. */
  open(seed: number, onWait: (text: string) => void): Promise<void>;
  /** Trains on, for so many steps; 0: without an end. */
  begin(steps: number): Followed<Progress>;
  /** Asks the networks what they make now, and draws it. */
  look(): Promise<void>;
  close(): Promise<void>;
  /** The model as it is; undefined before there is one. */
  portable(step: number): Portable | undefined;
  code(seed: number, steps: number): string;
  /** What the visitor has to do before it can begin, in a sentence; "" where nothing is missing. */
  lacks(): string;
  /** What is trained, in a sentence. */
  said(): string;
}
