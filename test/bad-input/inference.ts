// What simdgrad/inference and simdgrad/predictor export, with right arguments.
import { JsExecutor } from "../../src/index.ts";
import { type InferenceOptions, toInference } from "../../src/inference/index.ts";
import { Linear } from "../../src/nn/index.ts";
import * as predictor from "../../src/predictor/index.ts";
import * as script from "../../src/predictor/js/index.ts";
import * as portable from "../../src/predictor/portable/index.ts";
import { prepare } from "../../src/predictor/prepare/index.ts";
import * as relaxed from "../../src/predictor/relaxed/index.ts";
import { type Call, call } from "./harness.ts";
import * as a from "./kinds.ts";

const state = { weight: [[2, 3]], bias: [1] };
const bytes = await toInference(new Linear(2, 1), { input: ["batch", 2] }, { state });

/** Weights, where nobody says what they are, and one program. */
function withState(options: InferenceOptions): InferenceOptions {
  const isRecord = Object.prototype.toString.call(options) === "[object Object]";
  return isRecord ? { ...(options.executor === undefined && { state, batch: 1 }), ...options } : options;
}

export const inferenceCalls: Readonly<Record<string, Call>> = {
  toInference: call(
    (model: never, signature: never, options: never) => toInference(model, signature, withState(options)),
    a.instance(new Linear(2, 1)),
    a.options(
      {
        input: a.also(a.list(["batch", 2]), ["a list", "a shape"]),
        inputNames: a.list(["x"]),
        outputNames: a.list(["y"]),
      },
      ["input"],
    ),
    a.options({
      batch: a.also(a.whole(2), ["a list", "two programs"]),
      weights: a.word("int8"),
      rows: a.word("apart"),
      state: a.instance(state),
      executor: a.instance(new JsExecutor()),
      preprocess: a.instance((x: unknown) => x),
    }),
  ),
};

const limits = { memory: a.whole(2 ** 26), seconds: a.positive(1) };
type Load = (bytes: never, options: never) => Promise<{ dispose(): void }>;
const loading = (load: Load, options: Readonly<Record<string, a.Argument>>) =>
  call(
    async (given: never, options: never) => (await load(given, options)).dispose(),
    a.instance(bytes),
    a.options(options),
  );

export const bundleCalls: Readonly<Record<string, Call>> = {
  Predictor: loading((...given) => predictor.Predictor.load(...given), { ...limits, build: a.word("portable") }),
};
export const scriptCalls: Readonly<Record<string, Call>> = {
  Predictor: loading((...given) => script.Predictor.load(...given), limits),
};
export const portableCalls: Readonly<Record<string, Call>> = {
  Predictor: loading((...given) => portable.Predictor.load(...given), limits),
};
export const relaxedCalls: Readonly<Record<string, Call>> = {
  Predictor: loading((...given) => relaxed.Predictor.load(...given), limits),
};

export const prepareCalls: Readonly<Record<string, Call>> = {
  prepare: call(prepare, a.instance(await predictor.Predictor.load(bytes))),
};

export const loadedCalls: Readonly<Record<string, Call>> = {
  predict: call(
    async (x: never, ...others: never[]) => (await predictor.Predictor.load(bytes)).predict(x, ...others),
    a.also(
      a.instance([[1, 2]]),
      ["a list", "a row"],
      ["a list of sizes that are none", "a row"],
      ["data and shape", "a row"],
    ),
    a.nothing,
  ),
};
