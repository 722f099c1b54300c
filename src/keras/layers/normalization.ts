// Normalisations: what is counted over a batch, or over each row of it.
import { BatchNorm1d } from "../../nn/batch-normalization.ts";
import { GroupNorm } from "../../nn/group-normalization.ts";
import type { Context } from "../../nn/module.ts";
import { LayerNorm, RMSNorm } from "../../nn/normalization.ts";
import { normalizeAxis, sizeOf } from "../../shape.ts";
import type { Tensor } from "../../tensor.ts";
import { fault, Unsupported } from "../fault.ts";
import { hold, type LayerFile, type Made, single } from "../layer-file.ts";
import { asFirst, asLast, type Value } from "../value.ts";

/** Keras' running statistics keep `momentum` of what they were; here that is what a batch counts for. */
export function batchNormalization(file: LayerFile): Made {
  const { settings } = file;
  const axes = settings.wholes("axis", [-1]);
  if (axes.length !== 1) throw new Unsupported(`axis ${axes}`);
  settings.refuse("renorm");
  const { gamma, beta, moving_mean, moving_variance } = file.read({
    gamma: settings.flag("scale", true) ? 1 : undefined,
    beta: settings.flag("center", true) ? 1 : undefined,
    moving_mean: 1,
    moving_variance: 1,
  });
  const [features] = moving_mean.shape;
  for (const [name, weight] of Object.entries({ gamma, beta, moving_variance })) file.shaped(name, weight, [features]);
  const momentum = settings.number("momentum", 0.99);
  if (momentum < 0 || momentum > 1) throw settings.wrong("momentum", "from 0 to 1");
  const layer = new BatchNorm1d(features, { momentum: 1 - momentum, epsilon: epsilonOf(file, 1e-3) });
  file.link("gamma", gamma, layer.weight);
  file.link("beta", beta, layer.bias);
  if (gamma === undefined) hold(layer.weight, 1);
  if (beta === undefined) hold(layer.bias, 0);
  file.link("moving_mean", moving_mean, layer.runningMean);
  file.link("moving_variance", moving_variance, layer.runningVariance);
  return single((x, context) => normalized(layer, x, axes[0], context), layer);
}

function epsilonOf({ settings }: LayerFile, otherwise: number): number {
  const epsilon = settings.number("epsilon", otherwise);
  if (epsilon < 0) throw settings.wrong("epsilon", "at least 0");
  return epsilon;
}

/** Features along one axis, whatever others there are, without moving anything that lies right. */
function normalized(layer: BatchNorm1d, x: Value, given: number, context: Context): Value {
  const { stored, isFirst } = x;
  const rank = stored.shape.length;
  const axis = normalizeAxis(given, stored.shape, "axis");
  if (axis === rank - 1 && !isFirst) {
    const rows = stored.reshape([sizeOf(stored.shape.slice(0, -1)), stored.shape[rank - 1]]);
    return asLast(layer.forward(rows, context).reshape(stored.shape), x.mask);
  }
  if (axis === rank - 1) return asFirst(alongSecond(layer, stored, context));
  if (axis !== 1) throw new Unsupported(`axis ${given} of ${rank}`);
  return asLast(alongSecond(layer, x.last, context), x.mask);
}

function alongSecond(layer: BatchNorm1d, x: Tensor, context: Context): Tensor {
  const [rows, features, ...places] = x.shape;
  return layer.forward(x.reshape([rows, features, sizeOf(places)]), context).reshape(x.shape);
}

export function layerNormalization(file: LayerFile): Made {
  const { settings } = file;
  settings.refuse("rms_scaling");
  const axes = settings.wholes("axis", [-1]);
  const [scale, center] = [settings.flag("scale", true), settings.flag("center", true)];
  const { gamma, beta } = file.read({ gamma: scale ? -1 : undefined, beta: center ? -1 : undefined });
  const shape = (gamma ?? beta)?.shape;
  if (shape === undefined) throw new Unsupported("neither scale nor center");
  if (axes.length !== shape.length) throw fault(`${settings.where}: ${axes.length} axes, a weight of ${shape.length}`);
  file.shaped("beta", beta, shape);
  const layer = new LayerNorm([...shape], { epsilon: epsilonOf(file, 1e-3) });
  file.link("gamma", gamma, layer.weight);
  file.link("beta", beta, layer.bias);
  if (gamma === undefined) hold(layer.weight, 1);
  if (beta === undefined) hold(layer.bias, 0);
  return single((x, context) => {
    const { last } = x;
    const places = axes.map((axis) => normalizeAxis(axis, last.shape, "axis")).sort((a, b) => a - b);
    if (places.some((place, i) => place !== last.shape.length - places.length + i))
      throw new Unsupported(`axis ${axes}, which are not the last ones`);
    return asLast(layer.forward(last, context), x.mask);
  }, layer);
}

export function rmsNormalization(file: LayerFile): Made {
  const { settings } = file;
  const axes = settings.wholes("axis", [-1]);
  if (axes.length !== 1 || axes[0] !== -1) throw new Unsupported(`axis ${axes}`);
  const { scale } = file.read({ scale: 1 });
  const layer = new RMSNorm([...scale.shape], { epsilon: epsilonOf(file, 1e-6) });
  file.link("scale", scale, layer.weight);
  return single((x, context) => asLast(layer.forward(x.last, context), x.mask), layer);
}

export function groupNormalization(file: LayerFile): Made {
  const { settings } = file;
  const axes = settings.wholes("axis", [-1]);
  if (axes.length !== 1 || axes[0] !== -1) throw new Unsupported(`axis ${axes}`);
  const [scale, center] = [settings.flag("scale", true), settings.flag("center", true)];
  const { gamma, beta } = file.read({ gamma: scale ? 1 : undefined, beta: center ? 1 : undefined });
  const channels = (gamma ?? beta)?.shape[0];
  if (channels === undefined) throw new Unsupported("neither scale nor center");
  file.shaped("beta", beta, [channels]);
  const given = settings.get("groups") === -1 ? channels : settings.whole("groups", 32);
  const groups = Math.min(given, channels);
  if (channels % groups !== 0) throw fault(`${settings.where}: ${groups} groups of ${channels} channels`);
  const layer = new GroupNorm(groups, channels, { epsilon: epsilonOf(file, 1e-3) });
  file.link("gamma", gamma, layer.weight);
  file.link("beta", beta, layer.bias);
  if (gamma === undefined) hold(layer.weight, 1);
  if (beta === undefined) hold(layer.bias, 0);
  return single((x, context) => asFirst(layer.forward(x.first, context)), layer);
}
