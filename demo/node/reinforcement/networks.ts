// Small networks of agents, and targets that follow them.
import type { Assignment, Tensor, Variable } from "simdgrad";
import { evaluationContext, forward, Linear, parameters, Sequential } from "simdgrad/nn";

/** Dense layers of these widths, with an activation between them. */
export function perceptron(widths: readonly number[], activation: (x: Tensor) => Tensor): Sequential {
  const layers = widths.slice(1).flatMap((width, i) => [activation, new Linear(widths[i], width)]);
  return new Sequential(...layers.slice(1));
}

export function run(network: Sequential, x: Tensor): Tensor {
  return forward(network, x, evaluationContext());
}

export function weightsOf(...networks: readonly Sequential[]): Variable[] {
  return [...parameters(networks).values()];
}

/** Targets go a share of the way to where an update brings the weights that they follow. */
export function followed(
  targets: readonly Variable[],
  weights: readonly Variable[],
  updates: readonly Assignment[],
  share: number,
): Assignment[] {
  const updated = new Map<Variable, Tensor>(updates);
  return targets.map((target, i) => [
    target,
    target.add((updated.get(weights[i]) ?? weights[i]).sub(target).mul(share)),
  ]);
}

/** First values of the targets. */
export function copied(targets: readonly Variable[], weights: readonly Variable[]): Assignment[] {
  return targets.map((target, i) => [target, weights[i]]);
}

/** The number of each row that its choice names: values [rows, choices], i32 choices [rows]. */
export function chosen(values: Tensor, choices: Tensor): Tensor {
  return values.mul(choices.oneHot(values.shape[1])).sum(1);
}
