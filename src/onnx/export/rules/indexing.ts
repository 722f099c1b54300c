// Rows by index. ONNX refuses an index outside, and counts a negative one from the end; in the library such a row is NaN, and goes nowhere.
import type { Tensor } from "../../../tensor.ts";
import type { Known } from "../counted.ts";
import { productOf, type Size, sameSizes } from "../sizes.ts";
import type { Writer } from "../writer.ts";
import type { Rule } from "./rule.ts";

/** Numbers of tensors that are known beforehand. */
export type KnownOf = (tensor: Tensor) => Known | undefined;

/** What indices are made of by ops that do not compute: those that callers bring are theirs to keep inside. */
function isGiven(index: Tensor): boolean {
  let node = index;
  while (/^(view|window|broadcast)$/.test(node.op.lowering.kind) || node.op.name === "cast") node = node.inputs[0];
  return node.op.lowering.kind === "leaf";
}

function isInside(known: Known | undefined, rows: readonly number[]): boolean {
  return known?.every((list, g) => Array.from(list).every((at) => at >= 0 && at < rows[g])) ?? false;
}

/** Indices inside, and where they were not. */
function guarded(writer: Writer, index: string, rows: Size) {
  const last = writer.cast(writer.add("Sub", [writer.int(rows), writer.int64([1], [])]), "int32");
  const isOutside = writer.add("Or", [
    writer.add("Less", [index, writer.scalar(0, "i32")]),
    writer.add("Less", [last, index]),
  ]);
  return { isOutside, last };
}

export function gather(knownOf: KnownOf): Rule {
  return (writer, { tensor, inputs: [from, index], sizes }) => {
    const known = knownOf(index);
    const rows = writer.twinsOf(from).map(({ shape }) => shape[0]);
    const along = known && alongMiddle(writer, tensor, from, known);
    if (along !== undefined) return writer.give(tensor, along.name, along.sizes);
    const indices = writer.value(index);
    if (isInside(known, rows) || (known === undefined && isGiven(index)))
      return writer.give(tensor, writer.add("Gather", [writer.value(from), indices], { axis: 0 }));
    const { isOutside } = guarded(writer, indices, writer.sizesOf(from)[0]);
    const inside = writer.add("Where", [isOutside, writer.scalar(0, "i32"), indices]);
    const taken = writer.add("Gather", [writer.value(from), inside], { axis: 0 });
    const own = writer.sizesOf(index);
    const beside: Size[] = [...own, ...sizes.slice(own.length).map(() => 1)];
    const hidden = writer.reshaped({ name: isOutside, sizes: own }, beside);
    const other = tensor.dtype === "f32" ? Number.NaN : -(2 ** 31);
    writer.give(tensor, writer.add("Where", [hidden, writer.scalar(other, tensor.dtype), taken]));
  };
}

/** Rows [outer, size] with the same places of `size` for each of `outer`: an index along the second axis, whatever there is of the first. */
function alongMiddle(writer: Writer, tensor: Tensor, from: Tensor, known: Known) {
  const index = tensor.inputs[1];
  if (index.shape.length !== 2 || index.shape[0] < 2) return undefined;
  const twins = writer.twinsOf(tensor);
  const size = from.shape[0] / index.shape[0];
  const [, to] = index.shape;
  const first = Array.from(known[0]).slice(0, to);
  const holds =
    Number.isInteger(size) &&
    first.every((place) => place >= 0 && place < size) &&
    twins.every(({ inputs: [rows, { shape }] }, g) => {
      const isSame = shape[1] === to && rows.shape[0] === shape[0] * size;
      return isSame && Array.from(known[g]).every((place, i) => place === Math.floor(i / to) * size + first[i % to]);
    });
  if (!holds) return undefined;
  const outer = writer.sizesOf(index)[0];
  const rest = writer.sizesOf(from).slice(1);
  // Where the elements are already [..., size, rest], they stay so.
  writer.value(from);
  const own = writer.valuesOf(from).find(({ sizes }) => sameSizes(sizes, [outer, size, ...rest]));
  const source = own?.name ?? writer.as(from, [outer, size, ...rest]);
  return {
    name: writer.add("Gather", [source, writer.int64(first)], { axis: 1 }),
    sizes: [outer, to, ...rest] as Size[],
  };
}

// Rows outside go to one more behind the others, which is left out again.
export const scatterAdd: Rule<{ readonly shape: readonly number[] }> = (writer, { tensor, inputs, sizes }) => {
  const [updates, index] = inputs;
  const count = productOf(writer.sizesOf(index), writer.count);
  const [rows, ...rest] = sizes;
  const indices = writer.as(index, [count, 1]);
  const { isOutside } = guarded(writer, indices, rows);
  const behind = writer.cast(writer.int(rows), "int32");
  const places = writer.cast(writer.add("Where", [isOutside, behind, indices]), "int64");
  const more: Size =
    typeof rows === "number" ? rows + 1 : { values: writer.twinsOf(tensor).map(({ shape }) => shape[0] + 1) };
  const zeros = writer.add("Expand", [writer.scalar(0), writer.ints([more, ...rest])]);
  const put = writer.add("ScatterND", [zeros, places, writer.as(updates, [count, ...rest])], { reduction: "add" });
  const end = writer.ints([rows]);
  writer.give(tensor, writer.add("Slice", [put, writer.int64([0]), end, writer.int64([0])]));
};
