// State from elsewhere, checked before it is written. Loaded when needed, and with no import that would cut what it shares out of the core.
import type { ArrayLikeData, NumericArray, TypedData } from "../data/array.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import type { Write } from "../runtime/executor.ts";
import { type DType, sameShape, showShape } from "../shape.ts";
import type { Variable } from "../variable.ts";

/** `array` of src/data. */
type ToArray = (given: ArrayLikeData, dtype: DType, name: string) => TypedData;

/** @throws ArgumentError for missing or unknown paths, ShapeError for other shapes, DTypeError for what a dtype cannot hold */
export function checkState(
  name: string,
  state: Readonly<Record<string, NumericArray>>,
  variables: ReadonlyMap<string, Variable>,
  array: ToArray,
): Write[] {
  const missing = [...variables.keys()].filter((path) => !Object.hasOwn(state, path));
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
