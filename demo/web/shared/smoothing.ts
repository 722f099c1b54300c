// Curves: smoothed, and thin enough to be drawn sixty times a second however long a training is.

/** A running mean that forgets, corrected for its start at zero, so that it begins with the first value. */
export class Smoother {
  readonly #keep: number;
  #sum = 0;
  #weight = 0;

  /** @param keep share of the past in each new mean, 0 <= keep < 1 */
  constructor(keep: number) {
    this.#keep = keep;
  }

  next(value: number): number {
    this.#sum = this.#keep * this.#sum + (1 - this.#keep) * value;
    this.#weight = this.#keep * this.#weight + (1 - this.#keep);
    return this.#sum / this.#weight;
  }
}

/** Values over steps, at most `limit` points: as soon as there are more, each two neighbours become their mean. */
export class Curve {
  readonly #limit: number;
  #x: number[] = [];
  #y: number[] = [];
  /** Values that make one point. */
  #each = 1;
  #sum = 0;
  #count = 0;
  #last = 0;

  constructor(limit = 600) {
    this.#limit = limit;
  }

  add(x: number, y: number): void {
    this.#sum += y;
    this.#count++;
    this.#last = x;
    if (this.#count === this.#each) this.#close();
  }

  /** Steps and values. The values that make no whole point yet make the last one. */
  points(): { readonly x: readonly number[]; readonly y: readonly number[] } {
    if (this.#count === 0) return { x: this.#x, y: this.#y };
    return { x: [...this.#x, this.#last], y: [...this.#y, this.#sum / this.#count] };
  }

  #close(): void {
    this.#x.push(this.#last);
    this.#y.push(this.#sum / this.#count);
    this.#sum = 0;
    this.#count = 0;
    if (this.#x.length <= this.#limit) return;
    // An odd one out waits for its neighbour.
    const pairs = Math.floor(this.#x.length / 2);
    if (this.#x.length % 2 === 1) {
      this.#sum = this.#y[2 * pairs] * this.#each;
      this.#count = this.#each;
    }
    this.#x = Array.from({ length: pairs }, (_, i) => this.#x[2 * i + 1]);
    this.#y = Array.from({ length: pairs }, (_, i) => (this.#y[2 * i] + this.#y[2 * i + 1]) / 2);
    this.#each *= 2;
  }
}

/** Several curves over one common list of steps, with null where a curve has no value: how uPlot wants them. */
export function aligned(
  curves: readonly { readonly x: readonly number[]; readonly y: readonly number[] }[],
): [number[], ...(number | null)[][]] {
  const x = [...new Set(curves.flatMap((curve) => curve.x))].sort((a, b) => a - b);
  const at = new Map(x.map((step, i) => [step, i]));
  const columns = curves.map((curve) => {
    const column = new Array<number | null>(x.length).fill(null);
    curve.x.forEach((step, i) => {
      column[at.get(step) as number] = curve.y[i];
    });
    return column;
  });
  return [x, ...columns];
}
