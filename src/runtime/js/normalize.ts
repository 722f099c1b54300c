// Rows of mean 0 and variance 1 and their gradient, means and sums along an axis, in JavaScript. Twin of assembly/normalize.ts.
import * as op from "../../../assembly/isa/opcode.ts";
import * as slot from "../../../assembly/isa/slots.ts";
import type { JsMemory } from "./memory.ts";

/** The kernels of this file by their opcodes. */
export const NORMAL_KERNELS = {
  [op.NORMALIZE]: normalize,
  [op.NORMALIZE_GRADIENT]: normalizeGradient,
  [op.MOMENTS]: moments,
  [op.WEIGHTED_SUMS]: weightedSums,
};

/** The sum of what a function gives for 0..n-1, of each eighth by itself: as the kernels add up a row. */
function sumOf(n: number, value: (k: number) => number): number {
  const whole = n - (n % 8);
  const sums = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let k = 0; k < n; k++) sums[k < whole ? k % 8 : 0] += value(k);
  const [a, b, c, d, e, f, g, h] = sums;
  return a + c + (e + g) + (b + d + (f + h));
}

/** The sum of the squares of n differences less their mean, from that of the squares and that of the differences. */
function aboutMean(squares: number, total: number, n: number): number {
  return Math.max(0, squares - (total * total) / n);
}

function normalize({ f }: JsMemory, code: Int32Array, at: number): void {
  const columns = code[at + slot.NORMALIZE_COLUMNS];
  const isCentred = code[at + slot.NORMALIZE_CENTRED] === 1;
  const epsilon = f[code[at + slot.NORMALIZE_EPSILON]];
  for (let r = 0; r < code[at + slot.NORMALIZE_ROWS]; r++) {
    const from = code[at + slot.NORMALIZE_FROM] + r * columns;
    const start = isCentred ? f[from] : 0;
    const total = isCentred ? sumOf(columns, (c) => f[from + c] - start) : 0;
    const mean = isCentred ? start + total / columns : 0;
    const variance =
      aboutMean(
        sumOf(columns, (c) => (f[from + c] - start) ** 2),
        total,
        columns,
      ) / columns;
    const factor = 1 / Math.sqrt(variance + epsilon);
    f[code[at + slot.NORMALIZE_INVERSE] + r] = factor;
    for (let c = 0; c < columns; c++)
      f[code[at + slot.NORMALIZE_VALUES] + r * columns + c] = (f[from + c] - mean) * factor;
  }
}

function normalizeGradient({ f }: JsMemory, code: Int32Array, at: number): void {
  const columns = code[at + slot.NORMALIZE_GRADIENT_COLUMNS];
  const isCentred = code[at + slot.NORMALIZE_GRADIENT_CENTRED] === 1;
  for (let r = 0; r < code[at + slot.NORMALIZE_GRADIENT_ROWS]; r++) {
    const [to, from, values] = [
      slot.NORMALIZE_GRADIENT_TO,
      slot.NORMALIZE_GRADIENT_FROM,
      slot.NORMALIZE_GRADIENT_VALUES,
    ].map((each) => code[at + each] + r * columns);
    const mean = isCentred ? sumOf(columns, (c) => f[from + c]) / columns : 0;
    const along = sumOf(columns, (c) => f[from + c] * f[values + c]) / columns;
    const factor = f[code[at + slot.NORMALIZE_GRADIENT_INVERSE] + r];
    for (let c = 0; c < columns; c++) f[to + c] = (f[from + c] - mean - f[values + c] * along) * factor;
  }
}

/** Sums along the middle axis: of rows as they are added up there, of columns one after the other. */
function sumAlong(n: number, inner: number, value: (k: number) => number): number {
  if (inner === 1) return sumOf(n, value);
  let sum = 0;
  for (let k = 0; k < n; k++) sum += value(k);
  return sum;
}

function moments({ f }: JsMemory, code: Int32Array, at: number): void {
  const [n, inner] = [code[at + slot.MOMENTS_N], code[at + slot.MOMENTS_INNER]];
  for (let line = 0; line < code[at + slot.MOMENTS_OUTER] * inner; line++) {
    const from = code[at + slot.MOMENTS_FROM] + Math.floor(line / inner) * n * inner + (line % inner);
    const start = f[from];
    const total = sumAlong(n, inner, (k) => f[from + k * inner] - start);
    const squares = sumAlong(n, inner, (k) => (f[from + k * inner] - start) ** 2);
    const mean = start + total / n;
    const target = code[at + slot.MOMENTS_MEAN] + line;
    f[target] = mean;
    f[code[at + slot.MOMENTS_REST] + line] = mean - f[target];
    f[code[at + slot.MOMENTS_SQUARES] + line] = aboutMean(squares, total, n);
  }
}

function weightedSums({ f }: JsMemory, code: Int32Array, at: number): void {
  const [n, inner] = [code[at + slot.WEIGHTED_SUMS_N], code[at + slot.WEIGHTED_SUMS_INNER]];
  for (let line = 0; line < code[at + slot.WEIGHTED_SUMS_OUTER] * inner; line++) {
    const first = Math.floor(line / inner) * n * inner + (line % inner);
    const [from, weights] = [slot.WEIGHTED_SUMS_FROM, slot.WEIGHTED_SUMS_WEIGHTS].map(
      (each) => code[at + each] + first,
    );
    f[code[at + slot.WEIGHTED_SUMS_SUMS] + line] = sumAlong(n, inner, (k) => f[from + k * inner]);
    f[code[at + slot.WEIGHTED_SUMS_PRODUCTS] + line] = sumAlong(
      n,
      inner,
      (k) => f[from + k * inner] * f[weights + k * inner],
    );
  }
}
