// What is asked of every real model: it is read, it gives what ONNX Runtime gives, it is trained further, and goes out again.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { initialise } from "../../../src/evaluate.ts";
import { compile, type Executor, input, type Tensor, Trainer, WasmExecutor } from "../../../src/index.ts";
import { type Context, type Module, parameters, setTrainable, variables } from "../../../src/nn/index.ts";
import { fromOnnx, type OnnxModel, toOnnx } from "../../../src/onnx/index.ts";
import { adam } from "../../../src/optim/index.ts";
import { type Given, ranElsewhere } from "../../onnx/runtime.ts";
import type { RealModel } from "./table.ts";

/** Of the largest number of an output: what others' sums may be off by, of some hundred layers in f32. */
const TOLERANCE = 1e-4;

/** Steps of a training. */
export const STEPS = 20;

/** A file of a package. */
export function bytesOf(file: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(fileURLToPath(new URL(`../node_modules/${file}`, import.meta.url))));
}

type Rows = Readonly<Record<string, { readonly data: Float32Array; readonly shape: readonly number[] }>>;

function rowsOf(inputs: Readonly<Record<string, Given>>): Rows {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { data, shape }]) => [name, { data: Float32Array.from(data), shape }]),
  );
}

/** A model for rows: a state, which has its rows in the second axis, has them in the first. */
export class ByRows implements Module<Readonly<Record<string, Tensor>>, Tensor> {
  readonly model: OnnxModel;

  constructor(model: OnnxModel) {
    this.model = model;
  }

  /** The names of the file. */
  children() {
    return this.model.children?.() ?? [];
  }

  forward(x: Readonly<Record<string, Tensor>>, context: Context): Tensor {
    return this.model.forward("state" in x ? { ...x, state: x.state.permute([1, 0, 2]) } : x, context);
  }
}

/** How far numbers are off, as a part of the largest. */
function distance(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  const [largest, off] = [0, 1].map((which) =>
    Array.from(expected).reduce(
      (most, value, i) => Math.max(most, Math.abs(which === 0 ? value : value - found[i])),
      0,
    ),
  );
  return off / largest;
}

/** What a model makes of inputs, by name. */
async function ran(
  model: OnnxModel<Readonly<Record<string, Tensor>>>,
  inputs: Readonly<Record<string, Given>>,
  executor: Executor,
): Promise<Record<string, Float32Array>> {
  const given = Object.fromEntries(model.inputs.map(({ name }) => [name, input(inputs[name].shape)]));
  const id = await executor.load(compile({ inputs: given, outputs: model.forward(given) }));
  await initialise(executor, [...variables(model).values()], 0);
  const data = Object.fromEntries(model.inputs.map(({ name }) => [name, Float32Array.from(inputs[name].data)]));
  const found = await executor.step(id, data);
  await executor.unload(id);
  return found as Record<string, Float32Array>;
}

/** What is wrong with a model that was read: outputs that are not those of ONNX Runtime. */
async function read(bytes: Uint8Array, model: RealModel, executor: Executor): Promise<string[]> {
  const { inputs, others = [], constants = {} } = model;
  const problems: string[] = [];
  for (const given of [inputs, ...others]) {
    const expected = await ranElsewhere(bytes, given);
    const names = Object.keys(expected);
    const own = fromOnnx<Readonly<Record<string, Tensor>>>(bytes, { constants, output: names });
    const found = await ran(own, given, executor);
    problems.push(...names.flatMap((name) => differing(`output ${name}`, found[name], expected[name].data)));
  }
  return problems;
}

/** How a model that goes on training is wrong: losses that do not fall, a file that gives other numbers than the model. */
async function trainedAndWritten(bytes: Uint8Array, model: RealModel, executor: Executor): Promise<string[]> {
  const { constants = {}, training } = model;
  const { output, y, loss, rate, frozen = [] } = training;
  const network = new ByRows(fromOnnx(bytes, { constants, output }));
  for (const name of frozen) setTrainable(variables(network).get(name), false);
  if (parameters(network).size === 0) return ["nothing in it is trained"];
  const x = rowsOf(training.x);
  const trainer = new Trainer(network, { loss, optimizer: adam(rate), executor });
  await trainer.load({ x, y });
  await trainer.fit({ batch: "all", epochs: STEPS });
  const problems = falling(trainer.history.map((epoch) => epoch.loss));
  const expected = await trainer.predict(x);
  const shapes = Object.fromEntries(Object.entries(x).map(([name, { shape }]) => [name, ["batch", ...shape.slice(1)]]));
  const file = await toOnnx(network, { input: shapes, outputNames: ["y"] }, { executor });
  const found = await ranElsewhere(file, training.x);
  await trainer.dispose();
  return [...problems, ...differing("the written file's output", Float32Array.from(found.y.data), expected.data)];
}

/** What is wrong with losses: that they do not fall. */
export function falling(losses: readonly number[]): string[] {
  const [first, last] = [losses[0], losses[losses.length - 1]];
  return last < 0.9 * first ? [] : [`the loss goes from ${first} to ${last} in ${losses.length} steps`];
}

/** What is wrong with numbers beside those that are expected. */
export function differing(what: string, found: ArrayLike<number>, expected: ArrayLike<number>): string[] {
  if (found.length !== expected.length) return [`${what} has ${found.length} numbers, not ${expected.length}`];
  const off = distance(found, expected);
  return off <= TOLERANCE ? [] : [`${what} is off by ${off.toExponential(1)} of its largest number`];
}

/** What is wrong with a model in ONNX's format. */
export async function problemsOfOnnx(model: RealModel): Promise<string[]> {
  const bytes = bytesOf(model.file);
  return onOne(async (executor) => [
    ...(await read(bytes, model, executor)),
    ...(await trainedAndWritten(bytes, model, executor)),
  ]);
}

/** Runs something with an executor of one thread. */
export async function onOne<T>(run: (executor: Executor) => Promise<T>): Promise<T> {
  const executor = new WasmExecutor({ threads: 1 });
  try {
    return await run(executor);
  } finally {
    await executor.dispose();
  }
}
