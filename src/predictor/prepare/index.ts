// simdgrad/predictor/prepare: functions made for the programs of a predictor, in place of the interpreter (src/runtime/wasm/jit). For who predicts
// often: they cost some milliseconds, and their code some kilobytes.

import { must } from "../../check.ts";
import { importsOf, link, placeInTable, TablePlaces } from "../../runtime/wasm/functions.ts";
import { scratchOf } from "../../runtime/wasm/instance.ts";
import { generate } from "../../runtime/wasm/jit/index.ts";
import { unshared } from "../../runtime/wasm/unshared.ts";
import type { Engine } from "../engine.ts";
import { LoadedPredictor, type Predicted } from "../predictor.ts";

/** Engines that have functions, or are about to. */
const prepared = new WeakMap<Engine, Promise<void>>();

/**
 * Makes functions for a predictor's programs: elementwise steps become loops without an interpreter, and small networks one function. It predicts the same
 * bits before and after it, and meanwhile.
 * @throws ArgumentError for what is no predictor, DisposedError
 *
 * @example
 * import { toInference } from "simdgrad/inference";
 * import { gelu } from "simdgrad/nn";
 * import { Predictor } from "simdgrad/predictor";
 * import { prepare } from "simdgrad/predictor/prepare";
 * const predictor = await Predictor.load(await toInference(gelu, { input: ["batch", 100] }));
 * await prepare(predictor);
 * predictor.predict(new Float32Array(200)).shape; // => [2, 100]
 */
export async function prepare(predictor: LoadedPredictor<Predicted>): Promise<void> {
  must(predictor instanceof LoadedPredictor, predictor, "prepare: predictor", "what Predictor.load() gave");
  const { engine } = predictor as unknown as { readonly engine: Engine };
  engine.check();
  const coming = prepared.get(engine) ?? makeAll(engine);
  prepared.set(engine, coming);
  return coming;
}

async function makeAll(engine: Engine): Promise<void> {
  const places = new TablePlaces();
  for (const program of engine.programs) {
    const { kernels, linear } = engine;
    if (kernels === undefined || linear === undefined) return; // it was disposed meanwhile
    const code = new Int32Array(linear.buffer, 4 * program.code, program.words);
    const fused = kernels.fused.value === 1;
    const generated = generate(code.slice(), { fused, scratch: 4 * scratchOf(0) });
    if (generated === undefined) continue;
    const module = await WebAssembly.compile(unshared(generated.bytes));
    const instance = await WebAssembly.instantiate(module, importsOf(kernels, linear));
    const taken = places.take(generated.count);
    placeInTable(instance, taken, kernels.table);
    link(code, { generated, places: taken });
    program.made = generated.step === undefined ? 0 : taken[generated.step];
  }
}
