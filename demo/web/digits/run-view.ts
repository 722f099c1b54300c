// The bar with the training's buttons, state and figures.
import type { Report } from "simdgrad";
import { byId, enable, onPress, say } from "../shared/dom.ts";
import type { Phase } from "../shared/run.ts";

export interface RunActions {
  /** The button that starts, pauses and resumes. */
  readonly go: () => void;
  readonly stop: () => void;
  readonly reset: () => void;
}

const going: Readonly<Record<Phase, string>> = {
  idle: "Start training",
  starting: "Starting …",
  running: "Pause",
  paused: "Resume",
  stopping: "Stopping …",
};

export class RunView {
  readonly #progress = byId("progress", HTMLProgressElement);
  readonly #problem = byId("problem");

  constructor({ go, stop, reset }: RunActions) {
    onPress(byId("go"), go);
    onPress(byId("stop"), stop);
    onPress(byId("reset"), reset);
  }

  showPhase(phase: Phase, trained: boolean): void {
    say(byId("go"), phase === "idle" && trained ? "Train on" : going[phase]);
    enable(byId("go"), phase !== "starting" && phase !== "stopping");
    enable(byId("stop"), phase === "running" || phase === "paused");
    enable(byId("reset"), trained || phase === "running" || phase === "paused");
  }

  /** A sentence for everybody, read aloud. */
  state(text: string): void {
    say(byId("state"), text);
  }

  progress(share: number): void {
    this.#progress.value = share;
  }

  figures(
    { epoch, loss, samplesPerSecond, step, totalSteps, validation }: Report,
    before: number,
    epochs: number,
  ): void {
    say(byId("figure-epoch"), `${Math.min(epoch + 1, epochs)} of ${epochs}`);
    say(byId("figure-step"), (before + step).toLocaleString("en"));
    say(byId("figure-loss"), loss.toPrecision(3));
    if (Number.isFinite(samplesPerSecond))
      say(byId("figure-rate"), Number(samplesPerSecond.toPrecision(3)).toLocaleString("en"));
    if (validation !== undefined) this.accuracy(validation.accuracy);
    this.progress(step / totalSteps);
  }

  accuracy(share: number): void {
    say(byId("figure-accuracy"), `${(100 * share).toFixed(2)} %`);
  }

  clear(): void {
    for (const name of ["epoch", "step", "loss", "accuracy", "rate"]) say(byId(`figure-${name}`), "–");
    this.progress(0);
  }

  /** What went wrong, in words; "" takes it away. */
  problem(text: string): void {
    this.#problem.hidden = text === "";
    say(this.#problem, text);
  }
}
