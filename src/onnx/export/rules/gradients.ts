// Ops of gradients, which a model that differentiates something has: as tensors of other ops.
import { grad } from "../../../autodiff.ts";
import { concat, constant } from "../../../create.ts";
import { type ConvolutionAttrs, convolveOp } from "../../../ops/convolution.ts";
import { type CtcAttrs, looped } from "../../../ops/ctc.ts";
import type { NormalizeAttrs } from "../../../ops/normalize.ts";
import type { PoolAttrs, Windows } from "../../../ops/pooling.ts";
import { apply, scalar, type Tensor } from "../../../tensor.ts";
import { placesOf } from "./windows.ts";

// (softmax(row) - onehot(target)) * scale
export function crossEntropyGradient({ inputs: [logits, target, scale] }: Tensor): Tensor {
  const apart = logits.softmax(1).sub(target.oneHot(logits.shape[1]));
  return apart.mul(scale.unsqueeze(1));
}

// r (g - mean g - y mean(g y)), without mean g for rows that are not centred
export function normalizeGradient({ inputs: [g, values, inverse], attrs }: Tensor): Tensor {
  const mean = (x: Tensor) => x.mean(1, { keepDims: true });
  const rest = g.sub(values.mul(mean(g.mul(values))));
  const centred = (attrs as NormalizeAttrs).centred ? rest.sub(mean(g)) : rest;
  return centred.mul(inverse.unsqueeze(1));
}

/** 1 where a window has an element: [out, size]. */
function isIn(windows: Windows): Tensor {
  const { size, out } = windows;
  const { places, weights, most } = placesOf(windows);
  const matrix = new Float64Array(out * size);
  for (const [i, place] of places.entries()) matrix[Math.floor(i / most) * size + place] += weights[i];
  return constant(matrix, { shape: [out, size] });
}

/** For each element the sum over the windows that it is in, one axis after the other. */
export function sumPoolTransposed({ inputs: [x], attrs }: Tensor): Tensor {
  return (attrs as PoolAttrs).axes.reduce((value, windows, i) => {
    const order = [0, 1, 2, 3].filter((axis) => axis !== i + 1).concat(i + 1);
    const last = value.permute(order).matmul(isIn(windows));
    return last.permute(order.map((_, axis) => order.indexOf(axis)));
  }, x);
}

// A convolution of channels as images by results as filters, whose strides are the other one's dilations.
export function convolveFilter({ inputs: [x, y], attrs }: Tensor): Tensor {
  const { groups, stride, dilation, taps, positions, ...rest } = attrs as ConvolutionAttrs;
  const turned = { ...rest, groups: 1, stride: dilation, dilation: stride, taps: positions, positions: taps };
  const part = (tensor: Tensor, group: number) => {
    const size = tensor.shape[1] / groups;
    return tensor.narrow(1, group * size, size).transpose(0, 1);
  };
  const each = Array.from({ length: groups }, (_, group) =>
    apply(convolveOp, [part(x, group), part(y, group)], turned).transpose(0, 1),
  );
  return each.length === 1 ? each[0] : concat(each, 0);
}

/** The gradient of the losses that a loop makes. */
export function ctcGradient({ inputs, attrs }: Tensor): Tensor {
  const [logs, targets, inputLengths, targetLengths, , scale] = inputs;
  const losses = looped(logs, targets, inputLengths, targetLengths, attrs as CtcAttrs);
  return grad(losses, [logs], { cotangent: scale })[0];
}

/** Losses as a loop makes them. What the kernel keeps of its way nobody reads here: the gradient makes it anew. */
export function ctc({ op, inputs, attrs }: Tensor): readonly Tensor[] {
  const [logs, targets, inputLengths, targetLengths] = inputs;
  const [, kept] = op.outputs?.(inputs, attrs) ?? [];
  return [looped(logs, targets, inputLengths, targetLengths, attrs as CtcAttrs), scalar(0).broadcastTo(kept.shape)];
}
