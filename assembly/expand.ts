// Operands of the block machine that are not read where they lie, spread over a block of scratch: bytes widened to i32, rows and
// columns repeated, parts of rows put side by side. `to` may be written up to 15 words past `count`, and operands are read as far past their end.
import { ELEMENT_BYTE, ELEMENT_WORD } from "./isa/slots";
import { copyWords } from "./words";

/** Elements first.. of an operand, one after the other. */
export function expandRun(to: usize, at: usize, element: i32, first: i32, count: i32): void {
  const end = to + 4 * count;
  if (element === ELEMENT_BYTE) {
    for (let from = at + first; to < end; to += 64, from += 16) {
      const bytes = v128.load(from);
      const low = i16x8.extend_low_i8x16_u(bytes);
      const high = i16x8.extend_high_i8x16_u(bytes);
      v128.store(to, i32x4.extend_low_i16x8_u(low));
      v128.store(to, i32x4.extend_high_i16x8_u(low), 16);
      v128.store(to, i32x4.extend_low_i16x8_u(high), 32);
      v128.store(to, i32x4.extend_high_i16x8_u(high), 48);
    }
  } else {
    for (let from = at + 4 * first; to < end; to += 16, from += 16) v128.store(to, v128.load(from));
  }
}

/** Element `index` of an operand, everywhere. */
export function expandOne(to: usize, at: usize, element: i32, index: i32, count: i32): void {
  const value = i32x4.splat(element === ELEMENT_BYTE ? load<u8>(at + index) : load<i32>(at + 4 * index));
  for (const end = to + 4 * count; to < end; to += 16) v128.store(to, value);
}

/** Elements (i + k) % columns for k in 0..count. */
export function expandRow(to: usize, at: usize, element: i32, columns: i32, i: i32, count: i32): void {
  for (let column = i % columns; count > 0; column = 0) {
    const run = min(columns - column, count);
    expandRun(to, at, element, column, run);
    to += 4 * run;
    count -= run;
  }
}

/** Elements ((i + k) / run) % mod for k in 0..count. */
export function expandColumn(to: usize, at: usize, element: i32, run: i32, mod: i32, i: i32, count: i32): void {
  let index = (i / run) % mod;
  for (let left = run - (i % run); count > 0; left = run) {
    const same = min(left, count);
    expandOne(to, at, element, index, same);
    to += 4 * same;
    count -= same;
    index = index + 1 === mod ? 0 : index + 1;
  }
}

/** Elements (i + k) % columns of rows (i + k) / columns, which are `row` words apart, for k in 0..count. */
export function expandRows(to: usize, at: usize, columns: i32, row: i32, i: i32, count: i32): void {
  let column = i % columns;
  for (let from = at + 4 * (i / columns) * row; count > 0; from += 4 * row) {
    const run = min(columns - column, count);
    expandRun(to, from, ELEMENT_WORD, column, run);
    to += 4 * run;
    count -= run;
    column = 0;
  }
}

/** Writes a block where `expandRows` would read it. */
export function writeRows(at: usize, from: usize, columns: i32, row: i32, i: i32, count: i32): void {
  let column = i % columns;
  for (let to = at + 4 * (i / columns) * row; count > 0; to += 4 * row) {
    const run = min(columns - column, count);
    copyWords(to + 4 * column, from, run);
    from += 4 * run;
    count -= run;
    column = 0;
  }
}
