// The training's buttons, state and figures.
import { byId, enable, onPress, say, sayNumber } from "../shared/dom.ts";
import { onSurePress } from "../shared/sure.ts";

export interface RunActions {
  /** The button that starts, pauses and resumes. */
  readonly go: () => void;
  readonly reset: () => void;
  /** Whether a reset would throw anything away. */
  readonly loses: () => boolean;
}

export interface Figures {
  /** "3 of 15" */
  readonly epoch: string;
  /** Steps made; undefined where they are not known. */
  readonly step: number | undefined;
  readonly loss: number | undefined;
  readonly rate: number | undefined;
  readonly learningRate: string;
  /** Share of the steps that are to be made. */
  readonly progress: number;
}

const EVERY = 100; // ms from one change of the figures to the next: faster ones nobody reads
const whole = new Intl.NumberFormat("en");
const three = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

export class RunView {
  readonly #progress = byId("progress", HTMLProgressElement);
  readonly #problem = byId("problem");
  readonly #again = byId("again");
  #onAgain: () => void = () => {};
  #drawn = 0;
  #waiting: ReturnType<typeof setTimeout> | undefined;

  constructor({ go, reset, loses }: RunActions) {
    onPress(byId("go"), go);
    onSurePress(byId("reset"), loses, reset);
    onPress(this.#again, () => this.#onAgain());
  }

  /** What the button says, and which buttons can be pressed. */
  buttons(text: string, possible: { readonly go: boolean; readonly reset: boolean }): void {
    say(byId("go"), text);
    enable(byId("go"), possible.go);
    enable(byId("reset"), possible.reset);
  }

  /** A sentence for everybody, read aloud. */
  state(text: string): void {
    say(byId("state"), text);
  }

  progress(share: number): void {
    this.#progress.value = share;
  }

  /** Shows figures, at once or soon; the latest ones are always shown. */
  figures(figures: Figures, atOnce = false): void {
    clearTimeout(this.#waiting);
    const wait = EVERY - (performance.now() - this.#drawn);
    if (wait > 0 && !atOnce) this.#waiting = setTimeout(() => this.#draw(figures), wait);
    else this.#draw(figures);
  }

  #draw({ epoch, step, loss, rate, learningRate, progress }: Figures): void {
    this.#drawn = performance.now();
    say(byId("figure-epoch"), epoch);
    say(byId("figure-step"), step === undefined ? "–" : whole.format(step));
    if (loss === undefined) this.#noLoss();
    else sayNumber(byId("figure-loss"), loss, loss.toPrecision(3));
    say(byId("figure-rate"), rate === undefined ? "–" : three.format(rate));
    say(byId("figure-learning-rate"), learningRate);
    this.progress(progress);
  }

  #noLoss(): void {
    const element = byId("figure-loss");
    say(element, "–");
    delete element.dataset.exact;
  }

  accuracy(share: number | undefined): void {
    say(byId("figure-accuracy"), share === undefined ? "–" : `${(100 * share).toFixed(2)} %`);
  }

  /** What went wrong, in words, and what can be tried; "" takes it away. */
  problem(text: string, again?: { readonly text: string; readonly action: () => void }): void {
    this.#problem.hidden = text === "";
    say(byId("problem-text"), text);
    this.#again.hidden = again === undefined;
    say(this.#again, again?.text ?? "");
    this.#onAgain = again?.action ?? (() => {});
  }
}
