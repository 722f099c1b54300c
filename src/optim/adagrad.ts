// Adagrad.
import { aNumberWithin } from "../check.ts";
import { type EpsilonOptions, epsilonChecks, epsilonOf } from "../epsilon.ts";
import type { Variable } from "../variable.ts";
import { aDecay, decayLinks } from "./decay.ts";
import { checkOptimizerOptions, descent, type OptimizerOptions } from "./descent.ts";
import { scaledSchedule } from "./joined.ts";
import { byLearningRate } from "./learning-rate.ts";
import { inverseTimeDecay, type Schedule } from "./schedules.ts";
import { assign, filledLike, type Optimizer, type Transform } from "./transform.ts";

/** What Adagrad takes besides its rate; epsilon, added to the root, is 1e-10 by default. */
export interface AdagradOptions extends OptimizerOptions, EpsilonOptions {
  /** Divides the rate by 1 + lrDecay * step; default 0. */
  readonly lrDecay?: number;
  /** L2 penalty added to the gradients; default 0. */
  readonly weightDecay?: number;
  /** What the sums of squares begin with; default 0. */
  readonly initialAccumulatorValue?: number;
}

function scaleByRootOfSums(initial: number, epsilon: number): Transform<Variable[]> {
  return {
    init: (parameters) => filledLike(parameters, "adagrad.sum", initial),
    update(updates, sums) {
      const next = updates.map((update, i) => sums[i].add(update.square()));
      return {
        updates: updates.map((update, i) => update.div(next[i].sqrt().add(epsilon))),
        assignments: assign(sums, next),
      };
    },
  };
}

/**
 * Adagrad: gradients divided by the root of the sum of all their squares so far (Duchi et al. 2011; torch.optim.Adagrad). Its usual
 * rate is 0.01.
 * @throws ArgumentError for a negative option
 *
 * @example
 * import { adagrad } from "simdgrad/optim";
 * adagrad(0.01, { lrDecay: 1e-4 }).init([]).links.length; // => 2
 */
export function adagrad(learningRate: Schedule, options: AdagradOptions = {}): Optimizer {
  const notNegative = aNumberWithin(0);
  const checks = { lrDecay: notNegative, weightDecay: aDecay, initialAccumulatorValue: notNegative };
  checkOptimizerOptions(learningRate, options, "adagrad", { ...checks, ...epsilonChecks });
  const { lrDecay = 0, weightDecay = 0, initialAccumulatorValue = 0 } = options;
  const epsilon = epsilonOf(options, 1e-10, "adagrad");
  const rate =
    lrDecay > 0 ? scaledSchedule(learningRate, inverseTimeDecay(1, { rate: lrDecay, steps: 1 })) : learningRate;
  return descent(
    options,
    ...decayLinks(weightDecay),
    scaleByRootOfSums(initialAccumulatorValue, epsilon),
    byLearningRate(rate),
  );
}
