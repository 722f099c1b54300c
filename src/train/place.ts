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

/** Rows that the counter, an i32, tells apart: after twice as many of an epoch it goes back by as many, never to 0. */
export const ROWS = 2 ** 29;

/** What it holds after more rows. */
export function counted(row: number, rows: number): number {
  const more = row + rows;
  return more < 2 * ROWS ? more : more - ROWS;
}

/** A place, and what the counters hold there. */
interface Known {
  readonly epoch: number;
  readonly count: number;
  readonly place: Place;
}

/** Places of steps that may be the last one made. */
export class Places implements Streamed {
  readonly source: unknown;
  #places: Known[] = [];
  /** The end of an epoch, to which a callback may put the counters back. */
  #end: Known | undefined;

  constructor(source: unknown) {
    this.source = source;
  }

  at(epoch: number, row: number): Place | undefined {
    const isThere = (known: Known | undefined) => known?.epoch === epoch && known.count === row;
    return (this.#places.find(isThere) ?? (isThere(this.#end) ? this.#end : undefined))?.place;
  }

  add(epoch: number, count: number, place: Place): void {
    this.#places.push({ epoch, count, place });
  }

  /** The latest places are those of steps that may be the last one; of others the end of the latest epoch is kept. */
  forgetAllBut(latest: number): void {
    const over = Math.max(0, this.#places.length - latest);
    this.#end = this.#places.slice(0, over).findLast(({ count }) => count === 0) ?? this.#end;
    this.#places = this.#places.slice(over);
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
