// What is to be predicted, checked at the call. What predicts is loaded with the first prediction.
import { aBoolean, checkOptions, oneOf } from "../check.ts";
import { input } from "../create.ts";
import type { ArrayLikeData, NumericArray } from "../data/array.ts";
import { DataError } from "../errors.ts";
import { ofOneRow } from "./one-row.ts";
import { ownArray } from "./own-array.ts";
import type { Predicted, Predictions, PredictOptions } from "./predict.ts";

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
  of(given: ArrayLikeData, options: PredictOptions): () => Promise<NumericArray> {
    checkOptions(options, "predict", { as: oneOf("softmax", "argmax"), together: aBoolean });
    const own = { ...options };
    const x = ownArray(given, undefined, "x");
    if (x.shape.length === 0) throw new DataError("x needs a first axis of rows");
    const row = x.shape.slice(1);
    const known = `${x.dtype} ${row.length > 0 ? row : `of ${x.shape}`}`;
    if (this.#known !== known) ofOneRow(x.shape, (rows) => this.#predicted.model(input([rows, ...row], x.dtype)));
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
