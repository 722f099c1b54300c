// Lion: steps of one size, by sign.
import { aFraction } from "../check.ts";
import type { Variable } from "../variable.ts";
import { runningMean } from "./bias-correction.ts";
import { aDecay, decayLinks } from "./decay.ts";
import { checkOptimizerOptions, descent, type OptimizerOptions } from "./descent.ts";
import { byLearningRate } from "./learning-rate.ts";
import { aMomentum, momentumAt } from "./momentum.ts";
import type { Schedule } from "./schedules.ts";
import { assign, filledLike, type Optimizer, type Transform } from "./transform.ts";

/** What Lion takes besides its rate. */
export interface LionOptions extends OptimizerOptions {
  /** Share of the mean in the direction of a step, a number or a schedule; default 0.9. */
  readonly beta1?: Schedule;
  /** Decay of the mean; default 0.99. */
  readonly beta2?: number;
  /** Decoupled decay; default 0. */
  readonly weightDecay?: number;
}

function scaleByLion(beta1: Schedule, beta2: number): Transform<Variable[]> {
  return {
    init: (parameters) => filledLike(parameters, "lion.m"),
    update(updates, means, _, step) {
      const share = momentumAt(beta1, step);
      const more = typeof share === "number" ? share - beta2 : share.sub(beta2);
      const next = updates.map((update, i) => runningMean(means[i], update, beta2));
      // beta1 m + (1 - beta1) g, from the new mean: what hangs together is one map.
      const ahead = next.map((mean, i) => means[i].sub(updates[i]).mul(more).add(mean));
      return { updates: ahead.map((mean) => mean.sign()), assignments: assign(means, next) };
    },
  };
}

/**
 * Lion: the sign of a mean of gradients, plus decoupled decay (Chen et al. 2023). Its usual rate is a third to a tenth of Adam's.
 * @throws ArgumentError for decays outside [0, 1), a negative weightDecay
 *
 * @example
 * import { lion } from "simdgrad/optim";
 * lion(1e-4, { weightDecay: 0.1 }).init([]).links.length; // => 3
 */
export function lion(learningRate: Schedule, options: LionOptions = {}): Optimizer {
  checkOptimizerOptions(learningRate, options, "lion", { beta1: aMomentum, beta2: aFraction, weightDecay: aDecay });
  const { beta1 = 0.9, beta2 = 0.99, weightDecay = 0 } = options;
  return descent(options, scaleByLion(beta1, beta2), ...decayLinks(weightDecay), byLearningRate(learningRate));
}
