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

const EVERY = 100; // ms from one change of the figures to the next: faster ones nobody reads
const whole = new Intl.NumberFormat("en");
const three = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

export class RunView {
  readonly #progress = byId("progress", HTMLProgressElement);
  readonly #problem = byId("problem");
  #drawn = 0;
  #waiting: ReturnType<typeof setTimeout> | undefined;

  constructor({ go, stop, reset }: RunActions) {
    onPress(byId("go"), go);
    onPress(byId("stop"), stop);
    onPress(byId("reset"), reset);
  }

  showPhase(phase: Phase, trained: boolean): void {
    say(byId("go"), phase === "idle" && trained ? "Train on" : going[phase]);
    enable(byId("go"), phase !== "starting" && phase !== "stopping");
    enable(byId("stop"), phase === "running" || phase === "paused");
    enable(byId("reset"), trained && phase !== "starting" && phase !== "stopping");
  }

  /** A sentence for everybody, read aloud. */
  state(text: string): void {
    say(byId("state"), text);
  }

  progress(share: number): void {
    this.#progress.value = share;
  }

  /** Shows a report, at once or soon; the latest one is always shown. */
  figures(report: Report, before: number, epochs: number): void {
    if (report.validation !== undefined) this.accuracy(report.validation.accuracy);
    clearTimeout(this.#waiting);
    const wait = EVERY - (performance.now() - this.#drawn);
    if (wait > 0) this.#waiting = setTimeout(() => this.#draw(report, before, epochs), wait);
    else this.#draw(report, before, epochs);
  }

  #draw({ epoch, loss, samplesPerSecond, step, totalSteps }: Report, before: number, epochs: number): void {
    this.#drawn = performance.now();
    say(byId("figure-epoch"), `${Math.min(epoch + 1, epochs)} of ${epochs}`);
    say(byId("figure-step"), whole.format(before + step));
    say(byId("figure-loss"), loss.toPrecision(3));
    if (Number.isFinite(samplesPerSecond)) say(byId("figure-rate"), three.format(samplesPerSecond));
    this.progress(step / totalSteps);
  }

  accuracy(share: number): void {
    say(byId("figure-accuracy"), `${(100 * share).toFixed(2)} %`);
  }

  clear(): void {
    clearTimeout(this.#waiting);
    for (const name of ["epoch", "step", "loss", "accuracy", "rate"]) say(byId(`figure-${name}`), "–");
    this.progress(0);
  }

  /** What went wrong, in words; "" takes it away. */
  problem(text: string): void {
    this.#problem.hidden = text === "";
    say(this.#problem, text);
  }
}
