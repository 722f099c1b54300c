// Convolutions and transposed ones.
import { DataError, ShapeError } from "../../errors.ts";
import { backToImages, convolveOp } from "../../ops/convolution.ts";
import { checkShape, showShape } from "../../shape.ts";
import { apply, type Tensor } from "../../tensor.ts";
import type { Node } from "../node.ts";
import { Refusal } from "../refusal.ts";
import type { Rules } from "../rule.ts";
import type { Value } from "../value.ts";
import { autoPad, axesOf, padsOf, perAxis } from "./windows.ts";

/** Images [N, C, ...] and filters with as many axes. */
function sides(x: Tensor, w: Tensor): { readonly axes: number } {
  const axes = x.shape.length - 2;
  if (axes < 1 || w.shape.length !== x.shape.length)
    throw new ShapeError(`x ${showShape(x.shape)} and weight ${showShape(w.shape)} do not fit`);
  if (axes > 3) throw new Refusal(`convolutions over ${axes} axes`);
  if (x.shape.slice(1).includes(0) || w.shape.includes(0))
    throw new ShapeError(`x ${showShape(x.shape)} or weight has an empty axis`);
  return { axes };
}

/** Plus a number a channel. */
function biased(node: Node, y: Tensor): Value {
  if (!node.has(2)) return node.like(0, y);
  const bias = node.tensor(2);
  return node.like(0, y.add(bias.reshape([...bias.shape, ...y.shape.slice(2).map(() => 1)])));
}

function groupsOf(node: Node, ...channels: readonly number[]): number {
  const groups = node.int("group", 1);
  if (groups < 1 || channels.some((each) => each % groups !== 0))
    throw new ShapeError(`${groups} groups do not divide channels of ${channels.join(" and ")}`);
  return groups;
}

function checkKernel(node: Node, taps: readonly number[]): void {
  const said = node.ints("kernel_shape", taps);
  if (said.length !== taps.length || said.some((each, i) => each !== taps[i]))
    throw new DataError(`kernel_shape ${showShape(said)} is not that of the weight, ${showShape(taps)}`);
}

/** Images convolved with filters as the node's attributes say. */
export function convolved(node: Node, x: Tensor, w: Tensor): Tensor {
  sides(x, w);
  const taps = w.shape.slice(2);
  checkKernel(node, taps);
  const groups = groupsOf(node, x.shape[1], w.shape[0]);
  if (w.shape[1] * groups !== x.shape[1])
    throw new ShapeError(
      `x ${showShape(x.shape)}, weight ${showShape(w.shape)}: ${groups} groups of ${w.shape[1]} channels are not ${x.shape[1]}`,
    );
  const axes = axesOf(node, x.shape.slice(2), taps);
  const positions = axes.map(({ out }) => out);
  checkShape([x.shape[0], w.shape[0], ...positions], "Conv");
  const attrs = {
    groups,
    stride: axes.map(({ stride }) => stride),
    dilation: axes.map(({ dilation }) => dilation),
    before: axes.map(({ before }) => before),
    size: x.shape.slice(2),
    taps,
    positions,
  };
  return apply(convolveOp, [x, w], attrs);
}

/** Sizes of a result, and how much of it is cut off before: by pads, or so that it has a size that the node says. */
function resultOf(node: Node, positions: readonly number[], reach: readonly number[], stride: readonly number[]) {
  const axes = positions.length;
  const more = perAxis(node, "output_padding", axes, 0);
  const kind = autoPad(node);
  const isSame = kind.startsWith("SAME");
  const asked = node.hasAttribute("output_shape") ? node.ints("output_shape").slice(-axes) : undefined;
  const pads = kind === "NOTSET" ? padsOf(node, axes) : Array<number>(2 * axes).fill(0);
  const whole = positions.map((each, i) => (each - 1) * stride[i] + reach[i] + more[i]);
  if (asked === undefined && !isSame)
    return { size: whole.map((each, i) => each - pads[i] - pads[axes + i]), before: pads.slice(0, axes) };
  const size = asked ?? positions.map((each, i) => each * stride[i]);
  const before = whole.map((each, i) => {
    const total = Math.max(0, each - size[i]);
    return kind === "SAME_UPPER" ? Math.floor(total / 2) : Math.ceil(total / 2);
  });
  return { size, before };
}

function transposed(node: Node): Value {
  const [x, w] = [node.tensor(0), node.tensor(1)];
  const { axes } = sides(x, w);
  const taps = w.shape.slice(2);
  checkKernel(node, taps);
  const groups = groupsOf(node, x.shape[1]);
  if (w.shape[0] !== x.shape[1])
    throw new ShapeError(`x ${showShape(x.shape)}: weight ${showShape(w.shape)} takes ${w.shape[0]} channels`);
  const [stride, dilation] = [perAxis(node, "strides", axes, 1), perAxis(node, "dilations", axes, 1)];
  const reach = taps.map((each, i) => (each - 1) * dilation[i] + 1);
  const positions = x.shape.slice(2);
  const { size, before } = resultOf(node, positions, reach, stride);
  if (size.some((each) => each < 1)) throw new ShapeError(`pads leave nothing of ${showShape(x.shape)}`);
  checkShape([x.shape[0], w.shape[1] * groups, ...size], "ConvTranspose");
  return biased(node, backToImages(x, w, { groups, stride, dilation, before, size, taps, positions }));
}

export const convolutions: Rules = {
  Conv: (node) => biased(node, convolved(node, node.tensor(0), node.tensor(1))),
  ConvTranspose: transposed,
};
