// simdgrad/predictor: runs what `toInference` of simdgrad/inference wrote, without compiler, gradients and layers. It imports the build of the
// kernels that the platform has when it loads a file; `simdgrad/predictor/relaxed` and `simdgrad/predictor/portable` have theirs with them.
import { checkOptions, oneOf } from "../check.ts";
import { UnsupportedError } from "../errors.ts";
import { hasRelaxedSimd } from "../runtime/features.ts";
import type { Limits } from "./engine.ts";
import { type Build, checkBuild, LoadedPredictor, limits, type Numbers, type Predicted } from "./predictor.ts";

import { wasmGround } from "./wasm.ts";

export type { Limits } from "./engine.ts";
export type { Port } from "./format.ts";
export type { Build, Numbers, Predicted, PredictorInput } from "./predictor.ts";
export type { Rows } from "./rows.ts";

/** How a file is loaded. */
export interface PredictorOptions extends Limits {
  /** Default "auto": relaxed where the platform has it. */
  readonly build?: Build | "auto";
}

/**
 * Predicts what a file of `toInference` holds, on one thread, at once. A file that was changed or made by somebody else is refused or
 * does no harm: its programs are verified before anything runs.
 * @throws DataError, ProgramError saying what is wrong with the file, MemoryError for one that asks for more than it may, UnsupportedError where
 * there is no WebAssembly SIMD
 *
 * @example
 * import { toInference } from "simdgrad/inference";
 * import { Linear } from "simdgrad/nn";
 * import { Predictor } from "simdgrad/predictor";
 * const bytes = await toInference(new Linear(2, 1), { input: ["batch", 2] }, { state: { weight: [[2, 3]], bias: [1] } });
 * const predictor = await Predictor.load(bytes);
 * predictor.predict([[1, 1], [0, 2]]); // => { data: [6, 7], shape: [2, 1] }
 * predictor.dispose();
 */
export class Predictor<Output extends Predicted = Numbers> extends LoadedPredictor<Output> {
  /** A file, as bytes. @throws DataError, ProgramError, MemoryError, UnsupportedError, ArgumentError */
  static async load<Output extends Predicted = Numbers>(
    bytes: Uint8Array | ArrayBuffer,
    options: PredictorOptions = {},
  ): Promise<Predictor<Output>> {
    checkOptions(options, "Predictor.load", { ...limits, build: oneOf("auto", "relaxed", "portable") });
    const { build: wanted = "auto", ...rest } = options;
    const build = wanted === "auto" ? (hasRelaxedSimd() ? "relaxed" : "portable") : wanted;
    checkBuild(build);
    const ground = async () => wasmGround((await kernels[build]().catch((error) => refused(build, error))).wasm);
    return Predictor.of(bytes, ground, rest, (...all) => new Predictor<Output>(build, ...all));
  }
}

const kernels = {
  relaxed: async () => import("../runtime/wasm/generated/relaxed.ts"),
  portable: async () => import("../runtime/wasm/generated/portable.ts"),
};

/** @throws UnsupportedError where nothing can be imported later */
function refused(build: Build, cause: unknown): never {
  throw new UnsupportedError(`import() fails here (${cause}): simdgrad/predictor/${build} does without`, { cause });
}
