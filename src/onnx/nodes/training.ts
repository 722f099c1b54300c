// What a model of a training step computes: gradients of its own tensors, and from them new parameters and states of optimizers.
import { grad } from "../../autodiff.ts";
import { DataError } from "../../errors.ts";
import type { Tensor } from "../../tensor.ts";
import type { Node } from "../node.ts";
import { Refusal } from "../refusal.ts";
import type { Rules } from "../rule.ts";
import { Value } from "../value.ts";

/** What is the same for all parameters: rate, number of the step, and what pulls parameters to 0. */
interface Step {
  readonly rate: Tensor;
  readonly count: Tensor;
  readonly pull: number;
}

/** New values of a parameter and of its states, given its value, its gradient and its states. */
type Update = (node: Node, step: Step, x: Tensor, gradient: Tensor, states: readonly Tensor[]) => readonly Tensor[];

/** Inputs are rate, count, all parameters, all gradients, all first states, and so on; outputs all parameters, all first states, ... */
function optimizer(states: number, update: Update) {
  return (node: Node): Value[] => {
    const groups = 2 + states;
    const count = (node.inputs.length - 2) / groups;
    if (!Number.isInteger(count) || count < 1)
      throw new DataError(`takes a rate, a count and ${groups} tensors a parameter, got ${node.inputs.length} inputs`);
    const step = { rate: node.tensor(0), count: node.tensor(1).cast("f32"), pull: node.float("norm_coefficient", 0) };
    const updated = Array.from({ length: count }, (_, i) => {
      const [x, gradient, ...own] = Array.from({ length: groups }, (_, group) => node.tensor(2 + group * count + i));
      return update(node, step, x, x.mul(step.pull).add(gradient), own);
    });
    return updated[0].flatMap((_, group) => updated.map((each) => Value.of(each[group], "float32")));
  };
}

/** Duchi et al. 2011 */
const adagrad: Update = (node, { rate, count }, x, gradient, [sum]) => {
  const r = rate.div(count.mul(node.float("decay_factor", 0)).add(1));
  const next = sum.add(gradient.square());
  return [x.sub(r.mul(gradient).div(next.sqrt().add(node.float("epsilon", 1e-6)))), next];
};

/** Kingma and Ba 2014 */
const adam: Update = (node, { rate, count }, x, gradient, [first, second]) => {
  const [alpha, beta] = [node.float("alpha", 0.9), node.float("beta", 0.999)];
  const v = first.mul(alpha).add(gradient.mul(1 - alpha));
  const h = second.mul(beta).add(gradient.square().mul(1 - beta));
  const left = (share: number) => count.like(1).sub(count.like(share).pow(count));
  const corrected = rate.mul(left(beta).sqrt()).div(left(alpha));
  const r = count.greater(0).select(corrected, rate);
  const next = x.sub(r.mul(v).div(h.sqrt().add(node.float("epsilon", 1e-6))));
  return [next.mul(1 - node.float("norm_coefficient_post", 0)), v, h];
};

/** Polyak 1964; Nesterov 1983 */
const momentum: Update = (node, { rate, count }, x, gradient, [before]) => {
  const [alpha, mode] = [node.float("alpha"), node.text("mode")];
  if (mode !== "standard" && mode !== "nesterov") throw new DataError(`there is no mode ${mode}`);
  const share = count.greater(0).select(node.float("beta"), 1);
  const v = before.mul(alpha).add(gradient.mul(share));
  return [x.sub(rate.mul(mode === "standard" ? v : gradient.add(v.mul(alpha)))), v];
};

/** Gradients of the sum of one tensor with respect to others, where they are what the graph computes with. */
function gradient(node: Node): Value[] {
  const y = node.named(node.text("y"));
  const xs = node.texts("xs").map((name) => node.named(name));
  if (xs.some((x, i) => node.optional(i)?.tensor !== x))
    throw new Refusal("gradients at other values than the graph's");
  return grad(y.sum(), xs).map((each) => Value.of(each, "float32"));
}

const DOMAIN = "ai.onnx.preview.training";

export const training: Rules = {
  [`${DOMAIN}:Adagrad`]: optimizer(1, adagrad),
  [`${DOMAIN}:Adam`]: optimizer(2, adam),
  [`${DOMAIN}:Momentum`]: optimizer(1, momentum),
  [`${DOMAIN}:Gradient`]: gradient,
};
