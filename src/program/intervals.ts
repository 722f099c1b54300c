// Sets of words as sorted disjoint intervals, each with a stamp; neighbours of one stamp are joined. Every call is a binary search
// and work on the intervals it meets.
import { firstIndex } from "./first-index.ts";

export class Intervals {
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #stamps: number[] = [];

  /** Stamps start..end, whatever was there. */
  add(start: number, end: number, stamp = 0): void {
    if (start >= end) return;
    let first = this.#endingAfter(start - 1); // with a neighbour that ends where this begins
    if (this.#ends[first] === start && this.#stamps[first] !== stamp) first++;
    let last = first;
    const pieces: [start: number, end: number, stamp: number][] = [];
    let [low, high] = [start, end];
    for (; last < this.#starts.length && this.#starts[last] <= end; last++) {
      const [from, to, old] = [this.#starts[last], this.#ends[last], this.#stamps[last]];
      if (old === stamp) {
        low = Math.min(low, from);
        high = Math.max(high, to);
      } else if (from === end) break;
      else {
        if (from < start) pieces.push([from, start, old]);
        if (to > end) pieces.push([end, to, old]);
      }
    }
    const at = pieces.length > 0 && pieces[0][0] < low ? 1 : 0;
    pieces.splice(at, 0, [low, high, stamp]);
    this.#starts.splice(first, last - first, ...pieces.map((piece) => piece[0]));
    this.#ends.splice(first, last - first, ...pieces.map((piece) => piece[1]));
    this.#stamps.splice(first, last - first, ...pieces.map((piece) => piece[2]));
  }

  /** Index of the first interval that ends after `position`. */
  #endingAfter(position: number): number {
    return firstIndex(this.#ends.length, (i) => this.#ends[i] > position);
  }

  /** Whether all of start..end is in the set. */
  covers(start: number, end: number): boolean {
    for (let i = this.#endingAfter(start), at = start; at < end; at = this.#ends[i++])
      if (i >= this.#starts.length || this.#starts[i] > at) return false;
    return true;
  }

  /** The interval around a position that is in the set. */
  around(position: number): readonly [start: number, end: number] {
    const i = this.#endingAfter(position);
    return [this.#starts[i], this.#ends[i]];
  }

  /** Whether any of start..end is. */
  meets(start: number, end: number): boolean {
    return start < end && this.#starts[this.#endingAfter(start)] < end;
  }

  /** The largest stamp in start..end, -1 without one. */
  latest(start: number, end: number): number {
    let stamp = -1;
    for (let i = this.#endingAfter(start); start < end && this.#starts[i] < end; i++)
      stamp = Math.max(stamp, this.#stamps[i]);
    return stamp;
  }

  /** All intervals, ascending. */
  *[Symbol.iterator](): Generator<readonly [start: number, end: number]> {
    for (let i = 0; i < this.#starts.length; i++) yield [this.#starts[i], this.#ends[i]];
  }
}
