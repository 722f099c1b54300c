// What texts are made of: characters or words of a list.
import { byCharacters } from "./texts.ts";

/** Units of texts, by their numbers from 0 on; -1 is one that is not known. */
export interface Units {
  readonly size: number;
  readonly names: readonly string[];
  encode(text: string): number[];
  /** Units without -1, or with `unknown` in its place. */
  decode(units: readonly number[], unknown: string): string;
}

/** Units that are texts of a list. */
export class Listed implements Units {
  readonly names: readonly string[];
  readonly #places: ReadonlyMap<string, number>;
  readonly #split: (text: string) => Iterable<string>;
  readonly #between: string;

  constructor(names: readonly string[], split: (text: string) => Iterable<string>, between: string) {
    this.names = names;
    this.#places = new Map(names.map((name, i) => [name, i]));
    this.#split = split;
    this.#between = between;
  }

  get size(): number {
    return this.names.length;
  }

  encode(text: string): number[] {
    const units: number[] = [];
    for (const unit of this.#split(text)) units.push(this.#places.get(unit) ?? -1);
    return units;
  }

  decode(units: readonly number[], unknown: string): string {
    return units.map((unit) => (unit < 0 ? unknown : this.names[unit])).join(this.#between);
  }
}

/** The most frequent units, that occur so often at least; of equally frequent ones those that sort first. */
export function mostFrequent(counts: ReadonlyMap<string, number>, most: number, least: number): string[] {
  const known = [...counts].filter(([, count]) => count >= least);
  known.sort(([a, m], [b, n]) => n - m || byCharacters(a, b));
  return known.slice(0, most).map(([name]) => name);
}
