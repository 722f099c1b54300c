// Where a training is in a stream. Its counters, which are in the executor's memory, name the place; what they stand for is known here.
import { must } from "../check.ts";
import type { StateDict } from "./state.ts";

/** A place in a stream, between two steps. */
export interface Place {
  /** Steps of the epoch that are made. */
  readonly steps: number;
  /** The pass through the source, and rows of it that were trained on. */
  readonly pass: number;
  readonly row: number;
  /** Rows of the pass, if more were shuffled than it had left; else 0. */
  readonly total: number;
}

/** The stream that the counters count in. */
export interface Streamed {
  /** Undefined where it is told by a snapshot. */
  readonly source?: unknown;
  /** What the counters of epochs and rows stand for; undefined where somebody else has set them. */
  at(epoch: number, row: number): Place | undefined;
}

/** Rows that a counter of i32 tells apart. */
const MOST = 2 ** 30;

/** What the counter of rows holds after so many of an epoch: never 0, and never twice for two places that are near. */
export function counted(rows: number): number {
  return rows < MOST ? rows : MOST + (rows % MOST);
}

/** Places of steps that may be the last one made. */
export class Places implements Streamed {
  readonly source: unknown;
  readonly #places = new Map<string, Place>();
  /** The end of an epoch, to which a callback may put the counters back. */
  #end: readonly [string, Place] | undefined;

  constructor(source: unknown) {
    this.source = source;
  }

  at(epoch: number, row: number): Place | undefined {
    const key = `${epoch} ${row}`;
    return this.#places.get(key) ?? (this.#end?.[0] === key ? this.#end[1] : undefined);
  }

  add(epoch: number, row: number, place: Place): void {
    this.#places.set(`${epoch} ${row}`, place);
  }

  /** The latest places are those of steps that may be the last one; of others the end of the latest epoch is kept. */
  forgetAllBut(latest: number): void {
    let over = this.#places.size - latest;
    for (const [key, place] of this.#places) {
      if (over-- <= 0) return;
      if (key.endsWith(" 0")) this.#end = [key, place];
      this.#places.delete(key);
    }
  }
}

/** Its path in a snapshot. */
export const PLACE = "stream.place";

/** A place as a snapshot holds it. */
export function placeState(place: Place | undefined): StateDict {
  if (place === undefined) return {};
  const { steps, pass, row, total } = place;
  return { [PLACE]: { data: Float64Array.of(steps, pass, row, total), shape: [4] } };
}

/** The place that a snapshot holds. @throws ArgumentError for what is none */
export function streamedOf(given: unknown): Streamed {
  const numbers: unknown[] = Array.from(Object(given));
  const isPlace = numbers.length === 4 && numbers.every((each) => Number.isSafeInteger(each) && Number(each) >= 0);
  must(isPlace, given, `restore: ${PLACE}`, "four whole numbers");
  const [steps, pass, row, total] = numbers as number[];
  return { at: () => ({ steps, pass, row, total }) };
}
