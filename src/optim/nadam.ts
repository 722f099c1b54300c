// NAdam: Adam with Nesterov's look ahead.
import { aNumberWithin, checkNeeds } from "../check.ts";
import { epsilonOf } from "../epsilon.ts";
import type { Tensor } from "../tensor.ts";
import { Variable } from "../variable.ts";
import { type MomentOptions, momentChecks } from "./adam.ts";
import { biasCorrection, runningMean, stepsWithThis } from "./bias-correction.ts";
import { decayAround, type EitherDecayOptions, eitherDecayChecks } from "./decay.ts";
import { checkOptimizerOptions, descent, type OptimizerOptions } from "./descent.ts";
import { byLearningRate } from "./learning-rate.ts";
import { momentumAt } from "./momentum.ts";
import { naturalLog } from "./powers.ts";
import type { Schedule } from "./schedules.ts";
import { assign, filledLike, type Optimizer, type Transform } from "./transform.ts";

/** What NAdam takes besides its rate. */
export interface NadamOptions extends OptimizerOptions, MomentOptions, EitherDecayOptions {
  /** How fast momentum grows to beta1; default 0.004. */
  readonly momentumDecay?: number;
}

interface NadamState {
  readonly m: Variable[];
  readonly v: Variable[];
  /** The product of all momenta so far. */
  readonly product: Variable;
}

function scaleByNadam(options: NadamOptions): Transform<NadamState> {
  const { beta1 = 0.9, beta2 = 0.999, momentumDecay = 0.004 } = options;
  const epsilon = epsilonOf(options, 1e-8, "nadam");
  const rate = momentumDecay * naturalLog(0.96);
  const momentum = (t: Tensor, kept: number | Tensor) => t.mul(rate).exp().mul(-0.5).add(1).mul(kept);
  return {
    init: (parameters) => ({
      m: filledLike(parameters, "nadam.m"),
      v: filledLike(parameters, "nadam.v"),
      product: new Variable([], 1, { label: "nadam.product", trainable: false }),
    }),
    update(updates, state, _, step) {
      const t = stepsWithThis(step);
      const kept = momentumAt(beta1, step);
      const [now, next] = [momentum(t, kept), momentum(t.add(1), kept)];
      const product = state.product.mul(now);
      const gradientShare = now.neg().add(1).div(product.neg().add(1));
      const meanShare = next.div(product.mul(next).neg().add(1));
      const rootScale = biasCorrection(beta2, t).rsqrt();
      const m = updates.map((update, i) => runningMean(state.m[i], update, kept));
      const v = updates.map((update, i) => runningMean(state.v[i], update.square(), beta2));
      return {
        updates: updates.map((update, i) =>
          update.mul(gradientShare).add(m[i].mul(meanShare)).div(v[i].sqrt().mul(rootScale).add(epsilon)),
        ),
        assignments: [...assign(state.m, m), ...assign(state.v, v), [state.product, product]],
      };
    },
  };
}

/**
 * Adam whose mean already holds the next gradient, Nesterov's way (Dozat 2016; torch.optim.NAdam). Its usual rate is 0.002.
 * @throws ArgumentError for decays outside [0, 1), a negative epsilon, momentumDecay or weightDecay
 *
 * @example
 * import { nadam } from "simdgrad/optim";
 * nadam(0.002).init([]).links.length; // => 2
 */
export function nadam(learningRate: Schedule, options: NadamOptions = {}): Optimizer {
  checkOptimizerOptions(learningRate, options, "nadam", {
    ...momentChecks,
    ...eitherDecayChecks,
    momentumDecay: aNumberWithin(0),
  });
  checkNeeds(options, "nadam", { decoupledWeightDecay: "weightDecay" });
  return descent(options, ...decayAround(options, scaleByNadam(options)), byLearningRate(learningRate));
}
