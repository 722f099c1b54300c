// summary: what a model consists of, found by building its graph once with somebody looking on. Nothing is computed.
import { checkOptions, isRecord, must } from "../check.ts";
import { input } from "../create.ts";
import { ArgumentError, DTypeError } from "../errors.ts";
import { topological } from "../graph.ts";
import { checkKnown, type DType, type Shape, showShape, sizeOf } from "../shape.ts";
import { Tensor } from "../tensor.ts";
import { Variable } from "../variable.ts";
import { aLayer, type Context, evaluationContext, type Layer, type Module, partsOf, variables } from "./module.ts";

/** One run of a layer. */
export interface SummaryLayer {
  /** Where it stands in the model, as in the names of its variables; "" for the model itself. */
  readonly path: string;
  /** Name of its class or function. */
  readonly name: string;
  /** Shapes of its results: one, unless the layer has several. */
  readonly outputShapes: readonly Shape[];
  /** Numbers that it learns, frozen ones included; none where a layer runs again. */
  readonly parameters: number;
  /** Multiplications with additions in its products, for the given batch. */
  readonly multiplyAdds: number;
  /** Bytes of its results. */
  readonly activationBytes: number;
}

/** What a model consists of. */
export interface Summary {
  /** In the order in which they run; layers that only hold others are left out. */
  readonly layers: readonly SummaryLayer[];
  readonly parameters: number;
  /** Those that are not frozen. */
  readonly trainableParameters: number;
  readonly multiplyAdds: number;
  readonly activationBytes: number;
  /** All of it as text. */
  readonly table: string;
}

/** A shape, of whole numbers by its dtype; or a tensor. */
type Given = Shape | { readonly shape: Shape; readonly dtype: DType } | Tensor;

/** Multiplications with additions. */
function workOf(nodes: readonly Tensor[]): number {
  let sum = 0;
  for (const node of nodes) {
    const { lowering } = node.op;
    if (lowering.kind === "loop") {
      const { length, results } = lowering.body(node.attrs);
      sum += length * workOf(topological(results));
    } else sum += node.op.multiplyAdds?.(node.inputs, node.attrs, node) ?? 0;
  }
  return sum;
}

/** All tensors in lists and records. */
function tensorsIn(value: unknown): Tensor[] {
  if (value instanceof Tensor) return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(tensorsIn) : [];
}

/** Looks on while a model runs. */
class Onlooker {
  readonly layers: SummaryLayer[] = [];
  readonly #seen = new Set<Tensor>();
  readonly #counted = new Set<Tensor>();
  readonly #paths: string[] = [];
  readonly #runs: number[] = [0];

  /** Runs a layer that is an object, and notes it. */
  run(path: string, part: object, forward: () => unknown, x: unknown): unknown {
    this.#paths.push(path);
    this.#runs.push(0);
    try {
      const result = forward();
      const inside = this.#runs[this.#runs.length - 1];
      this.#note(path, part.constructor.name, part, x, result, inside > 0);
      return result;
    } finally {
      this.#paths.pop();
      this.#runs.pop();
      this.#runs[this.#runs.length - 1]++;
    }
  }

  /** Notes a function that ran as a layer. */
  observe(layer: unknown, name: string, x: unknown, result: unknown): void {
    const path = [this.#paths[this.#paths.length - 1], name].filter((part) => part).join(".");
    this.#note(path, (layer as { readonly name: string }).name || "function", {}, x, result, false);
    this.#runs[this.#runs.length - 1]++;
  }

  #note(path: string, name: string, part: object, x: unknown, result: unknown, holds: boolean): void {
    const given = new Set(tensorsIn(x));
    const results = tensorsIn(result);
    const nodes = topological(results, (node) => given.has(node) || this.#seen.has(node)).filter(
      (node) => !given.has(node) && !this.#seen.has(node),
    );
    for (const node of nodes) this.#seen.add(node);
    const own = [...variables(part).values()].filter((variable) => !this.#counted.has(variable));
    for (const variable of own) this.#counted.add(variable);
    const parameters = countOf(own.filter(({ isParameter }) => isParameter));
    const multiplyAdds = workOf(nodes);
    if (holds && parameters === 0 && multiplyAdds === 0) return;
    const activationBytes = results.reduce(
      (sum, { shape, dtype }) => sum + sizeOf(shape) * (dtype === "u8" ? 1 : 4),
      0,
    );
    const outputShapes = results.map(({ shape }) => shape);
    this.layers.push({ path, name, outputShapes, parameters, multiplyAdds, activationBytes });
  }
}

function countOf(tensors: readonly Tensor[]): number {
  return tensors.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

/** Has an onlooker told of every run of the parts of a model; what it gives undoes that. */
function watch(model: unknown, onlooker: Onlooker): () => void {
  const undo: (() => void)[] = [];
  for (const [part, path] of partsOf(model)) {
    const { forward } = part as Partial<Module<unknown, unknown>>;
    if (typeof forward !== "function" || !Object.isExtensible(part)) continue;
    const before = Object.getOwnPropertyDescriptor(part, "forward");
    Object.defineProperty(part, "forward", {
      configurable: true,
      value(this: object, x: unknown, context: Context) {
        return onlooker.run(path, part, () => forward.call(this as Module<unknown, unknown>, x, context), x);
      },
    });
    undo.push(() => {
      if (before === undefined) Reflect.deleteProperty(part, "forward");
      else Object.defineProperty(part, "forward", before);
    });
  }
  return () => {
    for (const step of undo) step();
  };
}

function aShape(value: unknown, what: string): void {
  must(Array.isArray(value), value, what, "an array of sizes, such as [1, 2]");
}

/** Lists and records that a model's inputs may nest. */
const MOST_LEVELS = 16;

/** Shapes as inputs of a graph, in the list or record they came in. */
function inputsOf(given: unknown, level = 0): unknown {
  if (given instanceof Tensor) return given;
  const isFlat = Array.isArray(given) && given.every((size) => typeof size === "number");
  if (isFlat) return input(given);
  if (isRecord(given) && "dtype" in given) {
    checkOptions<Exclude<Given, Shape | Tensor>>(
      given as never,
      "summary: shape",
      { shape: aShape, dtype: checkKnown },
      "shape",
    );
    return input(given.shape as Shape, given.dtype as DType);
  }
  const holds = level < MOST_LEVELS && (Array.isArray(given) || isRecord(given));
  must(holds, given, "summary: shape", 'a shape, { shape, dtype: "i32" }, a tensor, or a list or record of them');
  if (Array.isArray(given)) return given.map((each) => inputsOf(each, level + 1));
  return Object.fromEntries(Object.entries(given as object).map(([name, each]) => [name, inputsOf(each, level + 1)]));
}

/**
 * The layers of a model with output shapes, parameters, multiply-adds (of products) and bytes of results, as data and as a table.
 * `shape` is the input's with its batch; for indices, such as tokens, { shape, dtype: "i32" } or an `input` tensor; a list or a record of them for
 * models of several inputs. As a text it is the table.
 * @throws ShapeError and the like where the model does not take the shape, ArgumentError for parameters that are in no field of the model
 *
 * @example
 * import { Embedding, Linear, relu, Sequential, summary } from "simdgrad/nn";
 * const { layers, multiplyAdds, table } = summary(new Sequential(new Linear(784, 128), relu, new Linear(128, 10)), [64, 784]);
 * layers.map(({ path, name, parameters }) => `${path} ${name} ${parameters}`); // => ["0 Linear 100480", "1 relu 0", "2 Linear 1290"]
 * multiplyAdds; // => 6504448
 * table.split("\n")[2]; // => "0 Linear  [64, 128]     100,480      6,422,528  32,768"
 * const words = new Sequential(new Embedding(1000, 8), new Linear(8, 2));
 * `${summary(words, { shape: [64, 12], dtype: "i32" })}`.split("\n")[0]; // => "layer        output       parameters  multiply-adds   bytes"
 */
export function summary<Input = Tensor, Output = Tensor>(
  model: Layer<Input, Output>,
  shape: Given | readonly Given[] | Readonly<Record<string, Given>>,
): Summary {
  aLayer(model, "summary: model");
  const onlooker = new Onlooker();
  const observe: Context["observe"] = (layer, name, x, result) => onlooker.observe(layer, name, x, result);
  const context = { ...evaluationContext(), observe };
  const x = inputsOf(shape) as Input;
  const undo = watch(model, onlooker);
  let result: unknown;
  try {
    result = typeof model === "function" ? model(x) : model.forward(x, context);
    if (typeof model === "function") observe(model, "", x, result);
  } catch (error) {
    if (error instanceof DTypeError && /takes i32, got f32/.test(error.message))
      error.message += '; indices are { shape, dtype: "i32" }';
    throw error;
  } finally {
    undo();
  }
  checkHidden(tensorsIn(result), model);
  const { layers } = onlooker;
  const total = (pick: (layer: SummaryLayer) => number) => layers.reduce((sum, layer) => sum + pick(layer), 0);
  const all = [...variables(model).values()];
  const totals = {
    parameters: countOf(all.filter(({ isParameter }) => isParameter)),
    trainableParameters: countOf(all.filter(({ trainable }) => trainable)),
    multiplyAdds: total(({ multiplyAdds }) => multiplyAdds),
    activationBytes: total(({ activationBytes }) => activationBytes),
  };
  const table = tableOf(layers, totals);
  return Object.defineProperty({ layers, ...totals, table }, "toString", { value: () => table });
}

/** @throws ArgumentError where a model reads parameters that are not found in it: nobody would train them */
function checkHidden(results: readonly Tensor[], model: unknown): void {
  const own = new Set(variables(model).values());
  const hidden = topological(results).find((node) => node instanceof Variable && node.isParameter && !own.has(node));
  if (hidden !== undefined)
    throw new ArgumentError(
      `summary: ${hidden.label} ${showShape(hidden.shape)} is in no field of the model (private ones and closures hide theirs)`,
    );
}

function tableOf(layers: readonly SummaryLayer[], totals: Omit<Summary, "layers" | "table">): string {
  const count = (value: number) => value.toLocaleString("en-US");
  const numbers = ({
    parameters,
    multiplyAdds,
    activationBytes,
  }: Omit<Summary, "layers" | "table" | "trainableParameters">) =>
    [parameters, multiplyAdds, activationBytes].map(count);
  const rows = [
    ["layer", "output", "parameters", "multiply-adds", "bytes"],
    ...layers.map((layer) => [
      `${layer.path} ${layer.name}`.trim(),
      layer.outputShapes.map((each) => showShape(each)).join(", "),
      ...numbers(layer),
    ]),
    ["total", "", ...numbers(totals)],
  ];
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  const lines = rows.map((row) =>
    row
      .map((cell, i) => (i < 2 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join("  ")
      .trimEnd(),
  );
  const frozen = totals.parameters - totals.trainableParameters;
  const rule = "-".repeat(Math.max(...lines.map((line) => line.length)));
  return [
    lines[0],
    rule,
    ...lines.slice(1, -1),
    rule,
    lines[lines.length - 1],
    ...(frozen > 0 ? [`frozen: ${count(frozen)}`] : []),
  ].join("\n");
}
