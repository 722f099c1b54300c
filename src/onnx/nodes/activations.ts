// What networks put between their layers.
import { elu, gelu, hardSwish, leakyRelu, mish, softplus, softsign } from "../../nn/functional.ts";
import { randomKey, uniform } from "../../ops/random.ts";
import { normalizeAxis, sizeOf } from "../../shape.ts";
import { scalar, type Tensor } from "../../tensor.ts";
import type { Node } from "../node.ts";
import type { Build, Rules } from "../rule.ts";
import { Value } from "../value.ts";
import { unary } from "./elementwise.ts";

/** PReLU's slopes broadcast to x; in the first versions they are those of channels. */
function prelu(node: Node): Value {
  const [x, slope] = [node.tensor(0), node.tensor(1)];
  const isOfChannels = node.version < 7 && slope.shape.length === 1 && x.shape.length > 2;
  const own = isOfChannels ? slope.reshape([...slope.shape, ...x.shape.slice(2).map(() => 1)]) : slope;
  return node.like(0, x.less(0).select(x.mul(own), x));
}

/** Before version 13 over all axes from one on, as if they were one; since then along one. */
function alongAxis(apply: (x: Tensor, axis: number) => Tensor): Build {
  return (node) => {
    const x = node.tensor(0);
    if (node.version >= 13) return node.like(0, apply(x, node.int("axis", -1)));
    const axis = node.int("axis", 1);
    const at = axis === x.shape.length ? axis : normalizeAxis(axis, x.shape, node.op);
    const rows = sizeOf(x.shape.slice(0, at));
    return node.like(0, apply(x.reshape([rows, sizeOf(x.shape.slice(at))]), 1).reshape(x.shape));
  };
}

function shrunk(node: Node): Value {
  const x = node.tensor(0);
  const [bias, limit] = [node.float("bias", 0), node.float("lambd", 0.5)];
  const above = x.greater(limit).select(x.sub(bias), 0);
  return node.like(0, x.less(-limit).select(x.add(bias), above));
}

function selu(node: Node): Value {
  const x = node.tensor(0);
  const alpha = node.float("alpha", 1.6732631921768188);
  const gamma = node.float("gamma", 1.0507010221481323);
  return node.like(0, elu(x, alpha).mul(gamma));
}

function hardSigmoid(node: Node): Value {
  const [alpha, beta] = [node.float("alpha", 0.2), node.float("beta", 0.5)];
  return node.like(0, node.tensor(0).mul(alpha).add(beta).clamp(0, 1));
}

function thresholded(node: Node): Value {
  const x = node.tensor(0);
  return node.like(0, x.greater(node.float("alpha", 1)).select(x, 0));
}

/**
 * Elements zeroed at random, the others scaled, and which are left: in a training context, and where the node itself says so. Then the stream
 * of random numbers is the node's own, the same in every run.
 */
function dropout(node: Node): readonly (Value | undefined)[] {
  const x = node.tensor(0);
  const ratio = node.version < 12 ? node.float("ratio", 0.5) : node.number(1, 0.5);
  const always = node.version < 12 ? false : node.number(2, 0) !== 0;
  const { context } = node;
  const isActive = ratio > 0 && (always || context.training);
  if (!isActive) return [node.value(0), node.wants(1) ? Value.of(scalar(1).broadcastTo(x.shape), "bool") : undefined];
  const key = context.training ? context.key() : randomKey(node.int("seed", 0), `dropout ${node.stream()}`);
  const kept = uniform(key, x.shape).greaterEqual(ratio);
  return [node.like(0, kept.select(x.mul(ratio < 1 ? 1 / (1 - ratio) : 0), 0)), Value.of(kept, "bool")];
}

export const activations: Rules = {
  Dropout: { decides: [1, 2], build: dropout },
  Elu: (node) => node.like(0, elu(node.tensor(0), node.float("alpha", 1))),
  Gelu: (node) => node.like(0, gelu(node.tensor(0), node.text("approximate", "none") === "tanh" ? "tanh" : "none")),
  HardSigmoid: hardSigmoid,
  HardSwish: unary(hardSwish),
  LeakyRelu: (node) => node.like(0, leakyRelu(node.tensor(0), node.float("alpha", 0.01))),
  LogSoftmax: alongAxis((x, axis) => x.logSoftmax(axis)),
  Mish: unary(mish),
  PRelu: prelu,
  Relu: unary((x) => (x.dtype === "i32" ? x.maximum(0) : x.relu())),
  Selu: selu,
  Shrink: shrunk,
  Sigmoid: unary((x) => x.sigmoid()),
  Softmax: alongAxis((x, axis) => x.softmax(axis)),
  Softplus: unary((x) => softplus(x)),
  Softsign: unary(softsign),
  ThresholdedRelu: thresholded,
};
