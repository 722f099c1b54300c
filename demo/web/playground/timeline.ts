// The weights of a training at some of its steps, thinned so that they stay few however long it is.

import type { ActivationName } from "./network.ts";

export interface Moment {
  readonly step: number;
  readonly weights: Float32Array;
  /** What stood between its layers then. */
  readonly activation: ActivationName;
}

export class Timeline {
  readonly #limit: number;
  #moments: Moment[] = [];
  /** Steps from one moment to the next, at least. */
  #apart = 1;

  constructor(limit = 160) {
    this.#limit = limit;
  }

  get moments(): readonly Moment[] {
    return this.#moments;
  }

  /** Keeps a moment, unless one just before is kept; another one of the same step takes its place: it was changed by hand since. */
  add(moment: Moment): void {
    const { step } = moment;
    const last = this.#moments.at(-1);
    if (last?.step === step) this.#moments.pop();
    else if (last !== undefined && step < last.step + this.#apart) return;
    this.#moments.push(moment);
    if (this.#moments.length <= this.#limit) return;
    // The first one stays: where it began.
    this.#moments = this.#moments.filter((_, i) => i % 2 === 0);
    this.#apart = Math.max(1, (step - this.#moments[0].step) / this.#limit);
  }
}
