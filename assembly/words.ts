// Words moved exactly: ranges of any length are written to their last word and not beyond. (Reading a vector past a range is
// harmless: every buffer is followed by at least 15 readable words.)
import { storeLanes } from "./simd";

/** Writes `words` words of the same bits. */
export function fill(to: usize, bits: u32, words: i32): void {
  const v = i32x4.splat(bits);
  const end = to + 4 * (words & ~3);
  for (; to < end; to += 16) v128.store(to, v);
  storeLanes(to, v, words & 3);
}

/** Copies `words` words; the two ranges do not overlap, or are the same. */
export function copyWords(to: usize, from: usize, words: i32): void {
  const end = to + 4 * (words & ~3);
  for (; to < end; to += 16, from += 16) v128.store(to, v128.load(from));
  storeLanes(to, v128.load(from), words & 3);
}
