// Features, channels, groups brought to mean 0 and variance 1.
import { DataError, ShapeError } from "../../errors.ts";
import { byChannels, channelStatistics, scaled } from "../../nn/channels.ts";
import { normalizeRows } from "../../ops/normalize.ts";
import { normalizeAxis, showShape, sizeOf } from "../../shape.ts";
import type { Tensor } from "../../tensor.ts";
import { Variable } from "../../variable.ts";
import type { Node } from "../node.ts";
import { Refusal } from "../refusal.ts";
import type { Rules } from "../rule.ts";
import { Value } from "../value.ts";

/** [C] beside [N, C, ...]. */
function column(channels: Tensor, x: Tensor): Tensor {
  return channels.reshape([...channels.shape, ...x.shape.slice(2).map(() => 1)]);
}

/** By the statistics that the node is given; by those of the batch where it says that it is in training, which they are then mixed with. */
function batchNormalized(node: Node): readonly (Value | undefined)[] {
  const x = node.tensor(0);
  if (x.shape.length < 2) throw new ShapeError(`takes [N, C, ...], got ${showShape(x.shape)}`);
  if (!node.flag("spatial", true)) throw new Refusal("statistics of each element (spatial 0)");
  const epsilon = node.float("epsilon", 1e-5);
  const [scale, bias, mean, variance] = [1, 2, 3, 4].map((i) => node.tensor(i));
  const isTraining = node.version >= 14 && node.flag("training_mode");
  // One multiplication and one addition an element: what is made of the channels alone is small.
  const slope = (v: Tensor) => scale.mul(v.add(epsilon).rsqrt());
  if (!isTraining) {
    const [factor, shift] = [slope(variance), bias.sub(mean.mul(slope(variance)))];
    return [node.like(0, x.mul(column(factor, x)).add(column(shift, x)))];
  }
  const own = channelStatistics(byChannels(x));
  const momentum = node.float("momentum", 0.9);
  const mixed = ([old, now]: readonly [Tensor, Tensor]) => old.mul(momentum).add(now.mul(1 - momentum));
  const { context } = node;
  const current = (tensor: Tensor) => (tensor instanceof Variable ? context.current(tensor) : tensor);
  const [newMean, newVariance] = [mixed([current(mean), own.mean]), mixed([current(variance), own.variance])];
  if (context.training && mean instanceof Variable && variance instanceof Variable) {
    context.assign(mean, newMean);
    context.assign(variance, newVariance);
  }
  const apart = x.sub(column(own.mean, x)).sub(column(own.rest, x));
  const y = apart.mul(column(slope(own.variance), x)).add(column(bias, x));
  return [node.like(0, y), node.like(3, newMean), node.like(4, newVariance)];
}

/** Each channel of each sample by itself. */
function instanceNormalized(node: Node): Value {
  const x = node.tensor(0);
  const [n, channels, ...rest] = x.shape;
  const rows = normalizeRows(x.reshape([n * channels, sizeOf(rest)]), node.float("epsilon", 1e-5), true).values;
  const y = scaled(rows.reshape([n, channels, sizeOf(rest)]), node.tensor(1), node.tensor(2));
  return node.like(0, y.reshape(x.shape));
}

/** Groups of channels of each sample; before version 21 scale and bias are those of groups. */
function groupNormalized(node: Node): Value {
  const x = node.tensor(0);
  const [n, channels, ...rest] = x.shape;
  const groups = node.int("num_groups");
  if (!(groups > 0) || channels % groups !== 0)
    throw new DataError(`${groups} groups do not divide ${channels} channels`);
  const rows = normalizeRows(
    x.reshape([n * groups, sizeOf(x.shape) / (n * groups)]),
    node.float("epsilon", 1e-5),
    true,
  ).values;
  const count = node.version < 21 ? groups : channels;
  const y = scaled(rows.reshape([n, count, (channels / count) * sizeOf(rest)]), node.tensor(1), node.tensor(2));
  return node.like(0, y.reshape(x.shape));
}

/** All axes from one on, together; and the means and inverse deviations that it takes for it. */
function layerNormalized(node: Node): readonly (Value | undefined)[] {
  const x = node.tensor(0);
  const axis = normalizeAxis(node.int("axis", -1), x.shape, node.op);
  const [lead, features] = [x.shape.slice(0, axis), x.shape.slice(axis)];
  const rows = x.reshape([sizeOf(lead), sizeOf(features)]);
  const { values, inverse } = normalizeRows(rows, node.float("epsilon", 1e-5), true);
  const y = affine(node, values, features).reshape(x.shape);
  const kept = [...lead, ...features.map(() => 1)];
  return [
    node.like(0, y),
    node.wants(1) ? Value.of(rows.mean(1).reshape(kept), "float32") : undefined,
    node.wants(2) ? Value.of(inverse.reshape(kept), "float32") : undefined,
  ];
}

/** Rows times weight, plus bias, which broadcast to their features. */
function affine(node: Node, rows: Tensor, features: readonly number[]): Tensor {
  const [weight, bias] = [1, 2].map((i) =>
    node.has(i)
      ? node
          .tensor(i)
          .broadcastTo(features)
          .reshape([sizeOf(features)])
      : undefined,
  );
  return scaled(rows.unsqueeze(-1), weight, bias).squeeze(-1);
}

function rootNormalized(node: Node): Value {
  const x = node.tensor(0);
  const axis = normalizeAxis(node.int("axis", -1), x.shape, node.op);
  const features = x.shape.slice(axis);
  const rows = x.reshape([sizeOf(x.shape.slice(0, axis)), sizeOf(features)]);
  const { values } = normalizeRows(rows, node.float("epsilon", 1e-5), false);
  return node.like(0, affine(node, values, features).reshape(x.shape));
}

/** Deviations from the mean over axes, by their root mean square. */
function standardized(node: Node): Value {
  const x = node.tensor(0);
  const axes = [...node.ints("axes", [0, 2, 3])];
  const apart = x.sub(x.mean(axes, { keepDims: true }));
  return node.like(0, apart.div(apart.square().mean(axes, { keepDims: true }).sqrt().add(1e-9)));
}

export const normalizations: Rules = {
  BatchNormalization: { buffers: [3, 4], build: batchNormalized },
  GroupNormalization: groupNormalized,
  InstanceNormalization: instanceNormalized,
  LayerNormalization: layerNormalized,
  MeanVarianceNormalization: standardized,
  RMSNormalization: rootNormalized,
};
