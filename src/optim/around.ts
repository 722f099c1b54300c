// Optimizers around others: what happens to parameters after each update.

import type { Tensor } from "../tensor.ts";
import type { Assignment, Variable } from "../variable.ts";
import type { Average, Optimizer, OptimizerState } from "./transform.ts";

/** What is done after an update, with state S of its own. */
export interface Afterwards<S> {
  init(parameters: readonly Variable[]): S;
  /** Gets the new values of the parameters, and how many updates there were; may give other values, and new ones of its state. */
  update(
    values: readonly Tensor[],
    state: S,
    parameters: readonly Variable[],
    updates: Tensor,
  ): { readonly values: readonly Tensor[]; readonly assignments?: readonly Assignment[] };
  averages?(state: S, parameters: readonly Variable[]): readonly Average[];
  /** As an optimizer's. */
  restarts?(state: S): readonly Variable[];
}

/** The optimizer, and then something more. Parameters that it does not train are left alone. */
export function around<S>(optimizer: Optimizer, after: Afterwards<S>): Optimizer {
  const split = ({ links }: OptimizerState) => [links[0] as OptimizerState, links[1] as S] as const;
  return {
    init(parameters, step) {
      const inner = optimizer.init(parameters, step);
      return { step: inner.step, links: [inner, after.init(parameters)] };
    },
    update(gradients, state, parameters) {
      const [inner, own] = split(state);
      const assignments = new Map(optimizer.update(gradients, inner, parameters));
      const values = parameters.map((parameter) => assignments.get(parameter) ?? parameter);
      const progress = optimizer.progress?.(inner);
      const result = after.update(values, own, parameters, progress?.before ?? state.step);
      // A step that changes no parameter is none for what comes after.
      const settled = (value: Tensor, old: Tensor) => progress?.changes.select(value, old) ?? value;
      for (const [i, parameter] of parameters.entries())
        if (assignments.has(parameter)) assignments.set(parameter, settled(result.values[i], values[i]));
      return [
        ...assignments,
        ...(result.assignments ?? []).map(([variable, value]) => [variable, settled(value, variable)] as const),
      ];
    },
    progress: (state) => optimizer.progress?.(split(state)[0]),
    rate: (step) => optimizer.rate?.(step),
    restarts(state, parameters) {
      const [inner, own] = split(state);
      return [...(optimizer.restarts?.(inner, parameters) ?? []), ...(after.restarts?.(own) ?? [])];
    },
    averages(state, parameters) {
      const [inner, own] = split(state);
      return [...(optimizer.averages?.(inner, parameters) ?? []), ...(after.averages?.(own, parameters) ?? [])];
    },
  };
}
