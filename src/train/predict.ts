// Predicting any number of rows, which see nothing but one another. Where a model keeps rows apart, few programs do: rows are padded to the
// next of a few sizes, and many are predicted in parts. Where it mixes them, as by a mean over rows, each number of rows has a program of its
// own. Loaded with the first prediction.
import { input } from "../create.ts";
import type { NumericArray, TypedData } from "../data/array.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { topological } from "../graph.ts";
import { edits } from "../nn/edits.ts";
import type { Loss } from "../nn/losses.ts";
import type { Executor, ProgramId, TypedArray, Write } from "../runtime/executor.ts";
import { type Aval, type Shape, showShape, sizeOf } from "../shape.ts";
import { Tensor } from "../tensor.ts";
import type { Variable } from "../variable.ts";
import { type Bundle, eachOf, isOne, mapped, memberOf, pathOf } from "./bundle.ts";
import { checkModel } from "./check-model.ts";
import { loadProgram } from "./load.ts";
import { type ByOutputs, type Losses, lossAt } from "./objectives.ts";
import { predictorOf, type Recipe, type Trained } from "./programs.ts";
import { keepsRowsApart } from "./rows.ts";
import { predictionProgram } from "./step-programs.ts";
import { watched } from "./trial.ts";
import { warnOfAsking } from "./twice.ts";

/** Rows that small programs predict. */
const SIZES = [1, 8, 64, 256];

/** About as many numbers and weights as one step of a program should touch: some ten milliseconds. */
const WORK = 2 ** 25;

/** Programs that are kept, those that were used last. */
const KEPT = 8;

/** Numbers in an array that is kept for the next copy: a new one takes longer than a prediction of a few rows. */
const MOST_SPARE = 2 ** 16;

/** "softmax": probabilities along the axis of classes; "argmax": the index of the largest number there, as i32; "sigmoid": of each number. */
type As = "softmax" | "argmax" | "sigmoid";

/** How predictions are given. */
export interface PredictOptions<Output = Tensor> {
  /**
   * "softmax": probabilities along the axis of classes, which is axis 1 of outputs whose loss takes class indices, as [N, C, ...], else the
   * last; "argmax": the index of the largest number there, as i32; "sigmoid": the probability of each logit. Of several outputs a word is for
   * all, and a record or a list of words for some. Default: what the model gives.
   */
  readonly as?: As | ByOutputs<Output, As>;
  /** All rows at one moment of a training, however many: by one step of one program, with the memory that this takes. Default false. */
  readonly together?: boolean;
}

/** What predicts. */
export interface Predicted {
  readonly executor: Executor;
  readonly names: ReadonlyMap<Variable, string>;
  /** The model, and what its input is made by. */
  readonly recipe: Pick<Recipe, "model" | "preprocess">;
  /** What it is trained by, if anything does. */
  readonly loss?: Loss | Losses;
  /** What trains it, if anything does: averages of parameters, where there are some, are in the place of the parameters. */
  readonly trained?: Trained;
}

/** Rows of one shape. */
interface Kind {
  readonly key: string;
  /** Of one tensor: its rows, and how they are asked for. */
  readonly one: (Aval & { readonly as: unknown }) | undefined;
  readonly output: (rows: number) => { readonly x: Bundle<Tensor>; readonly y: Bundle<Tensor> };
  /** Rows that one program takes at the most; undefined where they see one another. */
  readonly most: number | undefined;
}

/** A program, and the shapes of its outputs. */
interface Loaded {
  readonly key: string;
  readonly size: number;
  readonly id: ProgramId;
  readonly y: Bundle<Named>;
}

/** An output, by its name in the program. */
interface Named {
  readonly name: string;
  readonly shape: Shape;
}

/** What the model gives, as it is asked for. @throws ArgumentError for words about what it does not give */
function allGiven(y: Bundle<Tensor>, as: PredictOptions<unknown>["as"], loss: Predicted["loss"]): Bundle<Tensor> {
  // Losses of class indices have the classes along axis 1 of [N, C, ...].
  const axisOf = (name?: string) => (loss !== undefined && lossAt(loss, name)?.targets === "classes" ? 1 : -1);
  if (typeof as !== "object") return mapped<Tensor, Tensor>(y, (each, name) => given(each, as, axisOf(name)));
  const unknown = Object.keys(as).find((name) => y instanceof Tensor || memberOf(y, name) === undefined);
  if (unknown !== undefined) throw new ArgumentError(`predict: as.${unknown}: the model gives no output of this name`);
  return mapped<Tensor, Tensor>(y, (each, name) => given(each, memberOf<As>(as, name), axisOf(name)));
}

/** An output as it is asked for. @throws ShapeError where there is but one number to choose from */
function given(y: Tensor, as: As | undefined, axis: number): Tensor {
  if (as === undefined) return y;
  if (as === "sigmoid") return y.sigmoid();
  const { shape } = y;
  if (shape.length < 2 || shape.at(axis) === 1)
    throw new ShapeError(
      `predict: ${as} is along axis ${axis} of [N, ${axis < 0 ? "..., C" : "C, ..."}], and the model gives ${showShape(shape)}; of one logit, as: "sigmoid" is the probability`,
    );
  return as === "softmax" ? y.softmax(axis) : y.argmax(axis);
}

export class Predictions {
  readonly #predicted: Predicted;
  /** The one that was used last is the last. */
  readonly #programs = new Map<string, Loaded>();
  #last: Loaded | undefined;
  #kind: Kind | undefined;
  #spare: TypedData["data"] | undefined;
  /** Changes of models, when this one was looked at last. */
  #edits = edits.count;

  constructor(predicted: Predicted) {
    this.#predicted = predicted;
  }

  /** The array that the last prediction of one tensor was asked of, to be taken by one who copies. */
  spare(): TypedData["data"] | undefined {
    const spare = this.#spare;
    this.#spare = undefined;
    return spare;
  }

  /** The outputs for all rows of x, whose arrays are given away. Not to be called again before it is done. */
  async predict(x: Bundle<TypedData>, options: PredictOptions<unknown>): Promise<Bundle<NumericArray>> {
    const result = await this.#all(x, options);
    if (isOne(x) && x.data.length <= MOST_SPARE) this.#spare = x.data;
    return result;
  }

  async #all(x: Bundle<TypedData>, { as, together = false }: PredictOptions<unknown>): Promise<Bundle<NumericArray>> {
    if (this.#edits !== edits.count) this.#look();
    const kind = this.#kindOf(x, as);
    const [rows] = eachOf<TypedData>(x, "x")[0][1].shape;
    if (rows === 0) return mapped<Tensor, NumericArray>(kind.output(1).y, nothing);
    const most = together ? undefined : kind.most;
    const whole = await this.#some(kind, x, 0, Math.min(rows, most ?? rows), most);
    if (most === undefined || rows <= most) return whole;
    const all = mapped<NumericArray, NumericArray>(whole, ({ data, shape }) => {
      const room = zeros(data as TypedArray, rows * (data.length / most));
      room.set(data);
      return { data: room, shape: [rows, ...shape.slice(1)] };
    });
    for (let start = most; start < rows; start += most) {
      const part = eachOf<NumericArray>(await this.#some(kind, x, start, Math.min(most, rows - start), most), "y");
      for (const [i, [, { data }]] of eachOf<NumericArray>(all, "y").entries())
        data.set(part[i][1].data, start * (data.length / rows));
    }
    return all;
  }

  /** @throws ArgumentError where the model was changed since its trainer or predictor was made: programs would be of what it was */
  #look(): void {
    const { recipe, names, trained } = this.#predicted;
    checkModel({ ...recipe, names, parameters: trained?.parameters }, "predict");
    this.#edits = edits.count;
  }

  /** So many rows from one on, by one step. */
  async #some(
    kind: Kind,
    x: Bundle<TypedData>,
    start: number,
    count: number,
    most: number | undefined,
  ): Promise<Bundle<NumericArray>> {
    const { executor } = this.#predicted;
    const size = kind.most === undefined ? count : Math.min(sizeFor(count), most ?? Number.POSITIVE_INFINITY);
    const last = this.#last;
    const { id, y } = last?.key === kind.key && last.size === size ? last : await this.#load(kind, size);
    const outputs = eachOf<Named>(y, "y").map(([, { name }]) => ({ program: id, name }));
    const writes = eachOf<TypedData>(x, "x").map(
      ([name, data]): Write => ({ slot: { program: id, name }, data: partOf(data, start, count, size) }),
    );
    // Asked for at once: the run begins with what is written, and brings what is read.
    const written = writes.length > 1 ? executor.writeAll(writes) : executor.write(writes[0].slot, writes[0].data);
    const run = executor.run([[id, 1]], { urgent: true, read: outputs });
    const [{ values }] = await Promise.all([run.done, written]);
    const read = new Map<string, TypedArray>();
    for (const [i, slot] of outputs.entries()) read.set(slot.name, values?.[i] ?? (await executor.read(slot)));
    return mapped<Named, NumericArray>(y, ({ name, shape }) => {
      const data = read.get(name) as TypedArray;
      if (size === count) return { data, shape: [...shape] };
      return { data: data.slice(0, (data.length / size) * count), shape: [count, ...shape.slice(1)] };
    });
  }

  #kindOf(data: Bundle<TypedData>, as: PredictOptions<unknown>["as"]): Kind {
    const known = this.#kind?.one;
    if (known && isOne(data) && known.as === as && known.dtype === data.dtype && sameRow(known.shape, data.shape))
      return this.#kind as Kind;
    const parts = eachOf<TypedData>(data, "x").map(([path, { dtype, shape }]) => `${path} ${dtype} ${shape.slice(1)}`);
    const key = `${parts} ${JSON.stringify(as)}`;
    if (this.#kind?.key === key) return this.#kind;
    const row = mapped<TypedData, Aval>(data, ({ dtype, shape }) => ({ dtype, shape: shape.slice(1) }));
    const output = (rows: number) => {
      const x = mapped<Aval, Tensor>(row, ({ dtype, shape }, name) =>
        input([rows, ...shape], dtype, pathOf("x", name)),
      );
      const y = predictorOf(this.#predicted.recipe)(x, watched(true));
      mapped<Tensor, void>(y, (each, name) =>
        warnOfAsking(this.#predicted, each, typeof as === "object" ? memberOf<As>(as, name) : as),
      );
      return { x, y: allGiven(y, as, this.#predicted.loss) };
    };
    const outputs = (rows: number) => eachOf<Tensor>(output(rows).y, "y").map(([, each]) => each);
    const isApart = keepsRowsApart(outputs);
    const numbers = topological(outputs(1)).reduce((sum, { shape: each }) => sum + sizeOf(each), 1);
    const most = isApart ? Math.max(SIZES[SIZES.length - 1], Math.floor(WORK / numbers)) : undefined;
    const one = isOne(data) ? { dtype: data.dtype, shape: data.shape, as } : undefined;
    this.#kind = { key, one, output, most };
    return this.#kind;
  }

  /** A program for so many rows, of which the one that was used longest ago goes where there are many. */
  async #load(kind: Kind, size: number): Promise<Loaded> {
    const key = `${size} ${kind.key}`;
    const known = this.#programs.get(key);
    this.#programs.delete(key);
    if (known === undefined)
      for (const [old, { id }] of [...this.#programs].slice(0, Math.max(0, this.#programs.size + 1 - KEPT))) {
        this.#programs.delete(old);
        await this.#predicted.executor.unload(id);
      }
    const loaded = known ?? (await this.#compiled(kind, size));
    this.#programs.set(key, loaded);
    this.#last = loaded;
    return loaded;
  }

  async #compiled(kind: Kind, size: number): Promise<Loaded> {
    this.#look();
    const { executor, names, trained } = this.#predicted;
    const { x, y } = kind.output(size);
    const [inputs, outputs] = [Object.fromEntries(eachOf<Tensor>(x, "x")), Object.fromEntries(eachOf<Tensor>(y, "y"))];
    const program = predictionProgram(inputs, outputs, names, trained);
    const named = mapped<Tensor, Named>(y, ({ shape }, key) => ({ name: pathOf("y", key), shape }));
    return { key: kind.key, size, id: await loadProgram(executor, program), y: named };
  }

  /** Frees its programs. */
  async dispose(): Promise<void> {
    const loaded = [...this.#programs.values()];
    this.#programs.clear();
    this.#last = undefined;
    for (const { id } of loaded) await this.#predicted.executor.unload(id);
  }
}

/** Whether shapes differ in their first axis alone. */
function sameRow(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => axis === 0 || size === b[axis]);
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
