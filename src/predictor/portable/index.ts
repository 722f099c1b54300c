// simdgrad/predictor/portable: predictors with the portable build of the kernels, which gives the same bits on every machine. Nothing is imported
// later: for service workers, where import() is forbidden.
import { checkOptions } from "../../check.ts";
import { wasm } from "../../runtime/wasm/generated/portable.ts";
import type { Limits } from "../engine.ts";
import { checkBuild, LoadedPredictor, limits, type Numbers, type Predicted } from "../predictor.ts";
import { wasmGround } from "../wasm.ts";

export type { Limits } from "../engine.ts";
export type { Port } from "../format.ts";
export type { Numbers, Predicted, PredictorInput } from "../predictor.ts";
export type { Rows } from "../rows.ts";

/**
 * Predicts what a file of `toInference` holds, as the Predictor of simdgrad/predictor, by the portable build alone.
 * @throws what that throws
 *
 * @example
 * import { toInference } from "simdgrad/inference";
 * import { Linear } from "simdgrad/nn";
 * import { Predictor } from "simdgrad/predictor/portable";
 * const bytes = await toInference(new Linear(2, 1), { input: ["batch", 2] }, { state: { weight: [[2, 3]], bias: [1] } });
 * const predictor = await Predictor.load(bytes);
 * predictor.predict([1, 1]).data; // => [6]
 */
export class Predictor<Output extends Predicted = Numbers> extends LoadedPredictor<Output> {
  /** A file, as bytes. @throws DataError, ProgramError, MemoryError, UnsupportedError, ArgumentError */
  static async load<Output extends Predicted = Numbers>(
    bytes: Uint8Array | ArrayBuffer,
    options: Limits = {},
  ): Promise<Predictor<Output>> {
    checkOptions(options, "Predictor.load", limits);
    checkBuild("portable");
    return Predictor.of(
      bytes,
      () => wasmGround(wasm),
      options,
      (...all) => new Predictor<Output>("portable", ...all),
    );
  }
}
