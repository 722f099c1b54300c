// The methods of tensors, and the functions that make tensors, with right arguments.
import { constant, Tensor } from "../../src/index.ts";
import type { Unary } from "../ops/sample.ts";
import { type Call, call } from "./harness.ts";
import * as a from "./kinds.ts";

const matrix = () =>
  constant([
    [1, 2],
    [3, 4],
  ]);
const index = () => constant(Int32Array.of(0, 1));
const keepDims = { keepDims: a.flag(true) };
const axes = a.optional(a.place(0), ["a list", "a list of axes, of which 2 is none and found"]);
const reduced = [axes, a.options(keepDims)];

type Methods = Exclude<
  { [K in keyof Tensor]: Tensor[K] extends (...args: never[]) => unknown ? K : never }[keyof Tensor],
  symbol
>;

function on(receiver: () => Tensor, method: Methods, ...args: readonly a.Argument[]): Call {
  return call((...given: readonly unknown[]) => Reflect.apply(receiver()[method], receiver(), given), ...args);
}

const binary = [
  "add",
  "sub",
  "mul",
  "div",
  "remainder",
  "maximum",
  "minimum",
  "pow",
  "less",
  "greater",
  "lessEqual",
  "greaterEqual",
  "equal",
  "notEqual",
] as const;
/** Methods that have no parameters: nothing to say of them. Those with defaults alone are named below. */
const unary = Object.getOwnPropertyNames(Tensor.prototype).filter(
  (name) => name !== "constructor" && Tensor.prototype[name as Methods].length === 0,
) as Unary[];

/** Every method of Tensor. */
export const methods: Readonly<Record<Methods, Call>> = {
  ...(Object.fromEntries(unary.map((name) => [name, on(matrix, name)])) as Record<Unary, Call>),
  ...(Object.fromEntries(binary.map((name) => [name, on(matrix, name, a.operand(constant([1, 2])))])) as Record<
    (typeof binary)[number],
    Call
  >),
  clamp: on(matrix, "clamp", a.optional(a.operand(1)), a.optional(a.operand(2))),
  like: on(matrix, "like", a.anyNumber(1)),
  select: on(matrix, "select", a.operand(1), a.operand(constant([1, 2]))),
  cast: on(matrix, "cast", a.word("i32")),
  sum: on(matrix, "sum", ...reduced),
  mean: on(matrix, "mean", ...reduced),
  max: on(matrix, "max", ...reduced),
  min: on(matrix, "min", ...reduced),
  variance: on(matrix, "variance", axes, a.options({ ...keepDims, correction: a.number(1) })),
  std: on(matrix, "std", axes, a.options({ ...keepDims, correction: a.number(1) })),
  norm: on(matrix, "norm", axes, a.options({ ...keepDims, p: a.also(a.positive(2), ["infinity", "the largest"]) })),
  argmax: on(matrix, "argmax", axes, a.options(keepDims)),
  argmin: on(matrix, "argmin", axes, a.options(keepDims)),
  matmul: on(matrix, "matmul", a.tensor(matrix()), a.options({ transposeA: a.flag(true), transposeB: a.flag(true) })),
  reshape: on(matrix, "reshape", a.shape([4])),
  flatten: on(matrix, "flatten", a.optional(a.place(1))),
  permute: on(matrix, "permute", a.list([1, 0])),
  transpose: on(matrix, "transpose", a.optional(a.place(0)), a.optional(a.place(1))),
  broadcastTo: on(matrix, "broadcastTo", a.shape([3, 2, 2])),
  unsqueeze: on(matrix, "unsqueeze", a.place(0)),
  squeeze: on(() => constant([[1], [2]]), "squeeze", a.optional(a.place(1))),
  narrow: on(matrix, "narrow", a.place(0), a.whole(0), a.whole(1)),
  slice: on(
    matrix,
    "slice",
    a.optional(
      a.also(
        a.list([0, 1]),
        ["null", "the whole axis"],
        ["a list", "a range"],
        ["a list with a hole", "a bound left out"],
      ),
    ),
  ),
  pad: on(
    matrix,
    "pad",
    a.list([
      [1, 1],
      [0, 0],
    ]),
    a.optional(a.anyNumber(0)),
  ),
  gather: on(matrix, "gather", a.tensor(index())),
  scatterAdd: on(index, "scatterAdd", a.tensor(matrix()), a.shape([3, 2])),
  oneHot: on(index, "oneHot", a.whole(3)),
  softmax: on(matrix, "softmax", a.optional(a.place(0))),
  logSoftmax: on(matrix, "logSoftmax", a.optional(a.place(0))),
  logSumExp: on(matrix, "logSumExp", a.optional(a.place(0)), a.options(keepDims)),
  crossEntropy: on(matrix, "crossEntropy", a.tensor(index())),
  sumTo: on(matrix, "sumTo", a.shape([2, 1])),
};
