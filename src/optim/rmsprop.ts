// RMSprop.
import { aBoolean, aFraction } from "../check.ts";
import { type EpsilonOptions, epsilonChecks, epsilonOf } from "../epsilon.ts";
import type { Variable } from "../variable.ts";
import { runningMean } from "./bias-correction.ts";
import { aDecay, decayLinks } from "./decay.ts";
import { checkOptimizerOptions, descent, type OptimizerOptions } from "./descent.ts";
import { byLearningRate } from "./learning-rate.ts";
import { aMomentum } from "./momentum.ts";
import type { Schedule } from "./schedules.ts";
import { trace } from "./sgd.ts";
import { assign, filledLike, type Optimizer, type Transform } from "./transform.ts";

/** What RMSprop takes besides its rate; epsilon, added to the root, is 1e-8 by default. */
export interface RmspropOptions extends OptimizerOptions, EpsilonOptions {
  /** Decay of the mean of squares; default 0.99. */
  readonly alpha?: number;
  /** L2 penalty added to the gradients; default 0. */
  readonly weightDecay?: number;
  /** Of the scaled gradients, a number or a schedule; default 0: none. */
  readonly momentum?: Schedule;
  /** Divides by the deviation instead of the root mean square. */
  readonly centered?: boolean;
}

/** Means of squares and, when centered, of gradients. */
type RmsState = readonly [Variable[], Variable[]?];

function scaleByRms(alpha: number, epsilon: number, centered: boolean): Transform<RmsState> {
  return {
    init(parameters) {
      const squares = filledLike(parameters, "rmsprop.squares");
      return centered ? [squares, filledLike(parameters, "rmsprop.means")] : [squares];
    },
    update(updates, [squares, means]) {
      const v = updates.map((update, i) => runningMean(squares[i], update.square(), alpha));
      const m = means && updates.map((update, i) => runningMean(means[i], update, alpha));
      // Rounding can make a variance of nearly 0 negative.
      const spread = m === undefined ? v : v.map((square, i) => square.sub(m[i].square()).maximum(0));
      return {
        updates: updates.map((update, i) => update.div(spread[i].sqrt().add(epsilon))),
        assignments: [...assign(squares, v), ...(means && m ? assign(means, m) : [])],
      };
    },
  };
}

/**
 * RMSprop: gradients divided by the root of a running mean of their squares (Tieleman and Hinton 2012; torch.optim.RMSprop). Its
 * usual rate is 0.01.
 * @throws ArgumentError for alpha or momentum outside [0, 1), a negative epsilon or weightDecay
 *
 * @example
 * import { rmsprop } from "simdgrad/optim";
 * rmsprop(0.01, { momentum: 0.9 }).init([]).links.length; // => 3
 */
export function rmsprop(learningRate: Schedule, options: RmspropOptions = {}): Optimizer {
  const checks = { alpha: aFraction, momentum: aMomentum, weightDecay: aDecay, centered: aBoolean };
  checkOptimizerOptions(learningRate, options, "rmsprop", { ...checks, ...epsilonChecks });
  const { alpha = 0.99, weightDecay = 0, momentum = 0, centered = false } = options;
  const epsilon = epsilonOf(options, 1e-8, "rmsprop");
  return descent(
    options,
    ...decayLinks(weightDecay),
    scaleByRms(alpha, epsilon, centered),
    ...(momentum !== 0 ? [trace(momentum)] : []),
    byLearningRate(learningRate),
  );
}
