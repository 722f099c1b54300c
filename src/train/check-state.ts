// State from elsewhere, checked before it is written. Loaded when needed, and with no import that would cut what it shares out of the core.
import type { ArrayLikeData, NumericArray, TypedData } from "../data/array.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import type { Module } from "../nn/module.ts";
import type { Write } from "../runtime/executor.ts";
import { type DType, sameShape, showShape } from "../shape.ts";
import { showName } from "../show-name.ts";
import type { Variable } from "../variable.ts";
import { checkModel } from "./check-model.ts";
import type { Recipe } from "./programs.ts";
import type { StateDifference } from "./state.ts";

/** Names that a message lists. */
const MOST = 8;

/** `array` of src/data. */
type ToArray = (given: ArrayLikeData, dtype: DType, name: string) => TypedData;

interface StateOptions extends Partial<Pick<Recipe, "names" | "parameters">> {
  readonly prefix?: string;
  readonly strict?: boolean;
  /** Where variables that stand in several places have further paths. */
  readonly model?: unknown;
}

/**
 * What is to be written, and what the two do not have in common.
 * @throws ArgumentError for missing or unknown paths, unless `strict` is false, and for other values of one variable at two paths; ShapeError for other shapes, DTypeError for what a dtype
 * cannot hold
 */
export function checkState(
  name: string,
  state: Readonly<Record<string, NumericArray>>,
  known: ReadonlyMap<string, Variable>,
  array: ToArray,
  { prefix = "", strict = true, model, names, parameters }: StateOptions = {},
): { readonly writes: Write[]; readonly difference: StateDifference } {
  if (names !== undefined) checkModel({ model, names, parameters }, name);
  const variables = withOthers(known, model, state, prefix);
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

/** Variables, shared ones also by those of their other paths that a state has. */
function withOthers(known: ReadonlyMap<string, Variable>, model: unknown, state: object, prefix: string) {
  const all = new Map(known);
  const variables = new Set<unknown>(known.values());
  for (const name of Object.keys(state)) {
    const path = name.slice(prefix.length);
    const found = known.has(path) || !name.startsWith(prefix) ? undefined : variableAt(model, path, variables);
    if (found !== undefined) all.set(path, found);
  }
  return all;
}

/** The one of these variables that stands at a path, found as paths are made (`partsOf`). */
function variableAt(part: unknown, path: string, variables: ReadonlySet<unknown>): Variable | undefined {
  if (variables.has(part)) return path === "" ? (part as Variable) : undefined;
  if (path === "" || typeof part !== "object" || part === null || ArrayBuffer.isView(part)) return undefined;
  for (const [name, child] of (part as Module).children?.() ?? Object.entries(part)) {
    const found = `${path}.`.startsWith(`${name}.`) && variableAt(child, path.slice(name.length + 1), variables);
    if (found) return found;
  }
  return undefined;
}

/** Names, of many the first. */
function some(names: readonly string[]): string {
  const rest = names.length > MOST ? `, and ${names.length - MOST} more` : "";
  return names.slice(0, MOST).map(showName).join(", ") + rest;
}
