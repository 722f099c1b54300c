// Who lives where in one address space of words: first fit among the gaps, neighbouring gaps merged, growth at the end.
import { ALIGN } from "../../assembly/isa/sizes.ts";

/** A stretch of words. */
export interface Room {
  readonly at: number;
  readonly words: number;
}

/** Places from `start` on; every one begins at a multiple of ALIGN and is padded to one. */
export class Layout {
  /** First word beyond all places. */
  end: number;
  /** Ascending, never adjacent to one another or to `end`. */
  #gaps: Room[] = [];

  constructor(start: number) {
    this.end = start;
  }

  /** Another one like this, to try something on. */
  copy(): Layout {
    const copy = new Layout(this.end);
    copy.#gaps = [...this.#gaps];
    return copy;
  }

  /** Takes the first gap that is large enough, else the end. */
  take(words: number): Room {
    const padded = Math.ceil(words / ALIGN) * ALIGN;
    const index = this.#gaps.findIndex((gap) => gap.words >= padded);
    if (index < 0) {
      this.end += padded;
      return { at: this.end - padded, words: padded };
    }
    const gap = this.#gaps[index];
    if (gap.words === padded) this.#gaps.splice(index, 1);
    else this.#gaps[index] = { at: gap.at + padded, words: gap.words - padded };
    return { at: gap.at, words: padded };
  }

  /** Gives a place back. */
  free(place: Room): void {
    if (place.words === 0) return;
    let { at, words } = place;
    let index = this.#gaps.findIndex((gap) => gap.at > at);
    if (index < 0) index = this.#gaps.length;
    const before = this.#gaps[index - 1];
    const after = this.#gaps[index];
    let merged = 0;
    if (after !== undefined && at + words === after.at) {
      words += after.words;
      merged++;
    }
    if (before !== undefined && before.at + before.words === at) {
      at = before.at;
      words += before.words;
      merged++;
      index--;
    }
    if (at + words === this.end) {
      this.end = at;
      this.#gaps.splice(index, merged);
    } else this.#gaps.splice(index, merged, { at, words });
  }
}
