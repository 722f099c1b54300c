// Adadelta.
import { aFraction, aPositiveNumber } from "../check.ts";
import { type EpsilonOptions, epsilonChecks, epsilonOf } from "../epsilon.ts";
import type { Variable } from "../variable.ts";
import { runningMean } from "./bias-correction.ts";
import { aDecay, decayLinks } from "./decay.ts";
import { checkOptimizerOptions, descent, type OptimizerOptions } from "./descent.ts";
import { byLearningRate } from "./learning-rate.ts";
import type { Schedule } from "./schedules.ts";
import { assign, filledLike, type Optimizer, type Transform } from "./transform.ts";

/** What Adadelta takes besides its rate; epsilon, added under both roots, is 1e-6 by default and above 0. */
export interface AdadeltaOptions extends OptimizerOptions, EpsilonOptions {
  /** Decay of the means of squares; default 0.9. */
  readonly rho?: number;
  /** L2 penalty added to the gradients; default 0. */
  readonly weightDecay?: number;
}

function scaleByAdadelta(rho: number, epsilon: number): Transform<readonly [Variable[], Variable[]]> {
  return {
    init: (parameters) => [filledLike(parameters, "adadelta.squares"), filledLike(parameters, "adadelta.deltas")],
    update(updates, [squares, deltas]) {
      const v = updates.map((update, i) => runningMean(squares[i], update.square(), rho));
      const steps = updates.map((update, i) => deltas[i].add(epsilon).sqrt().div(v[i].add(epsilon).sqrt()).mul(update));
      const d = steps.map((step, i) => runningMean(deltas[i], step.square(), rho));
      return { updates: steps, assignments: [...assign(squares, v), ...assign(deltas, d)] };
    },
  };
}

/**
 * Adadelta: steps as large as earlier steps, by the ratio of their root mean squares to those of gradients (Zeiler 2012;
 * torch.optim.Adadelta). Its usual rate is 1.
 * @throws ArgumentError for rho outside [0, 1), epsilon not above 0, a negative weightDecay
 *
 * @example
 * import { adadelta } from "simdgrad/optim";
 * adadelta(1, { rho: 0.95 }).init([]).links.length; // => 2
 */
export function adadelta(learningRate: Schedule, options: AdadeltaOptions = {}): Optimizer {
  checkOptimizerOptions(learningRate, options, "adadelta", { rho: aFraction, weightDecay: aDecay, ...epsilonChecks });
  const { rho = 0.9, weightDecay = 0 } = options;
  const epsilon = epsilonOf(options, 1e-6, "adadelta");
  aPositiveNumber(epsilon, "adadelta: epsilon");
  return descent(options, ...decayLinks(weightDecay), scaleByAdadelta(rho, epsilon), byLearningRate(learningRate));
}
