// The weights in what was saved, by their names.
import { aText, checkOptions } from "../check.ts";
import type { NumericArray } from "../data/array.ts";
import { bytesOf } from "../data/bytes.ts";
import { DataError } from "../errors.ts";
import { contentOf } from "./files.ts";
import { isMap, isTensor, kindOf, shortened, type TorchMap, TorchObject, type TorchValue } from "./values.ts";

/** Where something is in what was saved. */
export interface TorchPart {
  /** Its key in the dictionary that was saved. Default: one that is usual. */
  readonly key?: string;
}

/** What weights are usually called in a checkpoint. */
const USUAL = ["state_dict", "model_state_dict", "model"];

/** Names in a module, and modules within modules, at the most: a file may refer to one part again and again. */
const MOST = 2 ** 20;
const DEEPEST = 1000;

/** Characters of a path before a name. */
const LONGEST = 2 ** 12;

/** Keys that a message lists. */
const LISTED = 12;

/**
 * The weights in a file of `torch.save`, or in what `readTorch` gave, by their names, as `loadStateDict` takes them: of a state dictionary, of
 * a checkpoint that holds one as `state_dict`, `model_state_dict` or `model`, or of a whole module.
 * @throws DataError as readTorch, and where there are no weights, naming the keys that there are
 *
 * @example
 * import { torchStateDict } from "simdgrad/torch";
 * const weight = { data: Float32Array.of(2), shape: [1, 1], torchDType: "float32", requiresGrad: false };
 * const checkpoint = new Map<string, unknown>([["epoch", 7], ["model", new Map([["weight", weight]])]]);
 * torchStateDict(checkpoint as never); // => { weight: { data: [2], shape: [1, 1] } }
 */
export function torchStateDict(
  given: Uint8Array | ArrayBuffer | TorchValue,
  options: TorchPart = {},
): Record<string, NumericArray> {
  const name = "torchStateDict";
  checkOptions(options, name, { key: aText });
  const value = valueIn(given, name);
  const state = partOf(value, options.key, USUAL, isState, name);
  if (state === undefined)
    throw new DataError(`${name}: no weights in ${listed(value)}${isMap(value) ? ": say where they are, by key" : ""}`);
  const weights = state instanceof TorchObject ? weightsOf(state, name) : state;
  return Object.fromEntries(
    Array.from(weights as TorchMap).flatMap(([path, each]) => {
      const own = typeof path === "string" ? path : kindOf(path);
      if (isTensor(each)) return [[own, { data: each.data, shape: each.shape }]];
      if (isExtra(path)) return [];
      throw new DataError(`${name}: ${shortened(own)} is ${kindOf(each)}, no tensor`);
    }),
  );
}

/** What is in a file, or was read from it. */
export function valueIn(given: Uint8Array | ArrayBuffer | TorchValue, name: string): TorchValue {
  const isValue = isMap(given) || given instanceof TorchObject || isTensor(given) || given instanceof Set;
  return isValue ? given : contentOf(bytesOf(given as Uint8Array, `${name}: what was saved`));
}

/** A part of what was saved, or all of it where that is what is looked for; undefined where there is none. @throws DataError for another key */
export function partOf(
  value: TorchValue,
  key: string | undefined,
  usual: readonly string[],
  fits: (value: TorchValue) => boolean,
  name: string,
): TorchValue | undefined {
  if (key === undefined && fits(value)) return value;
  const keys = key === undefined ? usual : [key];
  const parts = isMap(value) ? keys.map((each) => value.get(each)) : [];
  const found = parts.find((part) => part !== undefined && fits(part));
  if (key !== undefined && found === undefined) {
    const [part] = parts;
    const what = part === undefined ? `not in ${listed(value)}` : `${kindOf(part)} without what is looked for`;
    throw new DataError(`${name}: ${shortened(key)} is ${what}`);
  }
  return found;
}

/** A value in a message: a dictionary by its keys. */
export function listed(value: TorchValue): string {
  if (!isMap(value)) return kindOf(value);
  const keys = Array.from(value.keys()).map((key) => (typeof key === "string" ? shortened(key) : kindOf(key)));
  const rest = keys.length > LISTED ? `, and ${keys.length - LISTED} more` : "";
  return `a dictionary of [${keys.slice(0, LISTED).join(", ")}${rest}]`;
}

/** What modules keep beside their weights. */
function isExtra(key: TorchValue): boolean {
  return typeof key === "string" && key.endsWith("_extra_state");
}

/** A dictionary of tensors by their names, or a module. */
function isState(value: TorchValue): boolean {
  if (value instanceof TorchObject) return fieldOf(value, "_parameters") !== undefined;
  if (!isMap(value) || value.size === 0) return false;
  return Array.from(value).every(([key, each]) => typeof key === "string" && (isTensor(each) || isExtra(key)));
}

/** A dictionary that is an attribute of a module. */
function fieldOf(module: TorchValue, field: string): TorchMap | undefined {
  const state = module instanceof TorchObject ? module.state : undefined;
  const value = isMap(state) ? state.get(field) : undefined;
  return isMap(value) ? value : undefined;
}

/** What `state_dict()` of a module would give: its parameters and buffers, then those of the modules in it. */
function weightsOf(model: TorchObject, name: string): TorchMap {
  const weights = new Map<TorchValue, TorchValue>();
  const open: [module: TorchValue, prefix: string, depth: number][] = [[model, "", 0]];
  let seen = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [module, prefix, depth] = next;
    const fields = ["_parameters", "_buffers", "_modules"].map((field) => fieldOf(module, field) ?? new Map());
    for (const { size } of fields) seen += 1 + size;
    if (seen > MOST || depth > DEEPEST || prefix.length > LONGEST)
      throw new DataError(`${name}: the modules in ${kindOf(model)} come to no end`);
    const [parameters, buffers, modules] = fields;
    for (const [path, tensor] of [...parameters, ...buffers])
      if (typeof path === "string" && tensor !== null && !isLeft(module, path)) weights.set(prefix + path, tensor);
    for (const [child, part] of [...modules].reverse())
      if (typeof child === "string" && part !== null) open.push([part, `${prefix}${child}.`, depth + 1]);
  }
  return weights;
}

/** Whether a buffer is one of those that are not saved. */
function isLeft(module: TorchValue, path: string): boolean {
  const state = module instanceof TorchObject ? module.state : undefined;
  const left = isMap(state) ? state.get("_non_persistent_buffers_set") : undefined;
  return left instanceof Set && left.has(path);
}
