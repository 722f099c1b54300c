// What to do about data and models that do not fit, in the words of who brought them. Loaded with the first error that may need it,
// and with no import that would cut what it shares out of the core.
import { isRecord } from "../check.ts";
import { input } from "../create.ts";
import { array, type TypedData } from "../data/array.ts";
import { ArgumentError, ShapeError, SimdgradError } from "../errors.ts";
import { show } from "../show.ts";
import type { Tensor } from "../tensor.ts";
import { mapped } from "./bundle.ts";
import { ownArrays, type Samples } from "./dataset.ts";
import { locate } from "./locate.ts";
import type { Recipe } from "./programs.ts";

/** What was handed over, unchecked. */
type Given = { readonly [K in keyof Samples]?: unknown };

/** What to do about an error with such a message. */
const RULES: readonly (readonly [RegExp, string])[] = [
  [
    /nllLoss: class indices: takes i32, got f32/,
    "a loss of class indices is given as it is, loss: nllLoss, and the model gives logarithms: new Sequential(model, (p) => p.log())",
  ],
  [
    /class indices: takes i32, got f32/,
    "a loss of class indices is given as it is, loss: crossEntropy, or loss: withOptions(crossEntropy, { labelSmoothing: 0.1 })",
  ],
  [
    /^(gather|Embedding|EmbeddingBag): (the )?index: takes i32, got f32/,
    'tokens are rows of Int32Array, or { data, shape, dtype: "i32" }; of other numbers preprocess: (x) => x.cast("i32") makes them',
  ],
  [/^y: element \d+ is NaN, not of dtype i32/, "a target that counts nothing is -100"],
  [
    /^y: element \d+ is .*, not of dtype i32/,
    "the loss takes class indices; rows of probabilities are for (x, y) => crossEntropy(x, y), other numbers for mseLoss",
  ],
  [
    /has class index \S+, outside 0\.\.0$/,
    "the model gives one number a row: for yes and no the loss is binaryCrossEntropyWithLogits, with y [[0], [1]]",
  ],
  [/has class index -/, "a target that counts nothing is -100"],
  [/has class index/, "indices count from 0, and the model gives one number a class"],
  [/^y: the loss takes no targets of (i32|u8)/, "numbers that are no classes are nested, or in a Float32Array"],
  [/^samples: \w*weight/i, "weights of rows are sampleWeight"],
  [/^samples: \w+ is not known$/, "inputs are x, targets y"],
  [
    /: x must be a tensor, .* got undefined( \(.*\))?$/,
    "a model of a record takes a record of arrays, x: { name: array }",
  ],
  [/targets are rows, too, such as \[\[1\], \[2\]\]$/, "a flat array takes its shape, { data, shape: [rows, 1] }"],
  [
    /^x\.0 \[.* have different numbers of rows$/,
    "a list holds one array an input of the model; examples are rows of one array, { data, shape: [rows, ...] }",
  ],
  [/shape: undefined is not a shape$/, "it stands beside data: { data, shape: [rows, columns] }"],
  [/^what the model gives .* got undefined/, "forward returns its result"],
  [/^what the model gives .* got a Promise/, "forward is not async: it builds a graph, nothing is computed yet"],
  [/^what the loss gives must be one number/, "(x, y) => losses.mean()"],
  [/key\(\): random numbers are for training/, "ask for them where context.training is true"],
];

/** Functions that tensors of others have, by what they are here. */
const CALLED: Readonly<Record<string, string>> = {
  dot: "matmul",
  mm: "matmul",
  matMul: "matmul",
  view: "reshape",
  power: "pow",
  subtract: "sub",
  multiply: "mul",
  divide: "div",
  concat: "concat([a, b], axis)",
  cat: "concat([a, b], axis)",
};

/** The error with what is to be done about it, or as it is. What a model throws is of it, with the path of its layer where that is known. */
export function advise(error: unknown, given: Given, recipe?: Pick<Recipe, "model" | "preprocess">): unknown {
  if (error instanceof TypeError) return ofModel(error);
  if (/call stack|much recursion/.test(`${error}`))
    return new ArgumentError("the model: layers stand too deep in one another, or one in itself", { cause: error });
  if (!(error instanceof SimdgradError) || !isRecord(given)) return error;
  const asked = () => ownArrays(given.x, () => undefined, "x", array);
  if (recipe !== undefined)
    locate(error, recipe, () => mapped<TypedData, Tensor>(asked(), ({ shape, dtype }) => input(shape, dtype)));
  const { message } = error;
  const found = ofNumbers(message, given) ?? ofRows(error, given);
  const [, advice] = RULES.find(([pattern]) => pattern.test(message)) ?? [];
  error.message = found ?? (advice === undefined ? message : `${message}; ${advice}`);
  return error;
}

/** An error of JavaScript's in a model. */
function ofModel(error: TypeError): Error {
  if (/^Cannot read .*forward/.test(error.message))
    return new ArgumentError(`the model: ${error.message}; no field has the name of this layer`, { cause: error });
  if (/not iterable/.test(error.message))
    return new ArgumentError(`the model: ${error.message}; a model of a list takes x: [{ data, shape }]`, {
      cause: error,
    });
  const [, of, name] = /^(?:(.*)\.)?([\w#]+) is not a function$/.exec(error.message) ?? [];
  if (name === undefined) return error;
  const advice = Object.hasOwn(CALLED, name)
    ? `here it is ${CALLED[name]}`
    : of === "this"
      ? `layers are called so: this.${name}.forward(x, context)`
      : "what is no method of tensors may be a function of simdgrad/functions or simdgrad/nn";
  return new ArgumentError(`the model: ${error.message}; ${advice}`, { cause: error });
}

/** Of what is no number, by its row. */
function ofNumbers(message: string, given: Given): string | undefined {
  const [, name, key] =
    /^(x|y|sampleWeight)(?:\.(\w+))?(?:: data)?(?:: element \d+ is .*, not a number.*| must be an array of numbers.*)$/s.exec(
      message,
    ) ?? [];
  if (name === undefined) return undefined;
  const all = given[name as keyof Given];
  const value = key === undefined ? all : (all as Readonly<Record<string, unknown>>)[key];
  const path = key === undefined ? name : `${name}.${key}`;
  if (value === undefined)
    return name in given ? `${path} is undefined` : `${name} is missing: samples are { x, y }, got ${show(given)}`;
  if (isRecord(value) && "op" in value) return `${path} is a tensor; give the array that it was made of`;
  if (isRecord(value) && value.data === undefined) return `${path} is an array, or { data, shape }, got ${show(value)}`;
  const bad = firstBad(isRecord(value) ? value.data : value);
  if (bad === undefined) return undefined;
  const at = bad.path.map((i, axis) => `${["row", "column"][axis] ?? "then"} ${i}`).join(", ");
  return `${path}: ${at} is ${show(bad.value)}, not a number; ${instead(bad.value, name, value)}`;
}

interface Bad {
  readonly path: readonly number[];
  readonly value: unknown;
}

/** The first element that is no number. */
function firstBad(values: unknown, path: readonly number[] = []): Bad | undefined {
  if (typeof values === "number" || ArrayBuffer.isView(values)) return undefined;
  if (!Array.isArray(values)) return path.length === 0 ? undefined : { path, value: values };
  for (let i = 0; i < values.length; i++) {
    const bad = firstBad(values[i], [...path, i]);
    if (bad !== undefined) return bad;
  }
  return undefined;
}

/** What to bring in the place of what is no number. */
function instead(value: unknown, name: string, all: unknown): string {
  if (value === undefined || value === null)
    return name === "y"
      ? "a class that is not known is -100; leave other rows out"
      : "leave the row out, or fill in a number, such as the column's mean";
  if (typeof value === "boolean" || typeof value === "bigint") return `Number(${value}) is one`;
  if (isRecord(value)) return "a row is an array of its columns, such as Object.values(row)";
  if (typeof value !== "string") return "numbers are wanted";
  if (value.trim() !== "" && Number.isFinite(Number(value))) return `Number(${JSON.stringify(value)}) is one`;
  if (name !== "y" || !Array.isArray(all))
    return "texts become numbers first, such as one column of 0 and 1 a category";
  const labels = [...new Set(all)].slice(0, 3).map((label, i) => `${i} for ${JSON.stringify(label)}`);
  return `classes are numbers from 0 on: ${labels.join(", ")}`;
}

/** Of numbers that are not in rows. */
function ofRows(error: SimdgradError, { x }: Given): string | undefined {
  const { message } = error;
  const { data: flat = x, shape } = (isRecord(x) ? x : {}) as { readonly data?: unknown; readonly shape?: unknown };
  const length = (flat as ArrayLike<unknown> | undefined)?.length;
  const isShaped = Array.isArray(shape);
  const isFlat = isShaped
    ? shape.length === 1
    : length === 0 || ArrayBuffer.isView(flat) || (Array.isArray(flat) && typeof flat[0] === "number");
  if (!isFlat || message.includes("shape: ")) return undefined;
  if (/have different numbers of rows$/.test(message))
    return `${message}; a flat array takes its shape: { data, shape: [rows, columns] }`;
  if (!(error instanceof ShapeError)) return undefined;
  if (length === 0) return "x has no rows; of none it is { data: [], shape: [0, columns] }";
  const rows = isShaped
    ? `of shape [1, ${length}] they are one row, of [${length}, 1] rows`
    : "one row is [x], rows of one number are [[0], [1]]";
  return `${message}: x is ${length} numbers that are in no rows; ${rows}`;
}
