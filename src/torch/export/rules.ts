// How each op is written, by its name in the table of all ops: one without a rule does not compile.
import { ArgumentError } from "../../errors.ts";
import * as gradients from "../../onnx/export/rules/gradients.ts";
import type { Op } from "../../op.ts";
import { type OpName, ops } from "../../ops/index.ts";
import type { Tensor } from "../../tensor.ts";
import { NAME, type Rule } from "./code.ts";
import * as control from "./rules/control.ts";
import * as elementwise from "./rules/elementwise.ts";
import * as movement from "./rules/movement.ts";
import { convolve, convolveTransposed, matmul } from "./rules/products.ts";
import * as reductions from "./rules/reductions.ts";
import { maxPool, scatterPlanes, sumPool } from "./rules/windows.ts";

type AttrsOf<O> = O extends Op<infer A> ? A : never;

/** A rule an op, for its attributes. */
type Rules = { readonly [Name in OpName]: Rule<AttrsOf<(typeof ops)[Name]>> };

/** A rule for ops that are written as tensors of other ops: all results of one that has several. */
function as(make: (tensor: Tensor) => Tensor | readonly Tensor[]): Rule {
  return (code, { tensor }) => {
    const made = code.twinsOf(tensor).map((twin) => [make(twin)].flat());
    code.meet(made);
    const [items] = made;
    code.write(items);
    if (tensor.op.outputs === undefined) code.giveName(tensor, code.name(items[0]));
    else
      code.giveItems(
        tensor,
        items.map((each) => code.name(each)),
      );
  };
}

function refused(why: string): Rule {
  return (_, { tensor }) => {
    throw new ArgumentError(`${NAME}: ${tensor.op.name}: ${why}`);
  };
}

const same: Rule = (code, { tensor, inputs }) => code.same(tensor, inputs[0]);

/** Leaves are given before anything is written. */
const leaf = refused("it is no input of the model");

const { called, infix, comparison } = elementwise;

const rules: Rules = {
  input: leaf,
  variable: leaf,
  constant: leaf,
  captured: leaf,
  stopGradient: (code, { tensor, inputs: [from] }) =>
    code.isNumber(from) ? code.same(tensor, from) : code.give(tensor, `${code.text(from)}.detach()`),
  customGradient: control.customGradient,
  checkpoint: same,
  recompute: same,

  add: infix("+"),
  sub: infix("-"),
  mul: infix("*"),
  div: elementwise.div,
  remainder: elementwise.remainder,
  maximum: called("maximum"),
  minimum: called("minimum"),
  neg: elementwise.neg,
  abs: called("abs"),
  sign: (code, { tensor, inputs, sizes }) =>
    code.give(tensor, `${code.file.helper("sign")}(${code.operands(inputs, sizes)})`),
  floor: called("floor"),
  round: called("round"),
  exp: called("exp"),
  expm1: called("expm1"),
  log: called("log"),
  log1p: called("log1p"),
  log2: called("log2"),
  log10: called("log10"),
  sqrt: elementwise.root,
  rsqrt: called("rsqrt"),
  sin: called("sin"),
  cos: called("cos"),
  tanh: called("tanh"),
  sigmoid: called("sigmoid"),
  erf: called("erf"),
  pow: called("pow"),
  atan2: called("atan2"),
  less: comparison("<"),
  equal: comparison("=="),
  relu: called("relu"),
  select: elementwise.select,
  cast: elementwise.cast,

  sum: reductions.sum,
  norm: reductions.norm,
  max: reductions.max,
  argmax: reductions.argmax,

  matmul,
  convolve,
  convolveTransposed,
  convolveFilter: as(gradients.convolveFilter),

  reshape: movement.reshape,
  permute: movement.permute,
  broadcastTo: movement.broadcastTo,
  slice: movement.slice,
  spread: movement.spread,
  concat: movement.concat,
  unfold: movement.unfold,

  gather: control.gather,
  scatterAdd: control.scatterAdd,

  softmax: reductions.softmax,
  logSumExp: reductions.logSumExp,
  crossEntropy: reductions.crossEntropy,
  crossEntropyGradient: as(gradients.crossEntropyGradient),

  normalizeRows: reductions.normalizeRows,
  normalizeGradient: as(gradients.normalizeGradient),
  moments: reductions.moments,
  weightedSums: reductions.weightedSums,

  ctc: as(gradients.ctc),
  ctcGradient: as(gradients.ctcGradient),

  cumulativeSum: reductions.cumulativeSum,
  cumulativeMax: reductions.cumulativeMax,
  sort: reductions.sort,

  maxPool,
  sumPool,
  sumPoolTransposed: as(gradients.sumPoolTransposed),
  scatterPlanes,

  uniform: control.uniform,
  permuteIndex: refused("torch has no such permutation"),

  scan: control.scan,
  item: control.item,
};

/** Rules by the ops themselves. */
export const ruleOf: ReadonlyMap<Op, Rule> = new Map(
  Object.entries(rules).map(([name, rule]) => [ops[name as OpName] as Op, rule as Rule]),
);
