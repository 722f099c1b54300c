// Optimizers as chains of transforms, Optax's idea: each turns gradients into updates, with state in variables. They build graphs, nothing else.

import { aListOf, anObjectWith } from "../check.ts";
import { ArgumentError } from "../errors.ts";
import type { Tensor } from "../tensor.ts";
import { type Assignment, Variable } from "../variable.ts";
import type { Minimizer } from "./minimizer.ts";

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
  update(updates: readonly Tensor[], state: S, parameters: readonly Variable[], step: Tensor): Transformed;
  /** The learning rate at a step, of what scales by one. */
  readonly rate?: (step: Tensor) => Tensor | number;
}

/** State of an optimizer: how many steps it made, and the state of each link. */
export interface OptimizerState {
  readonly step: Variable;
  readonly links: readonly unknown[];
}

/** Averages of parameters over the steps, to predict with instead of the parameters. */
export interface Average {
  /** How many values are in the averages (i32): at 0 the parameters themselves count. */
  readonly count: Variable;
  /** By parameter. */
  readonly values: ReadonlyMap<Variable, Variable>;
}

/** When an optimizer changes parameters, if not in every step. */
export interface Progress {
  /** Whether this step changes them (f32: 1 or 0). */
  readonly changes: Tensor;
  /** How many steps before this one did (i32). */
  readonly before: Tensor;
}

/** What trains parameters. */
export interface Optimizer {
  /** State for these parameters. An optimizer around this one may hand on its counter of steps, so that both have one. */
  init(parameters: readonly Variable[], step?: Variable): OptimizerState;
  /** New values of the parameters and of the state. */
  update(gradients: readonly Tensor[], state: OptimizerState, parameters: readonly Variable[]): readonly Assignment[];
  /** What it averages, if anything. */
  averages?(state: OptimizerState, parameters: readonly Variable[]): readonly Average[];
  /** i32 counters of what it keeps of the parameters: set to 0, that begins anew where these are, once they are given other values. */
  restarts?(state: OptimizerState, parameters: readonly Variable[]): readonly Variable[];
  /** Undefined, or not there, if every step changes the parameters. */
  progress?(state: OptimizerState): Progress | undefined;
  /** The learning rate at a step; undefined, or not there, where there is none to tell. For the history of a training. */
  rate?(step: Tensor): Tensor | number | undefined;
  /** For optimizers that evaluate the loss several times a step: what decides where. They have no `update`. */
  readonly minimizer?: () => Minimizer;
}

/** A transform or an optimizer, as a chain sees it. */
interface ChainLink {
  init(parameters: readonly Variable[], step: Variable): unknown;
  update(
    updates: readonly Tensor[],
    state: unknown,
    parameters: readonly Variable[],
    step: Tensor,
  ): Transformed | readonly Assignment[];
  averages?(state: unknown, parameters: readonly Variable[]): readonly Average[];
  restarts?(state: unknown, parameters: readonly Variable[]): readonly Variable[];
  progress?(state: unknown): Progress | undefined;
  rate?(step: Tensor): Tensor | number | undefined;
}

/** Throws an ArgumentError unless a value is an optimizer; `what` says where it was given. */
export function anOptimizer(value: unknown, what: string): void {
  anObjectWith("an optimizer, such as sgd(0.1)", "init", "update")(value, what);
}

export function aTransform(value: unknown, what: string): void {
  anObjectWith("a transform or an optimizer, such as trace(0.9)", "init", "update")(value, what);
}

/** The counter of steps: how many were made. */
export function newStep(): Variable {
  return new Variable([], 0, { dtype: "i32", label: "optimizer.step" });
}

/**
 * An optimizer out of transforms, applied first to last; the resulting updates are added to the parameters. The last link may be an
 * optimizer: then the links before it change the gradients that it gets.
 * @throws ArgumentError on update where an optimizer is not the last link
 *
 * @example
 * import { Variable } from "simdgrad";
 * import { adam, chain, clipByGlobalNorm, scaleByLearningRate, trace } from "simdgrad/optim";
 * const optimizer = chain(trace(0.9), scaleByLearningRate(0.1));
 * optimizer.init([new Variable([2], 0)]).links.length; // => 2
 * chain(clipByGlobalNorm(1), adam(1e-3)).init([]).links.length; // => 2
 */
export function chain(...links: readonly (Transform | Optimizer)[]): Optimizer {
  aListOf(aTransform)(links, "chain: links");
  const all: readonly ChainLink[] = links;
  const last = all.length - 1;
  return {
    init(parameters, step = newStep()) {
      return { step, links: all.map((link) => link.init(parameters, step)) };
    },
    update(gradients, state, parameters) {
      let updates = gradients;
      const assignments: Assignment[] = [];
      for (const [i, link] of all.entries()) {
        const result = link.update(updates, state.links[i], parameters, state.step);
        if (!("updates" in result)) {
          if (i < last) throw new ArgumentError(`chain: link ${i} is an optimizer and not the last of ${all.length}`);
          return [...assignments, ...result];
        }
        updates = result.updates;
        assignments.push(...(result.assignments ?? []));
      }
      for (const [i, parameter] of parameters.entries()) assignments.push([parameter, parameter.add(updates[i])]);
      return [...assignments, [state.step, state.step.add(1)]];
    },
    averages: (state, parameters) => all[last]?.averages?.(state.links[last], parameters) ?? [],
    restarts: (state, parameters) => all[last]?.restarts?.(state.links[last], parameters) ?? [],
    progress: (state) => all[last]?.progress?.(state.links[last]),
    rate: (step) => all.findLast((link) => link.rate !== undefined)?.rate?.(step),
  };
}

/** A variable of zeros, or of another value, for every parameter. */
export function filledLike(parameters: readonly Variable[], name: string, value = 0): Variable[] {
  return parameters.map(
    ({ shape, label }) => new Variable(shape, value, { label: label ? `${label}.${name}` : name, trainable: false }),
  );
}

/** Variables with their new values. */
export function assign(variables: readonly Variable[], values: readonly Tensor[]): Assignment[] {
  return variables.map((variable, i) => [variable, values[i]]);
}

/** A transform without state. */
export function stateless(update: Transform<undefined>["update"]): Transform<undefined> {
  return { init: () => undefined, update };
}
