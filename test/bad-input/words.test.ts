// What is said of the mistakes that are made most, word by word; and what looks like a mistake and is right.
import { describe, expect, test } from "vitest";
import { hessian, jacobian } from "../../src/autodiff/index.ts";
import { array } from "../../src/data/index.ts";
import { checkGradients } from "../../src/debug/index.ts";
import {
  compile,
  constant,
  evaluate,
  input,
  JsExecutor,
  scalar,
  type Tensor,
  Trainer,
  Variable,
  WasmExecutor,
} from "../../src/index.ts";
import { parseSafetensors, serializeSafetensors } from "../../src/io/index.ts";
import { crossEntropy, init, type Layer, LayerNorm, Linear, mseLoss, Sequential } from "../../src/nn/index.ts";
import { adam, cosineDecay, freeze, noam, scheduled, sgd, stepDecay } from "../../src/optim/index.ts";
import { spawn } from "../../src/worker/index.ts";
import { thrown } from "../thrown.ts";

function trainer(options: object = {}, model: Layer = new Linear(1, 1)): Trainer {
  return new Trainer(model, { loss: mseLoss, optimizer: sgd(0.1), executor: new JsExecutor(), ...options });
}

const as = <T>(value: unknown) => value as T;

describe("a mistake is told in the words of who made it", () => {
  test.each<[string, () => unknown]>([
    ["adam: unknown option betas; did you mean beta1?", () => adam(0.1, as({ betas: [0.9, 0.999] }))],
    ["sgd: unknown option weight_decay; did you mean weightDecay?", () => sgd(0.1, as({ weight_decay: 1 }))],
    ["sgd: unknown option lr; the learning rate comes first: sgd(0.01)", () => sgd(0.1, as({ lr: 0.1 }))],
    ['sgd: momentum must be at least 0 and below 1, got "0.9"', () => sgd(0.1, { momentum: as("0.9") })],
    [
      "crossEntropy: unknown option ignore_index; did you mean ignoreIndex?",
      () => crossEntropy(constant([[1, 2]]), constant(Int32Array.of(1)), as({ ignore_index: 0 })),
    ],
    ["WasmExecutor: unknown option thread; did you mean threads?", () => new WasmExecutor(as({ thread: 2 }))],
    [
      'WasmExecutor: build must be "auto" or "relaxed" or "portable", got "fast"',
      () => new WasmExecutor({ build: as("fast") }),
    ],
    ['JsExecutor: precision must be "float32" or "float64", got "f64"', () => new JsExecutor({ precision: as("f64") })],
    [
      "add: an operand must be a tensor, such as constant() makes, or a number, got [1, 2]",
      () => constant([1, 2]).add(as([1, 2])),
    ],
    ['cast: there is no dtype "f64"; there are f32, i32, u8', () => constant(1).cast(as("f64"))],
    ["broadcastTo: [2.5, 2] is not a shape", () => constant([1, 2]).broadcastTo([2.5, 2])],
    [
      "Trainer: optimizer must be an optimizer, such as sgd(0.1), got function sgd, not called",
      () => trainer({ optimizer: sgd }),
    ],
    [
      "Sequential: layers.0 must be a layer, such as relu, new Linear(2, 1) or new Sequential(a, b), got [Linear]",
      () => new Sequential(as([new Linear(1, 1)])),
    ],
    ['init.normal: deviation must be a number >= 0, got "1"', () => init.normal(0, as("1"))],
    ['constant: element 0 is "12", not a number', () => constant(as(["12", "34"]))],
    ['freeze: selection.0 must be a Variable, got "weight"', () => freeze(sgd(0.1), as(["weight"]))],
    [
      "a schedule's value must be a tensor made of the step, or give the number itself, got 0.1",
      () =>
        scheduled(
          as(() => 0.1),
          scalar(0, "i32"),
        ),
    ],
    [
      "compile: inputs.a and inputs.b are one tensor",
      () => {
        const x = input([1]);
        return compile({ inputs: { a: x, b: x }, outputs: { y: x.exp() } });
      },
    ],
    [
      "compile: assignments.0 must be a pair of a Variable and its new value, got [Tensor [1], Tensor [1]]",
      () => compile({ assignments: [[as<Variable>(constant([1])), constant([2])]] }),
    ],
    ["Trainer: seed must be a whole number, got 0.5", () => trainer({ seed: 0.5 })],
    [
      "LayerNorm: eps and epsilon are two names of one option; give one of them",
      () => new LayerNorm(2, { eps: 1e-5, epsilon: 1e-5 }),
    ],
  ])("%s", (message, make) => {
    expect(thrown(make)).toMatch(/^(Argument|Shape|DType)Error: /);
    expect(thrown(make)).toContain(message);
  });

  test.each<[string, (made: Trainer) => unknown]>([
    ["fit: unknown option batchsize; did you mean batchSize?", (made) => made.fit(as<object>({ batchsize: 2 }))],
    ["fit: unknown option epoch; did you mean epochs?", (made) => made.fit(as<object>({ epoch: 2 }))],
    [
      "fit: signal must be an AbortSignal, got AbortController",
      (made) => made.fit({ signal: as(new AbortController()) }),
    ],
    ['x: row 0, column 0 is "12", not a number; Number("12") is one', (made) => made.predict(as([["12"]]))],
    ["x: shape: [2.5, 1] is not a shape", (made) => made.predict({ data: [1, 2], shape: [2.5, 1] })],
    [
      "y: the loss takes no targets of i32: mseLoss: target: takes f32, got i32[2, 1]; numbers that are no classes are nested, or in a Float32Array",
      (made) => made.load({ x: [[0], [1]], y: { data: Int32Array.of(1, 2), shape: [2, 1] } }),
    ],
    [
      "x: row 1 holds 1e+39, which is beyond f32",
      (made) => made.load({ x: { data: Float64Array.of(0, 1e39), shape: [2, 1] }, y: [[0], [1]] }),
    ],
    ["x: element 1 is 1e+39, not of dtype f32", (made) => made.load({ x: [[0], [1e39]], y: [[0], [1]] })],
  ])("%s", async (message, use) => {
    const made = trainer();
    await made.load({ x: [[0], [1]], y: [[1], [3]] });
    await expect((async () => use(made))()).rejects.toThrow(message);
    await made.dispose();
  });

  test("one-hot rows for class indices, a number for a row, a file for its tensors", async () => {
    const one = trainer({ loss: crossEntropy }, new Linear(1, 2));
    await expect(
      one.load({
        x: [[1], [2]],
        y: as([
          [0, 1],
          [1, 0],
        ]),
      }),
    ).rejects.toThrow(
      "crossEntropy: logits [2, 2] take class indices [2], got [2, 2]; one-hot rows are for the loss (x, y) => crossEntropy(x, y)",
    );
    await expect(trainer().load({ x: [[1], [2]], y: [1, 2] })).rejects.toThrow(
      "mseLoss: prediction [2, 1] and target [2] differ: targets are rows, too, such as [[1], [2]]; a flat array takes its shape",
    );
    const inputs = [1, 2, 3].map(() => ({ data: new Float32Array(2), shape: [2, 1] }));
    await expect(trainer().load(as({ x: inputs, y: [[1], [2], [3]] }))).rejects.toThrow(
      "x.0 [2, 1] and y [3, 1] have different numbers of rows; a list holds one array an input of the model",
    );
    const file = parseSafetensors(serializeSafetensors(await trainer().stateDict()));
    await expect(trainer().loadStateDict(as(file))).rejects.toThrow(
      "loadStateDict: the state must be what parseSafetensors(file).tensors is",
    );
  });

  test("a schedule that is called with a number", () => {
    for (const schedule of [cosineDecay(1, { steps: 3 }), stepDecay(1, { stepSize: 2 }), noam({ size: 8 })])
      expect(() => as<(step: number) => void>(schedule)(3)).toThrow("a schedule's step must be a tensor");
  });

  test("derivatives by nothing of a function that takes something", async () => {
    const square = (x: Tensor) => x.square().sum();
    const taken = "as many tensors as the function takes";
    for (const differentiate of [hessian, jacobian]) expect(() => differentiate(square, [])).toThrow(taken);
    await expect(checkGradients(square, [])).rejects.toThrow("at least one tensor");
  });

  test("an executor that a worker does not have", async () => {
    await expect(spawn({ executor: as("gpu") })).rejects.toThrow(
      'spawn: executor must be "auto" or "wasm" or "js", got "gpu"',
    );
  });
});

describe("right is", () => {
  test("what predict gives, with its numbers in a list, to load and to predict", async () => {
    const made = trainer();
    await made.load({ x: { data: [0, 1], shape: [2, 1] }, y: { data: [1, 3], shape: [2, 1] } });
    await made.loadStateDict({ weight: [[2]], bias: [1] });
    expect([...(await made.predict({ data: [3, 4], shape: [2, 1] })).data]).toEqual([7, 9]);
    await made.dispose();
  });

  test("a class index that f32 cannot hold, and a fraction near one is none", () => {
    expect([...array([16777217], "i32").data]).toEqual([16777217]);
    expect(thrown(() => array([1.99999999], "i32"))).toBe(
      "DTypeError: array: element 0 is 1.99999999, not of dtype i32",
    );
  });

  test("a file as an ArrayBuffer", () => {
    const bytes = serializeSafetensors({ w: { data: Float32Array.of(1), shape: [1] } });
    expect(parseSafetensors(bytes.slice().buffer as ArrayBuffer).tensors.w.shape).toEqual([1]);
  });

  test("eps in the place of epsilon, and epsilon in the place of eps", async () => {
    const value = (epsilon: object) => evaluate(new LayerNorm(2, epsilon).forward(constant([1, 3])));
    expect(await value({ epsilon: 0.5 })).toEqual(await value({ eps: 0.5 }));
    expect(await value({ epsilon: 0.5 })).not.toEqual(await value({}));
    expect(() => adam(cosineDecay(0.1, { steps: 10 }), { eps: 1e-6 })).not.toThrow();
  });

  test("data that changes after a Variable was made of it", async () => {
    const values = [1, 2];
    const variable = new Variable([2], values);
    values[0] = 5;
    expect([...(await evaluate(variable))]).toEqual([1, 2]);
  });
});
