// Convolutions: filters [...taps, inputs, outputs] become [outputs, inputs, ...taps]; "same" with a stride pads as TensorFlow does.

import {
  Conv1d,
  Conv2d,
  Conv3d,
  type ConvOptions,
  ConvTranspose1d,
  ConvTranspose2d,
  ConvTranspose3d,
} from "../../nn/convolution.ts";
import type { Context, Module } from "../../nn/module.ts";
import type { Tensor } from "../../tensor.ts";
import { activationOf } from "../activations.ts";
import { fault, Unsupported } from "../fault.ts";
import { type LayerFile, type Made, single } from "../layer-file.ts";
import { filters, type Layout, ordered, type Weight } from "../layouts.ts";
import { padSpace, samePads, type Window, windowsOf } from "../windows.ts";
import { activated } from "./core.ts";
import { inSpace } from "./elements.ts";

type Axes = 1 | 2 | 3;

const convolutions = [Conv1d, Conv2d, Conv3d] as const;
const transposedConvolutions = [ConvTranspose1d, ConvTranspose2d, ConvTranspose3d] as const;

/** What all convolutions are told. */
function geometryOf({ settings }: LayerFile, axes: Axes, taps: readonly number[]) {
  const kernel = settings.perAxis("kernel_size", axes, taps);
  if (kernel.some((size, axis) => size !== taps[axis]))
    throw fault(`${settings.where}: kernel_size ${kernel.join(", ")} in filters of ${taps.join(", ")}`);
  const stride = settings.perAxis("strides", axes, 1);
  const dilation = settings.perAxis("dilation_rate", axes, 1);
  const causal = axes === 1 ? (["causal"] as const) : [];
  const padding = settings.word<"valid" | "same" | "causal">("padding", "valid", "same", ...causal);
  const isFirst = settings.isChannelsFirst;
  return { stride, dilation, padding, isFirst, windows: windowsOf(taps, stride, dilation) };
}

type Geometry = ReturnType<typeof geometryOf>;

/** Padding that a layer here does by itself: "same" with a stride depends on the size of what comes. */
function paddingOf({ padding, stride }: Geometry): ConvOptions["padding"] {
  return padding === "same" && stride.some((each) => each > 1) ? "valid" : padding;
}

/** What a convolution makes of images [N, C, ...]. */
function convolved(layer: Module, { padding, stride, windows }: Geometry, x: Tensor, context: Context): Tensor {
  const isByHand = padding === "same" && stride.some((each) => each > 1);
  return layer.forward(isByHand ? padSpace(x, samePads(x.shape.slice(2), windows)) : x, context);
}

export function convolution(axes: Axes): (file: LayerFile) => Made {
  return (file) => {
    const { settings } = file;
    const { kernel, bias } = file.read({ kernel: axes + 2, bias: settings.flag("use_bias", true) ? 1 : undefined });
    const geometry = geometryOf(file, axes, kernel.shape.slice(0, axes));
    const activation = activationOf(settings, "activation");
    const groups = settings.whole("groups", 1);
    const [inputs, outputs] = kernel.shape.slice(axes);
    if (outputs % groups !== 0) throw fault(`${settings.where}: ${groups} groups of ${outputs} filters`);
    file.shaped("bias", bias, [outputs]);
    const { stride, dilation } = geometry;
    const options = { stride, dilation, groups, bias: bias !== undefined, padding: paddingOf(geometry) };
    const layer = new convolutions[axes - 1](inputs * groups, outputs, kernel.shape.slice(0, axes), options);
    file.link("kernel", kernel, layer.weight, filters(axes));
    file.link("bias", bias, layer.bias);
    return single((x, context) => {
      const y = inSpace(x, geometry.isFirst, (each) => convolved(layer, geometry, each, context));
      return activated(y, activation);
    }, layer);
  };
}

/** Filters [...taps, channels, multiplier] as [channels x multiplier, 1, ...taps]. */
function depthwiseFilters(axes: Axes): Layout {
  return ordered([axes, axes + 1, ...Array.from({ length: axes }, (_, i) => i)]);
}

/** A filter, or several, for each channel alone. */
function depthwiseLayer(file: LayerFile, axes: Axes, kernel: Weight, bias: boolean) {
  const geometry = geometryOf(file, axes, kernel.shape.slice(0, axes));
  const [channels, multiplier] = kernel.shape.slice(axes);
  const { stride, dilation } = geometry;
  const options = { stride, dilation, groups: channels, bias, padding: paddingOf(geometry) };
  const layer = new convolutions[axes - 1](channels, channels * multiplier, kernel.shape.slice(0, axes), options);
  file.link("depthwise_kernel", kernel, layer.weight, depthwiseFilters(axes));
  return { layer, geometry };
}

export function depthwise(axes: 1 | 2): (file: LayerFile) => Made {
  return (file) => {
    const { settings } = file;
    const hasBias = settings.flag("use_bias", true);
    const { depthwise_kernel: kernel, bias } = file.read({ depthwise_kernel: axes + 2, bias: hasBias ? 1 : undefined });
    const activation = activationOf(settings, "activation");
    const { layer, geometry } = depthwiseLayer(file, axes, kernel, hasBias);
    file.link("bias", bias, layer.bias);
    return single((x, context) => {
      const y = inSpace(x, geometry.isFirst, (each) => convolved(layer, geometry, each, context));
      return activated(y, activation);
    }, layer);
  };
}

export function separable(axes: 1 | 2): (file: LayerFile) => Made {
  return (file) => {
    const { settings } = file;
    const read = file.read({
      depthwise_kernel: axes + 2,
      pointwise_kernel: axes + 2,
      bias: settings.flag("use_bias", true) ? 1 : undefined,
    });
    const { pointwise_kernel: kernel, bias } = read;
    const activation = activationOf(settings, "activation");
    const { layer, geometry } = depthwiseLayer(file, axes, read.depthwise_kernel, false);
    const [inputs, outputs] = kernel.shape.slice(axes);
    file.shaped("pointwise_kernel", kernel, [...Array<number>(axes).fill(1), layer.weight.shape[0], outputs]);
    const mixing = new convolutions[axes - 1](inputs, outputs, 1, { bias: bias !== undefined });
    file.link("pointwise_kernel", kernel, mixing.weight, filters(axes));
    file.link("bias", bias, mixing.bias);
    return single(
      (x, context) => {
        const apply = (each: Tensor) => mixing.forward(convolved(layer, geometry, each, context), context);
        return activated(inSpace(x, geometry.isFirst, apply), activation);
      },
      { depthwise: layer, pointwise: mixing },
    );
  };
}

/** Filters [...taps, outputs, inputs] as [inputs, outputs, ...taps]. */
export function transposedConvolution(axes: Axes): (file: LayerFile) => Made {
  return (file) => {
    const { settings } = file;
    const { kernel, bias } = file.read({ kernel: axes + 2, bias: settings.flag("use_bias", true) ? 1 : undefined });
    const taps = kernel.shape.slice(0, axes);
    const { stride, dilation, padding, isFirst, windows } = geometryOf(file, axes, taps);
    if (padding === "causal") throw new Unsupported('padding "causal"');
    if (settings.get("output_padding") !== undefined) throw new Unsupported("output_padding");
    if (settings.whole("groups", 1) !== 1) throw new Unsupported("groups");
    const activation = activationOf(settings, "activation");
    const [outputs, inputs] = kernel.shape.slice(axes);
    const cuts = windows.map((each) => (padding === "same" ? Math.max(0, reachOf(each) - each.stride) : 0));
    const options = {
      stride,
      dilation,
      bias: bias !== undefined,
      padding: cuts.map((cut) => cut >> 1),
      outputPadding: windows.map((each) => Math.max(0, each.stride - reachOf(each))),
    };
    const layer = new transposedConvolutions[axes - 1](inputs, outputs, taps, options);
    file.link("kernel", kernel, layer.weight, filters(axes));
    file.link("bias", bias, layer.bias);
    return single((x, context) => {
      // An odd place is cut off behind.
      const y = inSpace(x, isFirst, (each) =>
        cuts.reduce(
          (part, cut, axis) => (cut % 2 === 0 ? part : part.narrow(axis + 2, 0, part.shape[axis + 2] - 1)),
          layer.forward(each, context),
        ),
      );
      return activated(y, activation);
    }, layer);
  };
}

function reachOf({ kernel, dilation }: Window): number {
  return (kernel - 1) * dilation + 1;
}
