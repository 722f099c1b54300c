// Trainers, executors and workers, and what looks inside programs, with right arguments.

import { earlyStopping, stopAt } from "../../src/callbacks/index.ts";
import { array, type DataSource, fromRows, parseIdx, type Row } from "../../src/data/index.ts";
import * as debug from "../../src/debug/index.ts";
import {
  compile,
  constant,
  createExecutor,
  type Executor,
  type FitOptions,
  input,
  JsExecutor,
  Predictor,
  Trainer,
  Variable,
  WasmExecutor,
} from "../../src/index.ts";
import { parseCheckpoint, parseSafetensors, serializeCheckpoint, serializeSafetensors } from "../../src/io/index.ts";
import { f1 } from "../../src/metrics/index.ts";
import { Linear, mseLoss } from "../../src/nn/index.ts";
import { hyperparameter, sgd } from "../../src/optim/index.ts";
import { connect, serveFunctions, spawn, workerFunction } from "../../src/worker/index.ts";
import { startWorker } from "../../src/worker/start-worker.ts";
import { type Call, call } from "./harness.ts";
import * as a from "./kinds.ts";
import type { BadValue } from "./values.ts";

// Data

const rows = a.also(
  a.data([[1], [2]]),
  ["data and shape", "an array with its shape"],
  ...(["minus one", "half", "infinity", "NaN", "a list", "a list of sizes that are none"] as const).map(
    (name) => [name, "numbers with fewer axes"] as const,
  ),
);

export const dataCalls: Readonly<Record<string, Call>> = {
  array: call(array, rows, a.optional(a.word("f32")), a.optional(a.whatever("a name is for messages alone")("x"))),
  "array, data and shape": call(
    array,
    a.also(
      a.record({
        data: a.also(a.data(Float32Array.of(1, 2)), ["a list", "numbers"]),
        shape: a.also(a.shape([1, 2]), ["a list", "a shape"]),
      }),
      ...Object.entries(rows.silent).map(([name, reason]) => [name as BadValue, reason] as const),
    ),
  ),
  fromRows: call(
    async (rows: never, options: never) => {
      const chunks = fromRows(rows as DataSource<Row>, options);
      for await (const _ of (typeof chunks === "function" ? await chunks(0) : chunks) as AsyncIterable<unknown>);
    },
    a.instance([{ x: [1], y: 2 }]),
    a.options({ chunk: a.whole(2) }),
  ),
  parseIdx: call(parseIdx, a.instance(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 7, 9))),
};

const file = serializeSafetensors({ w: { data: Float32Array.of(1), shape: [1] } });

const saved = { w: { data: Float32Array.of(1), shape: [1] } };

export const ioCalls: Readonly<Record<string, Call>> = {
  parseCheckpoint: call(parseCheckpoint, a.instance(serializeCheckpoint({ state: saved }))),
  serializeCheckpoint: call(
    serializeCheckpoint,
    a.options(
      {
        state: a.also(a.instance(saved), ["an object without a prototype", "no arrays"]),
        seed: a.seed(7),
        callbacks: a.list([{ values: 1, arrays: saved }, null]),
        preprocessing: a.whatever("whatever JSON holds, and no function")({ x: 1 }),
        notes: a.whatever("whatever JSON holds, and no function")([1]),
      },
      ["state"],
    ),
  ),
  parseSafetensors: call(parseSafetensors, a.instance(file)),
  serializeSafetensors: call(
    serializeSafetensors,
    a.also(a.instance({ w: { data: Float32Array.of(1), shape: [1] } }), [
      "an object without a prototype",
      "no tensors",
    ]),
    a.optional(a.also(a.instance({ format: "pt" }), ["an object without a prototype", "no texts"])),
  ),
  "serializeSafetensors, a tensor": call(
    (w: never) => serializeSafetensors({ w }),
    a.instance({ data: Float32Array.of(1), shape: [1] }),
  ),
  "serializeSafetensors, a text": call((text: never) => serializeSafetensors({}, { text }), a.text("pt")),
};

// Debugging

const vector = () => constant([1, 2]);
const program = () => compile({ outputs: { y: new Variable([2], 1).exp() } });

export const debugCalls: Readonly<Record<string, Call>> = {
  checkGradients: call(
    debug.checkGradients,
    a.instance((x: ReturnType<typeof vector>) => x.square().sum()),
    a.list([vector()]),
    a.options({ order: a.also(a.whole(2)), tolerance: a.positive(0.1), seed: a.seed(0) }),
  ),
  firstNonFinite: call(
    debug.firstNonFinite,
    a.instance(program()),
    a.instance(() => Float32Array.of(1, 1)),
  ),
  formatProfile: call(
    debug.formatProfile,
    a.list([{ instruction: 3, label: "matmul", microseconds: 2, share: 1, flops: 1e5, bytes: 4e3 }]),
  ),
  memory: call(debug.memory, a.instance(program())),
  printGraph: call(debug.printGraph, a.fitting(vector()), a.optional(a.instance(new Map()))),
  printProgram: call(debug.printProgram, a.instance(program())),
  profile: call(
    debug.profile,
    a.instance(program()),
    a.options({ build: a.word("js"), steps: a.whole(1), read: a.instance(() => Float32Array.of(1, 1)) }),
  ),
  verifyGraph: call(debug.verifyGraph, a.list([vector()])),
  verifyProgram: call(debug.verifyProgram, a.instance(program())),
};

// Executors

const poison = { poison: a.flag(true) };
const wasm = { build: a.word("portable"), threads: a.whole(1), ...poison };

export const executorCalls: Readonly<Record<string, Call>> = {
  JsExecutor: call(
    (options: object) => new JsExecutor(options),
    a.options({ precision: a.word("float64"), fallback: a.text("none better"), ...poison }),
  ),
  WasmExecutor: call((options: object) => new WasmExecutor(options), a.options(wasm)),
  createExecutor: call(createExecutor, a.options(wasm)),
  Predictor: call(
    async (model: never, options: never) => {
      const predictor = new Predictor(model, options);
      try {
        await predictor.predict([[1]]);
      } finally {
        await predictor.dispose();
      }
    },
    a.instance(new Linear(1, 1)),
    a.options({
      executor: a.instance(new JsExecutor()),
      state: a.instance({ weight: [[2]], bias: [1] }),
      preprocess: a.callback((x: unknown) => x),
    }),
  ),
};

const plan = a.also(a.list([[1, 1]]));
const runOptions = a.options({
  repeat: a.also(a.whole(2), ["infinity", "until stopped"]),
  from: a.whole(0),
  urgent: a.flag(true),
  after: a.instance(undefined),
  write: a.list([{ slot: { program: 1, name: "x" }, data: [1, 2] }]),
  read: a.list([{ program: 1, name: "y" }]),
});

/** The methods of an executor that has loaded a program of its own for each call, the first of which is 1. */
export function executorMethods(
  make: () => Promise<Executor> | Executor,
  after: (executor: Executor) => unknown = (executor) => executor.dispose(),
): Readonly<Record<string, Call>> {
  type Use = (executor: Executor, own: { id: number; key: string }, ...args: never[]) => unknown;
  const on = (use: Use, ...args: readonly a.Argument[]) =>
    call(
      async (...given: readonly never[]) => {
        const executor = await make();
        try {
          const [x, w] = [input([2]), new Variable([2], 0)];
          const id = await executor.load(compile({ inputs: { x }, outputs: { y: x.mul(w) } }));
          return await use(executor, { id, key: w.key }, ...given);
        } finally {
          await after(executor);
        }
      },
      ...args,
    );
  const slot = a.instance({ program: 1, name: "x" });
  const numbers = a.also(
    a.list([1, 2]),
    ["a list", "two numbers"],
    ["a list of sizes that are none", "any numbers are values"],
  );
  return {
    load: on((executor, _, given: never) => executor.load(given), a.instance(program())),
    unload: on((executor, { id }, given) => executor.unload(given === "its own" ? id : given), a.instance("its own")),
    forget: on(async (executor, { id, key }, given) => {
      await executor.unload(id);
      return executor.forget(given === "its own" ? key : given);
    }, a.instance("its own")),
    read: on((executor, _, given) => executor.read(given), slot),
    readAll: on((executor, _, given) => executor.readAll(given), a.list([slot.value])),
    write: on((executor, _, given, data) => executor.write(given, data), slot, numbers),
    writeAll: on((executor, _, given) => executor.writeAll(given), a.list([{ slot: slot.value, data: [1, 2] }])),
    teams: on((executor) => executor.teams()),
    run: on(
      async (executor, _, given, options) => {
        const run = executor.run(given, options);
        setTimeout(() => void run.stop().catch(() => undefined), 20);
        await run.done;
      },
      plan,
      runOptions,
    ),
    step: on(
      (executor, { id }, given, inputs) => executor.step(given === "its own" ? id : given, inputs),
      a.instance("its own"),
      a.record({ x: numbers }),
    ),
  };
}

// Trainers

const rate = () => hyperparameter(0.1);

const seen = "which outputs and classes there are is seen with the data";

function trainer(): Trainer {
  return new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(0.1), executor: new JsExecutor() });
}

const samples = { x: [[0], [1]], y: [[1], [3]] };
const rowWeights = a.also(a.list([1, 2]), ["a list", "two weights"], ["a list of sizes that are none", "two weights"]);
const ofSamples = { ...a.options({ x: rows, y: rows, sampleWeight: rowWeights }, ["x", "y"]), open: true };

/** Makes a trainer with data, and lets it go. */
function trained(use: (trainer: Trainer, ...args: never[]) => unknown, ...args: readonly a.Argument[]): Call {
  return call(
    async (...given: readonly never[]) => {
      const made = trainer();
      try {
        await made.load(samples);
        return await use(made, ...given);
      } finally {
        await made.dispose();
      }
    },
    ...args,
  );
}

const ofStreams = ["stepsPerEpoch", "shuffleBuffer", "readAhead"];

export const trainerCalls: Readonly<Record<string, Call>> = {
  constructor: call(
    (model: never, options: never) => new Trainer(model, options),
    a.instance(new Linear(1, 1)),
    a.options(
      {
        loss: a.callback(mseLoss),
        lossWeights: a.also(
          a.instance({ digit: 2 }),
          ["a list", seen],
          ["a list of sizes that are none", seen],
          ["an object", seen],
          ["an object without a prototype", seen],
        ),
        classWeight: a.also(
          a.instance([1, 2]),
          ["a list", seen],
          ["an object", seen],
          ["data and shape", seen],
          ["an object without a prototype", seen],
        ),
        optimizer: a.instance(sgd(0.1)),
        executor: a.instance(new JsExecutor()),
        seed: a.seed(0),
        preprocess: a.callback((x: unknown) => x),
        transform: a.callback((batch: unknown) => batch),
        metrics: a.also(a.instance({ half: () => constant(0.5), f1: f1() }), [
          "an object without a prototype",
          "no metrics",
        ]),
        evaluationBatch: a.whole(2),
        hyperparameters: a.also(a.instance({ rate: rate() }), ["an object without a prototype", "none"]),
        checkFinite: a.flag(false),
      },
      ["loss", "optimizer"],
    ),
  ),
  debugNonFinite: trained((made) => made.debugNonFinite()),
  dispose: trained((made) => made.dispose()),
  evaluate: trained((made, given) => made.evaluate(given), ofSamples),
  fit: trained(
    async (made, options: FitOptions) => {
      // What is for data of any size is tried with such data.
      const own = ofStreams.some((name) => Object(options)[name] !== undefined)
        ? { data: [samples], ...options }
        : options;
      for await (const _ of made.fit(own));
    },
    a.options({
      batch: a.whole(1),
      batchSize: a.whole(1),
      data: a.instance([samples]),
      stepsPerEpoch: a.whole(2),
      shuffleBuffer: a.whole(3),
      readAhead: a.whole(1),
      epochs: a.whole(1),
      lastBatch: a.word("pad"),
      shuffle: a.flag(false),
      validation: a.instance(samples),
      signal: a.instance(new AbortController().signal),
      report: a.word("epoch"),
      lockstep: a.flag(false),
      callbacks: a.instance([earlyStopping()]),
      distribute: a.instance(stopAt({ steps: 1 })),
    }),
  ),
  hyperparameters: trained((made) => made.hyperparameters()),
  load: trained((made, given) => made.load(given), ofSamples),
  loadStateDict: trained(
    (made, given: never, options: never) => made.loadStateDict(given, options),
    a.instance({ weight: [[2]], bias: [1] }),
    a.options({ strict: a.flag(false), prefix: a.text("") }),
  ),
  "loadStateDict, an entry": trained(
    (made, bias: never) => made.loadStateDict({ weight: [[2]], bias }),
    a.also(a.instance([1]), ["a list of sizes that are none", "refused: two numbers"]),
  ),
  predict: trained(
    (made, given: never, options: never) => made.predict(given, options),
    a.instance([[1]]),
    a.options({
      as: a.also(a.word("sigmoid"), ["an object without a prototype", "for no output"]),
      together: a.flag(true),
    }),
  ),
  reset: trained((made, seed: never) => made.reset(seed), a.optional(a.seed(3))),
  restore: trained(
    async (made, given: never) => made.restore(given === "its own" ? await made.snapshot() : given),
    a.instance("its own"),
  ),
  setHyperparameters: trained(
    (made, given) => made.setHyperparameters(given),
    a.also(a.instance({}), ["an object without a prototype", "none"]),
  ),
  snapshot: trained((made) => made.snapshot()),
  stateDict: trained((made, options) => made.stateDict(options), a.options({ averaged: a.flag(true) })),
  stepProgram: trained((made, batch) => made.stepProgram(batch), a.whole(1)),
};

export const predictorCalls: Readonly<Record<string, Call>> = {
  stateDict: call(() => new Predictor(new Linear(1, 1), { executor: new JsExecutor() }).stateDict()),
  predict: call(
    async (given: never, options: never) => {
      const predictor = new Predictor(new Linear(1, 1), { executor: new JsExecutor() });
      await predictor.predict(given, options);
    },
    a.instance([[1]]),
    a.options({
      as: a.also(a.word("sigmoid"), ["an object without a prototype", "for no output"]),
      together: a.flag(true),
    }),
  ),
};

// Workers

const respawn = a.also(
  a.instance({ every: 100, attempts: 1 }),
  ["true", "yes"],
  ["an object without a prototype", "no options of its own"],
);
const spawned = {
  ...wasm,
  executor: a.word("js"),
  respawn,
  patience: a.also(a.positive(5000), ["infinity", "never"]),
};

const disposing =
  (start: (...args: never[]) => Promise<Executor>) =>
  async (...given: readonly never[]) => {
    const executor = await start(...given);
    await executor.dispose();
  };

export const workerCalls: Readonly<Record<string, Call>> = {
  serveFunctions: call(
    serveFunctions,
    a.also(a.record({ square: a.callback((x: number) => x * x) }), ["an object without a prototype", "no functions"]),
  ),
  spawn: call(disposing(spawn), a.options(spawned)),
  connect: call(
    disposing(connect),
    a.instance(startWorker),
    a.optional(a.also(a.record({}), ["an object without a prototype", "no options"])),
  ),
  workerFunction: call(
    workerFunction,
    a.also(
      a.instance(new URL("data:text/javascript,")),
      ["a function", "starts workers when they are needed"],
      ["a class", "a function"],
    ),
    a.text("square"),
    a.options({ workers: a.whole(1), patience: a.whole(60_000) }),
  ),
};
