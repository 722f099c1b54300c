// Row kernels in JavaScript: softmax, log-sum-exp, cross-entropy and its gradient, running sums and maxima, sorting. Twin of
// assembly/softmax.ts, cumulative.ts and sort.ts.
import * as op from "../../../assembly/isa/opcode.ts";
import { SORT_SHORT } from "../../../assembly/isa/sizes.ts";
import {
  CUMULATIVE_MAX_FROM,
  CUMULATIVE_MAX_INDICES,
  CUMULATIVE_MAX_INNER,
  CUMULATIVE_MAX_INTEGER,
  CUMULATIVE_MAX_N,
  CUMULATIVE_MAX_OUTER,
  CUMULATIVE_MAX_SMALLEST,
  CUMULATIVE_MAX_VALUES,
  CUMULATIVE_SUM_EXCLUSIVE,
  CUMULATIVE_SUM_FROM,
  CUMULATIVE_SUM_INNER,
  CUMULATIVE_SUM_INTEGER,
  CUMULATIVE_SUM_N,
  CUMULATIVE_SUM_OUTER,
  CUMULATIVE_SUM_REVERSE,
  CUMULATIVE_SUM_TO,
  ENTROPY_COLUMNS,
  ENTROPY_FROM,
  ENTROPY_INDEX,
  ENTROPY_ROWS,
  ENTROPY_SCALE,
  ENTROPY_TO,
  ROWS_COLUMNS,
  ROWS_FROM,
  ROWS_ROWS,
  ROWS_TO,
  SORT_COLUMNS,
  SORT_DESCENDING,
  SORT_FROM,
  SORT_INDICES,
  SORT_INTEGER,
  SORT_ROWS,
  SORT_VALUES,
  SORT_WORK,
} from "../../../assembly/isa/slots.ts";
import type { JsMemory } from "./memory.ts";

/** The kernels of this file by their opcodes. */
export const ROW_KERNELS = {
  [op.SOFTMAX]: softmax,
  [op.LOG_SUM_EXP]: logSumExp,
  [op.CROSS_ENTROPY]: crossEntropy,
  [op.CROSS_ENTROPY_GRADIENT]: crossEntropyGradient,
  [op.CUMULATIVE_SUM]: cumulativeSum,
  [op.SORT]: sort,
  [op.CUMULATIVE_MAX]: cumulativeMax,
};

function softmax(memory: JsMemory, code: Int32Array, at: number): void {
  const columns = code[at + ROWS_COLUMNS];
  for (let r = 0; r < code[at + ROWS_ROWS]; r++)
    softmaxRow(memory, code[at + ROWS_TO] + r * columns, code[at + ROWS_FROM] + r * columns, columns, 1, -1);
}

function logSumExp(memory: JsMemory, code: Int32Array, at: number): void {
  const columns = code[at + ROWS_COLUMNS];
  for (let r = 0; r < code[at + ROWS_ROWS]; r++)
    memory.f[code[at + ROWS_TO] + r] = logSumExpRow(memory, code[at + ROWS_FROM] + r * columns, columns);
}

function crossEntropy(memory: JsMemory, code: Int32Array, at: number): void {
  const { f, i } = memory;
  const columns = code[at + ENTROPY_COLUMNS];
  for (let r = 0; r < code[at + ENTROPY_ROWS]; r++) {
    const from = code[at + ENTROPY_FROM] + r * columns;
    const target = i[code[at + ENTROPY_INDEX] + r];
    const known = target >= 0 && target < columns;
    f[code[at + ENTROPY_TO] + r] = known ? lossOfRow(memory, from, columns, target) : Number.NaN;
  }
}

function crossEntropyGradient(memory: JsMemory, code: Int32Array, at: number): void {
  const { f, i } = memory;
  const columns = code[at + ENTROPY_COLUMNS];
  for (let r = 0; r < code[at + ENTROPY_ROWS]; r++) {
    const to = code[at + ENTROPY_TO] + r * columns;
    const target = i[code[at + ENTROPY_INDEX] + r];
    const scale = f[code[at + ENTROPY_SCALE] + r];
    const others = softmaxRow(memory, to, code[at + ENTROPY_FROM] + r * columns, columns, scale, target);
    if (target >= 0 && target < columns) f[to + target] = -others * scale;
  }
}

/**
 * ln sum e^(x - largest) - (x[target] - largest): exact where the target is the largest, also where the others add next to nothing;
 * infinities give NaN, as PyTorch's.
 */
function lossOfRow({ f }: JsMemory, from: number, columns: number, target: number): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < columns; c++) largest = Math.max(largest, f[from + c]);
  let others = 0;
  for (let c = 0; c < columns; c++) if (c !== target) others += Math.exp(f[from + c] - largest);
  const below = f[from + target] - largest;
  return Math.log1p(below === 0 ? others : others + Math.exp(below) - 1) - below;
}

/** softmax(from) * scale; `to` may be `from`. @returns the share of all classes but the target */
function softmaxRow({ f }: JsMemory, to: number, from: number, columns: number, scale: number, target: number): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < columns; c++) largest = Math.max(largest, f[from + c]);
  let others = 0;
  let own = 0;
  for (let c = 0; c < columns; c++) {
    const e = Math.exp(f[from + c] - largest);
    if (c === target) own = e;
    else others += e;
    f[to + c] = e;
  }
  const sum = others + own;
  const factor = scale / sum;
  for (let c = 0; c < columns; c++) f[to + c] *= factor;
  return others / sum;
}

/** An infinite largest element is not subtracted: a row of -infinity gives -infinity, one with infinity gives infinity. */
function logSumExpRow({ f }: JsMemory, from: number, columns: number): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < columns; c++) largest = Math.max(largest, f[from + c]);
  const shift = Math.abs(largest) === Number.POSITIVE_INFINITY ? 0 : largest;
  let sum = 0;
  for (let c = 0; c < columns; c++) sum += Math.exp(f[from + c] - shift);
  return shift + Math.log(sum);
}

function cumulativeSum({ f, i }: JsMemory, code: Int32Array, at: number): void {
  const [n, inner] = [code[at + CUMULATIVE_SUM_N], code[at + CUMULATIVE_SUM_INNER]];
  const isInteger = code[at + CUMULATIVE_SUM_INTEGER] === 1;
  const isReverse = code[at + CUMULATIVE_SUM_REVERSE] === 1;
  const isExclusive = code[at + CUMULATIVE_SUM_EXCLUSIVE] === 1;
  const words = isInteger ? i : f;
  for (let line = 0; line < code[at + CUMULATIVE_SUM_OUTER] * inner; line++) {
    const start = Math.floor(line / inner) * n * inner + (line % inner);
    for (let k = 0, sum = 0; k < n; k++) {
      const element = start + (isReverse ? n - 1 - k : k) * inner;
      const before = sum;
      sum += words[code[at + CUMULATIVE_SUM_FROM] + element];
      if (isInteger) sum |= 0;
      words[code[at + CUMULATIVE_SUM_TO] + element] = isExclusive ? before : sum;
    }
  }
}

function cumulativeMax({ f, i }: JsMemory, code: Int32Array, at: number): void {
  const [values, indices, from] = [CUMULATIVE_MAX_VALUES, CUMULATIVE_MAX_INDICES, CUMULATIVE_MAX_FROM].map(
    (slot) => code[at + slot],
  );
  const [n, inner] = [code[at + CUMULATIVE_MAX_N], code[at + CUMULATIVE_MAX_INNER]];
  const words = code[at + CUMULATIVE_MAX_INTEGER] === 1 ? i : f;
  const isSmallest = code[at + CUMULATIVE_MAX_SMALLEST] === 1;
  for (let line = 0; line < code[at + CUMULATIVE_MAX_OUTER] * inner; line++) {
    const start = Math.floor(line / inner) * n * inner + (line % inner);
    for (let k = 0, place = 0; k < n; k++) {
      const element = start + k * inner;
      const [x, largest] = [words[from + element], words[from + start + place * inner]];
      if (Number.isNaN(x) || (isSmallest ? x <= largest : x >= largest)) place = k;
      i[values + element] = i[from + start + place * inner];
      i[indices + element] = place;
    }
  }
}

/** What stands in WORK is the other executors' own; here it must be no NaN. */
function sort({ f, i }: JsMemory, code: Int32Array, at: number): void {
  const [rows, columns] = [code[at + SORT_ROWS], code[at + SORT_COLUMNS]];
  const words = code[at + SORT_INTEGER] === 1 ? i : f;
  const isDescending = code[at + SORT_DESCENDING] === 1;
  if (columns > SORT_SHORT) f.fill(0, code[at + SORT_WORK], code[at + SORT_WORK] + 2 * rows * columns);
  for (let row = 0; row < rows * columns; row += columns) {
    const [values, indices, from] = [SORT_VALUES, SORT_INDICES, SORT_FROM].map((slot) => code[at + slot] + row);
    const isBefore = (a: number, b: number) => {
      const [x, y] = isDescending ? [words[from + b], words[from + a]] : [words[from + a], words[from + b]];
      return x < y || (Number.isNaN(y) && !Number.isNaN(x));
    };
    for (let c = 0; c < columns; c++) i[indices + c] = c;
    mergeSort(i, indices, columns, values, isBefore);
    for (let c = 0; c < columns; c++) i[values + c] = i[from + i[indices + c]];
  }
}

/** Sorts n words at `at`; half of them go to `spare`. */
function mergeSort(
  words: JsMemory["i"],
  at: number,
  n: number,
  spare: number,
  isBefore: (a: number, b: number) => boolean,
): void {
  if (n < 2) return;
  const half = n >> 1;
  mergeSort(words, at, half, spare, isBefore);
  mergeSort(words, at + half, n - half, spare, isBefore);
  words.copyWithin(spare, at, at + half);
  let [left, right] = [spare, at + half];
  for (let to = at; left < spare + half; to++) {
    const isLeft = right === at + n || !isBefore(words[right], words[left]);
    words[to] = words[isLeft ? left++ : right++];
  }
}
