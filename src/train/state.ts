// The state of a training as plain data, read at one step boundary.
import { isRecord, must } from "../check.ts";
import type { ArrayLikeData, NumericArray } from "../data/array.ts";
import type { Executor } from "../runtime/executor.ts";
import type { Variable } from "../variable.ts";
import { ownArray } from "./own-array.ts";

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

/** Values by their names in a state, as they are now. Who is not strict does not look at unknown ones. */
export function ownState(
  name: string,
  state: Readonly<Record<string, ArrayLikeData>>,
  known: ReadonlyMap<string, Variable>,
  prefix = "",
  strict = true,
): Record<string, NumericArray> {
  must(isRecord(state), state, `${name}: the state`, "an object of arrays by their paths");
  const isFile = isRecord(state.tensors) && !known.has("tensors");
  must(!isFile, state, `${name}: the state`, "what parseSafetensors(file).tensors is");
  const own = Object.entries(state).map(([path, given]): [string, NumericArray] => {
    const variable = path.startsWith(prefix) ? known.get(path.slice(prefix.length)) : undefined;
    const isLeft = variable === undefined && !strict;
    return [path, isLeft ? { data: new Float32Array(0), shape: [0] } : ownArray(revived(given), variable?.dtype, path)];
  });
  return Object.fromEntries(own);
}

/** JSON makes an object of a typed array, with a name for each element. */
function revived(given: ArrayLikeData): ArrayLikeData {
  const { data } = (isRecord(given) ? given : {}) as { readonly data?: unknown };
  const isObject = isRecord(data) && Object.keys(data).every((key, i) => key === `${i}`);
  return isObject ? { ...(given as NumericArray), data: Object.values(data) as number[] } : given;
}
