// Optimizers as chains of transforms, Optax's idea: each turns gradients into updates, with state in variables. They build graphs, nothing else.

import type { Tensor } from "../tensor.ts";
import { type Assignment, Variable } from "../variable.ts";
import { type Schedule, scheduled } from "./schedules.ts";

/** Updates in the order of the parameters, and new values of the transform's own variables. */
export interface Transformed {
  readonly updates: readonly Tensor[];
  readonly assignments?: readonly Assignment[];
}

/** One link of a chain. */
export interface Transform<S = unknown> {
  /** State for these parameters: variables, in arrays or objects. */
  init(parameters: readonly Variable[]): S;
  /** `step` is the i32 number of steps made before this one. */
  update(updates: readonly Tensor[], state: S, parameters: readonly Tensor[], step: Tensor): Transformed;
}

/** State of an optimizer: how many steps it made, and the state of each link. */
export interface OptimizerState {
  readonly step: Variable;
  readonly links: readonly unknown[];
}

/** What trains parameters. */
export interface Optimizer {
  init(parameters: readonly Variable[]): OptimizerState;
  /** New values of the parameters and of the state. */
  update(gradients: readonly Tensor[], state: OptimizerState, parameters: readonly Variable[]): readonly Assignment[];
}

/**
 * An optimizer out of transforms, applied first to last; the resulting updates are added to the parameters.
 *
 * @example
 * import { Variable } from "simdgrad";
 * import { chain, scaleByLearningRate, trace } from "simdgrad/optim";
 * const optimizer = chain(trace(0.9), scaleByLearningRate(0.1));
 * optimizer.init([new Variable([2], 0)]).links.length; // => 2
 */
export function chain(...links: readonly Transform[]): Optimizer {
  return {
    init: (parameters) => ({
      step: new Variable([], 0, { dtype: "i32", label: "optimizer.step" }),
      links: links.map((link) => link.init(parameters)),
    }),
    update(gradients, state, parameters) {
      let updates = gradients;
      const assignments: Assignment[] = [];
      links.forEach((link, i) => {
        const result = link.update(updates, state.links[i], parameters, state.step);
        updates = result.updates;
        assignments.push(...(result.assignments ?? []));
      });
      for (const [i, parameter] of parameters.entries()) assignments.push([parameter, parameter.add(updates[i])]);
      return [...assignments, [state.step, state.step.add(1)]];
    },
  };
}

/** A variable of zeros for every parameter. */
function zerosLike(parameters: readonly Variable[], name: string): Variable[] {
  return parameters.map(
    ({ shape, label }) => new Variable(shape, 0, { label: label ? `${label}.${name}` : name, trainable: false }),
  );
}

const stateless = { init: () => undefined };

/**
 * Updates times minus the learning rate, a number or a schedule of the step.
 *
 * @example
 * import { scaleByLearningRate } from "simdgrad/optim";
 * scaleByLearningRate(0.1).init([]); // => undefined
 */
export function scaleByLearningRate(rate: Schedule): Transform<undefined> {
  return {
    ...stateless,
    update: (updates, _, __, step) => {
      const factor = scheduled(rate, step).neg();
      return { updates: updates.map((update) => update.mul(factor)) };
    },
  };
}

/**
 * Updates plus decay times the parameter: L2 regularisation before momentum, decoupled decay (Loshchilov and Hutter 2019) after
 * scaling.
 *
 * @example
 * import { constant, evaluate, scalar, Variable } from "simdgrad";
 * import { addDecayedWeights } from "simdgrad/optim";
 * const w = new Variable([1], [2]);
 * const { updates } = addDecayedWeights(0.1).update([constant([1])], undefined, [w], scalar(0, "i32"));
 * await evaluate(updates[0]); // => [1.2]
 */
export function addDecayedWeights(decay: number): Transform<undefined> {
  return {
    ...stateless,
    update: (updates, _, parameters) => ({ updates: updates.map((update, i) => parameters[i].mul(decay).add(update)) }),
  };
}

/**
 * Momentum: b = momentum b + g, giving b, or g + momentum b with Nesterov's look ahead (Sutskever et al. 2013).
 *
 * @example
 * import { constant, evaluate, scalar, Variable } from "simdgrad";
 * import { trace } from "simdgrad/optim";
 * const [w, b] = [new Variable([1], [2]), new Variable([1], [4])];
 * const { updates } = trace(0.5).update([constant([1])], [b], [w], scalar(0, "i32"));
 * await evaluate(updates[0]); // => [3]
 */
export function trace(momentum: number, options: { readonly nesterov?: boolean } = {}): Transform<Variable[]> {
  return {
    init: (parameters) => zerosLike(parameters, "momentum"),
    update: (updates, buffers) => {
      const next = updates.map((update, i) => buffers[i].mul(momentum).add(update));
      return {
        updates: options.nesterov ? next.map((buffer, i) => buffer.mul(momentum).add(updates[i])) : next,
        assignments: next.map((buffer, i) => [buffers[i], buffer]),
      };
    },
  };
}

/** The decays of Adam's moments. */
export interface AdamOptions {
  /** Decay of the mean of gradients; default 0.9. */
  readonly beta1?: number;
  /** Decay of the mean of squared gradients; default 0.999. */
  readonly beta2?: number;
  /** Added to the root; default 1e-8. */
  readonly epsilon?: number;
}

/**
 * ln x for 0 <= x < 1 by 2 artanh((x - 1) / (x + 1)): sums and quotients alone, which every engine rounds alike; Math.log may differ.
 */
function naturalLog(x: number): number {
  if (x === 0) return Number.NEGATIVE_INFINITY;
  const z = (x - 1) / (x + 1);
  let power = z;
  let sum = 0;
  for (let k = 1; Math.abs(power) > 1e-18 * Math.abs(z); k += 2) {
    sum += power / k;
    power *= z * z;
  }
  return 2 * sum;
}

/**
 * First and second moments, corrected for their start at zero: m^ / (sqrt(v^) + epsilon) (Kingma and Ba 2015).
 *
 * @example
 * import { constant, evaluate, scalar, Variable } from "simdgrad";
 * import { scaleByAdam } from "simdgrad/optim";
 * const w = new Variable([2], [0, 0]);
 * const adam = scaleByAdam();
 * const { updates } = adam.update([constant([3, -0.1])], adam.init([w]), [w], scalar(0, "i32"));
 * await evaluate(updates[0]); // => [1.0000, -1.0000]
 */
export function scaleByAdam({
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
}: AdamOptions = {}): Transform<readonly [Variable[], Variable[]]> {
  return {
    init: (parameters) => [zerosLike(parameters, "adam.m"), zerosLike(parameters, "adam.v")],
    update: (updates, [means, squares], _, step) => {
      // 1 - beta^t as -expm1(t ln beta): in float32 the plain form is off by 2e-5 in the first steps.
      const t = step.add(1).cast("f32");
      const correction = (beta: number) => t.mul(naturalLog(beta)).expm1().neg();
      // m^ / (sqrt(v^) + epsilon) with the correction of m in the denominator, where it is two numbers for all parameters.
      const share = correction(beta1);
      const rootScale = share.mul(correction(beta2).rsqrt());
      const least = share.mul(epsilon);
      const m = updates.map((update, i) => means[i].mul(beta1).add(update.mul(1 - beta1)));
      const v = updates.map((update, i) => squares[i].mul(beta2).add(update.square().mul(1 - beta2)));
      return {
        updates: m.map((mean, i) => mean.div(v[i].sqrt().mul(rootScale).add(least))),
        assignments: [
          ...m.map((mean, i) => [means[i], mean] as const),
          ...v.map((square, i) => [squares[i], square] as const),
        ],
      };
    },
  };
}
