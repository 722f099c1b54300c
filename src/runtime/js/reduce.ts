// Reductions over one axis of [outer, n, inner] in JavaScript; sums are kept in Float64. Twin of assembly/reduce.ts.
import {
  KIND_ARGMAX,
  KIND_MAX,
  KIND_MAX_I32,
  KIND_NORM,
  KIND_SUM,
  KIND_SUM_I32,
  KIND_SUM_IN_TWO,
  KIND_WIDE_SUM,
  REDUCE_FROM,
  REDUCE_INNER,
  REDUCE_KIND,
  REDUCE_N,
  REDUCE_OUTER,
  REDUCE_TO,
} from "../../../assembly/isa/slots.ts";
import { BLOCK, type JsMemory } from "./memory.ts";

/** Reduces the column of n words at `from`, `step` words apart, into the word at `to`. */
type ColumnFold = (memory: JsMemory, to: number, from: number, n: number, step: number) => void;

function sum({ f }: JsMemory, to: number, from: number, n: number, step: number): void {
  let total = 0;
  for (let r = 0, at = from; r < n; r++, at += step) total += f[at];
  f[to] = total;
}

function norm({ f }: JsMemory, to: number, from: number, n: number, step: number): void {
  let total = 0;
  for (let r = 0, at = from; r < n; r++, at += step) total += f[at] * f[at];
  f[to] = Math.sqrt(total);
}

/** What the rounding of the sum left goes into the next row, `step` words on; of a sum that overflows nothing is left. */
function sumInTwo(memory: JsMemory, to: number, from: number, n: number, step: number): void {
  const { f } = memory;
  let total = 0;
  for (let r = 0, at = from; r < n; r++, at += step) total += f[at];
  f[to] = total;
  f[to + step] = Number.isFinite(f[to]) ? total - f[to] : 0;
}

function max({ f }: JsMemory, to: number, from: number, n: number, step: number): void {
  let largest = Number.NEGATIVE_INFINITY;
  for (let r = 0, at = from; r < n; r++, at += step) largest = Math.max(largest, f[at]);
  f[to] = largest;
}

function argmax({ f, i }: JsMemory, to: number, from: number, n: number, step: number): void {
  let largest = f[from];
  let first = 0;
  for (let r = 1, at = from + step; r < n; r++, at += step) {
    const x = f[at];
    if (x > largest || (Number.isNaN(x) && !Number.isNaN(largest))) {
      largest = x;
      first = r;
    }
  }
  i[to] = first;
}

function sumI({ i }: JsMemory, to: number, from: number, n: number, step: number): void {
  let total = 0;
  for (let r = 0, at = from; r < n; r++, at += step) total = (total + i[at]) | 0;
  i[to] = total;
}

function maxI({ i }: JsMemory, to: number, from: number, n: number, step: number): void {
  let largest = -(2 ** 31);
  for (let r = 0, at = from; r < n; r++, at += step) largest = Math.max(largest, i[at]);
  i[to] = largest;
}

type Kind =
  | typeof KIND_SUM
  | typeof KIND_WIDE_SUM
  | typeof KIND_SUM_IN_TWO
  | typeof KIND_NORM
  | typeof KIND_MAX
  | typeof KIND_ARGMAX
  | typeof KIND_SUM_I32
  | typeof KIND_MAX_I32;

const FOLDS: Record<Kind, ColumnFold> = {
  [KIND_SUM]: sum,
  [KIND_WIDE_SUM]: sum,
  [KIND_SUM_IN_TWO]: sumInTwo,
  [KIND_NORM]: norm,
  [KIND_MAX]: max,
  [KIND_ARGMAX]: argmax,
  [KIND_SUM_I32]: sumI,
  [KIND_MAX_I32]: maxI,
};

export function reduce(memory: JsMemory, code: Int32Array, at: number): void {
  const to = code[at + REDUCE_TO];
  const from = code[at + REDUCE_FROM];
  const kind = code[at + REDUCE_KIND] as Kind;
  const n = code[at + REDUCE_N];
  const inner = code[at + REDUCE_INNER];
  const fold = FOLDS[kind];
  const width = kind === KIND_SUM_IN_TWO ? 2 * inner : inner; // words of the results for one outer index
  for (let o = 0; o < code[at + REDUCE_OUTER]; o++) {
    if ((kind === KIND_SUM || kind === KIND_WIDE_SUM) && inner > 1)
      sumRows(memory, to + o * width, from + o * n * inner, n, inner);
    else for (let j = 0; j < inner; j++) fold(memory, to + o * width + j, from + o * n * inner + j, n, inner);
  }
}

/** Sums of all columns of a matrix, read row by row. */
function sumRows({ f, sums }: JsMemory, to: number, from: number, n: number, inner: number): void {
  for (let start = 0; start < inner; start += BLOCK) {
    const count = Math.min(BLOCK, inner - start);
    sums.fill(0, 0, count);
    for (let r = 0, row = from + start; r < n; r++, row += inner) {
      for (let j = 0; j < count; j++) sums[j] += f[row + j];
    }
    for (let j = 0; j < count; j++) f[to + start + j] = sums[j];
  }
}
