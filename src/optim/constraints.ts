// Constraints: what parameters have to be after each update.
import { aFunction, aNumber, aPositiveNumber, checkOptions } from "../check.ts";
import { ArgumentError } from "../errors.ts";
import type { Tensor } from "../tensor.ts";
import { around } from "./around.ts";
import { rowNorms } from "./clip.ts";
import { aSelection, type Selection, selects } from "./selection.ts";
import { anOptimizer, type Optimizer } from "./transform.ts";

/** A parameter's new value, made to satisfy something. */
export type Constraint = (value: Tensor) => Tensor;

/**
 * The optimizer, with a constraint on parameters after each update: on all, or on the selected ones.
 *
 * @example
 * import { Trainer } from "simdgrad";
 * import { Linear, mseLoss } from "simdgrad/nn";
 * import { constrained, nonNegative, sgd } from "simdgrad/optim";
 * const optimizer = constrained(sgd(0.5), nonNegative(), { parameters: ({ shape }) => shape.length > 1 });
 * const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer });
 * await trainer.load({ x: [[0], [1]], y: [[0], [-1]] });
 * for await (const _ of trainer.fit({ epochs: 100 }));
 * (await trainer.stateDict()).weight.data; // => [0]
 */
export function constrained(
  optimizer: Optimizer,
  constraint: Constraint,
  options: { readonly parameters?: Selection } = {},
): Optimizer {
  anOptimizer(optimizer, "constrained: optimizer");
  aFunction(constraint, "constrained: constraint");
  checkOptions(options, "constrained", { parameters: aSelection });
  const meant = selects(options.parameters ?? (() => true));
  return around(optimizer, {
    init: () => undefined,
    update: (values, _, parameters) => ({
      values: values.map((value, i) => (meant(parameters[i]) ? constraint(value) : value)),
    }),
  });
}

/**
 * Each row (all axes but the first: what one output is made from; a vector as a whole) is at most `limit` long, 2 by default
 * (Srivastava et al. 2014; keras.constraints.MaxNorm).
 * @throws ArgumentError unless limit > 0
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { maxNorm } from "simdgrad/optim";
 * await evaluate(maxNorm(1)(constant([[3, 4], [0.3, 0.4]]))); // => [0.600000, 0.800000, 0.3, 0.4]
 */
export function maxNorm(limit = 2): Constraint {
  aPositiveNumber(limit, "maxNorm: limit");
  return (value) => {
    const length = rowNorms(value);
    return value.mul(length.like(limit).div(length.maximum(limit))); // exactly 1 for a row within the limit
  };
}

/**
 * Each row (all axes but the first; a vector as a whole) has length 1; zeros stay (keras.constraints.UnitNorm).
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { unitNorm } from "simdgrad/optim";
 * await evaluate(unitNorm()(constant([[3, 4], [0, 0]]))); // => [0.600000, 0.800000, 0, 0]
 */
export function unitNorm(): Constraint {
  return (value) => value.div(rowNorms(value).maximum(1e-12));
}

/**
 * No element is below 0 (keras.constraints.NonNeg).
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { nonNegative } from "simdgrad/optim";
 * await evaluate(nonNegative()(constant([-1, 2]))); // => [0, 2]
 */
export function nonNegative(): Constraint {
  return (value) => value.relu();
}

/**
 * Every element is within `least` and `most` (the weight clipping of Arjovsky et al. 2017).
 * @throws ArgumentError unless least <= most
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { clamp } from "simdgrad/optim";
 * await evaluate(clamp(-1, 1)(constant([-3, 0.5, 2]))); // => [-1, 0.5, 1]
 */
export function clamp(least: number, most: number): Constraint {
  aNumber(least, "clamp: least");
  aNumber(most, "clamp: most");
  if (!(least <= most)) throw new ArgumentError(`clamp: least ${least} must be <= most ${most}`);
  return (value) => value.maximum(least).minimum(most);
}
