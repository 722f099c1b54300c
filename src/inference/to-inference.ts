// toInference: a model as one file that a Predictor runs. Its evaluation form is compiled for a few numbers of rows, what depends on weights alone is
// computed beforehand, and programs and weights go into one safetensors file.
import { aFunction, aListOf, aWholeNumber, checkOptions, isRecord, must, oneOf } from "../check.ts";
import { compile } from "../compile/compile.ts";
import { simplify } from "../compile/simplify.ts";
import { type ArrayLikeData, array } from "../data/array.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { topological } from "../graph.ts";
import { aLayer, evaluationContext, forward, type Layer, variables } from "../nn/module.ts";
import type { Port } from "../predictor/format.ts";
import { secondsOf } from "../predictor/work.ts";
import { decode } from "../program/decode.ts";
import { CodeNames } from "../program/names.ts";
import { Places } from "../program/places.ts";
import { PROGRAM_VERSION, type Program } from "../program/program.ts";
import { anExecutor } from "../runtime/arguments.ts";
import type { Executor, TypedArray } from "../runtime/executor.ts";
import { hasSimd } from "../runtime/features.ts";
import { JsExecutor } from "../runtime/js/js-executor.ts";
import { WasmExecutor } from "../runtime/wasm/wasm-executor.ts";
import { showShape } from "../shape.ts";
import { Tensor } from "../tensor.ts";
import { begin } from "../train/begin.ts";
import { ownState } from "../train/own-state.ts";
import { readState } from "../train/state.ts";
import { Variable } from "../variable.ts";
import { areApart, type Traced } from "./apart.ts";
import { Contents, type Valued } from "./contents.ts";
import { knownUnder } from "./known.ts";
import { type InferenceSignature, outputsOf, readSignature, type Several, type Signature } from "./signature.ts";
import { VERSION } from "./version.ts";

/** How a bundle is written. */
export interface InferenceOptions<X = unknown> {
  /**
   * Rows that its programs take at once; others are predicted by them in parts. Default: 1, 8 and 64, without those whose step would take more than a
   * second or 256 MiB.
   */
  readonly batch?: number | readonly number[];
  /** "int8": weights of two axes or more in bytes, with a scale a row; those of fewer than 64 numbers stay as they are (default "f32"). */
  readonly weights?: "f32" | "int8";
  /**
   * Whether rows see nothing of one another ("apart"), so that any number of them can be predicted, or all of them ("together"): then as many as a
   * program takes, no more and no fewer. Default: "apart" where the model's graphs prove it, else "together".
   */
  readonly rows?: "apart" | "together";
  /** The model's variables by path, as `loadStateDict` takes them. */
  readonly state?: Readonly<Record<string, ArrayLikeData>>;
  /** Where the weights are, if no state has them: that of a trainer. Default: first values, with a warning. */
  readonly executor?: Executor;
  /** From rows of x to the model's input, inside the program, as the trainer's. Default: bytes become f32, anything else stays. */
  readonly preprocess?: (x: X) => unknown;
}

const SIZES = [1, 8, 64];
const MOST_SECONDS = 1;
const MOST_WORDS = 2 ** 26;

/**
 * A model with its weights as one file, which a Predictor of simdgrad/predictor runs without compiler, gradients and layers.
 * @throws ShapeError and the like where the model does not take the signature's shapes; ArgumentError for weights that are in no field of it
 *
 * @example
 * import { toInference } from "simdgrad/inference";
 * import { Linear, relu, Sequential } from "simdgrad/nn";
 * import { Predictor } from "simdgrad/predictor";
 * const model = new Sequential(new Linear(2, 1), relu);
 * const bytes = await toInference(model, { input: ["batch", 2] }, { state: { "0.weight": [[2, 3]], "0.bias": [1] } });
 * const predictor = await Predictor.load(bytes);
 * predictor.predict([[1, 1], [0, -2]]).data; // => [6, 0]
 */
export async function toInference<Input = Tensor, Output = Tensor, X = Input>(
  model: Layer<Input, Output>,
  signature: InferenceSignature,
  options: InferenceOptions<X> = {},
): Promise<Uint8Array<ArrayBuffer>> {
  aLayer(model, "toInference: model");
  const given = readSignature(signature);
  const aState = (value: unknown, what: string) => must(isRecord(value), value, what, "an object of arrays by paths");
  const aSize = aWholeNumber(1);
  const sizes = (value: unknown, what: string) => {
    if (!Array.isArray(value)) return aSize(value, what);
    aListOf(aSize)(value, what);
    must(value.length > 0 && new Set(value).size === value.length, value, what, "numbers of rows that differ");
  };
  checkOptions(options, "toInference", {
    batch: sizes,
    weights: oneOf("f32", "int8"),
    rows: oneOf("apart", "together"),
    state: aState,
    executor: anExecutor,
    preprocess: aFunction,
  });
  const writer = new Writer(model as unknown as Layer<unknown, unknown>, given, options as InferenceOptions);
  return writer.write();
}

/** A graph for so many rows, with its outputs by name. */
interface Graph extends Traced {
  readonly given: Several;
}

class Writer {
  readonly #model: Layer<unknown, unknown>;
  readonly #signature: Signature;
  readonly #options: InferenceOptions;
  /** Rows of programs. */
  readonly #sizes: readonly number[];
  /** The model's variables, and what was computed of them: names, and their values. */
  readonly #names: Map<Variable, string>;
  readonly #values = new Map<Variable, TypedArray>();

  constructor(model: Layer<unknown, unknown>, signature: Signature, options: InferenceOptions) {
    this.#model = model;
    this.#signature = signature;
    this.#options = options;
    this.#sizes = this.#hasRows ? [options.batch ?? SIZES].flat() : [1];
    this.#names = new Map(Array.from(variables(model), ([path, variable]) => [variable, path]));
  }

  get #hasRows(): boolean {
    return this.#signature.ports.some(({ shape }) => shape[0] === null);
  }

  async write(): Promise<Uint8Array<ArrayBuffer>> {
    const { ports, arrangement } = this.#signature;
    const first = this.#graph(this.#sizes[0]);
    this.#checkHidden(first.outputs);
    const executor = hasSimd() ? new WasmExecutor({ build: "portable", threads: 1 }) : new JsExecutor();
    try {
      await this.#readValues(executor);
      const apart = this.#hasRows && (await this.#isApart(executor));
      const contents = new Contents();
      const names = { inputs: ports.map((_, i) => inputName(i)), outputs: first.outputs.map((_, i) => outputName(i)) };
      for (const rows of this.#sizes) {
        const program = await this.#program(rows, executor);
        if (this.#options.batch !== undefined || rows === 1 || !isLarge(program))
          contents.add(rows, program, names, (key) => this.#valued(key));
      }
      const about = {
        simdgrad: VERSION,
        program: PROGRAM_VERSION,
        apart,
        x: arrangement,
        y: first.given.arrangement,
        inputs: ports,
        outputs: this.#outputs(
          apart,
          contents.programs.map(({ rows }) => rows),
        ),
      };
      return contents.file(about, this.#options.weights === "int8");
    } finally {
      await executor.dispose();
    }
  }

  /** What the model makes of so many rows. */
  #graph(rows: number): Graph {
    const { tensors, x } = this.#signature.inputsFor(rows);
    const { preprocess = bytesAsFloats } = this.#options;
    const result = forward(this.#model, preprocess(x), evaluationContext());
    const given = outputsOf(result, this.#signature.outputNames);
    const inputs = Object.fromEntries(tensors.map((tensor, i) => [inputName(i), tensor]));
    return { inputs, outputs: given.parts.map(([, tensor]) => tensor), given };
  }

  /** @throws ArgumentError where the model reads variables that are not found in it: nobody could say their values */
  #checkHidden(outputs: readonly Tensor[]): void {
    const hidden = topological(outputs).find((node) => node instanceof Variable && !this.#names.has(node));
    if (hidden !== undefined)
      throw new ArgumentError(
        `toInference: ${hidden.label} ${showShape(hidden.shape)} is in no field of the model (private ones and closures hide theirs)`,
      );
  }

  /** Values of the model's variables: those of the state, else those of their executor, which is left as it is, else first ones. */
  async #readValues(own: Executor): Promise<void> {
    const { state, executor: theirs } = this.#options;
    const name = "toInference";
    const known = variables(this.#model);
    const executor = state === undefined ? (theirs ?? own) : own;
    const given = state && ownState(name, state, known);
    const isPlain = this.#options.preprocess === undefined;
    const held = await begin({ name, executor, variables: known, state: given, model: this.#model, isPlain }, array);
    try {
      const values = await readState(executor, known);
      for (const [path, variable] of known) this.#values.set(variable, values[path].data as TypedArray);
    } finally {
      await held.letGo(false);
    }
  }

  async #isApart(executor: Executor): Promise<boolean> {
    const { rows } = this.#options;
    if (rows !== undefined) return rows === "apart";
    const { ports } = this.#signature;
    const isRows = (name: string) => ports.some(({ shape }, i) => inputName(i) === name && shape[0] === null);
    const traced = (count: number): Traced => this.#graph(count);
    await this.#load(executor, traced(this.#sizes[0]).outputs);
    return areApart(traced, isRows, this.#sizes, executor);
  }

  /** Gives an executor the values of the variables under tensors. */
  async #load(executor: Executor, tensors: readonly Tensor[]): Promise<void> {
    const found = topological(tensors).filter((node) => node instanceof Variable);
    if (found.length === 0) return;
    await executor.load(compile({ outputs: Object.fromEntries(found.map((each, i) => [`${i}`, each])) }));
    await executor.writeAll(
      found.map((each) => ({ slot: { variable: each.key }, data: this.#values.get(each) as TypedArray })),
    );
  }

  /** The program for so many rows, what is known of its weights beforehand in their place. */
  async #program(rows: number, executor: Executor): Promise<Program> {
    const { inputs, outputs } = this.#graph(rows);
    const simple = simplify(outputs);
    const known = knownUnder(simple);
    const values = known.length === 0 ? [] : await this.#computed(known, executor);
    const replaced = new Map(known.map((node, i) => [node as Tensor, this.#folded(node, values[i], i) as Tensor]));
    const settled = simplify(simple, replaced);
    return compile({
      inputs,
      outputs: Object.fromEntries(settled.map((each, i) => [outputName(i), each])),
      names: this.#names,
    });
  }

  async #computed(known: readonly Tensor[], executor: Executor): Promise<TypedArray[]> {
    await this.#load(executor, known);
    const id = await executor.load(compile({ outputs: Object.fromEntries(known.map((each, i) => [`${i}`, each])) }));
    try {
      await executor.run([[id, 1]]).done;
      return await executor.readAll(known.map((_, i) => ({ program: id, name: `${i}` })));
    } finally {
      await executor.unload(id);
    }
  }

  /** A variable for a tensor that is known: that of another program, where it has the same bits. */
  #folded({ shape, dtype }: Tensor, value: TypedArray, i: number): Variable {
    for (const [variable, known] of this.#values)
      if (this.#names.get(variable) === foldedName(i) && showShape(variable.shape) === showShape(shape))
        if (known.every((each, k) => Object.is(each, value[k]))) return variable;
    const taken = new Set(this.#names.values());
    let name = foldedName(i);
    while (taken.has(name)) name += "'";
    const variable = new Variable(shape, 0, { dtype, label: name });
    this.#names.set(variable, name);
    this.#values.set(variable, value);
    return variable;
  }

  /** What comes out, by the graphs for all numbers of rows. @throws ShapeError where rows are not what grows */
  #outputs(apart: boolean, sizes: readonly number[]): Port[] {
    const all = sizes.map((rows) => this.#graph(rows).given.parts);
    return all[0].map(([name, { dtype, shape }], i): Port => {
      const shapes = all.map((parts) => parts[i][1].shape);
      const byRows = shapes.every(
        (each, k) => each[0] === sizes[k] && showShape(each.slice(1)) === showShape(shape.slice(1)),
      );
      if (byRows && (apart || sizes.length > 1)) return { name, dtype, shape: [null, ...shape.slice(1)] };
      if (!apart && shapes.every((each) => showShape(each) === showShape(shape))) return { name, dtype, shape };
      throw new ShapeError(
        `toInference: ${name} is ${shapes.map((each, k) => `${showShape(each)} of ${sizes[k]} rows`).join(", ")}: rows are its first axis, or { batch } is one number and { rows } "together"`,
      );
    });
  }

  #valued(key: string): Valued {
    const variable = [...this.#names.keys()].find((each) => each.key === key) as Variable;
    const { shape, dtype } = variable;
    return { name: this.#names.get(variable) as string, shape, dtype, data: this.#values.get(variable) as TypedArray };
  }
}

/** Whether a program takes more than is taken without being asked. */
function isLarge(program: Program): boolean {
  const seconds = secondsOf(program.code, decode(program, new Places(program), new CodeNames()));
  return program.ioWords + program.arenaWords > MOST_WORDS || seconds > MOST_SECONDS;
}

/** Bytes as f32, wherever they are. */
function bytesAsFloats(x: unknown): unknown {
  if (x instanceof Tensor) return x.dtype === "u8" ? x.cast("f32") : x;
  if (Array.isArray(x)) return x.map(bytesAsFloats);
  return Object.fromEntries(Object.entries(x as object).map(([name, each]) => [name, bytesAsFloats(each)]));
}

function inputName(i: number): string {
  return `input ${i}`;
}

function outputName(i: number): string {
  return `output ${i}`;
}

function foldedName(i: number): string {
  return `known.${i}`;
}
