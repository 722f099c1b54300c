// Windows over planes, and elements put back into planes.
import { ArgumentError } from "../../../errors.ts";
import type { PoolAttrs, ScatterPlanesAttrs, Windows } from "../../../ops/pooling.ts";
import type { Tensor } from "../../../tensor.ts";
import { productOf, type Size, sameSizes, sizeFrom } from "../sizes.ts";
import type { Node, Value, Writer } from "../writer.ts";
import { numberOf, padBehind, type Rule } from "./rule.ts";

const SPATIAL = [2, 3, 4] as const;

/** Windows along an axis: `size` and `out` at each batch, `after`: zeros behind, all else as it is at all of them. */
interface Line extends Windows {
  readonly sizes: Size;
  readonly outs: Size;
  readonly after: number;
}

/** Planes as [N, C, D, H, W], without axes of one element in front; or as they were before they were planes. */
interface Planes extends Value {
  readonly axes: readonly Line[];
}

function linesOf(writer: Writer, { attrs }: Node<PoolAttrs>): Line[] {
  return attrs[0].axes.map((first, axis) => {
    const all = attrs.map(({ axes }) => axes[axis]);
    const [sizes, outs] = (["size", "out"] as const).map((key) => sizeFrom(all.map((each) => each[key])));
    const fixed = all.map(({ kernel, stride, padding, dilation }) => [kernel, stride, padding, dilation]);
    writer.fixed(fixed, "a window of a pooling");
    const { kernel, stride, padding, dilation } = first;
    const needs = all.map(({ size, out }) => (out - 1) * stride + (kernel - 1) * dilation + 1 - size - padding);
    const isFixed = typeof sizes === "number" && typeof outs === "number";
    return { ...first, sizes, outs, after: Math.max(0, isFixed ? needs[0] : padBehind(needs, stride, padding)) };
  });
}

function planesOf(writer: Writer, planes: Node<PoolAttrs>): Planes {
  const [x] = planes.inputs;
  const all = linesOf(writer, planes);
  writer.value(x);
  // Of one, two or three axes: as few as there are windows along, one at least.
  const some = all.findIndex(({ sizes, outs }) => sizes !== 1 || outs !== 1);
  const first = some < 0 ? all.length - 1 : some;
  for (let lead = first; lead >= 0; lead--) {
    const axes = all.slice(lead);
    const spatial = axes.map(({ sizes }) => sizes);
    const found = writer
      .valuesOf(x)
      .find(({ sizes }) => sizes.length === axes.length + 2 && sameSizes(sizes.slice(2), spatial));
    if (found !== undefined) return { ...found, axes };
  }
  const axes = all.slice(first);
  const sizes = [writer.sizesOf(x)[0], 1, ...axes.map(({ sizes }) => sizes)];
  return { ...writer.here(writer.as(x, sizes), sizes), axes };
}

/** Sizes of the result. */
function pooledSizes({ sizes, axes }: Planes): Size[] {
  return [...sizes.slice(0, 2), ...axes.map(({ outs }) => outs)];
}

/** Attributes of a pooling, whose last windows may reach beyond the padding. */
function poolAttributes(axes: readonly Line[]) {
  return {
    kernel_shape: axes.map(({ kernel }) => kernel),
    strides: axes.map(({ stride }) => stride),
    pads: [...axes.map(({ padding }) => padding), ...axes.map(({ after }) => after)],
  };
}

/** Places of all windows of an axis, as many for each: those that are none are the last one again, with a weight of 0. */
export function placesOf({ size, out, kernel, stride, padding, dilation }: Windows) {
  const lists = Array.from({ length: out }, (_, o) => {
    const [start, end] = [Math.floor((o * size) / out), Math.ceil(((o + 1) * size) / out)];
    const own =
      kernel === 0
        ? Array.from({ length: end - start }, (_, i) => start + i)
        : Array.from({ length: kernel }, (_, i) => o * stride - padding + i * dilation);
    return own.filter((place) => place >= 0 && place < size);
  });
  const most = Math.max(...lists.map(({ length }) => length));
  const places = lists.flatMap((list) => Array.from({ length: most }, (_, i) => list[Math.min(i, list.length - 1)]));
  const weights = lists.flatMap((list) => Array.from({ length: most }, (_, i) => (i < list.length ? 1 : 0)));
  return { places, weights, most };
}

/** Whether ONNX's own poolings have such windows. */
function isUsual(axes: readonly Line[]): boolean {
  return axes.every(({ kernel, padding, after }) => kernel > 0 && padding < kernel && after < kernel);
}

/** @throws ArgumentError for an axis whose places depend on the batch, where they are written down */
function checkFixed(axes: readonly Line[]): void {
  if (axes.some(({ sizes, outs }) => typeof sizes !== "number" || typeof outs !== "number"))
    throw new ArgumentError(
      "toOnnx: a pooling whose windows ONNX's own have not depends on the batch, which an ONNX graph cannot say",
    );
}

/** One axis after the other: its windows' elements side by side, and reduced. */
function byAxes(
  writer: Writer,
  { name, axes }: Planes,
  reduce: (name: string, axis: number, weights: string) => string,
): string {
  return axes.reduce((value, windows, i) => {
    if (windows.size === windows.out && windows.kernel === 1) return value;
    checkFixed([windows]);
    const axis = SPATIAL[i];
    const { places, weights, most } = placesOf(windows);
    const taken = writer.add("Gather", [value, writer.int64(places, [windows.out, most])], { axis });
    const shape = [windows.out, most, ...axes.slice(i + 1).map(() => 1)];
    return reduce(taken, axis + 1, writer.numbers(weights, shape, "f32"));
  }, name);
}

export const maxPool: Rule<PoolAttrs> = (writer, node) => {
  const { tensor } = node;
  const planes = planesOf(writer, node);
  const { axes, name } = planes;
  const sizes = pooledSizes(planes);
  const withPlaces = writer.wanted.get(tensor)?.has(1) ?? false;
  const plane = productOf(
    axes.map(({ sizes }) => sizes),
    writer.count,
  );
  if (isUsual(axes)) {
    const attributes = { ...poolAttributes(axes), dilations: axes.map(({ dilation }) => dilation) };
    const [values, places] = writer.addAll("MaxPool", [name], withPlaces ? 2 : 1, attributes);
    writer.measured(values, sizes);
    // ONNX counts places from the first of all planes on.
    writer.giveOutputs(tensor, (index) =>
      writer.here(index === 0 ? values : writer.cast(writer.add("Mod", [places, writer.int(plane)]), "int32"), sizes),
    );
    return;
  }
  const largest = (value: Planes) =>
    byAxes(writer, value, (taken, axis) => writer.add("ReduceMax", [taken], { axes: [axis], keepdims: 0 }));
  writer.giveOutputs(tensor, (index) => {
    if (index === 0) return writer.here(largest(planes), sizes);
    checkFixed(axes);
    return writer.here(placesOfLargest(writer, planes, Number(plane)), sizes);
  });
};

/** Where the largest stand, for windows that ONNX has no pooling for: all of a window in a row, and the first that is the largest. */
function placesOfLargest(writer: Writer, planes: Planes, plane: number): string {
  const { name, axes, sizes } = planes;
  const lists = axes.map((windows) => placesOf(windows));
  const sides = axes.map(({ size }) => size);
  const outs = axes.map(({ out }) => out);
  // Flat places of each window's elements: [outs..., mosts...].
  const count = outs.reduce((a, b) => a * b, 1);
  const most = lists.reduce((product, list) => product * list.most, 1);
  const flat: number[] = [];
  for (let o = 0; o < count; o++)
    for (let m = 0; m < most; m++) {
      let [place, window, element, scale] = [0, o, m, 1];
      for (let axis = axes.length - 1; axis >= 0; axis--) {
        const out = window % outs[axis];
        const own = element % lists[axis].most;
        place += lists[axis].places[out * lists[axis].most + own] * scale;
        window = Math.floor(window / outs[axis]);
        element = Math.floor(element / lists[axis].most);
        scale *= sides[axis];
      }
      flat.push(place);
    }
  const lead = sizes.slice(0, 2);
  const places = writer.int64(flat, [count, most]);
  const line = writer.reshaped({ name, sizes }, [...lead, plane]);
  const taken = writer.add("Gather", [line, places], { axis: 2 });
  const at = writer.add("ArgMax", [taken], { axis: 3, keepdims: 1 });
  const table = writer.add("Expand", [writer.int64(flat, [1, 1, count, most]), writer.ints([...lead, count, most])]);
  const found = writer.add("GatherElements", [table, at], { axis: 3 });
  return writer.cast(writer.reshaped({ name: found, sizes: [...lead, count, 1] }, pooledSizes(planes)), "int32");
}

export const sumPool: Rule<PoolAttrs> = (writer, node) => {
  const planes = planesOf(writer, node);
  const { axes, name } = planes;
  const sizes = pooledSizes(planes);
  if (!isUsual(axes) || axes.some(({ dilation }) => dilation > 1)) {
    const total = byAxes(writer, planes, (taken, axis, weights) =>
      writer.add("ReduceSum", [writer.add("Mul", [taken, weights]), writer.int64([axis])], { keepdims: 0 }),
    );
    writer.give(node.tensor, total, sizes);
    return;
  }
  // A mean over whole windows, the padding included; who divides the sum by their size reads it as it is.
  const mean = writer.add("AveragePool", [name], { ...poolAttributes(axes), count_include_pad: 1 });
  writer.measured(mean, sizes);
  const count = axes.reduce((product, { kernel }) => product * kernel, 1);
  const total = writer.add("Mul", [mean, writer.scalar(count)]);
  writer.offers.set(total, { div: (other) => (numberOf(writer, other) === count ? mean : undefined) });
  writer.give(node.tensor, total, sizes);
};

// Places outside of a plane go to one more element behind each, which is left out again.
export const scatterPlanes: Rule<ScatterPlanesAttrs> = (writer, { tensor, inputs: [updates, index], attrs, sizes }) => {
  const { last } = attrs[0];
  const flat = (x: Tensor): Size[] => {
    const own = writer.sizesOf(x);
    return [own[0], productOf(own.slice(1), writer.count)];
  };
  const size = writer.fixed(
    attrs.map(({ shape }) => shape.slice(1).reduce((a, b) => a * b, 1)),
    "the size of a plane",
  );
  const places = writer.as(index, flat(index));
  const isOutside = writer.add("Or", [
    writer.add("Less", [places, writer.scalar(0, "i32")]),
    writer.add("Less", [writer.scalar(size - 1, "i32"), places]),
  ]);
  const inside = writer.add("Where", [isOutside, writer.scalar(size, "i32"), places]);
  const zeros = writer.add("Expand", [writer.scalar(0, tensor.dtype), writer.ints([sizes[0], size + 1])]);
  const put = writer.add("ScatterElements", [zeros, inside, writer.as(updates, flat(updates))], {
    axis: 1,
    ...(!last && { reduction: "add" }),
  });
  const kept = writer.add("Slice", [put, writer.int64([0]), writer.int64([size]), writer.int64([1])]);
  writer.give(tensor, kept, [sizes[0], size]);
};
