// What is to be predicted, checked at the call. What predicts is loaded with the first prediction.
import { aBoolean, checkOptions, oneOf } from "../check.ts";
import { input } from "../create.ts";
import type { ArrayLikeData, NumericArray, TypedData } from "../data/array.ts";
import { DataError } from "../errors.ts";
import { type Shape, sameShape } from "../shape.ts";
import { ownArray } from "./own-array.ts";
import type { Predicted, Predictions, PredictOptions } from "./predict.ts";

/** Numbers in an array that is kept for the next copy: a new one takes longer than a prediction of a few rows. */
const MOST_SPARE = 2 ** 16;

const checks = { as: oneOf("softmax", "argmax"), together: aBoolean };

export class Prediction {
  readonly #predicted: Predicted;
  #predictions: Predictions | undefined;
  /** A row that the model was seen to take. */
  #known: { readonly dtype: TypedData["dtype"]; readonly row: Shape } | undefined;
  /** What the last prediction was asked of, and needs no more. */
  #spare: TypedData["data"] | undefined;

  constructor(predicted: Predicted) {
    this.#predicted = predicted;
  }

  /**
   * Gives what predicts, to be called when it is its turn.
   * @throws DataError, ShapeError, DTypeError where x does not fit the model, ArgumentError for options
   */
  of(given: ArrayLikeData, options: PredictOptions): () => Promise<NumericArray> {
    checkOptions(options, "predict", checks);
    const own = { ...options };
    const x = ownArray(given, undefined, "x", this.#taken());
    if (x.shape.length === 0) throw new DataError("x needs a first axis of rows");
    const { dtype } = x;
    const row = x.shape.slice(1);
    if (this.#known?.dtype !== dtype || !sameShape(this.#known.row, row))
      this.#predicted.model(input([1, ...row], dtype));
    this.#known = { dtype, row };
    return async () => {
      this.#predictions ??= new (await import("./predict.ts")).Predictions(this.#predicted);
      const result = await this.#predictions.predict(x, own);
      if (x.data.length <= MOST_SPARE) this.#spare = x.data;
      return result;
    };
  }

  /** The spare array, once. */
  #taken(): TypedData["data"] | undefined {
    const spare = this.#spare;
    this.#spare = undefined;
    return spare;
  }

  /** Frees its programs. */
  async dispose(): Promise<void> {
    await this.#predictions?.dispose();
  }
}
