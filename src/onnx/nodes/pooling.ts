// The largest, the mean of windows; and largest ones put back where they stood.
import { constant } from "../../create.ts";
import { DataError, ShapeError } from "../../errors.ts";
import { planesOf, threeOf } from "../../functions/windows.ts";
import { itemsOf } from "../../ops/item.ts";
import { maxPoolOp, scatterPlanesOp, sumPoolOp } from "../../ops/pooling.ts";
import { checkShape, LISTED, showShape, sizeOf } from "../../shape.ts";
import { apply, arange, type Tensor } from "../../tensor.ts";
import type { Node } from "../node.ts";
import { Refusal } from "../refusal.ts";
import type { Build, Rules } from "../rule.ts";
import { Value } from "../value.ts";
import { type Axis, axesOf, checkKernel, padsOf, perAxis } from "./windows.ts";

/** x [N, C, ...] with at most three axes behind the channels. */
function imageOf(node: Node): Tensor {
  const x = node.tensor(0).cast("f32");
  const axes = x.shape.length - 2;
  if (axes < 1) throw new ShapeError(`takes [N, C, ...], got ${showShape(x.shape)}`);
  if (axes > 3) throw new Refusal(`pooling over ${axes} axes`);
  return x;
}

/** x with its padding around it, `value` there, and axes without padding: where kernels see nothing but padding. */
function grown(x: Tensor, axes: readonly Axis[], value: number): readonly [Tensor, readonly Axis[]] {
  const reach = ({ kernel, dilation }: Axis) => (kernel - 1) * dilation + 1;
  if (axes.every((axis) => axis.before < reach(axis) && axis.after < reach(axis))) return [x, axes];
  const around = axes.map(({ before, after }) => [before, after] as const);
  const wide = x.pad([[0, 0], [0, 0], ...around], value);
  return [wide, axes.map((axis) => ({ ...axis, size: axis.size + axis.before + axis.after, before: 0, after: 0 }))];
}

/** Windows as kernels take them. */
function windowsOf(axes: readonly Axis[]) {
  return threeOf(
    axes.map(({ size, out, kernel, stride, dilation, before }) => ({
      size,
      out,
      kernel,
      stride,
      padding: before,
      dilation,
    })),
  );
}

/** Places in a plane row by row as places in the whole tensor, and column by column if `byColumns`. */
function numbered(indices: Tensor, plane: readonly number[], byColumns: boolean): Tensor {
  const [count, ...rest] = indices.shape;
  const size = sizeOf(plane);
  const starts = arange(count)
    .mul(size)
    .reshape([count, ...rest.map(() => 1)]);
  if (!byColumns) return indices.add(starts);
  let left = indices;
  let place: Tensor = starts;
  // Coordinates from the last axis to the first; the first one is next to itself.
  const strides = plane.map((_, i) => sizeOf(plane.slice(0, i)));
  for (let axis = plane.length - 1; axis >= 0; axis--) {
    const along = left.remainder(plane[axis]);
    left = left.div(plane[axis]);
    place = place.add(along.mul(strides[axis]));
  }
  return place;
}

function maxPooled(node: Node): readonly (Value | undefined)[] {
  const x = imageOf(node);
  const spatial = x.shape.slice(2);
  const axes = axesOf(node, spatial, node.ints("kernel_shape"));
  const [from, windows] = grown(x, axes, Number.NEGATIVE_INFINITY);
  if (from !== x && node.wants(1)) throw new Refusal("places of windows that see nothing but padding");
  const [values, indices] = itemsOf(apply(maxPoolOp, [planesOf(from, axes.length)], { axes: windowsOf(windows) }));
  const shape = [...x.shape.slice(0, 2), ...axes.map(({ out }) => out)];
  const whole = values.reshape(shape);
  const result = node.like(0, node.value(0).dtype === "i32" ? whole.cast("i32") : whole);
  if (!node.wants(1)) return [result];
  const places = numbered(indices, spatial, node.flag("storage_order"));
  return [result, Value.of(places.reshape(shape), "int64")];
}

/** How many places each window of an axis has: all that are not beyond the padding, or those that are elements. */
function countsOf({ size, kernel, stride, dilation, before, after, out }: Axis, withPadding: boolean): Float64Array {
  const [first, end] = withPadding ? [-before, size + after] : [0, size];
  const counts = new Float64Array(out);
  for (let o = 0; o < out; o++) {
    const start = o * stride - before;
    const [from, to] = [first, end].map((edge) => Math.min(kernel, Math.max(0, Math.ceil((edge - start) / dilation))));
    counts[o] = to - from;
  }
  return counts;
}

/** The sum of each window; padding is 0. */
function summed(x: Tensor, axes: readonly Axis[]): Tensor {
  const [from, windows] = grown(x, axes, 0);
  const sums = apply(sumPoolOp, [planesOf(from, axes.length)], { axes: windowsOf(windows) });
  return sums.reshape([...x.shape.slice(0, 2), ...axes.map(({ out }) => out)]);
}

/** The norm of each window. */
function lpPooled(node: Node): Value {
  const [x, p] = [imageOf(node), node.int("p", 2)];
  if (p < 1) throw new DataError(`p is ${p}`);
  const axes = axesOf(node, x.shape.slice(2), node.ints("kernel_shape"));
  checkShape(
    axes.map(({ out }) => out),
    "LpPool",
  );
  const sums = summed(p === 1 ? x.abs() : p === 2 ? x.square() : x.abs().pow(p), axes);
  return node.like(0, p === 1 ? sums : p === 2 ? sums.sqrt() : sums.pow(1 / p));
}

function averaged(node: Node): Value {
  const x = imageOf(node);
  const axes = axesOf(node, x.shape.slice(2), node.ints("kernel_shape"));
  const withPadding = node.flag("count_include_pad");
  checkShape(
    axes.map(({ out }) => out),
    "AveragePool",
    LISTED,
  );
  const counts = axes.map((axis) => countsOf(axis, withPadding));
  const whole = summed(x, axes);
  if (counts.every((list) => list.every((each) => each === list[0])))
    return node.like(0, whole.div(counts.reduce((product, [each]) => product * each, 1)));
  // A table of each axis: products of whole numbers are exact.
  const tables = counts.map((list, i) =>
    constant(list, { shape: counts.map((each, k) => (k === i ? each.length : 1)) }),
  );
  return node.like(0, whole.div(tables.reduce((a, b) => a.mul(b))));
}

function overAll(reduce: (x: Tensor, axes: number[]) => Tensor): Build {
  return (node) => {
    const x = node.tensor(0);
    return node.like(0, reduce(x, [...x.shape.keys()].slice(2)));
  };
}

/** Values at the places that pooling found them at, in a plane of the size that was pooled; 0 elsewhere, and behind that plane. */
function unpooled(node: Node): Value {
  const x = imageOf(node);
  const axes = x.shape.length - 2;
  const kernel = node.ints("kernel_shape");
  if (kernel.length !== axes) throw new DataError(`kernel_shape has ${kernel.length} numbers for ${axes} axes`);
  checkKernel(kernel);
  const [strides, pads] = [perAxis(node, "strides", axes, 1), padsOf(node, axes)];
  const usual = x.shape.slice(2).map((size, i) => (size - 1) * strides[i] - pads[i] - pads[axes + i] + kernel[i]);
  const planes = x.shape[0] * x.shape[1];
  const [values, places] = [planesOf(x, axes), planesOf(node.tensor(1), axes)];
  const starts = arange(planes).mul(sizeOf(usual)).reshape([planes, 1, 1, 1]);
  const flat = apply(scatterPlanesOp, [values, places.sub(starts)], { shape: [planes, ...usual], last: true });
  const whole = flat.reshape([...x.shape.slice(0, 2), ...usual]);
  if (!node.has(2)) return node.like(0, whole);
  const asked = node.numbers(2).slice(-axes);
  const more = asked.map((size, i) => size - usual[i]);
  if (more.some((each) => each < 0)) throw new ShapeError(`${showShape(asked)} is smaller than ${showShape(usual)}`);
  return node.like(0, whole.pad([[0, 0], [0, 0], ...more.map((each) => [0, each] as const)]));
}

export const pooling: Rules = {
  AveragePool: averaged,
  GlobalAveragePool: overAll((x, axes) => x.mean(axes, { keepDims: true })),
  LpPool: lpPooled,
  GlobalMaxPool: overAll((x, axes) => x.max(axes, { keepDims: true })),
  MaxPool: maxPooled,
  MaxUnpool: { decides: [2], build: unpooled },
};
