// What a model takes, as callers describe it: shapes whose first size may be the number of rows, in the lists and records that forward takes them in.
import { aListOf, aText, checkOptions, isRecord, must } from "../check.ts";
import { input } from "../create.ts";
import type { Arrangement, Port } from "../predictor/format.ts";
import { checkKnown, checkShape, type DType } from "../shape.ts";
import { Tensor } from "../tensor.ts";

/** Sizes of an input; a text, such as "batch", in the first place stands for any number of rows. */
export type InferenceShape = readonly (number | string)[];

/** A shape, of whole numbers by its dtype; a list or a record of such for models of several inputs. */
export type InferenceInput =
  | InferenceShape
  | { readonly shape: InferenceShape; readonly dtype?: DType }
  | readonly InferenceInput[]
  | { readonly [name: string]: InferenceInput };

/** What goes into a model and comes out, and how it is called. */
export interface InferenceSignature {
  /** What forward takes: shapes in the places of tensors. */
  readonly input: InferenceInput;
  /** Names of the inputs. Default: "input" for one, the names in the record for several, places in a list. */
  readonly inputNames?: readonly string[];
  /** Names of the outputs. Default: "output" for one, the names in the record for several, places in a list. */
  readonly outputNames?: readonly string[];
}

/** A signature that was looked at. */
export interface Signature {
  readonly ports: readonly Port[];
  readonly arrangement: Arrangement;
  readonly outputNames: readonly string[] | undefined;
  /** Inputs of a graph for so many rows: all of them, and as forward takes them. */
  inputsFor(rows: number): { readonly tensors: readonly Tensor[]; readonly x: unknown };
}

/** Tensors in a list or a record, by their paths. */
export interface Several {
  readonly arrangement: Arrangement;
  readonly parts: readonly (readonly [name: string, tensor: Tensor])[];
}

/** Lists and records within one another. */
const MOST_LEVELS = 16;

const WHAT = "toInference: signature";

function isShape(given: unknown): given is InferenceShape {
  return Array.isArray(given) && given.every((size) => typeof size === "number" || typeof size === "string");
}

function isLeaf(given: unknown): given is { readonly shape: InferenceShape; readonly dtype?: DType } {
  return isRecord(given) && isShape(given.shape) && Object.keys(given).every((key) => /^(shape|dtype)$/.test(key));
}

/** @throws ArgumentError, ShapeError, DTypeError naming what of it does not describe inputs */
export function readSignature(given: InferenceSignature): Signature {
  const any = () => undefined; // looked at below
  checkOptions(given, WHAT, { input: any, inputNames: aListOf(aText), outputNames: aListOf(aText) }, "input");
  const found: { path: string; port: Omit<Port, "name"> }[] = [];
  look(given.input, "", 0, found);
  const { inputNames, outputNames } = given;
  const names = inputNames ?? found.map(({ path }) => path || "input");
  checkNames(names, found.length, `${WHAT}: inputNames`);
  const ports = found.map(({ port }, i): Port => ({ name: names[i], ...port }));
  return {
    ports,
    arrangement: arrangementOf(given.input, (each) => isShape(each) || isLeaf(each)),
    outputNames,
    inputsFor(rows) {
      const tensors = ports.map(({ name, shape, dtype }) =>
        input(
          shape.map((size) => size ?? rows),
          dtype,
          name,
        ),
      );
      return { tensors, x: placed(given.input, [...tensors]) };
    },
  };
}

/** One, or those of a list, or those of a record and of whatever lies in one another. */
function arrangementOf(given: unknown, isOne: (each: unknown) => boolean): Arrangement {
  if (isOne(given)) return "one";
  return Array.isArray(given) && given.every(isOne) ? "list" : "record";
}

function look(given: unknown, path: string, level: number, found: { path: string; port: Omit<Port, "name"> }[]): void {
  const what = `${WHAT}: ${path || "input"}`;
  if (isShape(given) || isLeaf(given)) {
    const { shape, dtype = "f32" } = isLeaf(given) ? given : { shape: given };
    checkNamed(shape, what);
    const isRows = typeof shape[0] === "string";
    const rest = checkShape(shape.slice(isRows ? 1 : 0), `${what}, behind the rows`);
    found.push({ path, port: { shape: isRows ? [null, ...rest] : rest, dtype: checkKnown(dtype, what) } });
    return;
  }
  checkNamed(isRecord(given) ? given.shape : given, what);
  const holds = level < MOST_LEVELS && (Array.isArray(given) || (isRecord(given) && !(given instanceof Tensor)));
  must(holds, given, what, 'a shape such as ["batch", 3], { shape, dtype: "i32" }, or several');
  for (const [name, part] of Object.entries(given as object)) look(part, joined(path, name), level + 1, found);
}

/** @throws ArgumentError where the first size is what stands elsewhere for any number: -1, null */
function checkNamed(shape: unknown, what: string): void {
  if (!Array.isArray(shape) || shape.length === 0 || !shape.slice(1).every((size) => typeof size === "number")) return;
  const [rows] = shape;
  must(
    rows !== null && rows !== undefined && rows !== -1,
    shape,
    what,
    'a shape with a name for any number of rows, such as "batch"',
  );
}

/** The next of the tensors in the place of each shape. */
function placed(given: unknown, tensors: Tensor[]): unknown {
  if (isShape(given) || isLeaf(given)) return tensors.shift();
  const parts = Object.entries(given as object).map(([name, part]) => [name, placed(part, tensors)] as const);
  return Array.isArray(given) ? parts.map(([, part]) => part) : Object.fromEntries(parts);
}

/** All tensors that a model gives, with their names. @throws ArgumentError where there is anything else, or nothing */
export function outputsOf(result: unknown, names: readonly string[] | undefined): Several {
  const parts: [name: string, tensor: Tensor][] = [];
  const visit = (value: unknown, path: string, level: number): void => {
    if (value instanceof Tensor) {
      parts.push([path || "output", value]);
      return;
    }
    const holds = level < MOST_LEVELS && (Array.isArray(value) || isRecord(value));
    must(holds, value, `toInference: what the model gives${path && ` as ${path}`}`, "a tensor, or several");
    for (const [name, part] of Object.entries(value as object)) visit(part, joined(path, name), level + 1);
  };
  visit(result, "", 0);
  must(parts.length > 0, result, "toInference: what the model gives", "a tensor, or several");
  const own = names ?? parts.map(([name]) => name);
  checkNames(own, parts.length, `${WHAT}: outputNames`);
  return {
    arrangement: arrangementOf(result, (each) => each instanceof Tensor),
    parts: parts.map(([, tensor], i) => [own[i], tensor]),
  };
}

function checkNames(names: readonly string[], count: number, what: string): void {
  const holds = names.length === count && new Set(names).size === count && names.every((name) => name !== "");
  must(holds, names, what, `${count} names that differ, none empty`);
}

function joined(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}
