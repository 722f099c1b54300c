// What bad input gets: each case runs, and the table in docs/errors.md shows the error that it really threw.

import { verifyProgram } from "../../src/debug/index.ts";
import {
  compile,
  constant,
  grad,
  input,
  JsExecutor,
  type Program,
  type Samples,
  type Tensor,
  Trainer,
  type TrainerOptions,
  Variable,
  WasmExecutor,
} from "../../src/index.ts";
import { confusionMatrix, f1 } from "../../src/metrics/index.ts";
import {
  crossEntropy,
  Dropout,
  evaluationContext,
  type Layer,
  Linear,
  mseLoss,
  relu,
  Sequential,
  setTrainable,
} from "../../src/nn/index.ts";
import { sgd } from "../../src/optim/index.ts";

interface Case {
  readonly input: string;
  readonly run: () => unknown;
}

function trainer(model: Layer, options: Partial<TrainerOptions> = {}): Trainer {
  return new Trainer(model, { loss: mseLoss, optimizer: sgd(0.1), executor: new JsExecutor(), ...options });
}

async function loaded(samples: Samples, options: Partial<TrainerOptions> = {}): Promise<Trainer> {
  const made = trainer(new Linear(1, 1), options);
  await made.load(samples);
  return made;
}

const line: Samples = { x: [[0], [1], [2]], y: [[1], [3], [5]] };
const classified: Samples = { x: [[0], [1]], y: [1, 0] };

const cases: readonly Case[] = [
  { input: "shapes that do not fit", run: () => constant([1, 2]).add(constant([1, 2, 3])) },
  {
    input: "a layer in the wrong place",
    run: () => new Sequential(new Linear(4, 3), relu, new Linear(5, 2)).forward(input([8, 4]), evaluationContext()),
  },
  { input: "an array where a tensor belongs", run: () => constant([1, 2]).add([1, 2] as never) },
  { input: "an option by another library's name", run: () => sgd(0.1, { weight_decay: 1 } as object) },
  { input: "a number in quotes", run: () => sgd(0.1, { momentum: "0.9" as never }) },
  { input: "a function where its result belongs", run: () => trainer(new Linear(1, 1), { optimizer: sgd as never }) },
  { input: "layers in an array", run: () => new Sequential([new Linear(4, 3), relu] as never) },
  { input: "texts for numbers", run: () => trainer(new Linear(2, 1)).predict([["12", "34"]] as never) },
  { input: "an axis outside the shape", run: () => constant([1, 2]).sum(1) },
  { input: "a wrong dtype", run: () => constant(Int32Array.of(1)).exp() },
  { input: "an option out of range", run: () => new Dropout(1) },
  { input: "the gradient of a tensor that is no scalar", run: () => grad(constant([1, 2]).exp(), []) },
  {
    input: "an input that `compile` was not told of",
    run: () => compile({ outputs: { y: input([2], "f32", "x").exp() } }),
  },
  { input: "a model without parameters", run: () => trainer(relu) },
  {
    input: "an empty data set",
    run: () =>
      loaded({ x: { data: new Float32Array(0), shape: [0, 1] }, y: { data: new Float32Array(0), shape: [0, 1] } }),
  },
  { input: "x and y of different length", run: () => loaded({ ...line, y: [[1], [3]] }) },
  {
    input: "NaN or infinity in data, unless `checkFinite: false`",
    run: () => loaded({ ...line, x: [[0], [Number.NaN], [2]] }),
  },
  {
    input: "a class index without a logit",
    run: () => trainer(new Linear(1, 2), { loss: crossEntropy }).load({ x: [[0], [1]], y: [1, 2] }),
  },
  {
    input: "targets of a dtype that the loss does not take",
    run: () => loaded({ ...line, y: { data: Int32Array.of(1, 3, 5), shape: [3, 1] } }),
  },
  {
    input: "weights of rows that are not one a row",
    run: () => loaded({ ...line, sampleWeight: [1, 2] }),
  },
  {
    input: "a member of x that the model reads and that is missing",
    run: () => pairTrainer().load({ x: { a: [[0]] } as never, y: [[1]] }),
  },
  {
    input: "members of x of different length",
    run: () => pairTrainer().load({ x: { a: [[0]], b: [[1], [2]] }, y: [[1]] }),
  },
  {
    input: "a metric that is not one number",
    run: () =>
      trainer(new Linear(1, 2), { loss: crossEntropy, metrics: { table: confusionMatrix } }).evaluate(classified),
  },
  {
    input: "a metric that was not made",
    run: () => trainer(new Linear(1, 2), { loss: crossEntropy, metrics: { f1: f1 as never } }).evaluate(classified),
  },
  { input: "a batch larger than the data", run: async () => (await loaded(line)).fit({ batch: 4 }) },
  { input: "a parameter that is frozen after its trainer was made", run: () => freezeLater() },
  { input: "a loss that becomes NaN or infinite", run: () => diverge() },
  {
    input: "a state dictionary of another model",
    run: () => trainer(new Linear(1, 1)).loadStateDict({ weight: [[1]], slope: [1] }),
  },
  { input: "more memory than 4 GiB", run: () => loadTooMuch() },
  { input: "a program that breaks a rule, given to `verifyProgram`", run: () => verifyProgram(tampered()) },
  { input: "use after `dispose`", run: () => useAfterDispose() },
];

/** Of a model of a record. */
function pairTrainer(): Trainer<Pair, Tensor> {
  const model = { layer: new Linear(1, 1), forward: ({ a, b }: Pair): Tensor => model.layer.forward(a).add(b) };
  return new Trainer<Pair, Tensor>(model, { loss: mseLoss, optimizer: sgd(0.1), executor: new JsExecutor() });
}

interface Pair {
  readonly a: Tensor;
  readonly b: Tensor;
}

async function diverge(): Promise<void> {
  const made = await loaded(line, { optimizer: sgd(1e30) });
  for await (const _ of made.fit({ batch: "all", epochs: 9 }));
}

async function freezeLater(): Promise<void> {
  const model = new Linear(1, 1);
  const made = trainer(model);
  await made.load(line);
  setTrainable(model, false);
  await made.fit().next();
}

async function loadTooMuch(): Promise<void> {
  const table = new Variable([2 ** 15, 2 ** 15], 0, { label: "table" });
  const executor = new WasmExecutor();
  try {
    await executor.load(compile({ outputs: { sum: table.sum() } }));
  } finally {
    await executor.dispose();
  }
}

/** A program whose arena is too small for it. */
function tampered(): Program {
  return { ...compile({ outputs: { y: constant([1, 2]).exp().sum().exp() } }), arenaWords: 0 };
}

async function useAfterDispose(): Promise<void> {
  const made = await loaded(line);
  await made.dispose();
  await made.predict([[1]]);
}

async function errorOf(run: () => unknown): Promise<Error> {
  try {
    await run();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error(`no error from ${run}`);
}

/** Rows of input, name of the error and message. */
export async function badInputRows(): Promise<string[][]> {
  const rows: string[][] = [];
  for (const { input: given, run } of cases) {
    const { name, message } = await errorOf(run);
    // Keys of variables count up through a process.
    rows.push([given, `\`${name}\``, message.replace(/\bv\d+\b/g, "v0")]);
  }
  return rows;
}
