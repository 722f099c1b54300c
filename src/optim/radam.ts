// RAdam: Adam that waits until it knows the variance of its gradients.
import { checkNeeds } from "../check.ts";
import { epsilonOf } from "../epsilon.ts";
import { scalar, type Tensor } from "../tensor.ts";
import type { Variable } from "../variable.ts";
import { type MomentOptions, momentChecks } from "./adam.ts";
import { biasCorrection, runningMean, stepsWithThis } from "./bias-correction.ts";
import { decayAround, type EitherDecayOptions, eitherDecayChecks } from "./decay.ts";
import { checkOptimizerOptions, descent, type OptimizerOptions } from "./descent.ts";
import { byLearningRate } from "./learning-rate.ts";
import { momentumAt } from "./momentum.ts";
import { naturalLog } from "./powers.ts";
import type { Schedule } from "./schedules.ts";
import { assign, filledLike, type Optimizer, type Transform } from "./transform.ts";

/**
 * rho_t = rho_inf - 2 t beta^t / (1 - beta^t), how many gradients the mean of squares is worth. Both terms are in the thousands and
 * differ by a few: with x = -t ln beta it is rho_inf - 2 t / x + (2 t / x) (1 - x / (e^x - 1)), whose first difference is a number known
 * beforehand and whose bracket is x/2 - x^2/12 + x^4/720 - x^6/30240 + x^8/1209600 for small x.
 */
function effectiveLength(beta: number, t: Tensor): Tensor {
  const decay = -naturalLog(beta);
  const x = t.mul(decay);
  const square = x.square();
  const series = square
    .mul(1 / 1209600)
    .sub(1 / 30240)
    .mul(square)
    .add(1 / 720)
    .mul(square)
    .sub(1 / 12)
    .mul(square)
    .add(x.mul(0.5));
  const bracket = x.less(0.25).select(series, x.div(x.expm1()).neg().add(1));
  return bracket.mul(2 / decay).add(longest(beta) - 2 / decay);
}

/** rho_inf, what rho_t grows to. */
function longest(beta: number): number {
  return 2 / (1 - beta) - 1;
}

function scaleByRadam(beta1: Schedule, beta2: number, epsilon: number): Transform<readonly [Variable[], Variable[]]> {
  return {
    init: (parameters) => [filledLike(parameters, "radam.m"), filledLike(parameters, "radam.v")],
    update(updates, [means, squares], _, step) {
      const t = stepsWithThis(step);
      const kept = momentumAt(beta1, step);
      const share = biasCorrection(kept, t);
      const most = longest(beta2);
      const rho = effectiveLength(beta2, t);
      const trusted = rho.greater(5);
      const rectified = rho
        .sub(4)
        .mul(rho.sub(2))
        .mul(most / ((most - 4) * (most - 2)))
        .div(rho)
        .mul(biasCorrection(beta2, t))
        .sqrt();
      // m^ r_t sqrt(1 - beta2^t) / (sqrt(v) + epsilon), or m^ alone: one quotient with other numbers.
      const scale = trusted.select(rectified, 1).div(share);
      const least = trusted.select(scalar(epsilon), 1);
      const m = updates.map((update, i) => runningMean(means[i], update, kept));
      const v = updates.map((update, i) => runningMean(squares[i], update.square(), beta2));
      return {
        updates: m.map((mean, i) => mean.mul(scale).div(v[i].sqrt().mul(trusted).add(least))),
        assignments: [...assign(means, m), ...assign(squares, v)],
      };
    },
  };
}

/**
 * Adam without its second moment until that rests on enough gradients, and rectified from then on (Liu et al. 2020;
 * torch.optim.RAdam). Its usual rate is 0.001.
 * @throws ArgumentError for decays outside [0, 1), a negative epsilon or weightDecay
 *
 * @example
 * import { radam } from "simdgrad/optim";
 * radam(0.001).init([]).links.length; // => 2
 */
export function radam(
  learningRate: Schedule,
  options: OptimizerOptions & MomentOptions & EitherDecayOptions = {},
): Optimizer {
  checkOptimizerOptions(learningRate, options, "radam", { ...momentChecks, ...eitherDecayChecks });
  checkNeeds(options, "radam", { decoupledWeightDecay: "weightDecay" });
  const { beta1 = 0.9, beta2 = 0.999 } = options;
  const epsilon = epsilonOf(options, 1e-8, "radam");
  const scale = scaleByRadam(beta1, beta2, epsilon);
  return descent(options, ...decayAround(options, scale), byLearningRate(learningRate));
}
