// The trials of a study, as events make them: those of a file, and those that happen.
import { isRecord } from "../check.ts";
import { type Dimension, type Flat, faultOf, nested } from "./dimensions.ts";
import type { Event } from "./journal.ts";
import type { ArtifactNote, Report, TrialRecord } from "./record.ts";
import type { Space, Values } from "./space.ts";

/** A trial that events change. */
interface Entry<S extends Space> extends TrialRecord<Values<S>> {
  state: TrialRecord["state"];
  value: number | undefined;
  reports: Report[];
  error: string | undefined;
  artifact: ArtifactNote | undefined;
}

export class Ledger<S extends Space> {
  readonly #space: S;
  readonly #dimensions: readonly Dimension[];
  readonly #entries: Entry<S>[] = [];

  constructor(space: S, dimensions: readonly Dimension[]) {
    this.#space = space;
    this.#dimensions = dimensions;
  }

  get records(): readonly TrialRecord<Values<S>>[] {
    return this.#entries;
  }

  /** Makes an event happen that is known to be possible. @returns what takes it back, once all that happened after it is taken back */
  do(event: Event): () => void {
    if ("ask" in event) {
      const values = nested(this.#space, event.ask) as Values<S>;
      const number = this.#entries.length;
      const nothing = { value: undefined, error: undefined, artifact: undefined };
      this.#entries.push({ number, state: "running", values, parameters: event.ask, reports: [], ...nothing });
      return () => void this.#entries.pop();
    }
    const entry = this.#entries[event.trial];
    if ("report" in event) {
      entry.reports.push({ step: event.step, value: Number(event.report) });
      return () => void entry.reports.pop();
    }
    const before = { ...entry };
    if ("again" in event) entry.reports = [];
    else if ("tell" in event) {
      entry.state = "complete";
      entry.value = event.tell;
      entry.artifact = event.artifact;
    } else if ("pruned" in event) entry.state = "pruned";
    else {
      entry.state = "failed";
      entry.error = event.failed;
    }
    return () => void Object.assign(entry, before);
  }

  /** The same with what a line of a file holds. @returns what is wrong with it, or undefined */
  replay(content: Readonly<Record<string, unknown>>): string | undefined {
    const fault = this.#faultOf(content);
    if (fault === undefined) this.do(content as unknown as Event);
    return fault;
  }

  #faultOf(content: Readonly<Record<string, unknown>>): string | undefined {
    const { trial, ask, again, step, report, tell, artifact, pruned, failed } = content;
    if (!Number.isInteger(trial)) return "it has no number of a trial";
    if (ask !== undefined) {
      if (trial !== this.#entries.length) return `trial ${trial} is not the next one`;
      return isRecord(ask) ? faultOf(this.#dimensions, ask as Flat) : `trial ${trial} has no values`;
    }
    const entry = this.#entries[Number(trial)];
    if (entry === undefined) return `there is no trial ${trial}`;
    if (entry.state !== "running") return `trial ${trial} has ended before`;
    const isReport = Number.isInteger(step) && (typeof report === "number" || typeof report === "string");
    const isNote = artifact === undefined || (isRecord(artifact) && Number.isInteger(artifact.bytes));
    const isKnown =
      again === true || isReport || (Number.isFinite(tell) && isNote) || pruned === true || typeof failed === "string";
    return isKnown ? undefined : `nothing is known to happen to trial ${trial}`;
  }
}
