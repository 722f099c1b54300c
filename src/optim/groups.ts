// Parameters that are trained differently, or not at all.
import { aListOf, checkOptions } from "../check.ts";
import { ArgumentError } from "../errors.ts";
import type { Variable } from "../variable.ts";
import { aSelection, type Selection, selects } from "./selection.ts";
import { anOptimizer, newStep, type Optimizer, type OptimizerState } from "./transform.ts";

/** Parameters with an optimizer of their own. */
export interface ParameterGroup {
  /** Default: all that no group before holds. */
  readonly parameters?: Selection;
  readonly optimizer: Optimizer;
}

/** The places of each group's parameters; each belongs to the first group that selects it. */
function places(groups: readonly ParameterGroup[], parameters: readonly Variable[]): number[][] {
  const tests = groups.map(({ parameters: selection }) => selects(selection ?? (() => true)));
  const found = groups.map((): number[] => []);
  for (const [i, parameter] of parameters.entries()) {
    const group = tests.findIndex((test) => test(parameter));
    if (group < 0)
      throw new ArgumentError(`parameterGroups: no group holds parameter ${i} ${parameter.label || parameter.key}`);
    found[group].push(i);
  }
  return found;
}

/**
 * Parameters in groups, each with its own optimizer: other rates, other decays. They count their steps together.
 * @throws ArgumentError on init for a parameter that no group holds
 *
 * @example
 * import { Linear, parameters, relu, Sequential } from "simdgrad/nn";
 * import { adamW, parameterGroups, sgd } from "simdgrad/optim";
 * const [body, head] = [new Linear(8, 4), new Linear(4, 2)];
 * const model = new Sequential(body, relu, head);
 * const optimizer = parameterGroups([{ parameters: parameters(head), optimizer: sgd(0.1) }, { optimizer: adamW(1e-3) }]);
 * optimizer.init([...parameters(model).values()]).links.length; // => 2
 */
export function parameterGroups(groups: readonly ParameterGroup[]): Optimizer {
  aListOf((group, what) => {
    checkOptions(group as ParameterGroup, what, { parameters: aSelection, optimizer: anOptimizer }, "optimizer");
  })(groups, "parameterGroups: groups");
  const each = <T>(
    parameters: readonly Variable[],
    state: OptimizerState | undefined,
    visit: (optimizer: Optimizer, mine: Variable[], state: OptimizerState, at: number[]) => readonly T[],
  ): T[] =>
    places(groups, parameters).flatMap((at, i) =>
      visit(
        groups[i].optimizer,
        at.map((place) => parameters[place]),
        state?.links[i] as OptimizerState,
        at,
      ),
    );
  return {
    init: (parameters, step = newStep()) => ({
      step,
      links: each(parameters, undefined, (optimizer, mine) => [optimizer.init(mine, step)]),
    }),
    update(gradients, state, parameters) {
      const assignments = each(parameters, state, (optimizer, mine, own, at) =>
        optimizer.update(
          at.map((place) => gradients[place]),
          own,
          mine,
        ),
      );
      return [...new Map(assignments)]; // one counter of steps, assigned by every group
    },
    progress(state) {
      const all = groups.map(({ optimizer }, i) => optimizer.progress?.(state.links[i] as OptimizerState));
      // Changed by one group is changed.
      return all.reduce(
        (a, b) => a && b && { changes: a.changes.maximum(b.changes), before: a.before.maximum(b.before) },
      );
    },
    rate: (step) => groups[0]?.optimizer.rate?.(step), // one of several: that of the first
    restarts: (state, parameters) =>
      each(parameters, state, (optimizer, mine, own) => optimizer.restarts?.(own, mine) ?? []),
    averages: (state, parameters) =>
      each(parameters, state, (optimizer, mine, own) => optimizer.averages?.(own, mine) ?? []),
  };
}

/**
 * The optimizer, without the selected parameters: these stay as they are, and no gradient of theirs is computed.
 *
 * @example
 * import { Trainer } from "simdgrad";
 * import { Linear, mseLoss, parameters, Sequential } from "simdgrad/nn";
 * import { freeze, sgd } from "simdgrad/optim";
 * const [body, head] = [new Linear(2, 2), new Linear(2, 1)];
 * const trainer = new Trainer(new Sequential(body, head), { loss: mseLoss, optimizer: freeze(sgd(0.1), parameters(body)) });
 * const before = (await trainer.stateDict())["0.bias"].data;
 * await trainer.load({ x: [[1, 2], [3, 4]], y: [[1], [2]] });
 * for await (const _ of trainer.fit());
 * const after = (await trainer.stateDict())["0.bias"].data;
 * after.every((value, i) => value === before[i]); // => true
 */
export function freeze(optimizer: Optimizer, selection: Selection): Optimizer {
  anOptimizer(optimizer, "freeze: optimizer");
  aSelection(selection, "freeze: selection");
  const frozen = selects(selection);
  const trained = (parameters: readonly Variable[]) => parameters.filter((parameter) => !frozen(parameter));
  return {
    init: (parameters, step) => optimizer.init(trained(parameters), step),
    update: (gradients, state, parameters) =>
      optimizer.update(
        gradients.filter((_, i) => !frozen(parameters[i])),
        state,
        trained(parameters),
      ),
    averages: (state, parameters) => optimizer.averages?.(state, trained(parameters)) ?? [],
    restarts: (state, parameters) => optimizer.restarts?.(state, trained(parameters)) ?? [],
    progress: (state) => optimizer.progress?.(state),
  };
}
