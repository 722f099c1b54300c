// LARS: momentum with a rate for every parameter.
import { aBoolean, aNumberWithin, aPositiveNumber } from "../check.ts";
import { checkOptimizerOptions, descent, type OptimizerOptions } from "./descent.ts";
import { scaledByTrust } from "./lamb.ts";
import { byLearningRate } from "./learning-rate.ts";
import { aMomentum } from "./momentum.ts";
import type { Schedule } from "./schedules.ts";
import { aSelection, masked, type Selection } from "./selection.ts";
import { trace } from "./sgd.ts";
import { type Optimizer, stateless } from "./transform.ts";

/** What LARS takes besides its rate. */
export interface LarsOptions extends OptimizerOptions {
  /** A number or a schedule; default 0.9. */
  readonly momentum?: Schedule;
  readonly nesterov?: boolean;
  /** L2 penalty added to the gradients; default 0. */
  readonly weightDecay?: number;
  /** How long a step may be, as a share of the parameter's length; default 0.001. */
  readonly trustCoefficient?: number;
  /** Which parameters decay and get a rate of their own; the others are trained by plain momentum. Default: all. */
  readonly mask?: Selection;
}

/**
 * LARS: each gradient g of a parameter w times trustCoefficient |w| / (|g| + weightDecay |w|), then momentum (You et al. 2017). Where
 * |w| or |g| is 0 the factor is 1. Its usual rate is 1.
 * @throws ArgumentError for momentum outside [0, 1), a negative weightDecay, trustCoefficient not above 0
 *
 * @example
 * import { lars } from "simdgrad/optim";
 * lars(1, { weightDecay: 1e-4, mask: ({ shape }) => shape.length > 1 }).init([]).links.length; // => 3
 */
export function lars(learningRate: Schedule, options: LarsOptions = {}): Optimizer {
  checkOptimizerOptions(learningRate, options, "lars", {
    momentum: aMomentum,
    nesterov: aBoolean,
    weightDecay: aNumberWithin(0),
    trustCoefficient: aPositiveNumber,
    mask: aSelection,
  });
  const { momentum = 0.9, nesterov = false, weightDecay = 0, trustCoefficient = 0.001, mask = () => true } = options;
  const scale = stateless((updates, _, parameters) => ({
    updates: updates.map((update, i) => {
      const [w, g] = [parameters[i].norm(), update.norm()];
      const decayed = weightDecay > 0 ? update.add(parameters[i].mul(weightDecay)) : update;
      const length = g.equal(0).select(0, g.add(w.mul(weightDecay)));
      return scaledByTrust(decayed, w.mul(trustCoefficient), length);
    }),
  }));
  return descent(options, masked(scale, mask), byLearningRate(learningRate), trace(momentum, { nesterov }));
}
