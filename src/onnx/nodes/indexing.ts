// Elements by their places: picked, put, counted, sorted.
import { concat, constant } from "../../create.ts";
import { ShapeError } from "../../errors.ts";
import { prod } from "../../functions/products.ts";
import { scatterPlanesOp } from "../../ops/pooling.ts";
import { topK } from "../../ops/sort.ts";
import { normalizeAxis, type Shape, showShape, sizeOf, stridesOf } from "../../shape.ts";
import { apply, arange, type Tensor } from "../../tensor.ts";
import type { Node } from "../node.ts";
import { Refusal } from "../refusal.ts";
import type { Rules } from "../rule.ts";
import { Value } from "../value.ts";

/** Indices counted from the front; negative ones count from the back of `size`. @throws ShapeError for known ones outside */
function fromFront(index: Value, size: number): Tensor {
  if (!index.isKnown) {
    const given = index.tensor;
    return given.less(0).select(given.add(size), given);
  }
  const numbers = index.numbers();
  const wrong = numbers.find((each) => !(each >= -size && each < size));
  if (wrong !== undefined) throw new ShapeError(`index ${wrong} is outside an axis of ${size}`);
  const data = Int32Array.from(numbers, (each) => (each < 0 ? each + size : each));
  return constant(data, { shape: index.shape });
}

function gathered(node: Node): Value {
  const x = node.tensor(0);
  const axis = normalizeAxis(node.int("axis", 0), x.shape, "Gather");
  const value = node.value(1);
  const index = fromFront(value, x.shape[axis]);
  // One known index is a part of the tensor as it lies.
  if (value.isKnown && sizeOf(value.shape) === 1) {
    const part = x.narrow(axis, value.numbers()[0] < 0 ? value.numbers()[0] + x.shape[axis] : value.numbers()[0], 1);
    return node.like(0, part.reshape([...x.shape.slice(0, axis), ...value.shape, ...x.shape.slice(axis + 1)]));
  }
  if (axis === 0) return node.like(0, x.gather(index));
  const others = [...x.shape.keys()].filter((each) => each !== axis);
  const rows = x.permute([axis, ...others]).gather(index);
  const lead = index.shape.length;
  const indexAxes = [...index.shape.keys()];
  const order = [...others.keys()].map((each) => each + lead);
  return node.like(0, rows.permute([...order.slice(0, axis), ...indexAxes, ...order.slice(axis)]));
}

/** Flat places, in a tensor of `shape`, that an index along an axis points to. */
function placesAlong(index: Tensor, shape: Shape, axis: number): Tensor {
  const strides = stridesOf(shape);
  return index.shape.reduce((places, size, i) => {
    if (i === axis) return places;
    const steps = arange(size).mul(strides[i]);
    return places.add(steps.reshape(index.shape.map((_, k) => (k === i ? size : 1))));
  }, index.mul(strides[axis]));
}

function gatheredElements(node: Node): Value {
  const x = node.tensor(0);
  const axis = normalizeAxis(node.int("axis", 0), x.shape, "GatherElements");
  const index = fromFront(node.value(1), x.shape[axis]);
  if (index.shape.length !== x.shape.length)
    throw new ShapeError(`an index of ${showShape(index.shape)} does not fit ${showShape(x.shape)}`);
  return node.like(0, x.reshape([sizeOf(x.shape)]).gather(placesAlong(index, x.shape, axis)));
}

/** Numbers of rows, in a tensor whose first axes are `sizes`, that tuples along the last axis of an index point to. */
function rowsOf(index: Value, sizes: Shape, name: string): Tensor {
  const width = index.shape.at(-1) ?? 0;
  if (width > sizes.length) throw new ShapeError(`${name}: tuples of ${width} for ${sizes.length} axes`);
  const strides = stridesOf(sizes.slice(0, width));
  const all = index.settled();
  const columns = strides.map((stride, k) => {
    const column = all.narrow(-1, k, 1).squeeze(-1);
    return column.less(0).select(column.add(sizes[k]), column).mul(stride);
  });
  const [first, ...others] = columns;
  return others.reduce((sum, each) => sum.add(each), first);
}

function gatheredTuples(node: Node): Value {
  const x = node.tensor(0);
  const index = node.value(1);
  const batch = node.int("batch_dims", 0);
  const width = index.shape.at(-1) ?? 0;
  const rest = x.shape.slice(batch + width);
  const inner = x.shape.slice(batch, batch + width);
  if (width === 0) throw new Refusal("tuples of no indices");
  const rows = rowsOf(index, x.shape.slice(batch), "GatherND");
  const lead = x.shape.slice(0, batch);
  const first = arange(sizeOf(lead)).mul(sizeOf(inner));
  const places = rows.add(first.reshape([...lead, ...rows.shape.slice(batch).map(() => 1)]));
  return node.like(0, x.reshape([sizeOf(lead) * sizeOf(inner), ...rest]).gather(places));
}

type Reduction = "none" | "add" | "mul" | "max" | "min";

/** Rows [n, width] with updates [k, width] at the rows of an index [k]: in their place, the last of several, or reduced with them. */
function scattered(rows: Tensor, index: Tensor, updates: Tensor, reduction: string): Tensor {
  const [n] = rows.shape;
  const [count] = index.shape;
  if (count === 0) return rows;
  switch (reduction as Reduction) {
    case "none": {
      const numbers = arange(count).add(1).reshape([1, count]);
      const placed = apply(scatterPlanesOp, [numbers, index.reshape([1, count])], { shape: [1, n], last: true });
      const from = placed.reshape([n]);
      const isPut = from.greater(0).unsqueeze(1);
      return isPut.select(updates.gather(from.sub(1).maximum(0)), rows);
    }
    case "add": {
      const sum = index.scatterAdd(updates.cast("f32"), rows.shape);
      return rows.add(rows.dtype === "i32" ? sum.cast("i32") : sum);
    }
    case "mul":
      return rows.mul(prod(meetings(rows, index, updates, 1), 1));
    case "max":
      return rows.maximum(meetings(rows, index, updates, lowest(rows)).max(1));
    case "min":
      return rows.minimum(meetings(rows, index, updates, highest(rows)).min(1));
    default:
      throw new Refusal(`there is no reduction ${reduction}`);
  }
}

function lowest({ dtype }: Tensor): number {
  return dtype === "f32" ? Number.NEGATIVE_INFINITY : -(2 ** 31);
}

function highest({ dtype }: Tensor): number {
  return dtype === "f32" ? Number.POSITIVE_INFINITY : 2 ** 31 - 1;
}

/** Every update beside every row, or `otherwise` where they do not meet: [n, k, width]. @throws Refusal where that is too much */
function meetings(rows: Tensor, index: Tensor, updates: Tensor, otherwise: number): Tensor {
  const [n, width] = rows.shape;
  const [count] = index.shape;
  if (n * count * width > 2 ** 24) throw new Refusal(`this reduction of ${count} updates in ${n} rows is too large`);
  const meet = arange(n).unsqueeze(1).equal(index).unsqueeze(2);
  return meet.select(updates.unsqueeze(0), otherwise);
}

function scatteredElements(node: Node): Value {
  const x = node.tensor(0);
  const axis = normalizeAxis(node.int("axis", 0), x.shape, node.op);
  const index = fromFront(node.value(1), x.shape[axis]);
  const places = placesAlong(index, x.shape, axis).flatten();
  const rows = x.reshape([sizeOf(x.shape), 1]);
  const updates = node.tensor(2).reshape([sizeOf(index.shape), 1]);
  return node.like(0, scattered(rows, places, updates, node.text("reduction", "none")).reshape(x.shape));
}

function scatteredTuples(node: Node): Value {
  const x = node.tensor(0);
  const index = node.value(1);
  const width = index.shape.at(-1) ?? 0;
  const rest = sizeOf(x.shape.slice(width));
  const places = rowsOf(index, x.shape, "ScatterND").flatten();
  const rows = x.reshape([sizeOf(x.shape.slice(0, width)), rest]);
  const updates = node.tensor(2).reshape([places.shape[0], rest]);
  return node.like(0, scattered(rows, places, updates, node.text("reduction", "none")).reshape(x.shape));
}

function oneHot(node: Node): Value {
  const depth = node.number(1);
  const given = node.tensor(0).cast("i32");
  const index = given.less(0).select(given.add(depth), given);
  const axis = normalizeAxis(node.int("axis", -1), [...index.shape, 1], "OneHot");
  const classes = arange(depth).reshape([depth, ...index.shape.slice(axis).map(() => 1)]);
  const isHot = index.unsqueeze(axis).equal(classes);
  const [off, on] = [0, 1].map((i) => node.tensor(2).narrow(0, i, 1).reshape([]));
  return node.like(2, isHot.select(on, off));
}

function largest(node: Node): readonly Value[] {
  const x = node.tensor(0);
  const count = node.version < 10 ? node.int("k") : node.number(1);
  const { values, indices } = topK(x, count, node.int("axis", -1), { largest: node.flag("largest", true) });
  return [node.like(0, values), Value.of(indices, "int64")];
}

/** Places of what is not 0, of a tensor that is known: one row an axis. */
function nonZero(node: Node): Value {
  const shape = node.shape(0);
  const found: number[] = [];
  node.numbers(0).forEach((value, i) => {
    if (value !== 0) found.push(i);
  });
  const strides = stridesOf(shape);
  const rows = shape.flatMap((size, axis) => found.map((at) => Math.floor(at / strides[axis]) % size));
  return Value.from({ type: "int64", shape: [shape.length, found.length], data: Float64Array.from(rows) });
}

/** The parts of an axis, or of all elements, for which a known condition holds. */
function compressed(node: Node): Value {
  const x = node.tensor(0);
  const kept = node.numbers(1).flatMap((value, i) => (value !== 0 ? [i] : []));
  const isFlat = !node.hasAttribute("axis");
  const from = isFlat ? x.flatten() : x;
  const axis = isFlat ? 0 : normalizeAxis(node.int("axis"), x.shape, "Compress");
  if (kept.length === 0) return node.like(0, from.narrow(axis, 0, 0));
  return node.like(
    0,
    concat(
      kept.map((i) => from.narrow(axis, i, 1)),
      axis,
    ),
  );
}

export const indexing: Rules = {
  Compress: { decides: [1], build: compressed },
  Gather: gathered,
  GatherElements: gatheredElements,
  GatherND: gatheredTuples,
  NonZero: { decides: [0], build: nonZero },
  OneHot: { decides: [1, 2], build: oneHot },
  Scatter: scatteredElements,
  ScatterElements: scatteredElements,
  ScatterND: scatteredTuples,
  TopK: { decides: [1], build: largest },
};
