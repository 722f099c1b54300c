// Dense layers, embeddings, and what gives tensors other shapes.

import { constant } from "../../create.ts";
import { Embedding } from "../../nn/embedding.ts";
import { Linear } from "../../nn/layers.ts";
import { sizeOf } from "../../shape.ts";
import type { Tensor } from "../../tensor.ts";
import { type Activation, activationOf } from "../activations.ts";
import { fault, Unsupported } from "../fault.ts";
import { type LayerFile, type Made, single } from "../layer-file.ts";
import { transposed } from "../layouts.ts";
import { asLast, type Value } from "../value.ts";

/** An activation over a value: rows are those of Keras' last axis. */
export function activated(x: Value, { f, isElementwise, name }: Activation): Value {
  if (name === "linear") return x;
  return isElementwise ? x.map(f) : asLast(f(x.last), x.mask);
}

export function dense(file: LayerFile): Made {
  const { settings } = file;
  const activation = activationOf(settings, "activation");
  const { kernel, bias } = file.read({ kernel: 2, bias: settings.flag("use_bias", true) ? 1 : undefined });
  const [inputs, units] = kernel.shape;
  if (settings.whole("units", units) !== units) throw fault(`${settings.where}: ${units} units in its kernel`);
  file.shaped("bias", bias, [units]);
  const layer = new Linear(inputs, units, { bias: bias !== undefined });
  file.link("kernel", kernel, layer.weight, transposed);
  file.link("bias", bias, layer.bias);
  return single((x, context) => activated(asLast(layer.forward(x.last, context), x.mask), activation), layer);
}

export function activation({ settings }: LayerFile): Made {
  const own = activationOf(settings, "activation");
  return single((x) => activated(x, own));
}

export function flatten({ settings }: LayerFile): Made {
  const isFirst = settings.isChannelsFirst;
  return single((x) => {
    const { last } = x;
    // What Keras flattens has its channels last, whatever it is told of images.
    const order = [0, ...last.shape.slice(2).map((_, i) => i + 2), 1];
    const rows = isFirst && last.shape.length > 2 ? last.permute(order) : last;
    return asLast(rows.shape.length === 1 ? rows.unsqueeze(1) : rows.flatten(1));
  });
}

export function reshape({ settings }: LayerFile): Made {
  const given = settings.get("target_shape");
  // TensorFlow.js writes null for the size that is left to be found.
  const shape: readonly unknown[] = Array.isArray(given) ? given.map((size) => size ?? -1) : [];
  if (!isShape(shape)) throw settings.wrong("target_shape", "sizes, one -1 at the most");
  return single((x) => asLast(x.last.reshape([x.last.shape[0], ...filled(shape, x.last)])));
}

/** Sizes of which one may be left to be found. */
function isShape(shape: readonly unknown[]): shape is readonly number[] {
  const isSize = (size: unknown) => Number.isSafeInteger(size) && (Number(size) > 0 || size === -1);
  return shape.every(isSize) && shape.filter((size) => size === -1).length < 2;
}

/** Sizes with that which is left to be found. */
function filled(shape: readonly number[], x: Tensor): number[] {
  const known = shape.reduce((product, size) => (size === -1 ? product : product * size), 1);
  return shape.map((size) => (size === -1 ? sizeOf(x.shape.slice(1)) / known : size));
}

export function permute({ settings }: LayerFile): Made {
  const dims = settings.wholes("dims");
  if ([...dims].sort((a, b) => a - b).some((dim, i) => dim !== i + 1))
    throw settings.wrong("dims", "an order of the axes, counted from 1");
  return single((x) => asLast(x.last.permute([0, ...dims])));
}

export function repeatVector({ settings }: LayerFile): Made {
  const n = settings.whole("n", 0);
  return single((x) => {
    const [rows, features] = x.last.shape;
    return asLast(x.last.unsqueeze(1).broadcastTo([rows, n, features]));
  });
}

export function embedding(file: LayerFile): Made {
  const { settings } = file;
  const { embeddings } = file.read({ embeddings: 2 });
  settings.refuse("quantization_config");
  const [count, size] = embeddings.shape;
  const layer = new Embedding(count, size);
  file.link("embeddings", embeddings, layer.weight);
  const isMasking = settings.flag("mask_zero", false);
  return single((x, context) => {
    const index = x.last.dtype === "i32" ? x.last : x.last.cast("i32");
    return asLast(layer.forward(index, context), isMasking ? index.notEqual(0) : undefined);
  }, layer);
}

export function masking({ settings }: LayerFile): Made {
  const masked = settings.number("mask_value", 0);
  return single((x) => {
    const seen = x.last.notEqual(masked).max(-1);
    const rows = seen.unsqueeze(-1).broadcastTo(x.last.shape);
    return asLast(rows.select(x.last, 0), seen);
  });
}

/** x, as it is. */
export function identity(_: LayerFile): Made {
  return single((x) => x);
}

export function rescaling({ settings }: LayerFile): Made {
  const [scale, offset] = [settings.numbers("scale", 1), settings.numbers("offset", 0)];
  return single((x) => {
    const product = asFloat(x.last).mul(numbersOf(scale));
    return asLast(offset === 0 ? product : product.add(numbersOf(offset)), x.mask);
  });
}

function asFloat(x: Tensor): Tensor {
  return x.dtype === "f32" ? x : x.cast("f32");
}

function numbersOf(value: number | readonly number[] | undefined): Tensor | number {
  return Array.isArray(value) ? constant(value) : (value as number);
}

/** (x - mean) / deviation, of numbers that were counted before the training. */
export function normalization(file: LayerFile): Made {
  const { settings } = file;
  if (settings.flag("invert", false)) throw new Unsupported("invert true");
  const axes = settings.get("axis") === undefined ? [] : settings.wholes("axis");
  if (axes.length > 1 || (axes.length === 1 && axes[0] !== -1)) throw new Unsupported(`axis ${axes}`);
  const given = { mean: settings.numbers("mean"), variance: settings.numbers("variance") };
  const read = given.mean === undefined ? file.read({ mean: -1, variance: -1, count: 0 }) : undefined;
  const mean = read === undefined ? numbersOf(given.mean) : constant([...read.mean.data]);
  const variance = read === undefined ? numbersOf(given.variance ?? 1) : constant([...read.variance.data]);
  const deviation = typeof variance === "number" ? Math.sqrt(variance) : variance.sqrt();
  return single((x) => {
    const divisor = typeof deviation === "number" ? Math.max(deviation, 1e-7) : deviation.maximum(1e-7);
    return asLast(asFloat(x.last).sub(mean).div(divisor), x.mask);
  });
}

/** A value with its last axis in `rows` rows more, as a layer for each step of a sequence sees it. */
export function timeDistributed(file: LayerFile): Made {
  const inner = file.make(file.inner(file.settings.get("layer"), (name) => file.weights.inside("layer", name)));
  return {
    part: inner.part,
    call(inputs, context, named) {
      const steps = inputs.map(({ last }) => last.shape[1]);
      const rows = inputs.map(({ last }) =>
        asLast(last.reshape([last.shape[0] * last.shape[1], ...last.shape.slice(2)])),
      );
      const results = [inner.call(rows, context, named)].flat() as Value[];
      const apart = results.map(({ last }) =>
        asLast(last.reshape([last.shape[0] / steps[0], steps[0], ...last.shape.slice(1)]), inputs[0].mask),
      );
      return apart.length === 1 ? apart[0] : apart;
    },
  };
}
