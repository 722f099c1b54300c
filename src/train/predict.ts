// Predicting any number of rows, which see nothing but one another. Where a model keeps rows apart, few programs do: rows are padded to the
// next of a few sizes, and many are predicted in parts. Where it mixes them, as by a mean over rows, each number of rows has a program of its
// own. Loaded with the first prediction.
import { input } from "../create.ts";
import type { NumericArray, TypedData } from "../data/array.ts";
import { ShapeError } from "../errors.ts";
import { topological } from "../graph.ts";
import type { Executor, ProgramId, TypedArray } from "../runtime/executor.ts";
import { type DType, type Shape, sameShape, showShape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import type { Variable } from "../variable.ts";
import type { Trained } from "./averaged.ts";
import { loadProgram } from "./load.ts";
import { keepsRowsApart } from "./rows.ts";
import { predictionProgram } from "./step-programs.ts";

/** Rows that small programs predict. */
const SIZES = [1, 8, 64, 256];

/** About as many numbers and weights as one step of a program should touch: some ten milliseconds. */
const WORK = 2 ** 25;

/** Programs that are kept, those that were used last. */
const KEPT = 8;

/** Numbers in an array that is kept for the next copy: a new one takes longer than a prediction of a few rows. */
const MOST_SPARE = 2 ** 16;

/** How predictions are given. */
export interface PredictOptions {
  /**
   * "softmax": probabilities along the last axis; "argmax": the index of the largest number there, as i32. Default: what the model gives.
   */
  readonly as?: "softmax" | "argmax";
  /** All rows at one moment of a training, however many: by one step of one program, with the memory that this takes. Default false. */
  readonly together?: boolean;
}

/** What predicts. */
export interface Predicted {
  readonly executor: Executor;
  readonly names: ReadonlyMap<Variable, string>;
  /** The model's output. */
  readonly model: (x: Tensor) => Tensor;
  /** What trains it, if anything does: averages of parameters, where there are some, are in the place of the parameters. */
  readonly trained?: Trained;
}

/** Rows of one shape. */
interface Kind {
  readonly dtype: DType;
  readonly row: Shape;
  readonly as: PredictOptions["as"];
  readonly output: (rows: number) => { readonly x: Tensor; readonly y: Tensor };
  /** Rows that one program takes at the most; undefined where they see one another. */
  readonly most: number | undefined;
}

/** A program for so many rows of a kind, and the shape of its output. */
interface Loaded {
  readonly kind: Kind;
  readonly size: number;
  readonly id: ProgramId;
  readonly shape: Shape;
}

/** The model's output as it is asked for. @throws ShapeError where a row of it is one number */
function given(y: Tensor, as: PredictOptions["as"]): Tensor {
  if (as !== undefined && y.shape.length < 2)
    throw new ShapeError(
      `predict: ${as} is along the last axis of [N, ..., C], and the model gives ${showShape(y.shape)}`,
    );
  return as === "softmax" ? y.softmax() : as === "argmax" ? y.argmax(-1) : y;
}

export class Predictions {
  readonly #predicted: Predicted;
  /** The one that was used last is the last. */
  readonly #programs = new Map<string, Loaded>();
  #last: Loaded | undefined;
  #kind: Kind | undefined;
  #spare: TypedData["data"] | undefined;

  constructor(predicted: Predicted) {
    this.#predicted = predicted;
  }

  /** The array that the last prediction was asked of, to be taken by one who copies. */
  spare(): TypedData["data"] | undefined {
    const spare = this.#spare;
    this.#spare = undefined;
    return spare;
  }

  /** The outputs for all rows of x, whose array is given away. Not to be called again before it is done. */
  async predict(x: TypedData, options: PredictOptions): Promise<NumericArray> {
    const result = await this.#all(x, options);
    if (x.data.length <= MOST_SPARE) this.#spare = x.data;
    return result;
  }

  async #all(x: TypedData, { as, together = false }: PredictOptions): Promise<NumericArray> {
    const kind = this.#kindOf(x, as);
    const rows = x.shape[0];
    if (rows === 0) return nothing(kind.output(1).y);
    const most = together ? undefined : kind.most;
    const whole = await this.#some(kind, x, 0, Math.min(rows, most ?? rows), most);
    if (most === undefined || rows <= most) return whole;
    const width = whole.data.length / most;
    const data = zeros(whole.data, rows * width);
    data.set(whole.data);
    for (let start = most; start < rows; start += most) {
      const part = await this.#some(kind, x, start, Math.min(most, rows - start), most);
      data.set(part.data, start * width);
    }
    return { data, shape: [rows, ...whole.shape.slice(1)] };
  }

  /** So many rows from one on, by one step. */
  async #some(kind: Kind, x: TypedData, start: number, count: number, most: number | undefined): Promise<NumericArray> {
    const { executor } = this.#predicted;
    const size = kind.most === undefined ? count : Math.min(sizeFor(count), most ?? Number.POSITIVE_INFINITY);
    const last = this.#last;
    const { id, shape } = last?.kind === kind && last.size === size ? last : await this.#load(kind, size);
    const y = { program: id, name: "y" };
    // Asked for at once: the run begins with what is written, and brings what is read.
    const written = executor.write({ program: id, name: "x" }, partOf(x, start, count, size));
    const run = executor.run([[id, 1]], { urgent: true, read: [y] });
    const [{ values = [await executor.read(y)] }] = await Promise.all([run.done, written]);
    const [data] = values;
    if (size === count) return { data, shape: [...shape] };
    return { data: data.slice(0, (data.length / size) * count), shape: [count, ...shape.slice(1)] };
  }

  #kindOf({ shape, dtype }: TypedData, as: PredictOptions["as"]): Kind {
    const row = shape.slice(1);
    const kind = this.#kind;
    if (kind?.dtype === dtype && kind.as === as && sameShape(kind.row, row)) return kind;
    const output = (rows: number) => {
      const x = input([rows, ...row], dtype, "x");
      return { x, y: given(this.#predicted.model(x), as) };
    };
    const isApart = keepsRowsApart((rows) => output(rows).y);
    const numbers = topological([output(1).y]).reduce((sum, { shape: each }) => sum + sizeOf(each), 1);
    const most = isApart ? Math.max(SIZES[SIZES.length - 1], Math.floor(WORK / numbers)) : undefined;
    this.#kind = { dtype, row, as, output, most };
    return this.#kind;
  }

  /** A program for so many rows, of which the one that was used longest ago goes where there are many. */
  async #load(kind: Kind, size: number): Promise<Loaded> {
    const key = `${size} ${kind.dtype} ${kind.row} ${kind.as}`;
    const known = this.#programs.get(key);
    this.#programs.delete(key);
    if (known === undefined)
      for (const [old, { id }] of [...this.#programs].slice(0, Math.max(0, this.#programs.size + 1 - KEPT))) {
        this.#programs.delete(old);
        await this.#predicted.executor.unload(id);
      }
    const loaded = known === undefined ? await this.#compiled(kind, size) : { ...known, kind };
    this.#programs.set(key, loaded);
    this.#last = loaded;
    return loaded;
  }

  async #compiled(kind: Kind, size: number): Promise<Loaded> {
    const { executor, names, trained } = this.#predicted;
    const { x, y } = kind.output(size);
    const program = predictionProgram(x, y, names, trained);
    return { kind, size, id: await loadProgram(executor, program), shape: y.shape };
  }

  /** Frees its programs. */
  async dispose(): Promise<void> {
    const loaded = [...this.#programs.values()];
    this.#programs.clear();
    this.#last = undefined;
    for (const { id } of loaded) await this.#predicted.executor.unload(id);
  }
}

function nothing({ shape, dtype }: Tensor): NumericArray {
  return { data: dtype === "i32" ? new Int32Array(0) : new Float32Array(0), shape: [0, ...shape.slice(1)] };
}

/** Rows of the smallest program for so many: of many rows at most an eighth is padding. */
function sizeFor(rows: number): number {
  const step = 2 ** (Math.floor(Math.log2(rows)) - 3);
  return SIZES.find((size) => size >= rows) ?? Math.ceil(rows / step) * step;
}

/** Rows of x, and zeros up to `size` rows. */
function partOf({ data, shape }: TypedData, start: number, count: number, size: number): TypedArray {
  const width = sizeOf(shape.slice(1));
  const own = data.subarray(start * width, (start + count) * width);
  if (size === count) return own;
  const padded = zeros(data, size * width);
  padded.set(own);
  return padded;
}

/** So many zeros in an array of the same kind. */
function zeros(data: TypedArray, length: number): TypedArray {
  return new (data.constructor as new (length: number) => TypedArray)(length);
}
