// How each op is written, by its name in the table of all ops: one without a rule does not compile.

import type { Op } from "../../op.ts";
import type { OpName, ops } from "../../ops/index.ts";
import type { Tensor } from "../../tensor.ts";
import * as elementwise from "./rules/elementwise.ts";
import * as gradients from "./rules/gradients.ts";
import { gather, type KnownOf, scatterAdd } from "./rules/indexing.ts";
import { type Bodies, scan } from "./rules/loop.ts";
import * as movement from "./rules/movement.ts";
import { convolve, convolveTransposed, matmul } from "./rules/products.ts";
import * as reductions from "./rules/reductions.ts";
import { type Rule, refused, same } from "./rules/rule.ts";
import { maxPool, scatterPlanes, sumPool } from "./rules/windows.ts";
import type { Writer } from "./writer.ts";

type AttrsOf<O> = O extends Op<infer A> ? A : never;

/** A rule an op, for its attributes. */
export type Rules = { readonly [Name in OpName]: Rule<AttrsOf<(typeof ops)[Name]>> };

/** What rules need of the one who writes. */
export interface Around {
  /** Graph inputs and weights. */
  readonly leaf: Rule;
  readonly knownOf: KnownOf;
  readonly bodies: Bodies;
  /** Writes tensors that are no part of the model's graph, and what they are made of. */
  readonly writeNew: (writer: Writer, roots: readonly (readonly Tensor[])[]) => void;
}

const chance = "ONNX has no node that draws the library's random numbers";

/** A rule for ops that are written as tensors of other ops: all results of one that has several. */
function as(make: (tensor: Tensor) => Tensor | readonly Tensor[], around: Around): Rule {
  return (writer, { tensor }) => {
    const made = writer.twinsOf(tensor).map((twin) => [make(twin)].flat());
    around.writeNew(writer, made);
    const [items] = made;
    if (tensor.op.outputs === undefined) writer.same(tensor, items[0]);
    else writer.giveOutputs(tensor, (index) => writer.here(writer.value(items[index]), writer.sizesOf(items[index])));
  };
}

export function rulesFor(around: Around): Rules {
  return {
    input: around.leaf,
    variable: around.leaf,
    constant: around.leaf,
    captured: around.leaf,
    stopGradient: same,
    customGradient: same,
    checkpoint: same,
    recompute: same,

    add: elementwise.add,
    sub: elementwise.plain("Sub"),
    mul: elementwise.mul,
    div: elementwise.div,
    remainder: elementwise.remainder,
    maximum: elementwise.plain("Max"),
    minimum: elementwise.plain("Min"),
    neg: elementwise.plain("Neg"),
    abs: elementwise.plain("Abs"),
    sign: elementwise.plain("Sign"),
    floor: elementwise.plain("Floor"),
    round: elementwise.plain("Round"),
    exp: elementwise.plain("Exp"),
    expm1: elementwise.expm1,
    log: elementwise.plain("Log"),
    log1p: elementwise.log1p,
    log2: elementwise.log2,
    log10: elementwise.log10,
    sqrt: elementwise.plain("Sqrt"),
    rsqrt: elementwise.rsqrt,
    sin: elementwise.plain("Sin"),
    cos: elementwise.plain("Cos"),
    tanh: elementwise.plain("Tanh"),
    sigmoid: elementwise.plain("Sigmoid"),
    erf: elementwise.plain("Erf"),
    pow: elementwise.plain("Pow"),
    atan2: elementwise.atan2,
    less: elementwise.less,
    equal: elementwise.equal,
    relu: elementwise.plain("Relu"),
    select: elementwise.select,
    cast: elementwise.cast,

    sum: reductions.sum,
    norm: reductions.reduced("ReduceL2"),
    max: reductions.reduced("ReduceMax"),
    argmax: reductions.argmax,

    matmul,
    convolve,
    convolveTransposed,
    convolveFilter: as(gradients.convolveFilter, around),

    reshape: same,
    permute: movement.permute,
    broadcastTo: movement.broadcastTo,
    slice: movement.slice,
    spread: movement.spread,
    concat: movement.concat,
    unfold: movement.unfold,

    gather: gather(around.knownOf),
    scatterAdd,

    softmax: reductions.softmax,
    logSumExp: reductions.logSumExp,
    crossEntropy: reductions.crossEntropy,
    crossEntropyGradient: as(gradients.crossEntropyGradient, around),

    normalizeRows: reductions.normalizeRows,
    normalizeGradient: as(gradients.normalizeGradient, around),
    moments: reductions.moments,
    weightedSums: reductions.weightedSums,

    ctc: as(gradients.ctc, around),
    ctcGradient: as(gradients.ctcGradient, around),

    cumulativeSum: reductions.cumulativeSum,
    cumulativeMax: as(reductions.cumulativeMaxItems, around),
    sort: reductions.sort,

    maxPool,
    sumPool,
    sumPoolTransposed: as(gradients.sumPoolTransposed, around),
    scatterPlanes,

    uniform: refused(chance),
    permuteIndex: refused(chance),

    scan: scan(around.bodies),
    item: (writer, { tensor, inputs: [from], attrs: [{ index }] }) =>
      writer.giveValue(tensor, writer.outputOf(from, index)),
  };
}
