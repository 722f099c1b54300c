// The same elements elsewhere.
import type { SliceAttrs, SpreadAttrs } from "../../../ops/movement.ts";
import type { UnfoldAttrs } from "../../../ops/unfold.ts";
import type { Tensor } from "../../../tensor.ts";
import { type Size, sameSizes, sizeAt, sizeFrom, sizesFrom } from "../sizes.ts";
import type { Node, Writer } from "../writer.ts";
import type { Rule } from "./rule.ts";

export const broadcastTo: Rule = (writer, { tensor, inputs: [from], sizes }) => {
  const before = writer.sizesOf(from);
  const lead = sizes.length - before.length;
  // Where the input has the size already, Expand is told 1.
  const wanted = sizes.map((size, i) => (i >= lead && sameSizes([size], [before[i - lead]]) ? 1 : size));
  writer.later(tensor, () => writer.here(writer.add("Expand", [writer.value(from), writer.ints(wanted)]), sizes));
};

/** Whether axes may be put into an order without a change of the elements': those of one element may stand anywhere. */
export function movesNothing(order: readonly number[], sizes: readonly Size[]): boolean {
  const moving = order.filter((axis) => sizes[axis] !== 1);
  return moving.every((axis, i) => i === 0 || axis > moving[i - 1]);
}

/** What a value was before it was transposed, if this order puts it back. */
export function turnedBack(writer: Writer, name: string, order: readonly number[]): Tensor | undefined {
  const before = writer.turns.get(name);
  return before && order.every((axis, i) => before.order[axis] === i) ? before.from : undefined;
}

export const permute: Rule<{ readonly order: readonly number[] }> = (
  writer,
  { tensor, inputs: [from], attrs, sizes },
) => {
  const order = writer.fixed(
    attrs.map(({ order }) => order),
    "the order of axes",
  );
  if (movesNothing(order, writer.sizesOf(from))) return writer.same(tensor, from);
  const given = writer.value(from);
  const before = turnedBack(writer, given, order);
  if (before !== undefined) return writer.same(tensor, before);
  const name = writer.add("Transpose", [given], { perm: [...order] });
  writer.turns.set(name, { from, order });
  writer.give(tensor, name, sizes);
};

/** Beyond all elements, on either side. */
const FAR = 2 ** 31 - 1;

/** A place along an axis of so many elements: as counted from the front, or if that follows from the batch, from behind. */
function placeOf(places: readonly number[], sizes: readonly number[], atEnd: number): Size {
  const own = sizeFrom(places);
  if (typeof own === "number") return own;
  const behind = sizeFrom(places.map((place, g) => place - sizes[g]));
  return typeof behind === "number" ? (behind === 0 ? atEnd : behind) : own;
}

/** Some of the elements along every axis. */
function sliced(writer: Writer, name: string, from: readonly Size[], ranges: readonly SliceAttrs[]): string {
  const [sizes, steps] = (["sizes", "steps"] as const).map((key) => sizesFrom(ranges.map((range) => range[key])));
  const kept = from.flatMap((size, axis) => {
    const isWhole = sameSizes([size], [sizes[axis]]) && (steps[axis] === 1 || size === 1);
    return isWhole ? [] : [axis];
  });
  if (kept.length === 0) return name;
  const whole = (axis: number) => ranges.map((_, g) => sizeAt(from[axis], g));
  const starts = kept.map((axis) =>
    placeOf(
      ranges.map((range) => range.starts[axis]),
      whole(axis),
      FAR,
    ),
  );
  const ends = kept.map((axis) => {
    const places = ranges.map((range) => range.starts[axis] + range.sizes[axis] * range.steps[axis]);
    return places.every((place) => place < 0) ? -FAR : placeOf(places, whole(axis), FAR);
  });
  const lists = [starts, ends, kept, kept.map((axis) => steps[axis])].map((list) => writer.ints(list));
  return writer.add("Slice", [name, ...lists]);
}

export const slice: Rule<SliceAttrs> = (writer, { tensor, inputs: [from], attrs, sizes }) => {
  const name = sliced(writer, writer.value(from), writer.sizesOf(from), attrs);
  writer.give(tensor, name, sizes);
};

export const concat: Rule<{ readonly axis: number }> = (writer, { tensor, inputs, attrs: [{ axis }] }) => {
  const name = writer.add(
    "Concat",
    inputs.map((input) => writer.value(input)),
    { axis },
  );
  writer.give(tensor, name);
};

/** One input in its place, `value` around it; `given`: what stands for it. */
function placed(writer: Writer, { attrs, inputs }: Node<SpreadAttrs>, i: number, given: string, value: string): string {
  const ranges = attrs.map(({ ranges }) => ranges[i]);
  const steps = writer.fixed(
    ranges.map(({ steps }) => steps),
    "the step between elements",
  );
  const from = writer.sizesOf(inputs[i]);
  let name = given;
  let counts = ranges.map(({ sizes }) => sizes);
  let starts = ranges.map(({ starts }) => starts);
  if (steps.some((step) => step < 0)) {
    // The other way round, from where the last one is.
    const back = ranges.map(({ sizes, steps }) => ({
      starts: sizes.map((size, axis) => (steps[axis] < 0 ? size - 1 : 0)),
      sizes,
      steps: steps.map((step) => (step < 0 ? -1 : 1)),
    }));
    name = sliced(writer, name, from, back);
    starts = ranges.map(({ starts, sizes, steps }) =>
      starts.map((start, axis) => (steps[axis] < 0 ? start + (sizes[axis] - 1) * steps[axis] : start)),
    );
  }
  const apart = steps.map(Math.abs);
  if (apart.some((step) => step !== 1)) {
    // Behind each element as many others as lie between two: a last one too many, which the padding takes away.
    const pairs = sizesFrom(counts.map((list) => list.flatMap((size) => [size, 1])));
    const wide = writer.reshaped({ name, sizes: from }, pairs);
    const pads = [...apart.flatMap(() => [0, 0]), ...apart.flatMap((step) => [0, step - 1])];
    const filled = writer.add("Pad", [wide, writer.int64(pads), value]);
    const filledSizes = sizesFrom(counts.map((list) => list.flatMap((size, axis) => [size, apart[axis]])));
    counts = counts.map((list) => list.map((size, axis) => size * apart[axis]));
    name = writer.reshaped({ name: filled, sizes: filledSizes }, sizesFrom(counts));
  }
  const pads = attrs.map(({ shape }, g) => [
    ...starts[g],
    ...shape.map((size, axis) => size - starts[g][axis] - counts[g][axis]),
  ]);
  if (pads.every((list) => list.every((pad) => pad === 0))) return name;
  return writer.add("Pad", [name, writer.ints(sizesFrom(pads)), value]);
}

// Of several inputs, each is put into zeros, and all are added: no two are at one place.
export const spread: Rule<SpreadAttrs> = (writer, node) => {
  const { tensor, inputs, attrs, sizes } = node;
  const value = writer.fixed(
    attrs.map(({ value }) => value),
    "what is padded with",
  );
  const fill = writer.scalar(value, tensor.dtype);
  const sum = (list: readonly string[]) => list.reduce((a, b) => writer.add("Add", [a, b]));
  const allPlaced = (of: (input: Tensor) => string, around: string) =>
    sum(inputs.map((input, i) => placed(writer, node, i, of(input), around)));
  const own = (input: Tensor) => writer.value(input);
  if (inputs.length === 1 || value === 0) {
    writer.give(tensor, allPlaced(own, fill), sizes);
    return;
  }
  const [zero, one] = [0, 1].map((number) => writer.scalar(number, tensor.dtype));
  const ones = (input: Tensor) => writer.add("Expand", [one, writer.ints(writer.sizesOf(input))]);
  const isThere = writer.cast(allPlaced(ones, zero), "bool");
  writer.give(tensor, writer.add("Where", [isThere, allPlaced(own, zero), fill]), sizes);
};

// Stretches of an axis by their places: [..., count, size, ...], and the size moved behind all other axes.
export const unfold: Rule<UnfoldAttrs> = (writer, { tensor, inputs: [from], attrs, sizes }) => {
  const { axis, size, step } = writer.fixed(attrs, "a sliding window");
  const count = sizes[axis];
  const starts = writer.add("Mul", [writer.range(count), writer.int64([step])]);
  const column = writer.add("Reshape", [starts, writer.int64([-1, 1])]);
  const places = writer.add("Add", [column, writer.int64(Array.from({ length: size }, (_, i) => i))]);
  const taken = writer.add("Gather", [writer.value(from), places], { axis });
  const rank = sizes.length;
  const order = [...Array(rank).keys()].filter((i) => i !== axis + 1).concat(axis + 1);
  const isLast = axis === rank - 2;
  writer.give(tensor, isLast ? taken : writer.add("Transpose", [taken], { perm: order }), sizes);
};
