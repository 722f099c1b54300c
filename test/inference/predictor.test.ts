// What predictors take and give, what they refuse, and what bundles are written like.
import { readFileSync } from "node:fs";
import {
  constant,
  DisposedError,
  evaluate,
  JsExecutor,
  Predictor as ModelPredictor,
  scan,
  type Tensor,
  Trainer,
} from "simdgrad";
import { toInference } from "simdgrad/inference";
import { parseSafetensors } from "simdgrad/io";
import * as nn from "simdgrad/nn";
import { toOnnx } from "simdgrad/onnx";
import { adam } from "simdgrad/optim";
import { type Numbers, Predictor } from "simdgrad/predictor";
import { Predictor as ScriptPredictor } from "simdgrad/predictor/js";
import { Predictor as Portable } from "simdgrad/predictor/portable";
import { prepare } from "simdgrad/predictor/prepare";
import { Predictor as Relaxed } from "simdgrad/predictor/relaxed";
import { describe, expect, test, vi } from "vitest";
import { LOOP, MAP } from "../../assembly/isa/opcode.ts";
import { LOOP_COUNT, MAP_FUNCTION } from "../../assembly/isa/slots.ts";
import type { Engine } from "../../src/predictor/engine.ts";
import { opcodeAt } from "../../src/program/addresses.ts";
import { WasmExecutor } from "../../src/runtime/wasm/wasm-executor.ts";
import { bundle, closed, made, opened, stateOf } from "./bundles.ts";

const portable = () => new WasmExecutor({ build: "portable", threads: 1 });
const rowsOf = (rows: number, width: number) =>
  Float32Array.from({ length: rows * width }, (_, i) => Math.fround(Math.sin(i)));

describe("the bits of a trainer's predictions", () => {
  test.each([1, 2, 7, 8, 9, 63, 64, 65, 300])("%d rows", async (rows) => {
    const { model, signature } = made.convolutional;
    const executor = portable();
    const state = stateOf(model);
    const trainer = new Trainer(model as never, { loss: nn.crossEntropy, optimizer: adam(0.01), executor });
    await trainer.loadStateDict(state);
    const x = { data: rowsOf(rows, 36), shape: [rows, 1, 6, 6] };
    const predictor = await Portable.load(await toInference(model as never, signature, { state }));
    expect(predictor.batches).toEqual([1, 8, 64]);
    expect(predictor.predict(x)).toEqual(await trainer.predict(x as never));
    predictor.dispose();
    await trainer.dispose();
    await executor.dispose();
  });

  test("of a model that is trained, where its weights are on the trainer's executor", async () => {
    const model = new nn.Sequential(new nn.Linear(2, 8), new nn.BatchNorm1d(8), nn.tanh, new nn.Linear(8, 2));
    const executor = portable();
    const trainer = new Trainer(model, { loss: nn.crossEntropy, optimizer: adam(0.05), executor });
    const x = { data: rowsOf(40, 2), shape: [40, 2] };
    await trainer.load({ x, y: Int32Array.from({ length: 40 }, (_, i) => i % 2) } as never);
    await trainer.fit({ epochs: 3, batch: 8 });
    const predictor = await Portable.load(await toInference(model, { input: ["batch", 2] }, { executor }));
    expect(predictor.predict(x)).toEqual(await trainer.predict(x));
    await trainer.dispose();
    await executor.dispose();
  });
});

test("what is made of weights alone is computed when the file is written", async () => {
  const { tensors } = parseSafetensors(await bundle("convolutional"));
  const names = Object.keys(tensors).filter((name) => !name.startsWith("programs/"));
  // The variance goes into the scale; nothing reads the number of batches.
  expect(names.sort()).toEqual([
    "0.bias",
    "0.weight",
    "1.bias",
    "1.running_mean",
    "1.weight",
    "5.bias",
    "5.weight",
    "known.0",
  ]);
});

test("inputs may be nested, flat, rows of typed arrays, or have a shape, and a name", async () => {
  const predictor = await Predictor.load(await bundle("dense"));
  const flat = rowsOf(2, 4);
  const expected = predictor.predict({ data: flat, shape: [2, 4] });
  expect(expected.shape).toEqual([2, 2]);
  const nested = [[...flat.slice(0, 4)], [...flat.slice(4)]];
  for (const x of [flat, [...flat], nested, [flat.slice(0, 4), flat.slice(4)], { input: flat }, { input: nested }])
    expect(predictor.predict(x)).toEqual(expected);
  expect(predictor.predict([])).toEqual({ data: new Float32Array(0), shape: [0, 2] });
  predictor.dispose();
});

test("a second argument, such as a trainer's options, is refused", async () => {
  const predictor = await Predictor.load(await bundle("dense"));
  const predict = predictor.predict as (...given: readonly unknown[]) => unknown;
  const options = { as: "argmax" };
  expect(() => predict.call(predictor, new Float32Array(4), options)).toThrow("predict: takes x alone");
  expect(predict.call(predictor, new Float32Array(4), undefined)).toEqual(predictor.predict(new Float32Array(4)));
});

test("one input and one output are called as toOnnx calls them, and a free size has a name", async () => {
  const predictor = await Predictor.load(await bundle("dense"));
  expect(predictor.inputs.map(({ name }) => name)).toEqual(["input"]);
  expect(predictor.outputs.map(({ name }) => name)).toEqual(["output"]);
  for (const rows of [-1, null, undefined])
    for (const input of [[rows, 4], { shape: [rows, 4] }, { a: [rows, 4] }])
      for (const write of [toInference, toOnnx] as ((...given: readonly never[]) => Promise<unknown>)[])
        await expect(write(made.dense.model as never, { input } as never), `${rows}`).rejects.toThrow(
          /signature: (a|input) must be .* name .*"batch", got /,
        );
});

test("several inputs and outputs go by their names", async () => {
  const predictor = await Predictor.load<Record<string, Numbers>>(await bundle("several"), { build: "portable" });
  const [a, b] = [rowsOf(4, 2), rowsOf(4, 4)];
  const { sum, largest } = predictor.predict({ a, b });
  expect(sum.shape).toEqual([4, 3]);
  expect(largest.data).toBeInstanceOf(Int32Array);
  expect(Object.keys(predictor.predict({ b, a }))).toEqual(["sum", "largest"]);
  expect(() => predictor.predict({ a })).toThrow("predict: x must be a record of a, b, got { a }");
  expect(() => predictor.predict({ a, c: b })).toThrow("predict: x must be a record of a, b, got { a, c }");
  expect(() => predictor.predict({ a, b: rowsOf(3, 4) })).toThrow("predict: inputs of 4, 3 rows");
});

test("names of a signature are those of the predictor, in lists, too", async () => {
  const model = {
    forward: ([x, { y }]: readonly [nn.Module, never]) => [x, y],
  };
  const nested = { input: [["batch", 2], { y: ["batch", 3] }], inputNames: ["a", "b"], outputNames: ["c", "d"] };
  const predictor = await Predictor.load<Record<string, Numbers>>(await toInference(model as never, nested as never));
  expect(predictor.inputs.map(({ name }) => name)).toEqual(["a", "b"]);
  expect(predictor.predict({ a: [1, 2], b: [3, 4, 5] })).toEqual([
    { data: Float32Array.of(1, 2), shape: [1, 2] },
    { data: Float32Array.of(3, 4, 5), shape: [1, 3] },
  ]);
  const list = await toInference(model.forward as never, { input: [[2], [3]] } as never).catch((error) => error);
  expect(`${list}`).toContain("toInference: what the model gives");
});

test("whole numbers and bytes are held to what they are", async () => {
  const words = await Predictor.load(await bundle("words"));
  expect(words.predict([[1, 2, 8]]).shape).toEqual([1, 3, 2]);
  expect(() => words.predict([[1, 2, 0.5]])).toThrow("input is i32, but element 2 is 0.5");
  const bytes = await Predictor.load(await bundle("bytes"));
  const image = Array.from({ length: 6 }, () => new Uint8Array(6));
  expect(bytes.predict([[image], [image]]).shape).toEqual([2, 3]);
  expect(() => bytes.predict([[image], [image.slice(1)]])).toThrow("predict: input: 30 numbers in the place of 36");
  expect(() => bytes.predict(new Float32Array(36).fill(256))).toThrow("input is u8, but element 0 is 256");
  expect(bytes.predict(new Uint8Array(36)).shape).toEqual([1, 3]);
});

describe("what does not fit is refused", () => {
  test.each<[x: unknown, message: string]>([
    [[1, 2, 3], "predict: input takes [rows, 4], got 3 numbers"],
    [
      [
        [1, 2],
        [3, 4],
      ],
      "predict: input: 2 numbers in the place of 4",
    ],
    [{ data: [1, 2, 3, 4], shape: [4] }, "predict: input takes [rows, 4], got 4 numbers of [4]"],
    [{ data: [1, 2, 3, 4], shape: [2, 2] }, "predict: input takes [rows, 4], got 4 numbers of [2,2]"],
    [
      [
        [1, 2, 3, 4, 5],
        [6, 7, 8],
      ],
      "predict: input: 5 numbers in the place of 4",
    ],
    [[[1, 2, 3, 4], null], "predict: input: undefined numbers in the place of 4"],
    [Object.assign([[1, 2, 3, 4]], { 2: [1, 2, 3, 4] }), "predict: input: undefined numbers in the place of 4"],
    [[[], [1, 2, 3, 4, 5, 6, 7, 8]], "predict: input: 0 numbers in the place of 4"],
    [[Float32Array.of(1), Float32Array.of(2, 3, 4, 5, 6, 7, 8)], "predict: input: 1 numbers in the place of 4"],
    [["1", 2, 3, 4], 'predict: input: element 0 is "1", not a number'],
    [undefined, "predict: input must be an array of numbers, got undefined"],
    [{ y: [1, 2, 3, 4] }, "predict: x must be a record of input, got { y }"],
  ])("%j", async (x, message) => {
    const predictor = await Predictor.load(await bundle("dense"));
    expect(() => predictor.predict(x as never)).toThrow(message);
  });

  test("a predictor that was disposed", async () => {
    const predictor = await Predictor.load(await bundle("dense"));
    predictor.dispose();
    predictor.dispose();
    expect(() => predictor.predict([1, 2, 3, 4])).toThrow("the predictor was disposed");
  });

  test.each([Predictor, ScriptPredictor])("a predictor that is disposed while it looks at x", async (Kind) => {
    const predictor = await Kind.load(await bundle("dense"));
    const x = {
      shape: [1, 4],
      get data() {
        predictor.dispose();
        return [1, 2, 3, 4];
      },
    };
    expect(() => predictor.predict(x)).toThrow(new DisposedError("the predictor was disposed"));
  });
});

describe("rows", () => {
  const shape = { input: ["batch", 3] } as never;

  test("that see one another are predicted as they were written for", async () => {
    const mixed = {
      forward: (x: Parameters<typeof nn.relu>[0]) => x.sub(x.mean(0, { keepDims: true })),
    };
    const predictor = await Predictor.load(await toInference(mixed, shape, { batch: [2, 4] }));
    expect(predictor.apart).toBe(false);
    expect(
      predictor.predict([
        [1, 2, 3],
        [3, 2, 1],
      ]).data,
    ).toEqual(Float32Array.of(-1, 0, 1, 1, 0, -1));
    expect(() => predictor.predict([1, 2, 3])).toThrow("predict: takes 2, 4 rows, not 1: its rows are not apart");
  });

  const counting: Readonly<Record<string, (x: Tensor) => Tensor>> = {
    "where one of them is large": (x) => x.add(x.max(0).greater(5).mul(100)),
    "where their sum is": (x) => x.add(x.sum(0).greater(1e6).mul(100)),
    "by their number": (x) => x.mul(x.shape[0]),
    "where they are many": (x) => (x.shape[0] >= 64 ? x.mul(2) : x),
    "where they are very many": (x) => (x.shape[0] >= 200 ? x.mul(2) : x),
    "where one is alone and large": (x) => (x.shape[0] === 1 ? x.add(x.greater(1e6).mul(100)) : x),
    "where one is alone": (x) => (x.shape[0] === 1 ? x.mul(2) : x),
  };
  test.each(Object.entries(counting))("that see one another %s are not taken for apart", async (_, forward) => {
    const predictor = await Portable.load(await toInference({ forward }, { input: ["batch", 2] }, { batch: [1, 3] }));
    expect(predictor.apart).toBe(false);
    const x = constant([
      [9, 2],
      [1, 2e6],
      [3, 4],
    ]);
    expect(predictor.predict([9, 2, 1, 2e6, 3, 4]).data).toEqual(Float32Array.from(await evaluate(forward(x))));
  });

  test("of a loop over time are apart, and may be said not to be", async () => {
    const predictor = await Predictor.load(await bundle("recurrent"));
    expect(predictor.apart).toBe(true);
    expect((await Predictor.load(await bundle("recurrent", { rows: "together" }))).apart).toBe(false);
  });

  test("of which what comes out has none are as many as a program takes", async () => {
    const given = { forward: () => constant([1, 2]) };
    const predictor = await Predictor.load(await toInference(given, shape, { batch: [1, 3] }));
    expect(predictor.predict(rowsOf(3, 3))).toEqual({ data: Float32Array.of(1, 2), shape: [2] });
    expect(() => predictor.predict(rowsOf(2, 3))).toThrow("predict: takes 1, 3 rows, not 2: its rows are not apart");
  });

  test("that are no first axis of what comes out are refused", async () => {
    const turned = { forward: (x: Parameters<typeof nn.relu>[0]) => x.transpose() };
    await expect(toInference(turned, shape)).rejects.toThrow(
      "toInference: output is [3, 1] of 1 rows, [3, 8] of 8 rows",
    );
    const sum = { forward: (x: Parameters<typeof nn.relu>[0]) => x.sum() };
    const predictor = await Predictor.load(await toInference(sum, shape, { batch: 2 }));
    expect(predictor.predict([1, 2, 3, 4, 5, 6])).toEqual({ data: Float32Array.of(21), shape: [] });
  });
});

describe("weights of 8 bits", () => {
  test("take about a quarter, and are off by half a step at the most", async () => {
    const model = new nn.Sequential(new nn.Linear(128, 256), nn.relu, new nn.Linear(256, 128));
    const options = { state: stateOf(model), batch: 1 };
    const signature = { input: ["batch", 128] };
    const [full, small] = [
      await toInference(model, signature, options),
      await toInference(model, signature, { ...options, weights: "int8" }),
    ];
    expect(small.length / full.length).toBeLessThan(0.28);
    const { tensors } = parseSafetensors(small);
    const { data, shape } = options.state["0.weight"];
    const [bytes, scales] = [tensors["0.weight"].data, tensors["0.weight/scales"].data];
    expect(scales).toHaveLength(shape[0]);
    for (const [i, value] of data.entries()) {
      const scale = scales[Math.floor(i / shape[1])];
      expect(Math.abs((bytes[i] - 128) * scale - value)).toBeLessThanOrEqual(0.5001 * scale);
    }
    const x = rowsOf(3, 128);
    const [exact, near] = [await Predictor.load(full), await Predictor.load(small)];
    const [y, z] = [exact.predict(x).data, near.predict(x).data];
    const largest = Math.max(...y.map(Math.abs));
    for (const [i, value] of z.entries()) expect(Math.abs(value - y[i])).toBeLessThan(0.02 * largest);
  });

  test("are for matrices and more that are finite; of a row of zeros the scale is 0", async () => {
    const weight = new Float32Array(128).fill(0.5);
    weight.fill(0, 0, 64);
    const bias = Float32Array.of(0.1, 0.2);
    const model = new nn.Linear(64, 2);
    const of = async (data: Float32Array) => {
      const state = { weight: { data, shape: [2, 64] }, bias };
      const file = await toInference(model, { input: ["batch", 64] }, { state: state as never, weights: "int8" });
      return { file, tensors: parseSafetensors(file).tensors };
    };
    const { file, tensors } = await of(weight);
    expect(tensors["weight/scales"].data).toEqual(Float32Array.of(0, Math.fround(0.5 / 127)));
    expect(tensors.bias.data).toEqual(bias);
    expect((await Portable.load(file)).predict(new Float32Array(64)).data).toEqual(bias);
    const infinite = weight.with(3, Number.POSITIVE_INFINITY);
    expect((await of(infinite)).tensors.weight.data).toEqual(infinite);
  });
});

describe("files", () => {
  const edited = async (edit: (model: Record<string, unknown>, metadata: Record<string, unknown>) => void) => {
    const whole = opened(await bundle("dense"));
    edit(whole.manifest, whole.header.__metadata__);
    return closed(whole);
  };

  test.each<[string, Parameters<typeof edited>[0], string]>([
    [
      "a newer format",
      (_, meta) => Object.assign(meta, { version: "2" }),
      "inference bundle: its version is 2, and this simdgrad reads up to 1: take a newer one",
    ],
    [
      "another format",
      (_, meta) => Object.assign(meta, { format: "x" }),
      "inference bundle: a safetensors file whose metadata has no format simdgrad-inference",
    ],
    [
      "newer programs",
      (model) => Object.assign(model, { program: 3, simdgrad: "9.1.0" }),
      "inference bundle: its programs are of version 3, written by simdgrad 9.1.0; version 2 runs here: take a newer simdgrad",
    ],
    ["older programs", (model) => Object.assign(model, { program: 1 }), "version 2 runs here: write it anew"],
    ["no programs", (model) => Object.assign(model, { programs: [] }), "its manifest contradicts itself"],
    [
      "no rows",
      (model) => Object.assign((model.programs as object[])[0], { rows: 0 }),
      "its manifest contradicts itself",
    ],
    [
      "too much memory",
      (model) => Object.assign((model.programs as object[])[0], { arenaWords: 2 ** 29 }),
      "more than 1073741824 bytes are needed; { memory } allows more",
    ],
    [
      "weights that are not there",
      (model) => Object.assign((model.weights as object[])[0], { name: "q" }),
      'there is no tensor "q" of ',
    ],
    [
      "names of objects",
      (model) => Object.assign((model.weights as object[])[0], { name: "constructor" }),
      'there is no tensor "constructor" of ',
    ],
    [
      "a part that is missing",
      (model) => Reflect.deleteProperty(model, "weights"),
      "its manifest has no right weights",
    ],
  ])("with %s are refused", async (_, edit, message) => {
    await expect(Predictor.load(await edited(edit))).rejects.toThrow(message);
  });

  test("that ask for too much time are refused", async () => {
    await expect(Predictor.load(await bundle("convolutional"), { seconds: 1e-9 })).rejects.toThrow(
      /a program takes some 1 seconds, more than 1e-9; { seconds } allows more/,
    );
  });

  test("whose loops would go on for hours are refused", async () => {
    // Nothing moves with this loop, so that it may go on as long as it likes.
    const halved = ([sum]: readonly Tensor[]) => ({ carries: [sum.mul(0.5).add(1)] });
    const model = { forward: (x: Tensor) => scan(halved, [x], [constant([1, 2, 3])]).carries[0] };
    const whole = opened(await toInference(model as never, { input: [4] }));
    const { code } = whole.manifest.programs[0];
    const [begin, end] = whole.header[code].data_offsets;
    const words = new Int32Array(whole.data.slice(begin, end).buffer);
    const loop = words.findIndex(
      (word, at) => (word & 0xff) === LOOP && word >>> 8 === 4 && words[at + LOOP_COUNT] === 3,
    );
    expect(loop).toBeGreaterThanOrEqual(0);
    words[loop + LOOP_COUNT] = 2 ** 31 - 1;
    whole.data.set(new Uint8Array(words.buffer), begin);
    await expect(Predictor.load(closed(whole))).rejects.toThrow(
      /a program takes some \d+ seconds, more than 30; { seconds } allows more/,
    );
    words[loop + LOOP_COUNT] = 1000;
    whole.data.set(new Uint8Array(words.buffer), begin);
    const predictor = await Predictor.load<Numbers>(closed(whole));
    expect(predictor.predict([0, 1, 2, 3]).data).toEqual(Float32Array.of(2, 2, 2, 2));
  });

  test("may lie in the middle of other bytes", async () => {
    const file = await bundle("dense");
    const large = new Uint8Array(file.length + 9);
    large.set(file, 5);
    const predictor = await Predictor.load(large.subarray(5, 5 + file.length));
    expect(predictor.predict([1, 2, 3, 4])).toEqual((await Predictor.load(file.buffer)).predict([1, 2, 3, 4]));
  });

  test.each<[string, typeof Predictor | typeof Portable | typeof ScriptPredictor]>([
    ["simdgrad/predictor", Predictor],
    ["simdgrad/predictor/portable", Portable],
    ["simdgrad/predictor/js", ScriptPredictor],
  ])("are read at once, whatever is written to them afterwards, and may be Buffers, %s", async (_, Kind) => {
    const file = await bundle("convolutional");
    const expected = (await Kind.load(file)).predict(rowsOf(1, 36));
    const given = Buffer.from(file);
    const coming = Kind.load(given);
    given.fill(0);
    expect((await coming).predict(rowsOf(1, 36))).toEqual(expected);
  });

  test("say which version of the package wrote them", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    const { metadata } = parseSafetensors(await bundle("dense"));
    expect(JSON.parse(metadata.model).simdgrad).toBe(version);
  });
});

test.each<[string, unknown]>([
  ["simdgrad/predictor", Predictor],
  ["simdgrad/predictor/portable", Portable],
  ["simdgrad/predictor/relaxed", Relaxed],
  ["simdgrad/predictor/js", ScriptPredictor],
])("%s makes predictors by load alone", async (_, Kind) => {
  const make = Kind as new (...given: unknown[]) => unknown;
  for (const given of [[], [await bundle("dense")], ["portable", {}, {}]])
    expect(() => new make(...given)).toThrow("Predictor: await Predictor.load(bytes) makes one");
});

test("each entry has its build", async () => {
  const file = await bundle("dense");
  const x = [1, 2, 3, 4];
  expect((await Relaxed.load(file)).build).toBe("relaxed");
  const predictors = [await Portable.load(file), await Predictor.load(file, { build: "portable" })];
  expect(predictors.map(({ build }) => build)).toEqual(["portable", "portable"]);
  expect(predictors[0].predict(x)).toEqual(predictors[1].predict(x));
  const script = await ScriptPredictor.load(file);
  expect(script.build).toBe("js");
  for (const [i, value] of script.predict(x).data.entries())
    expect(value).toBeCloseTo(predictors[0].predict(x).data[i], 6);
  await prepare(script); // there is nothing to make
  script.dispose();
  expect(() => script.predict(x)).toThrow("the predictor was disposed");
  await expect(ScriptPredictor.load(file, { seconds: 1e-9 })).rejects.toThrow("a program takes some 1 seconds");
});

describe("functions made for programs", () => {
  test("are called in place of maps and of small programs, to the same bits", async () => {
    const inside = (predictor: object) => (predictor as { readonly engine: Engine }).engine;
    const small = await Portable.load(await bundle("dense"));
    const before = small.predict(rowsOf(5, 4));
    await Promise.all([prepare(small), prepare(small)]);
    expect(inside(small).programs[0].made).toBeGreaterThan(0);
    expect(small.predict(rowsOf(5, 4))).toEqual(before);

    const large = await Relaxed.load(await toInference(nn.gelu, { input: ["batch", 5000] }));
    const expected = large.predict(rowsOf(3, 5000));
    await prepare(large);
    const { machine, programs } = inside(large);
    const functions = programs.map(({ code, words }) => {
      const own = new Int32Array(machine?.buffer ?? new ArrayBuffer(0), 4 * code, words);
      return opcodeAt(own, 0) === MAP && own[MAP_FUNCTION] > 0;
    });
    expect(functions).toEqual([true, true, true]);
    expect(large.predict(rowsOf(3, 5000))).toEqual(expected);
  });

  test("are nothing for a predictor that was disposed, or is disposed meanwhile", async () => {
    const predictor = await Predictor.load(await bundle("dense"));
    const coming = prepare(predictor);
    predictor.dispose();
    await coming;
    await expect(prepare(predictor)).rejects.toThrow("the predictor was disposed");
  });
});

describe("toInference", () => {
  test("warns where nobody says what the weights are, and refuses what it cannot find", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    await toInference(new nn.Linear(2, 1), { input: ["batch", 2] });
    expect(warn.mock.calls[0][0]).toContain("have first values");
    warn.mockRestore();
    const hidden = new nn.Linear(2, 1);
    const closure = { forward: (x: never, context: never) => hidden.forward(x, context) };
    await expect(toInference(closure as never, { input: ["batch", 2] })).rejects.toThrow(
      "toInference: weight [1, 2] is in no field of the model",
    );
    const state = { weight: [[1, 2]] };
    await expect(toInference(hidden, { input: ["batch", 2] }, { state })).rejects.toThrow("missing [bias]");
    await expect(toInference(hidden, { input: ["batch", 3] }, { state })).rejects.toThrow(/Linear/);
  });

  test("leaves executors as they were, and reads weights of any", async () => {
    const executor = new JsExecutor();
    const model = new nn.Linear(2, 1);
    const predictor = new ModelPredictor(model, { executor, state: { weight: [[2, 3]], bias: [1] } });
    await predictor.predict([[1, 1]]);
    const file = await toInference(model, { input: ["batch", 2] }, { executor });
    expect((await Portable.load(file)).predict([1, 1]).data).toEqual(Float32Array.of(6));
    expect((await predictor.predict([[1, 1]])).data).toEqual(Float32Array.of(6));
    await predictor.dispose();
    await executor.dispose();
  });

  test("has a preprocess inside", async () => {
    const file = await toInference(
      nn.relu,
      { input: { shape: ["batch", 2], dtype: "u8" } },
      {
        preprocess: (x: Parameters<typeof nn.relu>[0]) => x.cast("f32").div(2),
      },
    );
    expect((await Portable.load(file)).predict(Uint8Array.of(1, 2)).data).toEqual(Float32Array.of(0.5, 1));
  });
});
