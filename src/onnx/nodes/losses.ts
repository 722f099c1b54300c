// Losses of classes: those of simdgrad/nn, whose definitions are ONNX's.
import { DataError } from "../../errors.ts";
import { type ClassLossOptions, nllLoss } from "../../nn/losses/classification.ts";
import type { Reduction } from "../../nn/losses/loss.ts";
import type { Tensor } from "../../tensor.ts";
import type { Node } from "../node.ts";
import type { Rules } from "../rule.ts";

/** Of logarithms of probabilities. */
function lossOf(node: Node, logs: Tensor): Tensor {
  const reduction = node.text("reduction", "mean");
  if (!["none", "mean", "sum"].includes(reduction)) throw new DataError(`there is no reduction ${reduction}`);
  const options: ClassLossOptions = {
    reduction: reduction as Reduction,
    ignoreIndex: node.hasAttribute("ignore_index") ? node.int("ignore_index") : null,
    ...(node.has(2) && { weight: node.tensor(2) }),
  };
  return nllLoss(logs, node.tensor(1), options);
}

export const losses: Rules = {
  NegativeLogLikelihoodLoss: (node) => node.like(0, lossOf(node, node.tensor(0))),
  SoftmaxCrossEntropyLoss(node) {
    const logs = node.tensor(0).logSoftmax(1);
    return [node.like(0, lossOf(node, logs)), node.like(0, logs)];
  },
};
