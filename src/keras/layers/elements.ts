// Activations as layers, and what disturbs while training.

import { elu, leakyRelu, softmax } from "../../nn/functional.ts";
import { PReLU } from "../../nn/layers.ts";
import type { Context, Module } from "../../nn/module.ts";
import { AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, GaussianNoise } from "../../nn/regularization.ts";
import { normal } from "../../ops/random.ts";
import { sizeOf } from "../../shape.ts";
import type { Tensor } from "../../tensor.ts";
import { Variable } from "../../variable.ts";
import { Unsupported } from "../fault.ts";
import { type LayerFile, type Made, single } from "../layer-file.ts";
import { asFirst, asLast, type Value } from "../value.ts";

export function reluLayer({ settings }: LayerFile): Made {
  const most = settings.get("max_value") === undefined ? undefined : settings.number("max_value", 0);
  const slope = settings.number("negative_slope", 0);
  const limit = settings.number("threshold", 0);
  return single((x) => x.map((each) => rectified(each, slope, limit, most)));
}

/** x above a limit, cut off at the most; a slope of what it is below the limit. */
function rectified(x: Tensor, slope: number, limit: number, most: number | undefined): Tensor {
  const kept = slope === 0 && limit === 0 ? x.relu() : x.greaterEqual(limit).select(x, x.sub(limit).mul(slope));
  return most === undefined ? kept : kept.minimum(most);
}

export function leakyReluLayer({ settings }: LayerFile): Made {
  const slope = settings.number("negative_slope", settings.number("alpha", 0.3));
  return single((x) => x.map((each) => leakyRelu(each, slope)));
}

export function eluLayer({ settings }: LayerFile): Made {
  const alpha = settings.number("alpha", 1);
  return single((x) => x.map((each) => elu(each, alpha)));
}

export function thresholdedRelu({ settings }: LayerFile): Made {
  const theta = settings.number("theta", 1);
  return single((x) => x.map((each) => each.greater(theta).select(each, 0)));
}

export function softmaxLayer({ settings }: LayerFile): Made {
  const axes = settings.wholes("axis", [-1]);
  if (axes.length !== 1) throw new Unsupported(`axis ${axes}`);
  return single((x) => asLast(softmax(x.last, axes[0]), x.mask));
}

/** Slopes of any axes of a value, as Keras' PReLU has them. */
class Slopes implements Module {
  readonly weight: Variable;

  constructor(shape: readonly number[]) {
    this.weight = new Variable(shape, 0.25, { label: "weight" });
  }

  forward(x: Tensor, _context?: Context): Tensor {
    return x.greater(0).select(x, x.mul(this.weight));
  }
}

export function preluLayer(file: LayerFile): Made {
  const { alpha } = file.read({ alpha: -1 });
  const { shape } = alpha;
  const channels = shape[shape.length - 1];
  if (sizeOf(shape) === channels) {
    const layer = new PReLU(channels);
    file.link("alpha", alpha, layer.weight);
    return single((x, context) => asFirst(layer.forward(x.first, context)), layer);
  }
  const layer = new Slopes(shape);
  file.link("alpha", alpha, layer.weight);
  return single((x, context) => asLast(layer.forward(x.last, context), x.mask), layer);
}

function rateOf({ settings }: LayerFile): number {
  const rate = settings.number("rate", 0);
  if (rate < 0 || rate >= 1) throw settings.wrong("rate", "at least 0 and below 1");
  return rate;
}

export function dropout(file: LayerFile): Made {
  const { settings } = file;
  settings.refuse("noise_shape");
  const layer = new Dropout(rateOf(file));
  return single((x, context) => x.map((each) => layer.forward(each, context)), layer);
}

export function spatialDropout(axes: 1 | 2 | 3): (file: LayerFile) => Made {
  return (file) => {
    const rate = rateOf(file);
    const isFirst = axes > 1 && file.settings.isChannelsFirst;
    const layer = new [Dropout1d, Dropout2d, Dropout3d][axes - 1](rate);
    return single((x, context) => inSpace(x, isFirst, (each) => layer.forward(each, context)), layer);
  };
}

/** A function of [N, C, ...] on images that Keras has so or with their channels last. */
export function inSpace(x: Value, isFirst: boolean, f: (x: Tensor) => Tensor): Value {
  return isFirst ? asLast(f(x.last)) : asFirst(f(x.first));
}

export function gaussianNoise({ settings }: LayerFile): Made {
  const deviation = settings.number("stddev", 0);
  if (deviation < 0) throw settings.wrong("stddev", "at least 0");
  const layer = new GaussianNoise(deviation);
  return single((x, context) => x.map((each) => layer.forward(each, context)), layer);
}

export function gaussianDropout(file: LayerFile): Made {
  const rate = rateOf(file);
  const deviation = Math.sqrt(rate / (1 - rate));
  return single((x, context) =>
    x.map((each) =>
      context.training && rate > 0 ? each.mul(normal(context.key(), each.shape).mul(deviation).add(1)) : each,
    ),
  );
}

export function alphaDropout(file: LayerFile): Made {
  file.settings.refuse("noise_shape");
  const layer = new AlphaDropout(rateOf(file));
  return single((x, context) => x.map((each) => layer.forward(each, context)), layer);
}
