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
 * @throws ArgumentError for missing or unknown paths, unless `strict` is false, and for other values of one variable at two paths; ShapeError for other shapes, DTypeError for what a dtype
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
  const given = [...variables].filter(([path]) => Object.hasOwn(state, prefix + path));
  const there = new Set(given.map(([, variable]) => variable)); // by any of its paths
  const missing = [...variables].filter(([, variable]) => !there.has(variable)).map(([path]) => path);
  const isKnown = (path: string) => path.startsWith(prefix) && variables.has(path.slice(prefix.length));
  const unknown = Object.keys(state).filter((path) => !isKnown(path));
  if (strict && missing.length + unknown.length > 0) {
    const advice = name === "restore" && unknown.length === 0 ? "; what stateDict() gave is for loadStateDict()" : "";
    throw new ArgumentError(`${name}: missing [${some(missing)}], unknown [${some(unknown)}]${advice}`);
  }
  const before = new Map<Variable, readonly [path: string, data: TypedData["data"]]>();
  const writes = given.flatMap(([path, variable]) => {
    const { data, shape } = array(state[prefix + path], variable.dtype, path);
    if (!sameShape(shape, variable.shape))
      throw new ShapeError(`${name}: ${path} is ${showShape(variable.shape)}, got ${showShape(shape)}`);
    if (/^(counters|optimizer)\./.test(path) && variable.dtype === "i32" && data.some((value) => value < 0))
      throw new ArgumentError(`${name}: ${path} counts from 0, got ${data[0]}`);
    const [other, first] = before.get(variable) ?? [path, data];
    if (data.some((value, i) => !Object.is(value, first[i])))
      throw new ArgumentError(`${name}: ${other} and ${path} are one variable, whose values differ in the state`);
    before.set(variable, [other, first]);
    return other === path ? [{ slot: { variable: variable.key }, data }] : [];
  });
  return { writes, difference: { missing, unknown } };
}

/** Names, of many the first. */
function some(names: readonly string[]): string {
  const rest = names.length > MOST ? `, and ${names.length - MOST} more` : "";
  return names.slice(0, MOST).join(", ") + rest;
}
