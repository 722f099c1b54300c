// SORT of rows: merge sort of keys with their indices, an item of 64 bits each, the key above: no two are equal, so the order is one.
import { ROWS_CHUNK } from "./isa/chunks";
import { SORT_SHORT } from "./isa/sizes";
import {
  SORT_COLUMNS,
  SORT_DESCENDING,
  SORT_FROM,
  SORT_INDICES,
  SORT_INTEGER,
  SORT_ROWS,
  SORT_VALUES,
  SORT_WORK,
} from "./isa/slots";
import { nextChunk, scratch, startClaims } from "./parallel";

const FEW = 12; // items that are put in order one by one

/** values[r, :] = from[r, :] in order, indices[r, :] = where they stood. */
export function sort(pc: usize): void {
  const values = load<usize>(pc, 4 * SORT_VALUES);
  const indices = load<usize>(pc, 4 * SORT_INDICES);
  const work = load<usize>(pc, 4 * SORT_WORK);
  const from = load<usize>(pc, 4 * SORT_FROM);
  const rows = load<i32>(pc, 4 * SORT_ROWS);
  const columns = load<i32>(pc, 4 * SORT_COLUMNS);
  const isInteger = load<i32>(pc, 4 * SORT_INTEGER) !== 0;
  const turned: u32 = load<i32>(pc, 4 * SORT_DESCENDING) ? 0xffffffff : 0;
  const isShort = columns <= SORT_SHORT;
  const step = max(1, ROWS_CHUNK / max(1, columns));
  startClaims();
  for (let first = nextChunk() * step; first < rows; first = nextChunk() * step) {
    for (let r = first, last = min(rows, first + step); r < last; r++) {
      const row = 4 * r * columns;
      const items = isShort ? scratch : work + 2 * row;
      const source = from + row;
      for (let i = 0; i < columns; i++) {
        const key = keyOf(source + 4 * i, isInteger) ^ turned;
        store<u64>(items + 8 * i, ((key as u64) << 32) | (i as u64));
      }
      // The row of values is not needed before the end: half of a long row's items fit in.
      mergeSort(items, columns, isShort ? scratch + 8 * SORT_SHORT : values + row);
      for (let i = 0; i < columns; i++) {
        const index = load<u32>(items + 8 * i);
        store<u32>(indices + row + 4 * i, index);
        store<u32>(values + row + 4 * i, load<u32>(source + 4 * index));
      }
    }
  }
}

/** A number whose order, unsigned, is that of the elements. */
function keyOf(at: usize, isInteger: bool): u32 {
  if (isInteger) return load<u32>(at) ^ 0x80000000;
  const x = load<f32>(at) + 0; // -0 is 0
  if (reinterpret<u32>(abs<f32>(x)) > 0x7f800000) return 0xffffffff; // NaN
  const bits = reinterpret<i32>(x);
  return bits ^ ((bits >> 31) | 0x80000000);
}

/** Sorts n items at `at`; half of them fit into `spare`. */
function mergeSort(at: usize, n: i32, spare: usize): void {
  const end = at + 8 * n;
  if (n <= FEW) {
    for (let next = at + 8; next < end; next += 8) {
      const item = load<u64>(next);
      let to = next;
      for (; to > at && load<u64>(to - 8) > item; to -= 8) store<u64>(to, load<u64>(to - 8));
      store<u64>(to, item);
    }
    return;
  }
  const half = n >> 1;
  const middle = at + 8 * half;
  mergeSort(at, half, spare);
  mergeSort(middle, n - half, spare);
  if (load<u64>(middle - 8) < load<u64>(middle)) return;
  memory.copy(spare, at, 8 * half);
  let left = spare;
  let right = middle;
  const leftEnd = spare + 8 * half;
  for (; left < leftEnd && right < end; at += 8) {
    const a = load<u64>(left);
    const b = load<u64>(right);
    const fromLeft = 8 * i32(a < b);
    store<u64>(at, select<u64>(a, b, a < b));
    left += fromLeft;
    right += 8 - fromLeft;
  }
  memory.copy(at, left, leftEnd - left); // of the right ones, what is left is in its place
}
