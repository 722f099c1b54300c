// State from elsewhere, checked before it is written. Loaded when needed, and with no import that would cut what it shares out of the core.
import type { ArrayLikeData, NumericArray, TypedData } from "../data/array.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import type { Write } from "../runtime/executor.ts";
import { type DType, sameShape, showShape } from "../shape.ts";
import type { Variable } from "../variable.ts";
import type { StateDifference } from "./state.ts";

/** Names that a message lists. */
const MOST = 8;

/** `array` of src/data. */
type ToArray = (given: ArrayLikeData, dtype: DType, name: string) => TypedData;

/**
 * What is to be written, and what the two do not have in common.
 * @throws ArgumentError for missing or unknown paths, unless `strict` is false; ShapeError for other shapes, DTypeError for what a dtype
 * cannot hold
 */
export function checkState(
  name: string,
  state: Readonly<Record<string, NumericArray>>,
  variables: ReadonlyMap<string, Variable>,
  array: ToArray,
  prefix = "",
  strict = true,
): { readonly writes: Write[]; readonly difference: StateDifference } {
  const missing = [...variables.keys()].filter((path) => !Object.hasOwn(state, prefix + path));
  const isKnown = (path: string) => path.startsWith(prefix) && variables.has(path.slice(prefix.length));
  const unknown = Object.keys(state).filter((path) => !isKnown(path));
  if (strict && missing.length + unknown.length > 0) {
    const advice = name === "restore" && unknown.length === 0 ? "; what stateDict() gave is for loadStateDict()" : "";
    throw new ArgumentError(`${name}: missing [${some(missing)}], unknown [${some(unknown)}]${advice}`);
  }
  const given = [...variables].filter(([path]) => !missing.includes(path));
  const writes = given.map(([path, variable]) => {
    const { data, shape } = array(state[prefix + path], variable.dtype, path);
    if (!sameShape(shape, variable.shape))
      throw new ShapeError(`${name}: ${path} is ${showShape(variable.shape)}, got ${showShape(shape)}`);
    if (/^(counters|optimizer)\./.test(path) && variable.dtype === "i32" && data.some((value) => value < 0))
      throw new ArgumentError(`${name}: ${path} counts from 0, got ${data[0]}`);
    return { slot: { variable: variable.key }, data };
  });
  return { writes, difference: { missing, unknown } };
}

/** Names, of many the first. */
function some(names: readonly string[]): string {
  const rest = names.length > MOST ? `, and ${names.length - MOST} more` : "";
  return names.slice(0, MOST).join(", ") + rest;
}
