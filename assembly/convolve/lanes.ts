// Tiles of a band whose lanes are eight filters: a position is wherever its place is, so none is lost where a row ends, and all sums of a tile
// are wanted, where eight filters as rows are two tiles of four.
import { TALL } from "../gemm/blocking";
import { lanes6x8 } from "../gemm/micro-lanes-6x8";
import { packColumns } from "../gemm/pack";
import { scratch } from "../parallel";
import { EDGE, PLACES, PLANES, planesNow, putRows, ROW_BYTES, SPOTS, STRIP } from "./planes";

export const EIGHT = 8; // filters of a tile
const DEEP = 160; // taps: of fewer, results are turned too often

/** Whether any tile of so many filters may be of this kind. */
export function mayBeLanes(rows: i32): bool {
  return TALL && rows >= EIGHT;
}

/** Whether the next tile is, of so many filters that are left, each of k taps: 12 are two tiles of six rows. */
export function areLanes(rows: i32, k: i32): bool {
  return TALL && (rows === EIGHT || (rows > 12 && k >= DEEP));
}

/** Lists where the positions of a band are, whose planes are laid; some place stands behind the last, for tiles that have fewer. */
export function listSpots(deep: i32, wide: i32): void {
  const next = planesNow().next;
  let to = scratch + SPOTS;
  for (let r = 0, row = scratch + PLANES; r < deep; r++, row += next, to += 4 * wide) {
    // What four write beyond a row is the beginning of the next one, which comes later.
    let spots = i32x4.add(i32x4.splat(<i32>row), i32x4(0, 4, 8, 12));
    for (let at = to, end = to + 4 * wide; at < end; at += 16, spots = i32x4.add(spots, i32x4.splat(16)))
      v128.store(at, spots);
  }
  v128.store(to, i32x4.splat(<i32>(scratch + PLANES)));
  v128.store(to, i32x4.splat(<i32>(scratch + PLANES)), 16);
}

/** All positions of a band by eight filters, `next` bytes apart, of k listed taps whose numbers lie side by side. */
export function laneTiles(c: usize, ldc: i32, filters: usize, next: i32, k: i32, positions: i32, add: bool): void {
  const places = scratch + PLACES;
  const end = places + 4 * k;
  const numbers = scratch + STRIP;
  const spots = scratch + SPOTS;
  packColumns(numbers, EIGHT, filters, next, k, EIGHT);
  const whole = positions / 6;
  lanes6x8(places, end, numbers, spots, c, ldc, add, whole);
  const rest = positions - 6 * whole;
  if (rest === 0) return;
  const edge = scratch + EDGE;
  lanes6x8(places, end, numbers, spots + 24 * whole, edge, ROW_BYTES, false, 1);
  putRows(c + 24 * whole, ldc, edge, EIGHT, rest, add);
}
