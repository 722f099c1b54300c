// Matrix products in JavaScript: tiles of 2 x 4 outputs in registers over packed columns of B. Twin of assembly/gemm.
// In Node 24 this makes 2.8-3.8 GFLOP/s on Float32Array where a row-by-row triple loop makes 0.7-0.95 (128 x 784 x 64 and like).
import * as slot from "../../../assembly/isa/slots.ts";
import { map } from "./map.ts";
import { type JsMemory, TILE } from "./memory.ts";

/** MATMUL: reads A and B themselves, not what is packed of them; the epilogue runs when all of C is there. */
export function matmul(memory: JsMemory, code: Int32Array, at: number): void {
  const word = (number: number) => code[at + number];
  const aTransposed = (word(slot.MATMUL_TRANSPOSED) & 1) !== 0;
  const bTransposed = (word(slot.MATMUL_TRANSPOSED) & 2) !== 0;
  const [rowA, rowB] = [word(slot.MATMUL_ROW_A), word(slot.MATMUL_ROW_B)];
  for (let b = 0; b < word(slot.MATMUL_BATCH); b++)
    for (let h = 0; h < word(slot.MATMUL_HEADS); h++)
      multiply(
        memory,
        word(slot.MATMUL_C) + b * word(slot.MATMUL_STRIDE_C) + h * word(slot.MATMUL_HEAD_C),
        word(slot.MATMUL_ROW_C),
        word(slot.MATMUL_A) + b * word(slot.MATMUL_STRIDE_A) + h * word(slot.MATMUL_HEAD_A),
        word(slot.MATMUL_B) + b * word(slot.MATMUL_STRIDE_B) + h * word(slot.MATMUL_HEAD_B),
        word(slot.MATMUL_M),
        word(slot.MATMUL_N),
        word(slot.MATMUL_K),
        aTransposed ? 1 : rowA,
        aTransposed ? rowA : 1,
        bTransposed ? 1 : rowB,
        bTransposed ? rowB : 1,
      );
  if (word(slot.MATMUL_MAP) > 0) map(memory, code, at + slot.MATMUL_WORDS - 1);
}

/** PACK: nothing to do, since `matmul` packs the columns it is about to use. */
export function pack(): void {}

/** C (m x n), its rows `rowC` apart, = A . B, with A[i, p] at a + i * rowA + p * stepA and B[p, j] at b + p * stepB + j * columnB. */
function multiply(
  memory: JsMemory,
  c: number,
  rowC: number,
  a: number,
  b: number,
  m: number,
  n: number,
  k: number,
  rowA: number,
  stepA: number,
  stepB: number,
  columnB: number,
): void {
  const f = memory.f;
  if (memory.panel.length < k * TILE) memory.panel = new Float64Array(k * TILE);
  const panel = memory.panel;
  for (let j = 0; j < n; j += TILE) {
    const wide = Math.min(TILE, n - j);
    packColumns(memory, b + j * columnB, k, wide, stepB, columnB);
    for (let i = 0; i < m; i += 2) {
      // An odd last row is computed twice and stored once.
      const second = i + 1 < m ? rowA : 0;
      let a0 = a + i * rowA;
      let s00 = 0;
      let s01 = 0;
      let s02 = 0;
      let s03 = 0;
      let s10 = 0;
      let s11 = 0;
      let s12 = 0;
      let s13 = 0;
      for (let q = 0; q < TILE * k; q += TILE) {
        const b0 = panel[q];
        const b1 = panel[q + 1];
        const b2 = panel[q + 2];
        const b3 = panel[q + 3];
        const x = f[a0];
        s00 += x * b0;
        s01 += x * b1;
        s02 += x * b2;
        s03 += x * b3;
        const y = f[a0 + second];
        s10 += y * b0;
        s11 += y * b1;
        s12 += y * b2;
        s13 += y * b3;
        a0 += stepA;
      }
      storeRow(f, c + i * rowC + j, wide, s00, s01, s02, s03);
      if (i + 1 < m) storeRow(f, c + (i + 1) * rowC + j, wide, s10, s11, s12, s13);
    }
  }
}

function storeRow(f: JsMemory["f"], to: number, wide: number, s0: number, s1: number, s2: number, s3: number): void {
  f[to] = s0;
  if (wide > 1) f[to + 1] = s1;
  if (wide > 2) f[to + 2] = s2;
  if (wide > 3) f[to + 3] = s3;
}

/** Lays `wide` columns of B side by side, widened to Float64; the rest of the tile is 0. */
function packColumns(memory: JsMemory, from: number, k: number, wide: number, step: number, column: number): void {
  const { f, panel } = memory;
  if (wide === TILE) {
    for (let q = 0, at = from; q < TILE * k; q += TILE, at += step) {
      panel[q] = f[at];
      panel[q + 1] = f[at + column];
      panel[q + 2] = f[at + 2 * column];
      panel[q + 3] = f[at + 3 * column];
    }
    return;
  }
  for (let p = 0; p < k; p++) {
    for (let j = 0; j < TILE; j++) panel[TILE * p + j] = j < wide ? f[from + p * step + j * column] : 0;
  }
}
