// Averages of parameters over the steps, for predicting.

import { aFraction, aWholeNumber, checkOptions } from "../check.ts";
import { scalar, type Tensor } from "../tensor.ts";
import { Variable } from "../variable.ts";
import { around } from "./around.ts";
import { anOptimizer, assign, filledLike, type Optimizer } from "./transform.ts";

/** The share of the newest value, given how many are in the average (i32) and the updates made; and whether it counts (f32: 1 or 0). */
type Weight = (count: Tensor, updates: Tensor) => { readonly share: Tensor; readonly counts: Tensor };

function averaged(optimizer: Optimizer, name: string, weight: Weight): Optimizer {
  return around(optimizer, {
    init: (parameters) => ({
      count: new Variable([], 0, { dtype: "i32", label: `${name}.count` }),
      means: filledLike(parameters, name),
    }),
    update(values, { count, means }, _, updates) {
      const { share, counts } = weight(count, updates);
      const next = means.map((mean, i) => values[i].sub(mean).mul(share).add(mean));
      return { values, assignments: [...assign(means, next), [count, count.add(counts.cast("i32"))]] };
    },
    restarts: ({ count }) => [count],
    averages: ({ count, means }, parameters) => [
      { count, values: new Map(parameters.map((parameter, i) => [parameter, means[i]])) },
    ],
  });
}

/**
 * The optimizer, with an exponential moving average of the parameters, which a Trainer predicts and evaluates with: the first values,
 * then decay times the average plus (1 - decay) times the new ones (torch.optim.swa_utils.AveragedModel). Of an optimizer that accumulates, each
 * update counts once. Averages are float32: what a step would change by less than 6e-8 of the average stays. The running statistics of batch
 * norms are not averaged: they are those of the parameters themselves.
 * @throws ArgumentError for decay outside [0, 1)
 *
 * @example
 * import { Trainer } from "simdgrad";
 * import { Linear, mseLoss } from "simdgrad/nn";
 * import { ema, sgd } from "simdgrad/optim";
 * const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: ema(sgd(0.25), { decay: 0.5 }) });
 * await trainer.loadStateDict({ weight: [[0]], bias: [0] });
 * await trainer.load({ x: [[0], [0]], y: [[1], [1]] });
 * for await (const _ of trainer.fit({ epochs: 2 })); // the bias is 0.5, then 0.75
 * (await trainer.predict([[0]])).data; // => [0.625]
 * (await trainer.stateDict()).bias.data; // => [0.75]
 * (await trainer.stateDict({ averaged: true })).bias.data; // => [0.625]
 */
export function ema(optimizer: Optimizer, options: { readonly decay?: number } = {}): Optimizer {
  anOptimizer(optimizer, "ema: optimizer");
  checkOptions(options, "ema", { decay: aFraction });
  const { decay = 0.999 } = options;
  return averaged(optimizer, "ema", (count) => ({
    share: count.equal(0).select(1, scalar(1 - decay)),
    counts: scalar(1),
  }));
}

/**
 * The optimizer, with the plain mean of the parameters after step `start` and every `every` steps from then on, which a Trainer predicts
 * and evaluates with (Izmailov et al. 2018; torch.optim.swa_utils). Steps are updates, and running statistics stay as they are, as with `ema`.
 * @throws ArgumentError unless start is a whole number >= 0 and every one >= 1
 *
 * @example
 * import { Trainer } from "simdgrad";
 * import { Linear, mseLoss } from "simdgrad/nn";
 * import { sgd, swa } from "simdgrad/optim";
 * const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: swa(sgd(0.25), { start: 1 }) });
 * await trainer.loadStateDict({ weight: [[0]], bias: [0] });
 * await trainer.load({ x: [[0], [0]], y: [[1], [1]] });
 * for await (const _ of trainer.fit({ epochs: 3 })); // the bias is 0.5, 0.75, 0.875
 * (await trainer.predict([[0]])).data; // => [0.8125]
 */
export function swa(
  optimizer: Optimizer,
  options: { readonly start?: number; readonly every?: number } = {},
): Optimizer {
  anOptimizer(optimizer, "swa: optimizer");
  checkOptions(options, "swa", { start: aWholeNumber(0), every: aWholeNumber(1) });
  const { start = 0, every = 1 } = options;
  return averaged(optimizer, "swa", (count, updates) => {
    const since = updates.sub(start);
    const counts = since.less(0).select(0, since.remainder(every).equal(0));
    return { share: counts.div(count.add(1).cast("f32")), counts };
  });
}
