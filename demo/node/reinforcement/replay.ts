// A memory of steps, of which random ones are learned from again (Lin 1992). Each kind of number is a column.
import type { Random } from "../environments/environment.ts";

/** Numbers of a row, by the column's name. */
type Widths = Readonly<Record<string, number>>;

/** A row, or rows: numbers by the column's name. */
export type Columns<W extends Widths> = Readonly<Record<keyof W, ArrayLike<number>>>;

export class ReplayBuffer<W extends Widths> {
  readonly #widths: W;
  readonly #rows: number;
  readonly #columns: Record<string, Float32Array> = {};
  #added = 0;

  constructor(rows: number, widths: W) {
    this.#rows = rows;
    this.#widths = widths;
    for (const [name, width] of Object.entries(widths)) this.#columns[name] = new Float32Array(rows * width);
  }

  /** Rows that can be drawn. */
  get size(): number {
    return Math.min(this.#added, this.#rows);
  }

  /** Adds a row, in the place of the oldest one if there is no room. */
  add(row: Columns<W>): void {
    const at = this.#added++ % this.#rows;
    for (const [name, width] of Object.entries(this.#widths)) this.#columns[name].set(row[name], at * width);
  }

  /** Rows that are drawn one by one, each as likely: the same arrays at every call with as many. */
  sampler(count: number): (random: Random) => Record<keyof W, Float32Array> {
    const names = Object.keys(this.#widths);
    const drawn = Object.fromEntries(names.map((name) => [name, new Float32Array(count * this.#widths[name])]));
    return (random) => {
      for (let row = 0; row < count; row++) {
        const from = random.below(this.size);
        for (const name of names) {
          const width = this.#widths[name];
          for (let i = 0; i < width; i++) drawn[name][row * width + i] = this.#columns[name][from * width + i];
        }
      }
      return drawn as Record<keyof W, Float32Array>;
    };
  }
}
