// Rprop: signs of gradients alone, with a step size for every element.
import { aNumberWithin, aPositiveNumber, must } from "../check.ts";
import type { Variable } from "../variable.ts";
import { checkOptimizerOptions, descent, type OptimizerOptions } from "./descent.ts";
import { byLearningRate } from "./learning-rate.ts";
import { assign, filledLike, type Optimizer, type Transform } from "./transform.ts";

/** How Rprop's step sizes change. */
export interface RpropOptions extends OptimizerOptions {
  /** Factor of a step size whose gradient has changed its sign; default 0.5. */
  readonly etaMinus?: number;
  /** Factor of one whose gradient has kept it; default 1.2. */
  readonly etaPlus?: number;
  /** Default 1e-6. */
  readonly stepSizeMin?: number;
  /** Default 50. */
  readonly stepSizeMax?: number;
}

function scaleByRprop(first: number, options: RpropOptions): Transform<readonly [Variable[], Variable[]]> {
  const { etaMinus = 0.5, etaPlus = 1.2, stepSizeMin = 1e-6, stepSizeMax = 50 } = options;
  return {
    init: (parameters) => [filledLike(parameters, "rprop.direction"), filledLike(parameters, "rprop.stepSize", first)],
    update(updates, [directions, stepSizes]) {
      // Signs of gradients are enough to know whether they agree; the product of two small gradients would be 0.
      const agree = updates.map((update, i) => update.sign().mul(directions[i]));
      const sizes = agree.map((sign, i) => {
        const factor = sign.greater(0).select(etaPlus, sign.less(0).select(etaMinus, 1));
        return stepSizes[i].mul(factor).maximum(stepSizeMin).minimum(stepSizeMax);
      });
      // After a turn an element rests for a step.
      const next = updates.map((update, i) => agree[i].less(0).select(0, update.sign()));
      return {
        updates: next.map((direction, i) => direction.mul(sizes[i])),
        assignments: [...assign(directions, next), ...assign(stepSizes, sizes)],
      };
    },
  };
}

/**
 * Rprop: each element goes by a step size of its own against the sign of its gradient; sizes grow while the sign stays and shrink when it
 * turns (Riedmiller and Braun 1993; torch.optim.Rprop). For whole batches. The learning rate, usually 0.01, is every element's first
 * step size.
 * @throws ArgumentError unless 0 < etaMinus < 1 < etaPlus, 0 < stepSizeMin <= stepSizeMax, and the rate is a number >= 0
 *
 * @example
 * import { Trainer } from "simdgrad";
 * import { Linear, mseLoss } from "simdgrad/nn";
 * import { rprop } from "simdgrad/optim";
 * const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: rprop(0.01) });
 * await trainer.load({ x: [[0], [1], [2]], y: [[1], [3], [5]] });
 * for await (const _ of trainer.fit({ batch: "all", epochs: 200 }));
 * (await trainer.predict([[3]])).data; // => [7.00]
 */
export function rprop(learningRate: number, options: RpropOptions = {}): Optimizer {
  aNumberWithin(0)(learningRate, "rprop: learningRate");
  const below = (value: unknown, what: string) =>
    must(typeof value === "number" && value > 0 && value < 1, value, what, "above 0 and below 1");
  const above = (value: unknown, what: string) =>
    must(Number.isFinite(value) && Number(value) > 1, value, what, "a number above 1");
  const checks = { etaMinus: below, etaPlus: above, stepSizeMin: aPositiveNumber, stepSizeMax: aPositiveNumber };
  checkOptimizerOptions(learningRate, options, "rprop", checks);
  const { stepSizeMin = 1e-6, stepSizeMax = 50 } = options;
  must(stepSizeMin <= stepSizeMax, stepSizeMin, "rprop: stepSizeMin", `at most stepSizeMax ${stepSizeMax}`);
  return descent(options, scaleByRprop(learningRate, options), byLearningRate(1));
}
