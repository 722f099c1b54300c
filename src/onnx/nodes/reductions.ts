// Reductions over axes, which are an attribute or, in later versions, an input; arguments of extremes; running sums.
import { flip } from "../../functions/movement.ts";
import { prod } from "../../functions/products.ts";
import { cumulativeSum } from "../../ops/cumulative.ts";
import { normalizeAxes, normalizeAxis, sizeOf } from "../../shape.ts";
import type { KeepDims, Tensor } from "../../tensor.ts";
import type { Node } from "../node.ts";
import type { Build, Rule, Rules } from "../rule.ts";
import { Value } from "../value.ts";
import { quotient } from "./elementwise.ts";

type Reduce = (x: Tensor, axes: readonly number[], options: KeepDims) => Tensor;

/** Axes of a node: none named are all, unless it says that they are none. */
function axesOf(node: Node): number[] {
  const named = node.has(1) ? node.numbers(1) : node.ints("axes", []);
  const all = named.length === 0 && !node.flag("noop_with_empty_axes");
  return normalizeAxes(all ? undefined : named, node.shape(0), node.op);
}

/** `before` is done to each element, also where nothing is reduced. */
function reduction(reduce: Reduce): Rule {
  return {
    decides: [1],
    build(node) {
      const axes = axesOf(node);
      return node.like(0, reduce(node.tensor(0), axes, { keepDims: node.flag("keepdims", true) }));
    },
  };
}

/** Over no axes each element is one alone. */
function sum(x: Tensor, axes: readonly number[], options: KeepDims): Tensor {
  return axes.length === 0 ? x : x.sum(axes, options);
}

function mean(x: Tensor, axes: readonly number[], options: KeepDims): Tensor {
  if (axes.length === 0) return x;
  if (x.dtype === "f32") return x.mean(axes, options);
  const sum = x.sum(axes, options);
  return quotient(sum, sum.like(sizeOf(axes.map((axis) => x.shape[axis]))));
}

/** ln sum e^x, without overflow, over several axes as over one. */
function logSumExp(x: Tensor, axes: readonly number[], options: KeepDims): Tensor {
  const kept = [...x.shape.keys()].filter((axis) => !axes.includes(axis));
  const result = options.keepDims
    ? x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
    : kept.map((axis) => x.shape[axis]);
  const rows = x
    .permute([...kept, ...axes])
    .reshape([...kept.map((axis) => x.shape[axis]), sizeOf(axes.map((axis) => x.shape[axis]))]);
  return rows.logSumExp(-1).reshape(result);
}

/** Where the largest, or smallest, stands: the first one, or the last. */
function argument(isLargest: boolean): Build {
  return (node) => {
    const x = isLargest ? node.tensor(0) : node.tensor(0).neg();
    const axis = normalizeAxis(node.int("axis", 0), x.shape, node.op);
    const options = { keepDims: node.flag("keepdims", true) };
    // Floats know the place of their largest; whole numbers may be more than a float tells apart.
    const found = x.dtype === "f32" ? x : x.equal(x.max(axis, { keepDims: true }));
    if (!node.flag("select_last_index")) return Value.of(found.argmax(axis, options), "int64");
    const fromEnd = flip(found, axis).argmax(axis, options);
    return Value.of(fromEnd.neg().add(x.shape[axis] - 1), "int64");
  };
}

function running(node: Node): Value {
  const axis = node.number(1);
  const options = { reverse: node.flag("reverse"), exclusive: node.flag("exclusive") };
  return node.like(0, cumulativeSum(node.tensor(0), axis, options));
}

export const reductions: Rules = {
  ArgMax: argument(true),
  ArgMin: argument(false),
  CumSum: { decides: [1], build: running },
  ReduceL1: reduction((x, axes, options) => sum(x.abs(), axes, options)),
  ReduceL2: reduction((x, axes, options) => x.norm(axes, options)),
  ReduceLogSum: reduction((x, axes, options) => sum(x, axes, options).log()),
  ReduceLogSumExp: reduction(logSumExp),
  ReduceMax: reduction((x, axes, options) => (axes.length === 0 ? x : x.max(axes, options))),
  ReduceMean: reduction(mean),
  ReduceMin: reduction((x, axes, options) => (axes.length === 0 ? x : x.min(axes, options))),
  ReduceProd: reduction((x, axes, options) => (axes.length === 0 ? x : prod(x, axes, options))),
  ReduceSum: reduction(sum),
  ReduceSumSquare: reduction((x, axes, options) => sum(x.square(), axes, options)),
};
