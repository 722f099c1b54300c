// The table of bad inputs: every public function, method and option with everything that callers hand over by mistake. An export that is
// not in it, a parameter without a right value and an option without a kind fail by name.
import { parseSync, Visitor } from "vite";
import { afterAll, describe, expect, test } from "vitest";
import * as audio from "../../src/audio/index.ts";
import * as autodiff from "../../src/autodiff/index.ts";
import * as callbacks from "../../src/callbacks/index.ts";
import * as data from "../../src/data/index.ts";
import * as debug from "../../src/debug/index.ts";
import * as finetune from "../../src/finetune/index.ts";
import * as functions from "../../src/functions/index.ts";
import * as generate from "../../src/generate/index.ts";
import * as images from "../../src/images/index.ts";
import * as core from "../../src/index.ts";
import * as inference from "../../src/inference/index.ts";
import * as insight from "../../src/insight/index.ts";
import * as io from "../../src/io/index.ts";
import * as keras from "../../src/keras/index.ts";
import * as metrics from "../../src/metrics/index.ts";
import * as nats from "../../src/nats/index.ts";
import * as nn from "../../src/nn/index.ts";
import * as onnx from "../../src/onnx/index.ts";
import * as optim from "../../src/optim/index.ts";
import * as bundled from "../../src/predictor/index.ts";
import * as scripted from "../../src/predictor/js/index.ts";
import * as portable from "../../src/predictor/portable/index.ts";
import { LoadedPredictor } from "../../src/predictor/predictor.ts";
import * as prepared from "../../src/predictor/prepare/index.ts";
import * as relaxed from "../../src/predictor/relaxed/index.ts";
import * as storage from "../../src/storage/index.ts";
import * as tabular from "../../src/tabular/index.ts";
import * as text from "../../src/text/index.ts";
import * as torch from "../../src/torch/index.ts";
import * as tune from "../../src/tune/index.ts";
import { Study } from "../../src/tune/study.ts";
import * as worker from "../../src/worker/index.ts";
import { audioCalls } from "./audio.ts";
import { callbackCalls } from "./callbacks.ts";
import { autodiffCalls, coreCalls } from "./core.ts";
import { fittedCalls, pipelineCalls, preprocessingCalls, tableCalls, toolCalls } from "./data.ts";
import { finetuneCalls } from "./finetune.ts";
import { functionCalls } from "./functions.ts";
import { cacheCalls, generateCalls, generatorCalls } from "./generate.ts";
import { type Call, casesOf, optionsTold, outcome, rightCasesOf } from "./harness.ts";
import { imageCalls } from "./images.ts";
import {
  bundleCalls,
  inferenceCalls,
  loadedCalls,
  portableCalls,
  prepareCalls,
  relaxedCalls,
  scriptCalls,
} from "./inference.ts";
import { insightCalls } from "./insight.ts";
import { kerasCalls } from "./keras.ts";
import { metricCalls } from "./metrics.ts";
import { natsCalls } from "./nats.ts";
import { initCalls, nnCalls } from "./nn.ts";
import { onnxCalls } from "./onnx.ts";
import { optimCalls } from "./optim.ts";
import {
  dataCalls,
  debugCalls,
  executorCalls,
  executorMethods,
  ioCalls,
  predictorCalls,
  trainerCalls,
  workerCalls,
} from "./runs.ts";
import { storageCalls } from "./storage.ts";
import { modelCalls, tabularCalls } from "./tabular.ts";
import { methods } from "./tensors.ts";
import {
  hashedCalls,
  huggingFace,
  huggingFaceCalls,
  textCalls,
  tfIdfCalls,
  unfittedTextCalls,
  vectorizerCalls,
} from "./text.ts";
import { torchCalls } from "./torch.ts";
import { studyCalls, tuneCalls } from "./tune.ts";

const unfitted = data.preprocessing([data.minMax()]);

type Calls = Readonly<Record<string, Call>>;

const local = executorMethods(() => new core.JsExecutor());

let spawned: Promise<core.Executor> | undefined;
const remote = executorMethods(
  () => {
    spawned ??= worker.spawn({ executor: "js" });
    return spawned;
  },
  () => undefined,
);
afterAll(async () => (await spawned)?.dispose());

const table: Readonly<Record<string, Calls>> = {
  Tensor: methods,
  simdgrad: { ...coreCalls, ...executorCalls },
  "simdgrad/audio": audioCalls,
  "simdgrad/autodiff": autodiffCalls,
  "simdgrad/callbacks": callbackCalls,
  "simdgrad/data": { ...dataCalls, ...toolCalls },
  "simdgrad/debug": debugCalls,
  "simdgrad/finetune": finetuneCalls,
  "simdgrad/functions": functionCalls,
  "simdgrad/generate": generateCalls,
  "simdgrad/images": imageCalls,
  "simdgrad/inference": inferenceCalls,
  "simdgrad/insight": insightCalls,
  "simdgrad/io": ioCalls,
  "simdgrad/keras": kerasCalls,
  "simdgrad/metrics": metricCalls,
  "simdgrad/nn": nnCalls,
  "simdgrad/nn init": initCalls,
  "simdgrad/nats": natsCalls,
  "simdgrad/onnx": onnxCalls,
  "simdgrad/optim": optimCalls,
  "simdgrad/predictor": bundleCalls,
  "simdgrad/predictor/js": scriptCalls,
  "simdgrad/predictor/portable": portableCalls,
  "simdgrad/predictor/prepare": prepareCalls,
  "simdgrad/predictor/relaxed": relaxedCalls,
  "simdgrad/storage": storageCalls,
  "simdgrad/tabular": tabularCalls,
  "simdgrad/text": textCalls,
  "simdgrad/torch": torchCalls,
  "simdgrad/tune": tuneCalls,
  "simdgrad/worker": workerCalls,
  Trainer: trainerCalls,
  Predictor: predictorCalls,
  LoadedPredictor: loadedCalls,
  TokenGenerator: generatorCalls,
  KeyValueCache: cacheCalls,
  Table: tableCalls,
  Pipeline: pipelineCalls,
  Study: studyCalls,
  TabularModel: modelCalls,
  Preprocessing: preprocessingCalls,
  FittedPreprocessing: fittedCalls,
  "TextVectorizer and TfIdf": unfittedTextCalls,
  FittedTextVectorizer: vectorizerCalls,
  FittedTfIdf: tfIdfCalls,
  HashedWords: hashedCalls,
  HuggingFaceTokenizer: huggingFaceCalls,
  "an executor here": local,
  "an executor in a worker": remote,
};

const calls = Object.entries(table).flatMap(([entry, each]) =>
  Object.entries(each).map(([name, given]) => [`${entry}: ${name}`, given] as const),
);

/** `Tensor` is made by functions, `Trainer` is a table of its own, `hold`, `loadAs` and `restoreAll` are for the worker's side. */
const elsewhere = ["constructor", "Tensor", "Trainer", "dispose", "hold", "loadAs", "restoreAll"];

/** What is there, and what the table has of it. */
const entries: readonly (readonly [name: string, exports: object, calls: Calls])[] = [
  ["simdgrad", core, { ...coreCalls, ...executorCalls }],
  ["simdgrad/audio", audio, audioCalls],
  ["simdgrad/autodiff", autodiff, autodiffCalls],
  ["simdgrad/callbacks", callbacks, callbackCalls],
  ["simdgrad/data", data, { ...dataCalls, ...toolCalls }],
  ["simdgrad/debug", debug, debugCalls],
  ["simdgrad/finetune", finetune, finetuneCalls],
  ["simdgrad/functions", functions, functionCalls],
  ["simdgrad/generate", generate, generateCalls],
  ["simdgrad/images", images, imageCalls],
  ["simdgrad/inference", inference, inferenceCalls],
  ["simdgrad/insight", insight, insightCalls],
  ["simdgrad/io", io, ioCalls],
  ["simdgrad/keras", keras, kerasCalls],
  ["simdgrad/metrics", metrics, metricCalls],
  ["simdgrad/nats", nats, natsCalls],
  ["simdgrad/nn", nn, nnCalls],
  ["simdgrad/nn init", nn.init, initCalls],
  ["simdgrad/onnx", onnx, onnxCalls],
  ["simdgrad/optim", optim, optimCalls],
  ["simdgrad/predictor", bundled, bundleCalls],
  ["simdgrad/predictor/js", scripted, scriptCalls],
  ["simdgrad/predictor/portable", portable, portableCalls],
  ["simdgrad/predictor/prepare", prepared, prepareCalls],
  ["simdgrad/predictor/relaxed", relaxed, relaxedCalls],
  ["simdgrad/storage", storage, storageCalls],
  ["simdgrad/tabular", tabular, tabularCalls],
  ["simdgrad/text", text, textCalls],
  ["simdgrad/torch", torch, torchCalls],
  ["simdgrad/tune", tune, tuneCalls],
  ["simdgrad/worker", worker, workerCalls],
  ["Tensor", core.Tensor.prototype, methods],
  ["Trainer", core.Trainer.prototype, trainerCalls],
  ["Predictor", core.Predictor.prototype, predictorCalls],
  ["LoadedPredictor", LoadedPredictor.prototype, loadedCalls],
  ["TokenGenerator", generate.TokenGenerator.prototype, generatorCalls],
  ["KeyValueCache", generate.KeyValueCache.prototype, cacheCalls],
  ["Table", Object.getPrototypeOf(data.table([])), tableCalls],
  ["Pipeline", Object.getPrototypeOf(data.pipeline([])), pipelineCalls],
  ["Study", Study.prototype, studyCalls],
  ["TabularModel", tabular.TabularModel.prototype, modelCalls],
  ["Preprocessing", Object.getPrototypeOf(unfitted), preprocessingCalls],
  ["FittedPreprocessing", Object.getPrototypeOf(unfitted.fit([[1]])), fittedCalls],
  ["TextVectorizer", Object.getPrototypeOf(text.textVectorizer()), unfittedTextCalls],
  ["TfIdf", Object.getPrototypeOf(text.tfIdf()), unfittedTextCalls],
  ["FittedTextVectorizer", Object.getPrototypeOf(text.textVectorizer().fit(["sea"])), vectorizerCalls],
  ["FittedTfIdf", Object.getPrototypeOf(text.tfIdf().fit(["sea"])), tfIdfCalls],
  ["HashedWords", Object.getPrototypeOf(text.hashedWords({ features: 8 })), hashedCalls],
  ["HuggingFaceTokenizer", Object.getPrototypeOf(huggingFace), huggingFaceCalls],
  ["an executor", Object.getPrototypeOf(core.JsExecutor.prototype), local],
];

function isError(given: unknown): boolean {
  return given === core.SimdgradError || Object.getPrototypeOf(given ?? 0) === core.SimdgradError;
}

/** An export, which modules may give by a getter, or a method; getters of classes are none. */
function valueAt(exports: object, name: string): unknown {
  const isModule = Object.prototype.toString.call(exports) === "[object Module]";
  return isModule
    ? (exports as Readonly<Record<string, unknown>>)[name]
    : Object.getOwnPropertyDescriptor(exports, name)?.value;
}

/** Names and functions of exports or methods, but for errors and what is found elsewhere. */
function functionsOf(exports: object): [name: string, given: unknown][] {
  return Object.getOwnPropertyNames(exports)
    .map((name): [string, unknown] => [name, valueAt(exports, name)])
    .filter(([name, given]) => typeof given === "function" && !isError(given) && !elsewhere.includes(name));
}

test.each(entries)("everything of %s is in the table", (_, exports, known) => {
  expect(functionsOf(exports).flatMap(([name]) => (known[name] === undefined ? [name] : []))).toEqual([]);
});

/** How many parameters a function has, those with defaults included. */
function parametersOf(given: unknown): number {
  const text = String(given);
  const isWhole = /^(async )?(function|class|\()/.test(text) || /^[\w$]+\s*=>/.test(text);
  let count: number | undefined;
  const enter = ({ params }: { readonly params: readonly unknown[] }) => {
    count ??= params.length;
  };
  new Visitor({ FunctionExpression: enter, ArrowFunctionExpression: enter }).visit(
    parseSync("given.js", isWhole ? `(${text})` : `({${text}})`).program,
  );
  return count ?? 0;
}

test.each(entries)("every parameter of %s has a right value", (_, exports, known) => {
  const short = functionsOf(exports).flatMap(([name, given]) =>
    !/^class\b/.test(String(given)) && parametersOf(given) > (known[name]?.args.length ?? 0) ? [name] : [],
  );
  expect(short).toEqual([]);
});

test("the table holds 1,200 cases and many more", () => {
  expect(calls.flatMap(([name, given]) => casesOf(name, given)).length).toBeGreaterThan(9000);
});

describe.each(calls)("%s", (name, given) => {
  test("takes what it should", async () => {
    for (const { name: which, args } of rightCasesOf(name, given))
      expect({ which, outcome: await outcome(given.run, args) }).toEqual({ which, outcome: "silent" });
  });

  test("has a kind for each of its options", async () => {
    for (const [i, { options, open }] of given.args.entries())
      if (options !== undefined && !open) expect(await optionsTold(given, i)).toEqual(Object.keys(options));
  });

  test("refuses what it should not take, in words", async () => {
    const wrong: string[] = [];
    for (const { name: which, args, reason } of casesOf(name, given)) {
      const came = await outcome(given.run, args);
      if (came !== undefined && !(came === "silent" && reason !== undefined)) wrong.push(`${which}: ${came}`);
    }
    expect(wrong).toEqual([]);
  });
});
