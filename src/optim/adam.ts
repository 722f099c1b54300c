// Adam and AdamW.
import { aBoolean, aFraction, type Checks, checkOptions } from "../check.ts";
import { type EpsilonOptions, epsilonChecks, epsilonOf } from "../epsilon.ts";
import type { Tensor } from "../tensor.ts";
import type { Variable } from "../variable.ts";
import { biasCorrection, runningMean, stepsWithThis } from "./bias-correction.ts";
import { aDecay, type DecayOptions, decayChecks, decayLinks } from "./decay.ts";
import { checkOptimizerOptions, descent, type OptimizerOptions } from "./descent.ts";
import { byLearningRate } from "./learning-rate.ts";
import { aMomentum, momentumAt } from "./momentum.ts";
import type { Schedule } from "./schedules.ts";
import { assign, filledLike, type Optimizer, type Transform } from "./transform.ts";

/** The decays of Adam's moments; epsilon, added to the root, is 1e-8 by default. */
export interface MomentOptions extends EpsilonOptions {
  /** Decay of the mean of gradients, a number or a schedule; default 0.9. */
  readonly beta1?: Schedule;
  /** Decay of the mean of squared gradients; default 0.999. */
  readonly beta2?: number;
}

/** What Adam takes besides its rate. */
export interface AdamOptions extends MomentOptions {
  /** Divides by the largest second moment so far (Reddi et al. 2018). */
  readonly amsgrad?: boolean;
}

/** What the options of Adam's kin have in common. */
export const momentChecks: Checks<MomentOptions & { readonly weightDecay?: number | Tensor }> = {
  beta1: aMomentum,
  beta2: aFraction,
  ...epsilonChecks,
  weightDecay: aDecay,
};

/** Means, squares and, for AMSGrad, the largest squares. */
type AdamState = readonly [Variable[], Variable[], Variable[]?];

/**
 * First and second moments, corrected for their start at zero: m^ / (sqrt(v^) + epsilon) (Kingma and Ba 2015).
 * @throws ArgumentError for decays outside [0, 1) or a negative epsilon
 *
 * @example
 * import { constant, evaluate, scalar, Variable } from "simdgrad";
 * import { scaleByAdam } from "simdgrad/optim";
 * const w = new Variable([2], [0, 0]);
 * const adam = scaleByAdam();
 * const { updates } = adam.update([constant([3, -0.1])], adam.init([w]), [w], scalar(0, "i32"));
 * await evaluate(updates[0]); // => [1.0000, -1.0000]
 */
export function scaleByAdam(options: AdamOptions = {}): Transform<AdamState> {
  const { weightDecay: _, ...checks } = momentChecks;
  checkOptions(options, "scaleByAdam", { ...checks, amsgrad: aBoolean });
  return byAdam(options, "scaleByAdam");
}

export function byAdam(options: AdamOptions, name: string): Transform<AdamState> {
  const { beta1 = 0.9, beta2 = 0.999, amsgrad = false } = options;
  const epsilon = epsilonOf(options, 1e-8, name);
  return {
    init(parameters) {
      const [m, v] = [filledLike(parameters, "adam.m"), filledLike(parameters, "adam.v")];
      return amsgrad ? [m, v, filledLike(parameters, "adam.largest")] : [m, v];
    },
    update: (updates, [means, squares, largest], _, step) => {
      const t = stepsWithThis(step);
      // m^ / (sqrt(v^) + epsilon) with the correction of m in the denominator, where it is two numbers for all parameters.
      const kept = momentumAt(beta1, step);
      const share = biasCorrection(kept, t);
      const rootScale = share.mul(biasCorrection(beta2, t).rsqrt());
      const least = share.mul(epsilon);
      const m = updates.map((update, i) => runningMean(means[i], update, kept));
      const v = updates.map((update, i) => runningMean(squares[i], update.square(), beta2));
      const top = largest?.map((square, i) => square.maximum(v[i]));
      return {
        updates: m.map((mean, i) => mean.div((top ?? v)[i].sqrt().mul(rootScale).add(least))),
        assignments: [...assign(means, m), ...assign(squares, v), ...(largest && top ? assign(largest, top) : [])],
      };
    },
  };
}

/**
 * Adam (Kingma and Ba 2015; torch.optim.Adam, weight decay as an L2 penalty).
 * @throws ArgumentError for decays outside [0, 1), a negative epsilon or weightDecay
 *
 * @example
 * import { adam } from "simdgrad/optim";
 * adam(1e-3).init([]).links.length; // => 2
 */
export function adam(
  learningRate: Schedule,
  options: OptimizerOptions & AdamOptions & { readonly weightDecay?: number | Tensor } = {},
): Optimizer {
  checkOptimizerOptions(learningRate, options, "adam", { ...momentChecks, amsgrad: aBoolean });
  return descent(
    options,
    ...decayLinks(options.weightDecay ?? 0),
    byAdam(options, "adam"),
    byLearningRate(learningRate),
  );
}

/**
 * Adam with decoupled weight decay, 0.01 by default (Loshchilov and Hutter 2019; torch.optim.AdamW).
 * @throws ArgumentError for decays outside [0, 1), a negative epsilon or weightDecay
 *
 * @example
 * import { adamW } from "simdgrad/optim";
 * adamW(1e-3, { weightDecay: 0.1 }).init([]).links.length; // => 3
 */
export function adamW(
  learningRate: Schedule,
  options: OptimizerOptions & AdamOptions & DecayOptions & { readonly weightDecay?: number | Tensor } = {},
): Optimizer {
  checkOptimizerOptions(learningRate, options, "adamW", { ...momentChecks, ...decayChecks, amsgrad: aBoolean });
  return descent(
    options,
    byAdam(options, "adamW"),
    ...decayLinks(options.weightDecay ?? 0.01, options.mask),
    byLearningRate(learningRate),
  );
}
