// Whether a model keeps rows apart: whether what it makes of a row depends on that row alone, whatever stands beside it. It is a graph, so
// it is built twice, for two numbers of rows, and followed from the rows to the output. What cannot be followed is taken for something that
// mixes rows: a mean over them, a loop, a number that is made of how many there are.
import { topological } from "../graph.ts";
import type { Walk } from "../op.ts";
import { type MatmulAttrs, matmul } from "../ops/contraction.ts";
import { gather } from "../ops/indexing.ts";
import { type ConstantAttrs, input } from "../ops/leaf.ts";
import { argmax, max, norm, type ReduceAttrs, sum } from "../ops/reduction.ts";
import { type Shape, sameShape, sizeOf, stridesOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

/** The numbers of rows that a model is built for. */
const SIZES = [2, 3] as const;

/** A node of both graphs. */
type Pair = readonly [few: Tensor, more: Tensor];

/**
 * The axis along which rows lie one after the other, each in a block of its own, so that they do in memory, too; "none" of what is the same
 * for any rows.
 */
type RowAxis = number | "none";

const reductions: readonly unknown[] = [sum, norm, max, argmax];

/** Whether each row of the outputs depends on the same row of x alone. `outputs`: what the model makes of so many rows. */
export function keepsRowsApart(outputs: (rows: number) => Tensor | readonly Tensor[]): boolean {
  const graphs = graphsOf(outputs);
  if (graphs === undefined) return false;
  const [{ nodes: few, ends }, { nodes: more, ends: others }] = graphs;
  const places = new Map(few.map((node, i) => [node, i]));
  const axes: RowAxis[] = [];
  for (const [i, a] of few.entries()) {
    const b = more[i];
    const from = a.inputs.map((each) => places.get(each) as number);
    const isSame = a.op === b.op && from.length === b.inputs.length && from.every((at, k) => more[at] === b.inputs[k]);
    const axis = isSame
      ? axisOf(
          [a, b],
          from.map((at) => axes[at]),
        )
      : undefined;
    if (axis === undefined) return false;
    axes.push(axis);
  }
  return ends.every((end, i) => axes[end] !== "none" && others[i] === end);
}

/** The nodes of a graph, and which of them are its outputs. */
interface Graph {
  readonly nodes: readonly Tensor[];
  readonly ends: readonly number[];
}

function graphsOf(outputs: (rows: number) => Tensor | readonly Tensor[]): readonly Graph[] | undefined {
  try {
    const graphs = SIZES.map((rows): Graph => {
      const given = [outputs(rows)].flat();
      const nodes = topological(given);
      return { nodes, ends: given.map((each) => nodes.indexOf(each)) };
    });
    return graphs[0].nodes.length === graphs[1].nodes.length ? graphs : undefined;
  } catch {
    return undefined; // it takes another number of rows, and perhaps no other
  }
}

/** Where rows lie in a node, if they lie in its inputs along these axes; undefined where they are mixed. */
function axisOf(pair: Pair, given: readonly RowAxis[]): RowAxis | undefined {
  const [a, b] = pair;
  const { lowering } = a.op;
  const axis = rowAxisOf(a.shape, b.shape);
  if (a.op === input) return axis;
  if (given.every((each) => each === "none")) {
    if (sameShape(a.shape, b.shape)) return isSame(pair) ? "none" : undefined;
    return lowering.kind === "broadcast" ? axis : undefined; // the same for each row
  }
  return axis !== undefined && keeps(pair, given, axis) ? axis : undefined;
}

/** The first axis with more than one element, if it and nothing else grows with the rows. */
function rowAxisOf(a: Shape, b: Shape): number | undefined {
  const axis = a.findIndex((size, i) => size !== b[i]);
  const [few, more] = SIZES;
  const isRow = (size: number, i: number) => (i < axis ? size === 1 : i === axis || size === b[i]);
  const holds = a.length === b.length && axis >= 0 && a[axis] % few === 0 && a.every(isRow);
  return holds && b[axis] * few === a[axis] * more ? axis : undefined;
}

/** Whether a node without rows is the same in both graphs. */
function isSame([a, b]: Pair): boolean {
  if (a === b) return true;
  const { op } = a;
  const data = [a, b].map(({ attrs }) => (attrs as Partial<ConstantAttrs>)?.data);
  if (data[0] !== undefined) return a.dtype === b.dtype && data[0].every((value, i) => Object.is(value, data[1]?.[i]));
  return op.lowering.kind === "view" || op.lowering.kind === "broadcast" || meansTheSame([a, b]);
}

/** Whether attributes mean the same. */
function meansTheSame([a, b]: Pair): boolean {
  const { key } = a.op;
  return key === undefined || (key(a.attrs) !== undefined && key(a.attrs) === key(b.attrs));
}

function keeps(pair: Pair, given: readonly RowAxis[], axis: number): boolean {
  const [a] = pair;
  const { lowering } = a.op;
  switch (lowering.kind) {
    case "map":
      return !lowering.indexed && meansTheSame(pair) && given.every((each) => each === "none" || each === axis);
    case "view":
      return given[0] !== "none";
    case "item":
      return given[0] === axis;
    case "broadcast":
      return axis === Number(given[0]) + a.shape.length - a.inputs[0].shape.length;
    case "window":
      return pair.every(({ attrs, inputs: [from], shape }, i) => {
        const walk = lowering.window(attrs, stridesOf(from.shape));
        return staysInRows(walk, shape, axis, sizeOf(from.shape) / SIZES[i], SIZES[i]);
      });
    case "parts": {
      const [fill, other] = pair.map(({ attrs }) => lowering.fill?.(attrs));
      if (fill !== other) return false;
      return pair.every(({ attrs, inputs, shape }, i) =>
        lowering
          .parts(inputs, attrs, stridesOf(shape))
          .every((walk, k) => staysInRows(walk, inputs[k].shape, given[k], sizeOf(shape) / SIZES[i], SIZES[i])),
      );
    }
    case "kernel":
      return meansTheSame(pair) && keepsInKernel(a, given);
    default:
      return false;
  }
}

/** Whether a walk through memory, in which each row is a block of so many elements, is in each row's block while it is in that row. */
function staysInRows({ start, strides }: Walk, shape: Shape, axis: RowAxis, block: number, rows: number): boolean {
  if (axis === "none") return false;
  const sizes = shape.map((size, i) => (i === axis ? size / rows : size));
  const ends = strides.map((stride, i) => (sizes[i] - 1) * stride);
  const first = ends.reduce((at, end) => at + Math.min(0, end), start);
  const last = ends.reduce((at, end) => at + Math.max(0, end), start);
  return strides[axis] * sizes[axis] === block && first >= 0 && last < block;
}

function keepsInKernel({ op, inputs, attrs }: Tensor, given: readonly RowAxis[]): boolean {
  if (reductions.includes(op)) return !(attrs as ReduceAttrs).axes.includes(Number(given[0]));
  if (op.batched !== undefined) return given.every((each, i) => each === (op.batched?.includes(i) ? 0 : "none"));
  if (op === gather) return given[0] === "none"; // rows of a table by indices
  if (op !== matmul) return false;
  const { transposeA } = attrs as MatmulAttrs;
  const [left, right] = given.map((each, i) => Number(each) - inputs[i].shape.length); // NaN for none
  const [inBatchA, inBatchB] = [left < -2, right < -2];
  if (given[1] === "none") return inBatchA || (left === -2 && !transposeA);
  return inBatchB && (inBatchA || given[0] === "none");
}
