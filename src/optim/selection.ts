// Which parameters are meant: of a group, of a mask, of what is frozen.
import { aListOf, isFunction, must } from "../check.ts";
import { aVariable, type Variable } from "../variable.ts";
import { aTransform, type Transform } from "./transform.ts";

/** Parameters: those a function takes, a list, or what `parameters(layer)` of simdgrad/nn gives. */
export type Selection = ((parameter: Variable) => boolean) | readonly Variable[] | ReadonlyMap<string, Variable>;

/** Throws an ArgumentError unless a value selects parameters; `what` says where it was given. */
export function aSelection(value: unknown, what: string): void {
  if (isFunction(value)) return;
  const list = value instanceof Map ? [...value.values()] : value;
  must(
    Array.isArray(list),
    value,
    what,
    "a function of a parameter, a list of them, or a Map such as parameters(layer) gives",
  );
  aListOf(aVariable)(list, what);
}

/** Tells whether a parameter is among the selected ones. */
export function selects(selection: Selection): (parameter: Variable) => boolean {
  aSelection(selection, "the selection");
  if (typeof selection === "function") return selection;
  const chosen = new Set(selection.values());
  return (parameter) => chosen.has(parameter);
}

/**
 * A transform for the selected parameters alone: the updates of the others pass unchanged.
 *
 * @example
 * import { constant, evaluate, scalar, Variable } from "simdgrad";
 * import { addDecayedWeights, masked } from "simdgrad/optim";
 * const [w, b] = [new Variable([1, 1], [2]), new Variable([1], [2])];
 * const decay = masked(addDecayedWeights(0.5), ({ shape }) => shape.length > 1);
 * const { updates } = decay.update([constant([[1]]), constant([1])], decay.init([w, b]), [w, b], scalar(0, "i32"));
 * await evaluate(updates[0]); // => [2]
 * await evaluate(updates[1]); // => [1]
 */
export function masked<S>(transform: Transform<S>, selection: Selection): Transform<S> {
  aTransform(transform, "masked: transform");
  aSelection(selection, "masked: selection");
  const chosen = selects(selection);
  return {
    init: (parameters) => transform.init(parameters.filter(chosen)),
    update(updates, state, parameters, step) {
      const inside = parameters.map(chosen);
      const result = transform.update(
        updates.filter((_, i) => inside[i]),
        state,
        parameters.filter(chosen),
        step,
      );
      let next = 0;
      return { ...result, updates: updates.map((update, i) => (inside[i] ? result.updates[next++] : update)) };
    },
  };
}
