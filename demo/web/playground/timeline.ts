// The weights of a training at some of its steps, thinned so that they stay few however long it is.

export interface Moment {
  readonly step: number;
  readonly weights: Float32Array;
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

  /** Keeps weights of this step, unless those of one just before are kept; those of the same step were set by hand since. */
  add(step: number, weights: Float32Array): void {
    const last = this.#moments.at(-1);
    if (last?.step === step) this.#moments.pop();
    else if (last !== undefined && step < last.step + this.#apart) return;
    this.#moments.push({ step, weights });
    if (this.#moments.length <= this.#limit) return;
    // The first one stays: where it began.
    this.#moments = this.#moments.filter((_, i) => i % 2 === 0);
    this.#apart = Math.max(1, (step - this.#moments[0].step) / this.#limit);
  }
}
