// Adam and AdamW.
import type { Tensor } from "../tensor.ts";
import type { Variable } from "../variable.ts";
import { biasCorrection, runningMean, stepsWithThis } from "./bias-correction.ts";
import { type DecayOptions, decayLinks } from "./decay.ts";
import { scaleByLearningRate } from "./learning-rate.ts";
import { checkFraction, checkNotNegative } from "./options.ts";
import type { Schedule } from "./schedules.ts";
import { assign, chain, filledLike, type Optimizer, type Transform } from "./transform.ts";

/** The decays of Adam's moments. */
export interface MomentOptions {
  /** Decay of the mean of gradients; default 0.9. */
  readonly beta1?: number;
  /** Decay of the mean of squared gradients; default 0.999. */
  readonly beta2?: number;
  /** Added to the root; default 1e-8. */
  readonly epsilon?: number;
}

/** What Adam takes besides its rate. */
export interface AdamOptions extends MomentOptions {
  /** Divides by the largest second moment so far (Reddi et al. 2018). */
  readonly amsgrad?: boolean;
}

/** @throws ArgumentError for decays outside [0, 1) or a negative epsilon */
export function checkMoments({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: MomentOptions, name: string): void {
  checkFraction(beta1, `${name}: beta1`);
  checkFraction(beta2, `${name}: beta2`);
  checkNotNegative(epsilon, `${name}: epsilon`);
}

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
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, amsgrad = false } = options;
  checkMoments(options, "scaleByAdam");
  return {
    init(parameters) {
      const [m, v] = [filledLike(parameters, "adam.m"), filledLike(parameters, "adam.v")];
      return amsgrad ? [m, v, filledLike(parameters, "adam.largest")] : [m, v];
    },
    update: (updates, [means, squares, largest], _, step) => {
      const t = stepsWithThis(step);
      // m^ / (sqrt(v^) + epsilon) with the correction of m in the denominator, where it is two numbers for all parameters.
      const share = biasCorrection(beta1, t);
      const rootScale = share.mul(biasCorrection(beta2, t).rsqrt());
      const least = share.mul(epsilon);
      const m = updates.map((update, i) => runningMean(means[i], update, beta1));
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
  options: AdamOptions & { readonly weightDecay?: number | Tensor } = {},
): Optimizer {
  checkMoments(options, "adam");
  return chain(
    ...decayLinks(options.weightDecay ?? 0, "adam"),
    scaleByAdam(options),
    scaleByLearningRate(learningRate),
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
  options: AdamOptions & DecayOptions & { readonly weightDecay?: number | Tensor } = {},
): Optimizer {
  checkMoments(options, "adamW");
  return chain(
    scaleByAdam(options),
    ...decayLinks(options.weightDecay ?? 0.01, "adamW", options),
    scaleByLearningRate(learningRate),
  );
}
