// .keras files, read and compared with what TensorFlow.js or Keras' formulas say; what is in them besides numbers.
import { zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { unzipped } from "../../src/data/compressed.ts";
import { DataError, evaluateAll, JsExecutor, Predictor, ShapeError, type Tensor, Trainer } from "../../src/index.ts";
import { fromKeras, type Tensors } from "../../src/keras/index.ts";
import { crossEntropy, evaluationContext, parameters, summary, variables } from "../../src/nn/index.ts";
import { adam } from "../../src/optim/index.ts";
import { apart, bytesOf, floats, tensorsOf } from "./cases.ts";
import { keras as files, type KerasFile } from "./files.ts";

function fileOf(name: string): KerasFile {
  return files.find((each) => each.name === name) as KerasFile;
}

describe("what models compute", () => {
  test.each(files)("$name", async ({ file, inputs, outputs }) => {
    const model = fromKeras<Tensors, Tensors>(bytesOf(file));
    const given = tensorsOf(inputs);
    const named = Object.fromEntries(given.map((each, i) => [model.inputs[i].name, each]));
    const result = model.forward(given.length === 1 ? given[0] : named, evaluationContext());
    const list = (result as Tensor).shape === undefined ? Object.values(result) : [result as Tensor];
    expect(list.map(({ shape }) => shape)).toEqual(outputs.map(({ shape }) => shape));
    const values = await evaluateAll(list);
    for (const [i, output] of outputs.entries()) expect(apart(values[i], floats(output))).toBeLessThan(1e-5);
  });
});

describe("a model that was read", () => {
  const images = fileOf("images");
  const read = () => fromKeras(bytesOf(images.file));

  test("has Keras' names of layers before the names of variables here", () => {
    const model = read();
    expect(model.name).toBe("images");
    expect(model.inputs).toEqual([{ name: "picture", shape: [null, 8, 8, 2], dtype: "float32" }]);
    expect([...variables(model)].map(([path, { shape }]) => `${path} ${shape}`)).toEqual([
      "stem.weight 4,2,3,3",
      "stem.bias 4",
      "norm.weight 4",
      "norm.bias 4",
      "norm.running_mean 4",
      "norm.running_var 4",
      "norm.num_batches_tracked ",
      "second.weight 3,4,3,3",
      "second.bias 3",
      "hidden.weight 5,12",
      "hidden.bias 5",
      "head.weight 2,5",
      "head.bias 2",
    ]);
    expect(summary(model, [1, 8, 8, 2]).trainableParameters).toBe(parameterCount(model));
  });

  test("begins with the file's values, which a state dictionary has, too", async () => {
    const model = read();
    const state = model.stateDict();
    const [own, given] = [new JsExecutor(), new JsExecutor()];
    const predictors = [
      new Predictor(model, { state, executor: own }),
      new Predictor(read(), { state, executor: given }),
    ];
    const [x] = tensorsOf(images.inputs);
    const [values] = await evaluateAll([x]);
    for (const predictor of predictors) {
      const { data } = await predictor.predict({ data: Float32Array.from(values), shape: x.shape });
      expect(apart(data, floats(images.outputs[0]))).toBeLessThan(1e-5);
      await predictor.dispose();
    }
  });

  test("is trained as any other, from the values of the file on", async () => {
    const model = read();
    const executor = new JsExecutor();
    const trainer = new Trainer(model, { loss: crossEntropy, optimizer: adam(0.01), executor });
    const [x] = tensorsOf(images.inputs);
    const [values] = await evaluateAll([x]);
    const before = await trainer.stateDict();
    expect(before["head.weight"].data).toEqual(model.stateDict()["head.weight"].data);
    await trainer.load({ x: { data: Float32Array.from(values), shape: x.shape }, y: Int32Array.of(0, 1) });
    const history = await trainer.fit({ epochs: 30, batchSize: 2 });
    expect(history[history.length - 1].loss).toBeLessThan(history[0].loss);
    const after = await trainer.stateDict();
    expect(apart(after["stem.weight"].data, before["stem.weight"].data)).toBeGreaterThan(0);
    await trainer.dispose();
  });

  test("has what Adam keeps, in the layout of the parameters", () => {
    const model = fromKeras(bytesOf(fileOf("images with Adam").file));
    const { optimizer } = model;
    expect(optimizer).toMatchObject({ name: "Adam", step: 12, config: { beta_1: 0.9 } });
    expect(optimizer?.learningRate).toBeCloseTo(0.001, 9);
    for (const slot of ["momentum", "velocity"]) {
      const kept = optimizer?.slots[slot] ?? {};
      expect(Object.entries(kept).map(([path, { shape }]) => `${path} ${shape}`)).toEqual(
        [...parameters(model)].map(([path, { shape }]) => `${path} ${shape}`),
      );
    }
    // Velocities were drawn from 0.5 on, momenta below 0.75 with either sign.
    expect(Object.values(optimizer?.slots.velocity ?? {}).every(({ data }) => data.every((each) => each >= 0.5))).toBe(
      true,
    );
    expect(Object.values(optimizer?.slots.momentum ?? {}).some(({ data }) => data.some((each) => each < 0))).toBe(true);
    expect(read().optimizer).toBeUndefined();
  });

  test("says what does not fit it", () => {
    const model = read();
    const [x] = tensorsOf(images.inputs);
    expect(() => model.forward(x.permute([0, 3, 1, 2]), evaluationContext())).toThrow(
      new ShapeError("images: picture is [any, 8, 8, 2], channels last; got [2, 2, 8, 8]"),
    );
  });
});

/** Numbers of a model that are trained. */
function parameterCount(model: unknown): number {
  return [...parameters(model).values()].reduce(
    (sum, { shape }) => sum + shape.reduce((size, each) => size * each, 1),
    0,
  );
}

describe("what is refused", () => {
  /** A file with another config.json. */
  function edited(name: string, edit: (config: Config) => void): Uint8Array {
    const parts = Object.fromEntries(unzipped(bytesOf(fileOf(name).file), "test"));
    const config = JSON.parse(new TextDecoder().decode(parts["config.json"]));
    edit(config);
    return zipSync({ ...parts, "config.json": new TextEncoder().encode(JSON.stringify(config)) });
  }

  interface Config {
    class_name: string;
    config: { layers: { class_name: string; config: Record<string, unknown> }[] };
  }

  test("layers that are not known, all in one error", () => {
    const bytes = edited("images", ({ config: { layers } }) => {
      layers[3].class_name = "Lambda";
      layers[4].config.data_format = "channels_of_old";
      layers[8].config.activation = "own";
    });
    expect(() => fromKeras(bytes)).toThrow(
      new DataError(
        'fromKeras: 3 layers not known here: Lambda "act", MaxPooling2D "pool" (data_format "channels_of_old"), Dense "hidden" (activation "own")',
      ),
    );
  });

  test("what cannot be: an input behind other layers, an axis that becomes too long", () => {
    const behind = edited("images", ({ config: { layers } }) => {
      layers[3].class_name = "InputLayer";
    });
    expect(() => fromKeras(behind)).toThrow(new DataError("fromKeras: act is an input behind other layers"));
    const long = edited("images", ({ config: { layers } }) => {
      layers[3] = { class_name: "UpSampling2D", config: { name: "long", size: [1e9, 1] } };
    });
    expect(() => fromKeras(long)).toThrow(
      new DataError('fromKeras: UpSampling2D "long": size must be 4096 at the most, got [1000000000, 1]'),
    );
  });

  test("models of code", () => {
    const bytes = edited("images", (config) => {
      config.class_name = "MyModel";
    });
    expect(() => fromKeras(bytes)).toThrow('fromKeras: the model is of class "MyModel", whose forward is code');
  });

  test("but layers that the caller makes from their settings", async () => {
    const { inputs, outputs } = fileOf("images");
    const bytes = edited("images", ({ config: { layers } }) => {
      layers[3] = { class_name: "Own", config: { name: "act", threshold: 0 } };
    });
    const own = (config: Readonly<Record<string, unknown>>) => (x: Tensor) => x.maximum(config.threshold as number);
    const model = fromKeras(bytes, { layers: { Own: own } });
    const [values] = await evaluateAll([model.forward(tensorsOf(inputs)[0], evaluationContext())]);
    expect(apart(values, floats(outputs[0]))).toBeLessThan(1e-5);
    expect(() => fromKeras(bytes)).toThrow('fromKeras: a layer not known here: Own "act"');
  });

  test("weights that do not fit", () => {
    const bytes = edited("images", ({ config: { layers } }) => {
      layers[9].config.use_bias = false;
    });
    expect(() => fromKeras(bytes)).toThrow(
      new DataError("model.weights.h5: layers/dense_1/vars holds 2 arrays, not 1 (kernel)"),
    );
  });

  test("files before .keras, and what is none", () => {
    expect(() => fromKeras(Uint8Array.of(137, 72, 68, 70, 13, 10, 26, 10))).toThrow("Keras' format before .keras");
    expect(() => fromKeras(zipSync({ "a.txt": Uint8Array.of(1) }))).toThrow(
      new DataError("fromKeras: the ZIP file holds no config.json, but a.txt"),
    );
  });

  test("files that inflate to far more than they are; those that nobody needs are left as they are", () => {
    const parts = Object.fromEntries(unzipped(bytesOf(fileOf("images").file), "test"));
    const blanks = (size: number) => new Uint8Array(size).fill(32);
    const withFile = (name: string, size: number) => zipSync({ ...parts, [name]: blanks(size) }, { level: 9 });
    expect(() => fromKeras(withFile("config.json", 2 ** 23))).toThrow(
      /^fromKeras: config\.json of 8388608 bytes is more than \d+$/,
    );
    expect(() => fromKeras(withFile("metadata.json", 2 ** 23))).toThrow(/^fromKeras: metadata\.json of 8388608 bytes/);
    // In the directory, behind all files, a size stands 22 bytes before its file's name.
    const large = Uint8Array.from(zipSync(parts));
    const name = Buffer.from(large).lastIndexOf("model.weights.h5");
    new DataView(large.buffer).setUint32(name - 22, 2 ** 26 + 2 ** 22, true);
    expect(() => fromKeras(large)).toThrow(/^fromKeras: the files of the ZIP file are more than \d+ bytes$/);
    // What is damaged in it shows that it was not read.
    const other = zipSync({ "assets/x": blanks(2 ** 20), ...parts }, { level: 9 });
    other.fill(255, 40, 60);
    expect(() => unzipped(other, "test")).toThrow("test: assets/x is damaged");
    expect(parameters(fromKeras(other)).size).toBeGreaterThan(0);
  });

  test("frozen layers stay as they are", () => {
    const bytes = edited("images", ({ config: { layers } }) => {
      layers[1].config.trainable = false;
    });
    expect([...parameters(fromKeras(bytes)).keys()]).toEqual([
      "norm.weight",
      "norm.bias",
      "second.weight",
      "second.bias",
      "hidden.weight",
      "hidden.bias",
      "head.weight",
      "head.bias",
    ]);
  });

  test("a file of Keras 2 has another hard sigmoid", async () => {
    const { file, inputs, outputs } = fileOf("hard sigmoid and norms");
    const parts = Object.fromEntries(unzipped(bytesOf(file), "test"));
    const old = zipSync({ ...parts, "metadata.json": new TextEncoder().encode('{"keras_version":"2.15.0"}') });
    const [values] = await evaluateAll([fromKeras(old).forward(tensorsOf(inputs)[0], evaluationContext())]);
    // x / 6 + 0.5 of the one is 0.2 x + 0.5 of the other.
    const expected = floats(outputs[0]).map((each) => (each - 0.5) * 1.2 + 0.5);
    const inside = Array.from(expected, (each, i) =>
      Math.abs(floats(outputs[0])[i] - 0.5) < 0.41 ? Math.abs(each - values[i]) : 0,
    );
    expect(Math.max(...inside)).toBeLessThan(1e-5);
    expect(apart(values, floats(outputs[0]))).toBeGreaterThan(1e-3);
  });
});
