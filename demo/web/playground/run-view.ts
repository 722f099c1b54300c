// The bar: buttons, what state it is in, figures.
import { byId, enable, onPress, say, sayNumber } from "../shared/dom.ts";
import { tenTo } from "../shared/powers.ts";
import type { Phase } from "../shared/run.ts";

/** Milliseconds over which steps a second are counted. */
const SPAN = 1000;

export class RunView {
  readonly #go = byId("go");
  readonly #problem = byId("problem");
  /** What is said of the state, and in its place what keeps it from training. */
  #state = "";
  #lack = "";
  /** What is said behind the state of how it learns. */
  #note = "";
  #phase: Phase = "idle";
  #marks: { readonly time: number; readonly step: number }[] = [];

  constructor(actions: { readonly go: () => void; readonly reset: () => void }) {
    onPress(this.#go, actions.go);
    onPress(byId("reset"), actions.reset);
  }

  phase(phase: Phase, step: number): void {
    this.#phase = phase;
    const running = phase === "running" || phase === "starting";
    say(this.#go, running ? "Pause" : step === 0 ? "Start training" : "Go on");
    this.#showState();
    enable(byId("reset"), step > 0 || running);
    if (!running) this.#marks = [];
  }

  figures(step: number, loss: number): void {
    say(byId("figure-step"), step.toLocaleString("en"));
    sayNumber(byId("figure-loss"), loss, short(loss));
    const now = performance.now();
    this.#marks = this.#marks.filter(({ time }) => now - time < SPAN);
    this.#marks.push({ time: now, step });
    const [first] = this.#marks;
    const rate = (1000 * (step - first.step)) / (now - first.time);
    if (now - first.time > SPAN / 4) say(byId("figure-rate"), Number(rate.toPrecision(3)).toLocaleString("en"));
  }

  test(loss: number | undefined): void {
    say(byId("figure-test"), loss === undefined ? "–" : short(loss));
  }

  clear(): void {
    this.#marks = [];
    this.#note = "";
    for (const name of ["step", "loss", "test", "rate"]) say(byId(`figure-${name}`), "–");
    delete byId("figure-loss").dataset.exact;
  }

  state(text: string): void {
    this.#state = text;
    this.#showState();
  }

  /** Says how it learns, where there is something to be said. */
  note(text: string): void {
    if (text === this.#note) return;
    this.#note = text;
    this.#showState();
  }

  /** Says what keeps it from training; "" where nothing does. */
  lack(text: string): void {
    this.#lack = text;
    this.#showState();
  }

  #showState(): void {
    say(byId("state"), this.#lack || `${this.#state} ${this.#note}`.trim());
    byId("state").classList.toggle("lack", this.#lack !== "");
    enable(this.#go, this.#phase !== "stopping" && this.#lack === "");
  }

  problem(text: string): void {
    this.#problem.hidden = text === "";
    say(this.#problem, text);
  }
}

/** A loss: 0.0123, or 1.2×10⁻⁸. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (size === 0 || (size >= 0.0001 && size < 10_000) || !Number.isFinite(value)) return value.toFixed(4);
  const [digits, exponent] = value.toExponential(1).split("e");
  return `${digits}×${tenTo(Number(exponent))}`;
}
