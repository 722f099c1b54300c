// The state of a training as plain data, read at one step boundary.
import type { NumericArray } from "../data/array.ts";
import type { Executor } from "../runtime/executor.ts";
import type { Variable } from "../variable.ts";

/** Values of variables by their paths. */
export type StateDict = Record<string, NumericArray>;

/** How a state is loaded. */
export interface LoadStateOptions {
  /** False: what is missing stays as it is, what is unknown is left out. Default true: both are errors. */
  readonly strict?: boolean;
  /** What names in the state begin with before the model's paths. Default "". */
  readonly prefix?: string;
}

/** What a state and a model do not have in common. */
export interface StateDifference {
  /** Paths of the model that the state lacks. */
  readonly missing: readonly string[];
  /** Names in the state that the model lacks. */
  readonly unknown: readonly string[];
}

/** Variables as they are at one step boundary, to be written back. */
export async function saved(executor: Executor, variables: Iterable<Variable>) {
  const slots = Array.from(variables, ({ key }) => ({ variable: key }));
  const values = await executor.readAll(slots);
  return slots.map((slot, i) => ({ slot, data: values[i] }));
}

/** Variables as they are at one step boundary. */
export async function readState(executor: Executor, variables: ReadonlyMap<string, Variable>): Promise<StateDict> {
  const values = await saved(executor, variables.values());
  return Object.fromEntries(
    [...variables].map(([path, { shape }], i) => [path, { data: values[i].data, shape: [...shape] }]),
  );
}
