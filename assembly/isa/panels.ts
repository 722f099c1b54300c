// Panels of B, and the tiles of C that meet them: a tile has as many columns as a panel. Why these: gemm/blocking.ts.
import type { i32 } from "./integers.ts";
import { upTo } from "./integers.ts";
import { PANEL } from "./sizes.ts";

export const NARROW_PANEL = 8; // columns
export const WIDE_PANEL = 12;
export const TALL_ROWS = 6; // of a narrow tile, where multiply-add is fused
export const LOW_ROWS = 4; // of a narrow tile, where it is not
export const WIDE_ROWS = 3; // of a wide tile

/** Columns of B, or rows of A, rounded up to PANEL, a multiple of both widths: what a buffer of panels is sized for. */
export function wholePanels(n: i32): i32 {
  return upTo(n, PANEL);
}
