// Whether a model keeps rows apart: whether what it makes of a row depends on that row alone, whatever stands beside it. It is a graph, so
// it is built for several numbers of rows, and two at a time are followed from the rows to the output. What cannot be followed is taken for
// something that mixes rows: a mean over them, a loop over them, a number that is made of how many there are, another graph for many.
import { topological } from "../graph.ts";
import type { LoopBody, Walk } from "../op.ts";
import { type MatmulAttrs, matmul } from "../ops/contraction.ts";
import { gather } from "../ops/indexing.ts";
import { type ConstantAttrs, input } from "../ops/leaf.ts";
import { argmax, max, norm, type ReduceAttrs, sum } from "../ops/reduction.ts";
import { type Shape, sameShape, sizeOf, stridesOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

/** The numbers of rows that a model is built for: the first is held against each of the others. */
const SIZES: readonly number[] = [2, 3, 257];

/** A node of both graphs. */
type Pair = readonly [few: Tensor, more: Tensor];

/** Numbers of rows of both graphs. */
type Counts = readonly [few: number, more: number];

/**
 * The axis along which rows lie one after the other, each as many elements of it, so that row r of n is the r-th of n equal blocks of each
 * run of memory that axes before it walk through; "none" of what is the same for any rows.
 */
type RowAxis = number | "none";

/** Of ops of several outputs whose rows lie along different axes: those. */
type RowAxes = RowAxis | readonly RowAxis[];

const reductions: readonly unknown[] = [sum, norm, max, argmax];

/**
 * Whether each row of the outputs depends on the same row of x alone. `outputs`: what the model makes of so many rows, of which it is looked
 * at for `sizes`, at least 2 each.
 */
export function keepsRowsApart(outputs: (rows: number) => Tensor | readonly Tensor[], sizes = SIZES): boolean {
  const [few, ...others] = sizes;
  const graph = graphOf(outputs, few);
  return others.every((more) => isApart([graph, graphOf(outputs, more)], [few, more]));
}

function isApart([few, more]: readonly (Graph | undefined)[], counts: Counts): boolean {
  if (few === undefined || more === undefined) return false;
  const axes = axesOf([few.nodes, more.nodes], counts, []);
  return (
    axes !== undefined &&
    few.ends.every((end, i) => axes[end] === 0 && few.nodes[end].shape[0] === counts[0] && more.ends[i] === end)
  );
}

/** Where rows lie in the nodes of two graphs, `known` in the first; undefined where they are mixed, or the graphs are not of the same form. */
function axesOf(
  [few, more]: readonly (readonly Tensor[])[],
  counts: Counts,
  known: readonly RowAxis[],
): readonly RowAxes[] | undefined {
  if (few.length !== more.length) return undefined;
  const places = new Map(few.map((node, i) => [node, i]));
  const axes: RowAxes[] = [...known];
  for (const [i, a] of few.entries()) {
    if (i < known.length) continue;
    const b = more[i];
    const from = a.inputs.map((each) => places.get(each) as number);
    const isSame = a.op === b.op && from.length === b.inputs.length && from.every((at, k) => more[at] === b.inputs[k]);
    const found = isSame
      ? axisOf(
          [a, b],
          from.map((at) => axes[at]),
          counts,
        )
      : undefined;
    if (found === undefined) return undefined;
    axes.push(found);
  }
  return axes;
}

/** The nodes of a graph, and which of them are its outputs. */
interface Graph {
  readonly nodes: readonly Tensor[];
  readonly ends: readonly number[];
}

function graphOf(outputs: (rows: number) => Tensor | readonly Tensor[], rows: number): Graph | undefined {
  try {
    const given = [outputs(rows)].flat();
    const nodes = topological(given);
    return { nodes, ends: given.map((each) => nodes.indexOf(each)) };
  } catch {
    return undefined; // it takes another number of rows, and perhaps no other
  }
}

/** Where rows lie in a node, if they lie in its inputs along these axes; undefined where they are mixed. */
function axisOf(pair: Pair, given: readonly RowAxes[], counts: Counts): RowAxes | undefined {
  const [a, b] = pair;
  const { lowering } = a.op;
  if (lowering.kind === "loop")
    return axesOfLoop(
      pair.map(({ attrs }) => lowering.body(attrs)),
      given,
      counts,
    );
  const axis = rowAxisOf(a.shape, b.shape, counts);
  if (lowering.kind === "item" && Array.isArray(given[0])) {
    const own = meansTheSame(pair) ? given[0][lowering.index(a.attrs)] : undefined;
    return own === (axis ?? "none") ? own : undefined;
  }
  if (a.op === input)
    return a.label === b.label && a.dtype === b.dtype ? (sameShape(a.shape, b.shape) ? "none" : axis) : undefined;
  if (given.every((each) => each === "none")) {
    if (sameShape(a.shape, b.shape)) return isSame(pair) ? "none" : undefined;
    return lowering.kind === "broadcast" ? axis : undefined; // the same for each row
  }
  return axis !== undefined && keeps(pair, given as readonly RowAxis[], axis, counts) ? axis : undefined;
}

/** The only axis that grows, if it does with the rows. */
function rowAxisOf(a: Shape, b: Shape, [few, more]: Counts): number | undefined {
  const axis = a.findIndex((size, i) => size !== b[i]);
  const holds = a.length === b.length && axis >= 0 && a.every((size, i) => i === axis || size === b[i]);
  return holds && a[axis] % few === 0 && b[axis] * few === a[axis] * more ? axis : undefined;
}

/** Where rows lie in what a loop gives: each step must leave them where it found them. */
function axesOfLoop(
  [a, b]: readonly LoopBody[],
  given: readonly RowAxes[],
  counts: Counts,
): readonly RowAxis[] | undefined {
  const { carries, sequences } = a;
  if (a.length !== b.length || a.reverse !== b.reverse || carries !== b.carries || sequences !== b.sequences)
    return undefined;
  const found = given.map((each, i) => (i < carries || i >= carries + sequences ? each : next(each as RowAxis, -1)));
  if (found.includes(-1)) return undefined; // steps that take a row each
  const graphs = [a, b].map(({ parameters, results }) => {
    const seen = new Set(parameters);
    return [...parameters, ...topological(results).filter((node) => !seen.has(node))];
  });
  const axes = axesOf(graphs, counts, found as readonly RowAxis[]);
  if (axes === undefined) return undefined;
  const [ends, others] = [a, b].map(({ results }, i) => results.map((each) => graphs[i].indexOf(each)));
  const made = ends.map((end) => axes[end] as RowAxis);
  if (!ends.every((end, i) => end === others[i] && (i >= carries || made[i] === found[i]))) return undefined;
  const stacked = [...made.slice(carries), ...made.slice(0, carries)];
  return [...made.slice(0, carries), ...stacked.map((each) => next(each, 1))];
}

function next(axis: RowAxis, step: number): RowAxis {
  return axis === "none" ? axis : axis + step;
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

function keeps(pair: Pair, given: readonly RowAxis[], axis: number, counts: Counts): boolean {
  const [a] = pair;
  const { lowering } = a.op;
  const [from] = given;
  switch (lowering.kind) {
    case "map":
      return !lowering.indexed && meansTheSame(pair) && given.every((each) => each === "none" || each === axis);
    case "view":
      return from !== "none" && runsOf(a.inputs[0].shape, from) === runsOf(a.shape, axis);
    case "item":
      return from === axis;
    case "broadcast":
      return axis === Number(from) + a.shape.length - a.inputs[0].shape.length;
    case "window":
      return pair.every(({ attrs, inputs: [{ shape: memory }], shape }, i) => {
        const walk = lowering.window(attrs, stridesOf(memory));
        return from !== "none" && staysInRows(walk, [shape, axis], [memory, from], counts[i]);
      });
    case "parts": {
      const [fill, other] = pair.map(({ attrs }) => lowering.fill?.(attrs));
      if (fill !== other) return false;
      return pair.every(({ attrs, inputs, shape }, i) =>
        lowering
          .parts(inputs, attrs, stridesOf(shape))
          .every((walk, k) => staysInRows(walk, [inputs[k].shape, given[k]], [shape, axis], counts[i])),
      );
    }
    case "kernel":
      return meansTheSame(pair) && keepsInKernel(a, given);
    default:
      return false;
  }
}

/** How often all rows lie one after the other. */
function runsOf(shape: Shape, axis: number): number {
  return sizeOf(shape.slice(0, axis));
}

/**
 * Whether a walk of a shape through memory is in each row's blocks while it is in that row: whatever the other axes do is either within a
 * block, or from run to run.
 */
function staysInRows(
  { start, strides }: Walk,
  [shape, axis]: readonly [Shape, RowAxis],
  [memory, rowAxis]: readonly [Shape, number],
  rows: number,
): boolean {
  if (axis === "none") return false;
  const run = sizeOf(memory.slice(rowAxis));
  const block = run / rows;
  const sizes = shape.map((size, i) => (i === axis ? size / rows : size));
  const within = strides.map((stride, i) => (i !== axis && stride % run === 0 ? 0 : (sizes[i] - 1) * stride));
  const origin = start % run;
  const first = within.reduce((at, end) => at + Math.min(0, end), origin);
  const last = within.reduce((at, end) => at + Math.max(0, end), origin);
  return strides[axis] * sizes[axis] === block && first >= 0 && last < block;
}

function keepsInKernel({ op, inputs, attrs }: Tensor, given: readonly RowAxis[]): boolean {
  if (reductions.includes(op)) return !(attrs as ReduceAttrs).axes.includes(Number(given[0]));
  if (op.batched !== undefined) return given.every((each, i) => each === (op.batched?.includes(i) ? 0 : "none"));
  if (op.along !== undefined) return given[0] !== op.along(attrs);
  if (op === gather) return given[0] === "none" || (given[1] === "none" && given[0] > 0); // of a table, or the same parts of each row
  if (op !== matmul) return false;
  const { transposeA, transposeB } = attrs as MatmulAttrs;
  const [left, right] = given.map((each, i) => Number(each) - inputs[i].shape.length); // NaN for none
  if (given[1] === "none") return left < -2 || left === (transposeA ? -1 : -2);
  if (given[0] === "none") return right < -2 || right === (transposeB ? -2 : -1);
  return left < -2 && left === right;
}
