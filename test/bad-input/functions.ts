// What simdgrad/functions exports, with right arguments.
import * as functions from "../../src/functions/index.ts";
import { constant } from "../../src/index.ts";
import { alongCalls } from "../ops/along.ts";
import { convolutionCalls } from "../ops/convolutions.ts";
import { poolingCalls } from "../ops/pooling.ts";
import { type Call, call } from "./harness.ts";
import * as a from "./kinds.ts";

const matrix = constant([
  [1, 2],
  [3, 4],
]);
const axes = a.optional(a.place(0), ["a list", "a list of axes, of which 2 is none and found"]);
const reduced = [a.fitting(matrix), axes, a.options({ keepDims: a.flag(true) })];
const dtype = a.options({ dtype: a.word("i32") });
const sizes = a.also(a.whole(1), ["a list", "a list of sizes"]);

const ofOne = [
  ...["log2", "log10", "tan", "atan", "asin", "acos"],
  ...["sinh", "cosh", "asinh", "acosh", "atanh"],
  ...["logicalNot", "isNaN", "isFinite", "isInfinite"],
];
const byName: Readonly<Record<string, Call["run"]>> = { ...functions } as never;

export const functionCalls: Readonly<Record<string, Call>> = {
  ...Object.fromEntries(ofOne.map((name) => [name, call(byName[name], a.fitting(matrix))])),
  ...alongCalls,
  ...convolutionCalls,
  ...poolingCalls,
  all: call(functions.all, ...reduced),
  any: call(functions.any, ...reduced),
  argsort: call(functions.argsort, a.fitting(matrix), a.optional(a.place(0)), a.options({ descending: a.flag(true) })),
  atan2: call(functions.atan2, a.fitting(matrix), a.fitting(matrix)),
  chunk: call(functions.chunk, a.fitting(matrix), a.whole(2), a.optional(a.place(0))),
  cumulativeSum: call(
    functions.cumulativeSum,
    a.fitting(matrix),
    a.place(0),
    a.options({ reverse: a.flag(true), exclusive: a.flag(true) }),
  ),
  diagonal: call(
    functions.diagonal,
    a.fitting(matrix),
    a.optional(a.seed(1)),
    a.optional(a.place(0)),
    a.optional(a.place(1)),
  ),
  einsum: call(functions.einsum, a.word("ij,jk"), a.tensor(matrix), a.tensor(matrix)),
  flip: call(functions.flip, a.fitting(matrix), axes),
  full: call(functions.full, a.shape([2]), a.anyNumber(1), dtype),
  linspace: call(functions.linspace, a.finite(0), a.finite(1), a.whole(3)),
  logicalAnd: call(functions.logicalAnd, a.fitting(matrix), a.fitting(matrix)),
  logicalOr: call(functions.logicalOr, a.fitting(matrix), a.fitting(matrix)),
  logicalXor: call(functions.logicalXor, a.fitting(matrix), a.fitting(matrix)),
  ones: call(functions.ones, a.shape([2]), dtype),
  prod: call(functions.prod, ...reduced),
  repeat: call(functions.repeat, a.fitting(matrix), a.shape([2, 1])),
  repeatInterleave: call(functions.repeatInterleave, a.fitting(matrix), a.whole(2), a.optional(a.place(0))),
  roll: call(functions.roll, a.fitting(matrix), a.place(1), axes),
  scatterAddAlongAxis: call(
    functions.scatterAddAlongAxis,
    a.tensor(constant([[1], [2]])),
    a.tensor(constant([[1], [0]], { dtype: "i32" })),
    a.place(1),
    a.shape([2, 2]),
  ),
  sort: call(functions.sort, a.fitting(matrix), a.optional(a.place(0)), a.options({ descending: a.flag(true) })),
  split: call(functions.split, a.fitting(matrix), sizes, a.optional(a.place(0))),
  takeAlongAxis: call(
    functions.takeAlongAxis,
    a.tensor(constant([[1], [2]])),
    a.tensor(constant([[1], [0]], { dtype: "i32" })),
    a.place(1),
  ),
  topK: call(
    functions.topK,
    a.fitting(matrix),
    a.whole(1),
    a.optional(a.place(0)),
    a.options({ largest: a.flag(false) }),
  ),
  tril: call(functions.tril, a.tensor(matrix), a.optional(a.seed(1))),
  triu: call(functions.triu, a.tensor(matrix), a.optional(a.seed(1))),
  zeros: call(functions.zeros, a.shape([2]), dtype),
};
