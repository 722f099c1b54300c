// LAMB and LARS: steps as long as a share of what they change, parameter by parameter; for large batches.
import { checkNeeds } from "../check.ts";
import { epsilonOf } from "../epsilon.ts";
import type { Tensor } from "../tensor.ts";
import { byAdam, type MomentOptions, momentChecks } from "./adam.ts";
import { type DecayOptions, decayChecks, decayLinks } from "./decay.ts";
import { checkOptimizerOptions, descent, type OptimizerOptions } from "./descent.ts";
import { byLearningRate } from "./learning-rate.ts";
import type { Schedule } from "./schedules.ts";
import { type Optimizer, stateless, type Transform } from "./transform.ts";

/**
 * update a / b, or the update where either is 0. It is made short before it is made long: the ratio of the lengths may be more than a
 * float32 where the step is not.
 */
export function scaledByTrust(update: Tensor, a: Tensor, b: Tensor): Tensor {
  return a.greater(0).mul(b.greater(0)).select(update.div(b).mul(a), update);
}

function scaleByTrustRatio(): Transform<undefined> {
  return stateless((updates, _, parameters) => ({
    updates: updates.map((update, i) => scaledByTrust(update, parameters[i].norm(), update.norm())),
  }));
}

/**
 * LAMB: Adam's updates (epsilon 1e-6, plus decayed weights), each made as long as its parameter (You et al. 2020). Its usual rate is
 * 0.003.
 * @throws ArgumentError for decays outside [0, 1), a negative epsilon or weightDecay
 *
 * @example
 * import { lamb } from "simdgrad/optim";
 * lamb(0.001, { weightDecay: 0.01 }).init([]).links.length; // => 4
 */
export function lamb(
  learningRate: Schedule,
  options: OptimizerOptions & MomentOptions & DecayOptions & { readonly weightDecay?: number } = {},
): Optimizer {
  checkOptimizerOptions(learningRate, options, "lamb", { ...momentChecks, ...decayChecks });
  checkNeeds(options, "lamb", { mask: "weightDecay" });
  const { beta1, beta2, weightDecay = 0, mask } = options;
  return descent(
    options,
    byAdam({ beta1, beta2, epsilon: epsilonOf(options, 1e-6, "lamb") }, "lamb"),
    ...decayLinks(weightDecay, mask),
    scaleByTrustRatio(),
    byLearningRate(learningRate),
  );
}
