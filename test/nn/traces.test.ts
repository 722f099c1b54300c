// Whole trainings against PyTorch's: ten losses of networks of every kind, from the same weights, inputs and noise.
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { grad } from "../../src/autodiff.ts";
import { compile } from "../../src/compile/compile.ts";
import { constant } from "../../src/create.ts";
import { initialise } from "../../src/evaluate.ts";
import { BatchNorm2d } from "../../src/nn/batch-normalization.ts";
import { Sequential } from "../../src/nn/containers.ts";
import { Conv2d, ConvTranspose2d } from "../../src/nn/convolution.ts";
import { leakyRelu, relu, tanh } from "../../src/nn/functional.ts";
import { Flatten, Linear } from "../../src/nn/layers.ts";
import { binaryCrossEntropyWithLogits, crossEntropy } from "../../src/nn/losses.ts";
import { type Context, forward, type Layer, parameters, trainingContext } from "../../src/nn/module.ts";
import { MaxPool2d } from "../../src/nn/pooling.ts";
import { GRU, LSTM } from "../../src/nn/recurrent.ts";
import { TransformerEncoderLayer } from "../../src/nn/transformer.ts";
import { adam } from "../../src/optim/optimizers.ts";
import type { Executor } from "../../src/runtime/executor.ts";
import { type Shape, sizeOf } from "../../src/shape.ts";
import { scalar, stopGradient, type Tensor } from "../../src/tensor.ts";
import type { Assignment, Variable } from "../../src/variable.ts";
import { float32, oracle } from "../executors.ts";
import { drawn } from "./sums.ts";

const traces: Readonly<Record<string, readonly number[]>> = JSON.parse(
  readFileSync(new URL("../golden/traces.json", import.meta.url), "utf8"),
);

const [STEPS, ROWS, CLASSES] = [10, 6, 3];

/** A training: the losses of a step, all assignments after it, and what its parameters begin with. */
interface Training {
  readonly losses: readonly Tensor[];
  readonly assignments: readonly Assignment[];
  readonly first: readonly (readonly [Variable, Float64Array])[];
}

/** What a training is made of, drawn in the order of the script. */
class Draws {
  #seed = 0;
  readonly first: [Variable, Float64Array][] = [];
  readonly assignments: Assignment[] = [];
  readonly context: Context = trainingContext(0, scalar(0, "i32"), this.assignments);

  numbers(...shape: Shape): Tensor {
    return constant(this.#draw(shape), { shape });
  }

  #draw(shape: Shape): Float64Array {
    return drawn(shape, ++this.#seed);
  }

  start(...models: readonly object[]): void {
    for (const model of models)
      for (const [name, variable] of parameters(model)) {
        const more = variable.shape.length === 1 && name.endsWith("weight") ? 1 : 0;
        this.first.push([variable, this.#draw(variable.shape).map((value) => value * 0.5 + more)]);
      }
  }
}

type Optimizer = ReturnType<typeof adam>;

function stepOf(optimizer: Optimizer, model: unknown) {
  const variables = [...parameters(model).values()];
  const state = optimizer.init(variables);
  return { state, update: (loss: Tensor) => optimizer.update(grad(loss, variables), state, variables) };
}

function classified(model: Layer & object, ...shape: Shape): Training {
  const draws = new Draws();
  draws.start(model);
  const y = constant(Int32Array.from({ length: ROWS }, (_, i) => i % CLASSES));
  const loss = crossEntropy(forward(model, draws.numbers(...shape), draws.context), y);
  const { update } = stepOf(adam(0.01), model);
  return { losses: [loss], assignments: [...update(loss), ...draws.assignments], first: draws.first };
}

class Residual {
  readonly main = new Sequential(
    new Conv2d(2, 4, 3, { stride: 2, padding: 1, bias: false }),
    new BatchNorm2d(4),
    relu,
    new Conv2d(4, 4, 3, { padding: 1, bias: false }),
    new BatchNorm2d(4),
  );
  readonly shortcut = new Sequential(new Conv2d(2, 4, 1, { stride: 2, bias: false }), new BatchNorm2d(4));
  readonly head = new Linear(4, CLASSES);

  forward(x: Tensor, context: Context): Tensor {
    const both = this.main.forward(x, context).add(this.shortcut.forward(x, context));
    return this.head.forward(relu(both).mean([2, 3]));
  }
}

/** The noise of a step. */
function noiseOf(draws: Draws, step: Tensor, ...shape: Shape): Tensor {
  return draws
    .numbers(STEPS, ...shape)
    .reshape([STEPS, sizeOf(shape)])
    .gather(step)
    .reshape(shape);
}

function autoencoder(): Training {
  const encoder = new Sequential(
    new Conv2d(1, 4, 3, { stride: 2, padding: 1 }),
    relu,
    new Flatten(),
    new Linear(64, 4),
  );
  const decoder = new Sequential(
    new Linear(2, 64),
    relu,
    (x: Tensor) => x.reshape([ROWS, 4, 4, 4]),
    new ConvTranspose2d(4, 1, 4, { stride: 2, padding: 1 }),
  );
  const draws = new Draws();
  draws.start(encoder, decoder);
  const { state, update } = stepOf(adam(0.01), [encoder, decoder]);
  const x = draws.numbers(ROWS, 1, 8, 8).mul(0.5).add(0.5);
  const noise = noiseOf(draws, state.step, ROWS, 2);
  const both = encoder.forward(x, draws.context);
  const [mean, logVariance] = [both.narrow(1, 0, 2), both.narrow(1, 2, 2)];
  const code = mean.add(noise.mul(logVariance.mul(0.5).exp()));
  const wrong = binaryCrossEntropyWithLogits(decoder.forward(code, draws.context), x, { reduction: "sum" });
  const divergence = logVariance.add(1).sub(mean.square()).sub(logVariance.exp()).sum().mul(-0.5);
  const loss = wrong.add(divergence).div(ROWS);
  return { losses: [loss], assignments: update(loss), first: draws.first };
}

/** The generator's step sees the critic after its own. */
function gan(): Training {
  const generator = new Sequential(
    new ConvTranspose2d(3, 4, 4),
    new BatchNorm2d(4),
    relu,
    new ConvTranspose2d(4, 1, 4, { stride: 2, padding: 1 }),
    tanh,
  );
  const critic = new Sequential(
    new Conv2d(1, 4, 4, { stride: 2, padding: 1 }),
    (x: Tensor) => leakyRelu(x, 0.2),
    new Conv2d(4, 1, 4),
    new Flatten(),
  );
  const draws = new Draws();
  draws.start(generator, critic);
  const { context } = draws;
  const optimizer = adam(0.01, { beta1: 0.5 });
  const critics = stepOf(optimizer, critic);
  const generators = stepOf(optimizer, generator);
  const x = draws.numbers(ROWS, 1, 8, 8);
  const made = generator.forward(noiseOf(draws, critics.state.step, ROWS, 3, 1, 1), context);
  const judged = (image: Tensor, judge: Layer, real: number) => {
    const logits = forward(judge, image, context);
    return binaryCrossEntropyWithLogits(logits, logits.like(real));
  };
  const wrong = judged(x, critic, 1).add(judged(stopGradient(made), critic, 0));
  const updated = critics.update(wrong);
  // The critic with its new values in place of its variables.
  const after = replaced(critic, new Map(updated));
  const fooled = judged(made, after, 1);
  return {
    losses: [wrong, fooled],
    assignments: [...updated, ...generators.update(fooled), ...draws.assignments],
    first: draws.first,
  };
}

/** A layer with tensors in place of its variables. */
function replaced<T>(layer: T, values: ReadonlyMap<unknown, Tensor>): T {
  if (typeof layer !== "object" || layer === null) return layer;
  const value = values.get(layer);
  if (value !== undefined) return value as T;
  if (Array.isArray(layer)) return layer.map((each) => replaced(each, values)) as T;
  if (Object.getPrototypeOf(layer) === null || "op" in layer) return layer;
  const own = Object.entries(layer).map(([name, part]) => [name, { value: replaced(part, values), enumerable: true }]);
  return Object.create(Object.getPrototypeOf(layer), Object.fromEntries(own));
}

class Last {
  readonly layer: LSTM | GRU;
  readonly head = new Linear(8, CLASSES);

  constructor(layer: LSTM | GRU) {
    this.layer = layer;
  }

  forward(x: Tensor, context: Context): Tensor {
    const y = this.layer.forward(x, context);
    return this.head.forward(y.narrow(0, y.shape[0] - 1, 1).squeeze(0));
  }
}

class Block {
  readonly layer = new TransformerEncoderLayer(8, 2, {
    dimFeedforward: 16,
    dropout: 0,
    activation: "gelu",
    normFirst: true,
  });
  readonly head = new Linear(8, CLASSES);

  forward(x: Tensor, context: Context): Tensor {
    return this.head.forward(this.layer.forward(x, context).mean(0));
  }
}

const trainings: Readonly<Record<string, () => Training>> = {
  "convolutional network": () =>
    classified(
      new Sequential(
        new Conv2d(2, 4, 3, { padding: 1 }),
        new BatchNorm2d(4),
        relu,
        new MaxPool2d(2),
        new Conv2d(4, 6, 3),
        relu,
        new Flatten(),
        new Linear(24, CLASSES),
      ),
      ROWS,
      2,
      8,
      8,
    ),
  "residual block": () => classified(new Residual(), ROWS, 2, 8, 8),
  "variational autoencoder": autoencoder,
  DCGAN: gan,
  LSTM: () => classified(new Last(new LSTM(4, 8)), 5, ROWS, 4),
  GRU: () => classified(new Last(new GRU(4, 8)), 5, ROWS, 4),
  "transformer block": () => classified(new Block(), 5, ROWS, 8),
};

async function lossesOf(executor: Executor, { losses, assignments, first }: Training): Promise<number[]> {
  const outputs = Object.fromEntries(losses.map((loss, i) => [`${i}`, loss]));
  const id = await executor.load(compile({ outputs, assignments }));
  await initialise(executor, [...assignments.map(([variable]) => variable), ...first.map(([each]) => each)], 0);
  for (const [{ key }, data] of first) await executor.write({ variable: key }, data);
  const found: number[] = [];
  for (let i = 0; i < STEPS; i++) {
    await executor.run([[id, 1]]).done;
    for (const name of Object.keys(outputs)) found.push((await executor.read({ program: id, name }))[0]);
  }
  await executor.unload(id);
  return found;
}

const executors = [["oracle", oracle()] as const, ["wasm-relaxed", float32["wasm-relaxed"]()] as const];
afterAll(() => Promise.all(executors.map(([, executor]) => executor.dispose())));

// Ten steps of Adam, whose first ones divide gradients by their own size: what is rounded there comes back at full size where a gradient is
// nothing but roundings.
const TOLERANCE = { oracle: 1e-9, "wasm-relaxed": 1e-3 };

describe.each(Object.entries(trainings))("%s", (name, training) => {
  test.each(executors)("has PyTorch's losses on %s", async (kind, executor) => {
    const found = await lossesOf(executor, training());
    expect(found.length).toBe(traces[name].length);
    const off = traces[name].map((expected, i) => Math.abs(found[i] - expected) / Math.abs(expected));
    expect(Math.max(...off)).toBeLessThan(TOLERANCE[kind]);
  });
});
