// Matrix products and convolutions, each with what is added to its rows or channels.
import type { MatmulAttrs } from "../../../ops/contraction.ts";
import type { ConvolutionAttrs } from "../../../ops/convolution.ts";
import type { Tensor } from "../../../tensor.ts";
import type { Attributes } from "../graph.ts";
import { sameSizes } from "../sizes.ts";
import type { Node, Writer } from "../writer.ts";
import { movesNothing, turnedBack } from "./movement.ts";
import { alongAxis, padBehind, type Rule, unrepeated } from "./rule.ts";

/** The value of a tensor with its last two axes in the other order. */
function transposed(writer: Writer, tensor: Tensor, name: string): string {
  const rank = tensor.shape.length;
  const perm = [...Array(rank).keys()];
  [perm[rank - 2], perm[rank - 1]] = [rank - 1, rank - 2];
  return writer.add("Transpose", [name], { perm });
}

// Gemm where both are matrices: it adds a row, too, and reads operands transposed. MatMul shares matrices among a batch by itself.
export const matmul: Rule<MatmulAttrs> = (writer, { tensor, inputs: [a, b], attrs: [attrs], sizes }) => {
  const flags = { transA: Number(attrs.transposeA), transB: Number(attrs.transposeB) };
  if (a.shape.length === 2 && b.shape.length === 2) {
    const operands = [writer.value(a), writer.value(b)];
    const name = writer.add("Gemm", operands, flags);
    writer.offers.set(name, {
      add(other, standing) {
        const row = sameSizes(standing, sizes) ? alongAxis(writer, other, sizes, 1) : undefined;
        return row && writer.add("Gemm", [...operands, row], flags);
      },
    });
    writer.give(tensor, name);
    return;
  }
  const [left, right] = [a, b].map(unrepeatedBatch);
  const isTold = left.shape.length === tensor.shape.length || right.shape.length === tensor.shape.length;
  const [p, q] = isTold && covers(writer, [left, right], tensor) ? [left, right] : [a, b];
  const first = attrs.transposeA ? transposed(writer, p, writer.value(p)) : writer.value(p);
  const second = attrs.transposeB ? transposed(writer, q, writer.value(q)) : writer.value(q);
  writer.give(tensor, writer.add("MatMul", [first, second]));
};

/** A tensor before its batch was repeated, if its matrices were not. */
function unrepeatedBatch(tensor: Tensor): Tensor {
  const before = unrepeated(tensor);
  const isMatrix = before.shape.length >= 2;
  return isMatrix && before.shape.slice(-2).every((size, i) => size === tensor.shape.slice(-2)[i]) ? before : tensor;
}

/** Whether operands together have the batch of the result. */
function covers(writer: Writer, operands: readonly Tensor[], result: Tensor): boolean {
  const sizes = writer.sizesOf(result);
  return sizes.slice(0, -2).every((size, axis) =>
    operands.some((each) => {
      const own = writer.sizesOf(each)[axis - sizes.length + each.shape.length];
      return own !== undefined && writer.areSame([own], [size]);
    }),
  );
}

/** A node whose result has channels along axis 1, to which it adds a bias by itself. */
function withBias(
  writer: Writer,
  { tensor, sizes }: Node,
  op: string,
  operands: readonly string[],
  attributes: Attributes,
): void {
  const name = writer.add(op, operands, attributes);
  writer.offers.set(name, {
    add(other, standing) {
      const bias = sameSizes(standing, sizes) ? alongAxis(writer, other, sizes, 1) : undefined;
      if (bias === undefined) return undefined;
      const whole = writer.add(op, [...operands, bias], attributes);
      writer.measured(whole, sizes);
      return whole;
    },
  });
  writer.give(tensor, name);
  writer.measured(name, sizes);
}

/** Without what negative pads take away. */
function cut(writer: Writer, x: string, before: readonly number[], after: readonly number[]): string {
  const less = [...before, ...after].map((pad) => Math.min(0, pad));
  if (less.every((pad) => pad === 0)) return x;
  const half = less.length / 2;
  const pads = [0, 0, ...less.slice(0, half), 0, 0, ...less.slice(half)];
  return writer.add("Pad", [x, writer.int64(pads), writer.scalar(0)]);
}

/** What is the same at all batches of a convolution; sizes and positions may follow from one. */
function fixedOf(writer: Writer, attrs: readonly ConvolutionAttrs[]) {
  const own = attrs.map(({ groups, stride, dilation, before, taps }) => ({ groups, stride, dilation, before, taps }));
  return writer.fixed(own, "a convolution");
}

export const convolve: Rule<ConvolutionAttrs> = (writer, node) => {
  const { groups, stride, dilation, before, taps } = fixedOf(writer, node.attrs);
  const [x, w] = node.inputs;
  if (dilation.some((each) => each < 0)) {
    // Filters turned around: what a transposed convolution of strides of 1 does with them the right way round.
    const around = node.attrs.map((attrs) => ({
      ...attrs,
      dilation: dilation.map(Math.abs),
      before: before.map((each) => 0 - each),
      size: attrs.positions,
      positions: attrs.size,
    }));
    writeTransposed(writer, node, around);
    return;
  }
  const after = taps.map((count, axis) => {
    const reach = (count - 1) * dilation[axis] + 1;
    const needs = node.attrs.map(
      ({ size, positions }) => (positions[axis] - 1) * stride[axis] + reach - size[axis] - before[axis],
    );
    return padBehind(needs, stride[axis], before[axis]);
  });
  const above = (list: readonly number[]) => list.map((pad) => Math.max(0, pad));
  const attributes = {
    kernel_shape: [...taps],
    strides: [...stride],
    dilations: [...dilation],
    group: groups,
    pads: [...above(before), ...above(after)],
  };
  const image = cut(writer, writer.value(x), before, []);
  withBias(writer, node as Node, "Conv", [image, writer.value(w)], attributes);
};

/** Filters [g o, i, ...taps] as [g i, o, ...taps]: turned once more they are those of the layer. */
function turned(writer: Writer, w: Tensor, groups: number): string {
  const [outputs, inputs, ...taps] = w.shape;
  const shape = [groups * inputs, outputs / groups, ...taps];
  const wide = [groups, outputs / groups, inputs, ...taps];
  const order = [0, 2, 1, ...taps.map((_, axis) => axis + 3)];
  if (movesNothing(order, wide)) return writer.as(w, shape);
  const given = writer.as(w, wide);
  const before = turnedBack(writer, given, order);
  if (before !== undefined) return writer.as(before, shape);
  const name = writer.add("Transpose", [given], { perm: order });
  return writer.reshaped({ name, sizes: order.map((axis) => wide[axis]) }, shape);
}

export const convolveTransposed: Rule<ConvolutionAttrs> = (writer, node) => writeTransposed(writer, node, node.attrs);

/** What is cut off a transposed convolution along an axis, or added behind by itself; and zeros put around it. */
interface Ends {
  readonly before: number;
  readonly after: number;
  readonly more: number;
  readonly zeros: readonly [before: number, after: number];
}

/** @param whole places of the result that taps reach */
function endsOf(whole: number, before: number, size: number, stride: number): Ends {
  // As much is cut off behind as before, if what is missing then is less than a stride.
  const missing = size - (whole - 2 * before);
  if (before >= 0 && missing >= 0 && missing < stride) return { before, after: before, more: missing, zeros: [0, 0] };
  const zeros = Math.max(0, -before);
  const rest = size - zeros - (whole - Math.max(0, before));
  const isLess = rest < stride;
  const more = isLess ? Math.max(0, rest) : 0;
  return { before: Math.max(0, before), after: Math.max(0, -rest), more, zeros: [zeros, isLess ? 0 : rest] };
}

function writeTransposed(writer: Writer, node: Node, attrs: readonly ConvolutionAttrs[]): void {
  const { groups, stride, dilation, before, taps } = fixedOf(writer, attrs);
  const [y, w] = node.inputs;
  const endsAt = ({ size, positions }: ConvolutionAttrs) =>
    positions.map((each, axis) => {
      const whole = (each - 1) * stride[axis] + (taps[axis] - 1) * dilation[axis] + 1;
      return endsOf(whole, before[axis], size[axis], stride[axis]);
    });
  const ends = writer.fixed(attrs.map(endsAt), "what a convolution leaves out at its ends");
  const operands = [writer.value(y), turned(writer, w, groups)];
  const attributes = {
    kernel_shape: [...taps],
    strides: [...stride],
    dilations: [...dilation],
    group: groups,
    pads: [...ends.map((each) => each.before), ...ends.map((each) => each.after)],
    output_padding: ends.map((each) => each.more),
  };
  if (ends.every(({ zeros }) => zeros.every((count) => count === 0))) {
    withBias(writer, node, "ConvTranspose", operands, attributes);
    return;
  }
  const pads = [0, 0, ...ends.map(({ zeros }) => zeros[0]), 0, 0, ...ends.map(({ zeros }) => zeros[1])];
  const inner = writer.add("ConvTranspose", operands, attributes);
  writer.give(node.tensor, writer.add("Pad", [inner, writer.int64(pads), writer.scalar(0)]));
}
