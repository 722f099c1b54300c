// The numbers that a model's file is made of.
import { type ArrayLikeData, array } from "../../data/array.ts";
import { type Layer, variables } from "../../nn/module.ts";
import type { Executor } from "../../runtime/executor.ts";
import { JsExecutor } from "../../runtime/js/js-executor.ts";
import { ownState } from "../../train/own-state.ts";
import { readState } from "../../train/state.ts";
import type { Variable } from "../../variable.ts";

/** Values of the weights, by the variables. */
export type Weights = ReadonlyMap<Variable, { readonly name: string; readonly data: ArrayLike<number> }>;

/** Where they are. */
export interface WeightsFrom {
  readonly state?: Readonly<Record<string, ArrayLikeData>>;
  readonly executor?: Executor;
}

/** The numbers of all variables of a model: those of the state, else those that are there, else first ones. */
export async function weightsOf(
  model: Layer<never, never>,
  { state, executor }: WeightsFrom,
  name: string,
): Promise<Weights> {
  const all = variables(model);
  if (all.size === 0) return new Map();
  const own = state && ownState(name, state, all);
  const { begin } = await import("../../train/begin.ts");
  const there = executor ?? new JsExecutor();
  try {
    const held = await begin({ name, executor: there, variables: all, state: own, model }, array);
    const values = await readState(there, all);
    await held.letGo(false);
    return new Map([...all].map(([path, variable]) => [variable, { name: path, data: values[path].data }]));
  } finally {
    if (executor === undefined) await there.dispose();
  }
}
