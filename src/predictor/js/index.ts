// simdgrad/predictor/js: predictors in JavaScript, for engines without WebAssembly SIMD and pages whose policy forbids WebAssembly.
import { checkOptions } from "../../check.ts";
import { MemoryError } from "../../errors.ts";
import { interpret } from "../../runtime/js/interpret.ts";
import { HEAP_AT, JsMemory } from "../../runtime/js/memory.ts";
import { type Ground, type Limits, SECONDS } from "../engine.ts";
import { LoadedPredictor, limits, type Numbers, type Predicted } from "../predictor.ts";

export type { Limits } from "../engine.ts";
export type { Port } from "../format.ts";
export type { Numbers, Predicted, PredictorInput } from "../predictor.ts";
export type { Rows } from "../rows.ts";

/** How many times as long as in WebAssembly steps take, about. */
const SLOWER = 30;

const ground: Ground = {
  start: HEAP_AT,
  unit: 1,
  begin(words) {
    const memory = reserve(words);
    const code = memory.i as Int32Array;
    return {
      buffer: memory.f.buffer as ArrayBuffer,
      run: (program) => interpret(memory, code.subarray(program.code, program.code + program.words), 0, program.words),
    };
  },
};

function reserve(words: number): JsMemory {
  try {
    return new JsMemory("float32", words);
  } catch (cause) {
    throw new MemoryError(`Predictor.load: ${4 * words} bytes are not to be had: ${cause}`, { cause });
  }
}

/**
 * Predicts what a file of `toInference` holds, as the Predictor of simdgrad/predictor, in JavaScript: to rounding errors the same numbers, many
 * times slower.
 * @throws what that throws
 *
 * @example
 * import { toInference } from "simdgrad/inference";
 * import { Linear } from "simdgrad/nn";
 * import { Predictor } from "simdgrad/predictor/js";
 * const bytes = await toInference(new Linear(2, 1), { input: ["batch", 2] }, { state: { weight: [[2, 3]], bias: [1] } });
 * const predictor = await Predictor.load(bytes);
 * predictor.predict([1, 1]).data; // => [6]
 */
export class Predictor<Output extends Predicted = Numbers> extends LoadedPredictor<Output> {
  /** A file, as bytes. @throws DataError, ProgramError, MemoryError, ArgumentError */
  static async load<Output extends Predicted = Numbers>(
    bytes: Uint8Array | ArrayBuffer,
    options: Limits = {},
  ): Promise<Predictor<Output>> {
    checkOptions(options, "Predictor.load", limits);
    const { memory, seconds = SECONDS } = options;
    return Predictor.of(
      bytes,
      () => ground,
      { memory, seconds: seconds / SLOWER },
      (...all) => new Predictor<Output>("js", ...all),
    );
  }
}
