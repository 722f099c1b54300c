// Tiles of a band whose lanes are eight filters: a position is wherever its place is, so none is lost where a row ends, and all sums of a tile
// are wanted, where eight filters as rows are two tiles of four.
import { TALL } from "../gemm/blocking";
import { lanes6x8 } from "../gemm/micro-lanes-6x8";
import { packColumns } from "../gemm/pack";
import { scratch } from "../parallel";
import { EDGE, PLACES, PLANES, planesNow, putRows, ROW_BYTES, SPOTS, STRIP } from "./planes";

const DEEP = 160; // taps: of fewer, results are turned too often

/** Whether the next tile is of this kind, of so many filters that are left: 12 are two tiles of six rows. */
export function areLanes(rows: i32, k: i32): bool {
  return TALL && (rows === 8 || (rows > 12 && k >= DEEP));
}

/** Lists where the positions of a band are, whose planes are laid; some place stands behind the last, for tiles that have fewer. */
export function listSpots(deep: i32, wide: i32): void {
  const next = planesNow().next;
  let to = scratch + SPOTS;
  for (let r = 0, row = scratch + PLANES; r < deep; r++, row += next)
    for (let at = row, end = row + 4 * wide; at < end; at += 4, to += 4) store<usize>(to, at);
  for (const end = to + 20; to < end; to += 4) store<usize>(to, scratch + PLANES);
}

/** All positions of a band by eight filters, `next` bytes apart, of k listed taps whose numbers lie side by side. */
export function laneTiles(c: usize, ldc: i32, filters: usize, next: i32, k: i32, positions: i32, add: bool): void {
  const places = scratch + PLACES;
  const end = places + 4 * k;
  const numbers = scratch + STRIP;
  const spots = scratch + SPOTS;
  packColumns(numbers, 8, filters, next, k, 8);
  const whole = positions / 6;
  lanes6x8(places, end, numbers, spots, c, ldc, add, whole);
  const rest = positions - 6 * whole;
  if (rest === 0) return;
  const edge = scratch + EDGE;
  lanes6x8(places, end, numbers, spots + 24 * whole, edge, ROW_BYTES, false, 1);
  putRows(c + 24 * whole, ldc, edge, 8, rest, add);
}
