// What is to be predicted, checked at the call. What predicts is loaded with the first prediction.
import { aBoolean, aBundleOf, checkOptions, isRecord, oneOf } from "../check.ts";
import { input } from "../create.ts";
import type { NumericArray, TypedData } from "../data/array.ts";
import { type Bundle, copied, eachOf, isOne } from "./bundle.ts";
import { ownArrays, rowsOf } from "./dataset.ts";
import { ofOneRow } from "./one-row.ts";
import type { Predicted, Predictions, PredictOptions } from "./predict.ts";
import { predictorOf } from "./programs.ts";

const aWord = oneOf("softmax", "argmax", "sigmoid");

/** A word for all outputs, or one for some of them. */
function asWhat(value: unknown, what: string): void {
  if (isRecord(value) || Array.isArray(value))
    aBundleOf((each, path) => each === undefined || aWord(each, path))(value, what);
  else aWord(value, what);
}

/** What rows are; numbers in no rows may be anything, of another number of them something else. */
function rowOf({ shape }: TypedData): string {
  return shape.length > 1 ? `${shape.slice(1)}` : `of ${shape}`;
}

export class Prediction {
  readonly #predicted: Predicted;
  #predictions: Predictions | undefined;
  /** Rows that the model was seen to take. */
  #known = "";

  constructor(predicted: Predicted) {
    this.#predicted = predicted;
  }

  /**
   * Gives what predicts, to be called when it is its turn.
   * @throws DataError, ShapeError, DTypeError where x does not fit the model, ArgumentError for options
   */
  of(given: unknown, options: PredictOptions<unknown>): () => Promise<Bundle<NumericArray>> {
    checkOptions(options, "predict", { as: asWhat, together: aBoolean });
    const own = { ...options, as: copied(options.as) };
    const x = ownArrays(given, () => undefined, "x", undefined, this.#predictions?.spare());
    const parts = eachOf<TypedData>(x, "x");
    rowsOf(parts);
    const known = parts.map(([path, each]) => `${path} ${each.dtype} ${rowOf(each)}`).join();
    if (this.#known !== known && isOne(x))
      ofOneRow(x.shape, (rows) => predictorOf(this.#predicted.recipe)(input([rows, ...x.shape.slice(1)], x.dtype))); // of several: predict.ts
    this.#known = known;
    return async () => {
      this.#predictions ??= new (await import("./predict.ts")).Predictions(this.#predicted);
      return this.#predictions.predict(x, own);
    };
  }

  /** Frees its programs. */
  async dispose(): Promise<void> {
    await this.#predictions?.dispose();
  }
}
