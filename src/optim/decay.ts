// What pulls parameters towards zero: decay and penalties, as additions to the updates.

import { aBoolean, aNumberWithin, type Checks, checkOptions } from "../check.ts";
import type { Tensor } from "../tensor.ts";
import type { Variable } from "../variable.ts";
import { aSchedule } from "./schedules.ts";
import { aSelection, masked, type Selection } from "./selection.ts";
import { stateless, type Transform } from "./transform.ts";

/** Which parameters decay. */
export interface DecayOptions {
  /** Default: all. Biases and norms are often left out: `({ shape }) => shape.length > 1`. */
  readonly mask?: Selection;
}

/** Updates plus a function of their parameters. */
function added(pull: (parameter: Variable) => Tensor, { mask }: DecayOptions): Transform<undefined> {
  const all = stateless((updates, _, parameters) => ({
    updates: updates.map((update, i) => pull(parameters[i]).add(update)),
  }));
  return mask === undefined ? all : masked(all, mask);
}

/**
 * Updates plus decay times the parameter: L2 regularisation before momentum, decoupled decay (Loshchilov and Hutter 2019) after
 * scaling. The decay may be a scalar tensor, like a `hyperparameter`.
 * @throws ArgumentError for a negative decay
 *
 * @example
 * import { constant, evaluate, scalar, Variable } from "simdgrad";
 * import { addDecayedWeights } from "simdgrad/optim";
 * const w = new Variable([1], [2]);
 * const { updates } = addDecayedWeights(0.1).update([constant([1])], undefined, [w], scalar(0, "i32"));
 * await evaluate(updates[0]); // => [1.2]
 */
export function addDecayedWeights(decay: number | Tensor, options: DecayOptions = {}): Transform<undefined> {
  aDecay(decay, "addDecayedWeights: decay");
  checkOptions(options, "addDecayedWeights", decayChecks);
  return added((parameter) => parameter.mul(decay), options);
}

/** Throws an ArgumentError unless a value is a number >= 0 or a scalar; `what` says where it was given. */
export function aDecay(value: unknown, what: string): void {
  if (typeof value === "number") aNumberWithin(0)(value, what);
  else aSchedule(typeof value === "function" ? null : value, what);
}

export const decayChecks: Checks<DecayOptions> = { mask: aSelection };

/** A decay as the links that make it: none for 0. */
export function decayLinks(decay: number | Tensor, mask?: Selection): Transform[] {
  return decay === 0 ? [] : [addDecayedWeights(decay, { mask })];
}

/** What optimizers of Adam's kin take that have their decay either way. */
export interface EitherDecayOptions {
  /** L2 penalty added to the gradients; default 0. */
  readonly weightDecay?: number | Tensor;
  /** Decays the parameters themselves, as AdamW does, instead of adding to the gradients. */
  readonly decoupledWeightDecay?: boolean;
}

export const eitherDecayChecks: Checks<EitherDecayOptions> = { weightDecay: aDecay, decoupledWeightDecay: aBoolean };

/** Links of a decay, where it belongs: before what scales gradients, or, decoupled, after it. */
export function decayAround(
  { weightDecay = 0, decoupledWeightDecay = false }: EitherDecayOptions,
  scale: Transform,
): readonly Transform[] {
  const decay = decayLinks(weightDecay);
  return decoupledWeightDecay ? [scale, ...decay] : [...decay, scale];
}

/**
 * The gradient of strength times the sum of |w|, for every parameter w (Tibshirani 1996; keras.regularizers.L1).
 * @throws ArgumentError for a negative strength
 *
 * @example
 * import { constant, evaluate, scalar, Variable } from "simdgrad";
 * import { l1Penalty } from "simdgrad/optim";
 * const w = new Variable([3], [2, 0, -3]);
 * const { updates } = l1Penalty(0.5).update([constant([1, 1, 1])], undefined, [w], scalar(0, "i32"));
 * await evaluate(updates[0]); // => [1.5, 1, 0.5]
 */
export function l1Penalty(strength: number, options: DecayOptions = {}): Transform<undefined> {
  aNumberWithin(0)(strength, "l1Penalty: strength");
  checkOptions(options, "l1Penalty", decayChecks);
  return added((parameter) => parameter.sign().mul(strength), options);
}

/**
 * The gradient of strength times the sum of w^2, for every parameter w (keras.regularizers.L2): twice what weight decay adds.
 * @throws ArgumentError for a negative strength
 *
 * @example
 * import { constant, evaluate, scalar, Variable } from "simdgrad";
 * import { l2Penalty } from "simdgrad/optim";
 * const w = new Variable([2], [2, -3]);
 * const { updates } = l2Penalty(0.5).update([constant([1, 1])], undefined, [w], scalar(0, "i32"));
 * await evaluate(updates[0]); // => [3, -2]
 */
export function l2Penalty(strength: number, options: DecayOptions = {}): Transform<undefined> {
  aNumberWithin(0)(strength, "l2Penalty: strength");
  checkOptions(options, "l2Penalty", decayChecks);
  return added((parameter) => parameter.mul(2 * strength), options);
}
