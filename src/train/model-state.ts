// The model's variables as they are. Loaded when they are asked for.
import { variables } from "../nn/module.ts";
import type { Executor } from "../runtime/executor.ts";
import { checkModel } from "./check-model.ts";
import { averagesOf, type Recipe } from "./programs.ts";
import { readState, type StateDict } from "./state.ts";

/**
 * By path; `averaged`: averages in the place of the parameters that have some.
 * @throws ArgumentError where the model was changed since its trainer was made
 */
export async function modelState(executor: Executor, recipe: Recipe, averaged: boolean): Promise<StateDict> {
  checkModel(recipe, "stateDict");
  const stands = variables(recipe.model);
  for (const { count, values } of averaged ? averagesOf(recipe) : [])
    if ((await executor.read({ variable: count.key }))[0] > 0)
      for (const [path, variable] of stands) stands.set(path, values.get(variable) ?? variable);
  return readState(executor, stands);
}
