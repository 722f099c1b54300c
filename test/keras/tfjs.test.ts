// What TensorFlow.js saved, read and compared with what it computes; weights of fewer bits, optimizers, and what is refused.
import { describe, expect, test } from "vitest";
import { ArgumentError, DataError, evaluateAll, JsExecutor, Trainer } from "../../src/index.ts";
import { fromTensorFlowJs } from "../../src/keras/index.ts";
import { evaluationContext, type Layer, mseLoss, parameters, variables } from "../../src/nn/index.ts";
import { adam } from "../../src/optim/index.ts";
import { apart, bytesOf, caseOf, cases, filesOf, floats, read, resultsOf, tensorsOf } from "./cases.ts";

describe("what models compute", () => {
  test.each(cases)("$name", async (each) => {
    const results = await resultsOf(read(each), each.inputs);
    expect(results.map(({ shape }) => shape)).toEqual(each.outputs.map(({ shape }) => shape));
    for (const [i, output] of each.outputs.entries())
      expect(apart(floats(results[i]), floats(output))).toBeLessThan(1e-5);
  });
});

describe("files", () => {
  const dense = caseOf("dense");
  const [{ weights }] = dense.model.weightsManifest as readonly { weights: { name: string; shape: number[] }[] }[];

  test("model.json is a text, bytes or an object, weights are shards by name, in order, or one", async () => {
    const text = JSON.stringify(dense.model);
    const bytes = bytesOf(dense.weights);
    const shards = [bytes.slice(0, 10), bytes.slice(10)];
    const model = { ...dense.model, weightsManifest: [{ paths: ["folder/a.bin", "b.bin"], weights }] };
    const { modelTopology } = dense.model as object as { readonly modelTopology: object };
    const artifacts = { format: "layers-model", modelTopology, weightSpecs: weights };
    for (const files of [
      { model: text, weights: bytes },
      { model: new TextEncoder().encode(text), weights: bytes.buffer },
      { model: dense.model, weights: shards },
      { model: Buffer.from(text), weights: [Buffer.from(bytes)] }, // as Node reads files: parts of larger buffers
      { model, weights: { "b.bin": shards[1], "a.bin": shards[0] } },
      // What a save handler gets.
      { ...artifacts, weightData: bytes.buffer },
      { ...artifacts, weightData: shards.map(({ buffer }) => buffer) },
    ]) {
      const [values] = await evaluateAll([
        fromTensorFlowJs(files).forward(tensorsOf(dense.inputs)[0], evaluationContext()),
      ]);
      expect(apart(values, floats(dense.outputs[0]))).toBeLessThan(1e-5);
    }
  });

  test("a loop of Keras' own equations is trained as any other", async () => {
    const { inputs, outputs } = caseOf("gru");
    const trainer = new Trainer(read(caseOf("gru")) as unknown as Layer, {
      loss: mseLoss,
      optimizer: adam(0.05),
      executor: new JsExecutor(),
    });
    const y = { data: floats(outputs[0]).map((each) => each / 2), shape: outputs[0].shape };
    await trainer.load({ x: { data: floats(inputs[0]), shape: inputs[0].shape }, y });
    const epochs = await trainer.fit({ epochs: 40, batchSize: 2 });
    expect(epochs[39].loss).toBeLessThan(epochs[0].loss / 10);
    await trainer.dispose();
  });

  test("names of layers and of variables", () => {
    expect(
      [...variables(read(caseOf("shared and nested"))).keys()].map((path) => path.replace(/_[A-Z]\w+|\d/g, "")),
    ).toEqual([
      "time_distributed.first.weight",
      "time_distributed.first.bias",
      ...["forward", "backward"].flatMap((side) =>
        ["weight_ih_l", "weight_hh_l", "bias_ih_l", "bias_hh_l"].map((name) => `bidirectional.${side}.${name}`),
      ),
      "shared.weight",
      "shared.bias",
      "dense.weight",
      "dense.bias",
      "gru.weight_ih_l",
      "gru.weight_hh_l",
      "gru.bias_ih_l",
      "gru.bias_hh_l",
      "head.second.weight",
      "head.second.bias",
    ]);
  });

  // As tensorflowjs_converter keeps weights: v * scale + min, numbers of 16 bits as they are.
  test.each([
    ["uint8", 255],
    ["uint16", 65535],
    ["float16", 0],
  ] as const)("weights kept as %s", (dtype, most) => {
    const values = new Float32Array(bytesOf(dense.weights).buffer);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const scale = (high - low) / (most || 1);
    const kept =
      dtype === "float16"
        ? Uint16Array.from(values, half)
        : new (dtype === "uint8" ? Uint8Array : Uint16Array)(
            Array.from(values, (each) => Math.round((each - low) / scale)),
          );
    const quantization = dtype === "float16" ? { dtype } : { dtype, scale, min: low };
    const manifest = [{ paths: ["w"], weights: weights.map((each) => ({ ...each, quantization })) }];
    const model = fromTensorFlowJs({
      model: { ...dense.model, weightsManifest: manifest },
      weights: new Uint8Array(kept.buffer),
    });
    const own = Object.values(read(dense).stateDict());
    // Half a step, or half of the last of 11 bits of numbers below 1.
    for (const [i, { data }] of Object.values(model.stateDict()).entries())
      expect(apart(data, own[i].data)).toBeLessThan(dtype === "float16" ? 2 ** -12 : scale / 2 + 1e-7);
  });

  test.each([
    ["optimizer adam", "Adam", ["momentum", "velocity"]],
    ["optimizer momentum", "Momentum", ["momentum"]],
    ["optimizer rmsprop", "RMSProp", ["velocity"]],
  ])("%s", (name, kind, slots) => {
    const model = read(caseOf(name));
    const { optimizer } = model;
    expect(optimizer?.name.toLowerCase()).toBe(kind.toLowerCase());
    expect(optimizer?.step).toBe(2);
    for (const slot of slots) {
      const kept = Object.entries(optimizer?.slots[slot] ?? {});
      expect(kept.map(([path, { shape }]) => `${path} ${shape}`)).toEqual(
        [...parameters(model)].map(([path, { shape }]) => `${path} ${shape}`),
      );
      expect(kept.some(([, { data }]) => data.some((each) => each !== 0))).toBe(true);
    }
  });
});

/** The nearest number of 16 bits. */
function half(value: number): number {
  const sign = value < 0 ? 0x8000 : 0;
  const size = Math.abs(value);
  const exponent = Math.max(-14, Math.floor(Math.log2(size || 2 ** -30)));
  const fraction = Math.round(size / 2 ** (exponent - 10));
  return sign | (fraction >= 1024 ? ((exponent + 15) << 10) + fraction - 1024 : fraction);
}

describe("what is refused", () => {
  const dense = caseOf("dense");

  test("graph models", () => {
    const model = { format: "graph-model", modelTopology: { node: [] }, weightsManifest: [] };
    expect(() => fromTensorFlowJs({ model, weights: [] })).toThrow(
      "this is a graph model, a program of TensorFlow's operations",
    );
  });

  test("shards that are missing, cut or too long", () => {
    expect(() => fromTensorFlowJs({ ...filesOf(dense), weights: {} })).toThrow(
      new DataError("the weights hold no weights.bin, but nothing"),
    );
    for (const change of [-1, 1])
      expect(() => fromTensorFlowJs({ ...filesOf(dense), weights: new Uint8Array(96 + change) })).toThrow(DataError);
  });

  test("objects that JSON does not hold", () => {
    type Part = Record<string, unknown> & unknown[];
    const within = (part: unknown, path: readonly string[]) =>
      path.reduce((value, key) => (value as Part)[key as never], part) as Part;
    const edited = (path: string, edit: (part: Part) => void) => {
      const model = structuredClone(dense.model);
      edit(within(model, path.split(".")));
      return () => fromTensorFlowJs({ ...filesOf(dense), model });
    };
    const layers = "modelTopology.config.layers";
    const pierced = (part: Part) => delete part[0];
    for (const path of [
      layers,
      `${layers}.0.config.batch_input_shape`,
      "weightsManifest",
      "weightsManifest.0.weights",
    ]) {
      expect(edited(path, pierced)).toThrow(ArgumentError);
      expect(edited(path, pierced)).toThrow(`fromTensorFlowJs: model.${path} must be a list without holes, got`);
    }
    const disguised = (part: Part) => Object.assign(part, { also: 1 }) && delete part[0];
    expect(edited("weightsManifest", disguised)).toThrow("must be a list without holes");
    expect(edited("weightsManifest", (part) => (part.length = 2 ** 32 - 1))).toThrow("must be a list without holes");
    const twice = (part: Part) => part.push(part, part);
    for (const path of [layers, `${layers}.0.config.batch_input_shape`])
      expect(edited(path, twice)).toThrow("fromTensorFlowJs: model must be of parts that do not hold themselves");
    const shards = Array<Uint8Array>(1);
    expect(() => fromTensorFlowJs({ model: dense.model, weights: shards })).toThrow(
      "fromTensorFlowJs: weights.0 must be",
    );
  });

  test("weights that no layer reads, and layers without", () => {
    const more = JSON.parse(JSON.stringify(dense.model));
    more.weightsManifest[0].weights.push({ name: "other/kernel", shape: [1], dtype: "float32" });
    const weights = new Uint8Array([...bytesOf(dense.weights), 0, 0, 0, 0]);
    expect(() => fromTensorFlowJs({ model: more, weights })).toThrow(
      new DataError("the weights hold what no layer reads: other/kernel"),
    );
    more.weightsManifest[0].weights[0].name = "dense_other/kernel";
    expect(() => fromTensorFlowJs({ model: more, weights })).toThrow(/^the weights hold no dense_Dense\d+\/kernel/);
  });

  test("names such as __proto__ are data", () => {
    const text = JSON.stringify(dense.model)
      .replaceAll(/"dense_Dense\d+"/g, '"__proto__"')
      .replaceAll(/dense_Dense\d+\//g, "__proto__/");
    expect(() => fromTensorFlowJs({ model: text, weights: bytesOf(dense.weights) })).toThrow(DataError);
    expect(({} as { kernel?: unknown }).kernel).toBeUndefined();
  });
});
