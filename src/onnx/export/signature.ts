// What a model takes, as callers describe it: shapes with a named size, in the lists and records that forward takes them in.
import { aListOf, aText, checkOptions, isRecord, must } from "../../check.ts";
import { input } from "../../create.ts";
import { ArgumentError } from "../../errors.ts";
import { checkKnown, type DType } from "../../shape.ts";
import { Tensor } from "../../tensor.ts";

/** Sizes of a model's input; a text, such as "batch", is the name of one that is known when the model runs. */
export type OnnxShape = readonly (number | string)[];

/** A shape, of whole numbers by its dtype; a list or a record of such for models of several inputs. */
export type OnnxShapes =
  | OnnxShape
  | { readonly shape: OnnxShape; readonly dtype?: DType }
  | readonly OnnxShapes[]
  | { readonly [name: string]: OnnxShapes };

/** What goes into a model, and how it is called there. */
export interface OnnxSignature {
  /** What forward takes: shapes in the places of tensors. */
  readonly input: OnnxShapes;
  /** In the order of the inputs. Default: "input" for one, the names in the record for several, places in a list. */
  readonly inputNames?: readonly string[];
  /** In the order of the outputs. Default: "output" for one, the names in the record for several, with `_out` behind those of inputs. */
  readonly outputNames?: readonly string[];
}

/** One tensor that goes in. */
export interface Leaf {
  readonly name: string;
  readonly shape: OnnxShape;
  readonly dtype: DType;
}

/** A signature that has been looked at. */
export interface Signature {
  /** The function that it was given, which errors name. */
  readonly caller: string;
  readonly leaves: readonly Leaf[];
  /** The name of the size that is not known, if one has a name. */
  readonly batch: string | undefined;
  readonly outputNames: readonly string[] | undefined;
  /** Inputs of graphs in the places of shapes, for one batch: all of them, and as forward takes them. */
  inputsFor(batch: number): { readonly tensors: readonly Tensor[]; readonly x: unknown };
}

/** Lists and records that inputs may nest, and results. */
const MOST_LEVELS = 16;

/** Sizes that stand for the batch while a model is looked at; some models put two or three rows together. */
export const BATCHES: readonly number[] = [12, 18, 30];

/** Batches at which the model must do the same, if it takes them: the fewest, odd ones, many. */
export const WITNESSES: readonly number[] = [1, 2, 3, 7, 13, 61, 997];

function isShape(given: unknown): given is OnnxShape {
  return Array.isArray(given) && given.every((size) => typeof size === "number" || typeof size === "string");
}

function isLeaf(given: unknown): given is { readonly shape: OnnxShape; readonly dtype?: DType } {
  return isRecord(given) && isShape(given.shape) && Object.keys(given).every((key) => /^(shape|dtype)$/.test(key));
}

/** The parts of a list or a record by their names. */
function partsOf(given: unknown): [name: string, part: unknown][] {
  return Object.entries(given as object);
}

/** @throws ArgumentError naming what of it does not describe inputs */
export function readSignature(given: OnnxSignature, caller = "toOnnx"): Signature {
  const what = `${caller}: signature`;
  checkOptions(
    given,
    what,
    { input: () => undefined, inputNames: aListOf(aText), outputNames: aListOf(aText) },
    "input",
  );
  const found: { path: string; shape: OnnxShape; dtype: DType }[] = [];
  look(given.input, "", 0, found, what);
  must(found.length > 0, given.input, `${what}: input`, "a shape, or several");
  const { inputNames, outputNames } = given;
  const names = inputNames ?? found.map(({ path }) => named(path, "input"));
  must(names.length === found.length, inputNames, `${what}: inputNames`, `a name for each of ${found.length} inputs`);
  checkApart(names, `${what}: inputNames`);
  if (outputNames !== undefined) checkApart(outputNames, `${what}: outputNames`);
  const sizes = new Set(found.flatMap(({ shape }) => shape).filter((size) => typeof size === "string"));
  if (sizes.size > 1)
    throw new ArgumentError(`${what}: one size may have a name, and not several: ${[...sizes].join(", ")}`);
  const [batch] = sizes;
  const leaves = found.map(({ shape, dtype }, i): Leaf => ({ name: names[i], shape, dtype }));
  return {
    caller,
    leaves,
    batch,
    outputNames,
    inputsFor(rows) {
      const tensors = leaves.map(({ shape, dtype, name }) =>
        input(
          shape.map((size) => (typeof size === "number" ? size : rows)),
          dtype,
          name,
        ),
      );
      return { tensors, x: placed(given.input, [...tensors]) };
    },
  };
}

/** What stands at a path: the first part of it, in a list, gets a word before. */
function named(path: string, word: string): string {
  if (path === "") return word;
  return /^\d/.test(path) ? `${word}_${path}` : path;
}

function look(
  given: unknown,
  path: string,
  level: number,
  found: { path: string; shape: OnnxShape; dtype: DType }[],
  what: string,
): void {
  if (isShape(given) || isLeaf(given)) {
    const { shape, dtype = "f32" } = isLeaf(given) ? given : { shape: given };
    for (const size of shape)
      must(
        size !== "" && (typeof size === "string" || (Number.isInteger(size) && size >= 0)),
        size,
        `${what}: ${path || "input"}`,
        'of whole numbers, and a name such as "batch"',
      );
    found.push({ path, shape: [...shape], dtype: checkKnown(dtype, what) });
    return;
  }
  const holds = level < MOST_LEVELS && (Array.isArray(given) || (isRecord(given) && !(given instanceof Tensor)));
  const sizes = isRecord(given) ? given.shape : given;
  const isFree = Array.isArray(sizes) && sizes.some((size) => size === null || size === undefined);
  must(
    !isFree,
    sizes,
    `${what}: ${path || "input"}`,
    'a shape with a name for the size that may be any, such as "batch"',
  );
  must(
    holds,
    given,
    `${what}: ${path || "input"}`,
    'a shape such as ["batch", 3], { shape, dtype: "i32" }, or several',
  );
  for (const [name, part] of partsOf(given)) look(part, path === "" ? name : `${path}.${name}`, level + 1, found, what);
}

/** The next of the tensors in the place of each shape. */
function placed(given: unknown, tensors: Tensor[]): unknown {
  if (isShape(given) || isLeaf(given)) return tensors.shift();
  const parts = partsOf(given).map(([name, part]) => [name, placed(part, tensors)] as const);
  return Array.isArray(given) ? parts.map(([, part]) => part) : Object.fromEntries(parts);
}

/** @throws ArgumentError for empty names, and for two that are the same */
function checkApart(names: readonly string[], what: string): void {
  for (const [i, name] of names.entries())
    must(name !== "" && names.indexOf(name) === i, names, what, "names that differ, none empty");
}

/** All tensors in a result with their names. @throws ArgumentError where there is anything else, or nothing */
export function outputsOf(
  result: unknown,
  { outputNames: names, leaves, caller }: Signature,
): [name: string, tensor: Tensor][] {
  const found: [path: string, tensor: Tensor][] = [];
  const visit = (value: unknown, path: string, level: number): void => {
    if (value instanceof Tensor) {
      found.push([named(path, "output"), value]);
      return;
    }
    const holds = level < MOST_LEVELS && (Array.isArray(value) || isRecord(value));
    must(
      holds,
      value,
      `${caller}: what the model gives${path && ` as ${path}`}`,
      "a tensor, or a list or record of them",
    );
    for (const [name, part] of partsOf(value)) visit(part, path === "" ? name : `${path}.${name}`, level + 1);
  };
  visit(result, "", 0);
  if (found.length === 0) throw new ArgumentError(`${caller}: the model gives no tensor`);
  const isInput = (name: string) => leaves.some((leaf) => leaf.name === name);
  if (names === undefined) return found.map(([name, tensor]) => [isInput(name) ? `${name}_out` : name, tensor]);
  must(
    names.length === found.length,
    names,
    `${caller}: signature: outputNames`,
    `a name for each of ${found.length} outputs`,
  );
  return found.map(([, tensor], i) => [names[i], tensor]);
}
