// Adamax: Adam by the infinity norm.
import { epsilonOf } from "../epsilon.ts";
import type { Variable } from "../variable.ts";
import { type MomentOptions, momentChecks } from "./adam.ts";
import { biasCorrection, runningMean, stepsWithThis } from "./bias-correction.ts";
import { decayLinks } from "./decay.ts";
import { checkOptimizerOptions, descent, type OptimizerOptions } from "./descent.ts";
import { byLearningRate } from "./learning-rate.ts";
import { momentumAt } from "./momentum.ts";
import type { Schedule } from "./schedules.ts";
import { assign, filledLike, type Optimizer, type Transform } from "./transform.ts";

function scaleByAdamax(beta1: Schedule, beta2: number, epsilon: number): Transform<readonly [Variable[], Variable[]]> {
  return {
    init: (parameters) => [filledLike(parameters, "adamax.m"), filledLike(parameters, "adamax.u")],
    update(updates, [means, largest], _, step) {
      const kept = momentumAt(beta1, step);
      const share = biasCorrection(kept, stepsWithThis(step));
      const m = updates.map((update, i) => runningMean(means[i], update, kept));
      const u = updates.map((update, i) => largest[i].mul(beta2).maximum(update.abs().add(epsilon)));
      return {
        updates: m.map((mean, i) => mean.div(u[i].mul(share))),
        assignments: [...assign(means, m), ...assign(largest, u)],
      };
    },
  };
}

/**
 * Adam divided by the largest gradient, decayed, instead of the root mean square (Kingma and Ba 2015; torch.optim.Adamax). Its usual
 * rate is 0.002.
 * @throws ArgumentError for decays outside [0, 1), a negative epsilon or weightDecay
 *
 * @example
 * import { adamax } from "simdgrad/optim";
 * adamax(0.002).init([]).links.length; // => 2
 */
export function adamax(
  learningRate: Schedule,
  options: OptimizerOptions & MomentOptions & { readonly weightDecay?: number } = {},
): Optimizer {
  checkOptimizerOptions(learningRate, options, "adamax", momentChecks);
  const { beta1 = 0.9, beta2 = 0.999, weightDecay = 0 } = options;
  const epsilon = epsilonOf(options, 1e-8, "adamax");
  return descent(
    options,
    ...decayLinks(weightDecay),
    scaleByAdamax(beta1, beta2, epsilon),
    byLearningRate(learningRate),
  );
}
