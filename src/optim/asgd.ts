// ASGD: plain descent, and the mean of where it has been.
import { aNumberWithin, aWholeNumber } from "../check.ts";
import { scalar } from "../tensor.ts";
import { Variable } from "../variable.ts";
import { around } from "./around.ts";
import { aDecay, decayLinks } from "./decay.ts";
import { checkOptimizerOptions, descent, type OptimizerOptions } from "./descent.ts";
import { byLearningRate } from "./learning-rate.ts";
import { ofStep } from "./of-step.ts";
import { type Schedule, scheduled } from "./schedules.ts";
import { assign, filledLike, type Optimizer } from "./transform.ts";

/** What ASGD takes besides its rate. */
export interface AsgdOptions extends OptimizerOptions {
  /** Decay, which the rate falls by, too; default 1e-4. */
  readonly lambd?: number;
  /** Power that the rate falls by; default 0.75. */
  readonly alpha?: number;
  /** The step after which values are averaged; default 1,000,000. */
  readonly t0?: number;
  /** L2 penalty added to the gradients; default 0. */
  readonly weightDecay?: number;
}

/** rate / (1 + lambd rate step)^alpha. */
function fallingRate(rate: Schedule, lambd: number, alpha: number): Schedule {
  return ofStep((step) => {
    const value = scheduled(rate, step);
    const fall = value.mul(step.cast("f32")).mul(lambd).log1p().mul(-alpha).exp();
    return value.mul(fall);
  });
}

/**
 * ASGD: descent at a rate that falls as rate / (1 + lambd rate step)^alpha, and the mean of the parameters from step `t0` on, which a
 * Trainer predicts and evaluates with, as with `swa` (Polyak and Juditsky 1992; torch.optim.ASGD, where it is `ax`). Its usual rate
 * is 0.01.
 * @throws ArgumentError for a negative option or a t0 that is no whole number
 *
 * @example
 * import { Trainer } from "simdgrad";
 * import { Linear, mseLoss } from "simdgrad/nn";
 * import { asgd } from "simdgrad/optim";
 * const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: asgd(0.2, { t0: 300 }) });
 * await trainer.load({ x: [[0], [1], [2]], y: [[1], [3], [5]] });
 * for await (const _ of trainer.fit({ batch: "all", epochs: 400 }));
 * (await trainer.predict([[3]])).data; // => [7.00]
 */
export function asgd(learningRate: Schedule, options: AsgdOptions = {}): Optimizer {
  const notNegative = aNumberWithin(0);
  const checks = { lambd: notNegative, alpha: notNegative, t0: aWholeNumber(0), weightDecay: aDecay };
  checkOptimizerOptions(learningRate, options, "asgd", checks);
  const { lambd = 1e-4, alpha = 0.75, t0 = 1e6, weightDecay = 0 } = options;
  const decay = [...decayLinks(weightDecay), ...decayLinks(lambd)];
  const inner = descent(options, ...decay, byLearningRate(fallingRate(learningRate, lambd, alpha)));
  return around(inner, {
    init: (parameters) => ({
      count: new Variable([], 0, { dtype: "i32", label: "asgd.count" }),
      means: filledLike(parameters, "asgd.mean"),
    }),
    update(values, { count, means }, _, updates) {
      const length = count.equal(0).select(1, updates.sub(t0).maximum(1).cast("f32"));
      const next = means.map((mean, i) =>
        length.equal(1).select(values[i], values[i].sub(mean).mul(scalar(1).div(length)).add(mean)),
      );
      return { values, assignments: [...assign(means, next), [count, count.add(1)]] };
    },
    restarts: ({ count }) => [count],
    averages: ({ count, means }, parameters) => [
      { count, values: new Map(parameters.map((parameter, i) => [parameter, means[i]])) },
    ],
  });
}
