// The state of a training as plain data: read at one step boundary, checked before it is written at one.
import { type ArrayLikeData, array, type NumericArray } from "../data/array.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import type { Executor, Write } from "../runtime/executor.ts";
import { sameShape, showShape } from "../shape.ts";
import type { Variable } from "../variable.ts";

/** Values of variables by their paths. */
export type StateDict = Record<string, NumericArray>;

/** Variables as they are at one step boundary, to be written back. */
export async function saved(executor: Executor, variables: Iterable<Variable>) {
  const slots = Array.from(variables, ({ key }) => ({ variable: key }));
  const values = await executor.readAll(slots);
  return slots.map((slot, i) => ({ slot, data: values[i] }));
}

/** Variables as they are at one step boundary. */
export async function readState(executor: Executor, variables: ReadonlyMap<string, Variable>): Promise<StateDict> {
  const values = await saved(executor, variables.values());
  return Object.fromEntries([...variables].map(([path, { shape }], i) => [path, { data: values[i].data, shape }]));
}

/** @throws ArgumentError for missing or unknown paths, ShapeError for other shapes, DTypeError for what a dtype cannot hold */
export function checkState(
  name: string,
  state: Readonly<Record<string, ArrayLikeData>>,
  variables: ReadonlyMap<string, Variable>,
): Write[] {
  const missing = [...variables.keys()].filter((path) => !(path in state));
  const unknown = Object.keys(state).filter((path) => !variables.has(path));
  if (missing.length + unknown.length > 0)
    throw new ArgumentError(`${name}: missing [${missing.join(", ")}], unknown [${unknown.join(", ")}]`);
  return [...variables].map(([path, variable]) => {
    const { data, shape } = array(state[path], variable.dtype, path);
    if (!sameShape(shape, variable.shape))
      throw new ShapeError(`${name}: ${path} is ${showShape(variable.shape)}, got ${showShape(shape)}`);
    return { slot: { variable: variable.key }, data };
  });
}
