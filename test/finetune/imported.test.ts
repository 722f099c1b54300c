// Models of other libraries: other heads, adapters, features, and out again.
import { afterAll, expect, test, vi } from "vitest";
import {
  Features,
  Frozen,
  layerwiseDecay,
  lora,
  mergeLora,
  replaceHead,
  replaceLayer,
} from "../../src/finetune/index.ts";
import { fromTensorFlowJs, toTensorFlowJs } from "../../src/keras/index.ts";
import {
  crossEntropy,
  Linear,
  type Module,
  parameters,
  relu,
  Sequential,
  setTrainable,
  softmax,
  tanh,
  variables,
} from "../../src/nn/index.ts";
import { fromOnnx, type OnnxModel, toOnnx } from "../../src/onnx/index.ts";
import { readModel } from "../../src/onnx/proto.ts";
import { adam } from "../../src/optim/index.ts";
import { Predictor } from "../../src/train/predictor.ts";
import { Trainer } from "../../src/train/trainer.ts";
import type { Variable } from "../../src/variable.ts";
import { oracle } from "../executors.ts";
import { drawn } from "../nn/sums.ts";
import { thrown } from "../thrown.ts";

const executor = oracle();
afterAll(() => executor.dispose());

const x = { data: drawn([6, 4], 1), shape: [6, 4] };
const y = [0, 1, 0, 1, 1, 0];
const network = () => new Sequential(new Linear(4, 8), relu, new Linear(8, 8), tanh, new Linear(8, 3));
const files = () => toTensorFlowJs(network(), { input: ["batch", 4] });

test("a model of TensorFlow.js gets another head, which goes out to ONNX; a layers model of before is refused in words", async () => {
  const model = fromTensorFlowJs(await files());
  const head = replaceHead(model, 2);
  const trainer = new Trainer(model, { loss: crossEntropy, optimizer: adam(0.05), executor });
  await trainer.load({ x, y });
  await trainer.fit({ batch: "all", epochs: 30 });
  const losses = trainer.history.map(({ loss }) => loss);
  expect(losses[29]).toBeLessThan(losses[0] / 2);
  expect([...parameters(model).values()].slice(-2)).toEqual([head.weight, head.bias]);
  const expected = await trainer.predict(x);
  const again = fromOnnx(await toOnnx(model, { input: ["batch", 4] }, { executor }));
  const found = await new Predictor(again, { executor }).predict(x);
  // Weights are f32 in the file.
  for (const [i, value] of expected.data.entries()) expect(Math.abs(found.data[i] - value)).toBeLessThan(1e-5);
  await expect(toTensorFlowJs(model, undefined, { executor })).rejects.toThrow(
    "model has other layers than the file that it was read from: layer_4.weight, layer_4.bias",
  );
  await trainer.dispose();
});

test("the softmax of a classifier stays behind another head, and behind a file of ONNX: a loss that takes logits is warned of", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const signature = { input: ["batch", 4] } as const;
  const classifier = () => new Sequential(network(), softmax);
  const model = fromTensorFlowJs(await toTensorFlowJs(classifier(), signature));
  replaceHead(model, 2);
  const given = fromOnnx(await toOnnx(classifier(), signature));
  warn.mockClear();
  for (const each of [model, given]) {
    const options = { loss: crossEntropy, optimizer: adam(0.05), executor };
    const logits = new Sequential(each as Module, (p) => p.clamp(1e-7, 1).log());
    await new Trainer(logits, options).load({ x, y });
    expect(warn).not.toHaveBeenCalled();
    await new Trainer(each as Module, options).load({ x, y });
    expect(warn.mock.calls).toEqual([[expect.stringMatching(/^simdgrad: the model ends in a softmax/)]]);
    warn.mockClear();
  }
  warn.mockRestore();
});

test("adapters of a model of TensorFlow.js, merged, go out as a layers model", async () => {
  const model = lora(fromTensorFlowJs(await files()), { rank: 2, layers: ["layer_0", "layer_4"] });
  const trainer = new Trainer(model, { loss: crossEntropy, optimizer: adam(0.05), executor });
  await trainer.load({ x, y });
  await trainer.fit({ batch: "all", epochs: 30 });
  const losses = trainer.history.map(({ loss }) => loss);
  expect(losses[29]).toBeLessThan(losses[0] / 2);
  const expected = await trainer.predict(x);
  await expect(toTensorFlowJs(model, undefined, { executor })).rejects.toThrow("layer_0.lora_A.weight");
  const merged = new Predictor(mergeLora(model), { executor });
  await merged.predict(x);
  const again = fromTensorFlowJs(await toTensorFlowJs(model, undefined, { executor }));
  const found = await new Predictor(again, { executor }).predict(x);
  for (const [i, value] of expected.data.entries()) expect(Math.abs(found.data[i] - value)).toBeLessThan(1e-5);
  expect([...variables(model).keys()]).toEqual([...variables(again).keys()]);
  await Promise.all([trainer.dispose(), merged.dispose()]);
});

test("a model of ONNX's format gives features for a head, and both go out in one file", async () => {
  const bytes = await toOnnx(network(), { input: ["batch", 4] });
  const features: OnnxModel = fromOnnx(bytes, { output: inner(bytes) });
  const body = new Frozen(features);
  const cached = await new Predictor(body, { executor }).predict(x);
  expect(cached.shape).toEqual([6, 8]);
  const head = new Linear(8, 2);
  const trainer = new Trainer(head, { loss: crossEntropy, optimizer: adam(0.05), executor });
  await trainer.load({ x: cached, y });
  await trainer.fit({ batch: "all", epochs: 80 });
  const losses = trainer.history.map(({ loss }) => loss);
  expect(losses[79]).toBeLessThan(losses[0] / 2);
  const whole = new Sequential(body, head);
  expect([...parameters(whole).keys()]).toEqual(["1.weight", "1.bias"]);
  const expected = await new Predictor(whole, { executor }).predict(x);
  const again = fromOnnx(await toOnnx(whole, { input: ["batch", 4] }, { executor }));
  const found = await new Predictor(again, { executor }).predict(x);
  for (const [i, value] of expected.data.entries()) expect(Math.abs(found.data[i] - value)).toBeLessThan(1e-5);
  await trainer.dispose();
});

test("features of a model of TensorFlow.js are those before its last Dense, or before a layer by name", async () => {
  const model = fromTensorFlowJs(await files());
  const found = await new Predictor(new Features(model), { executor }).predict(x);
  expect(found.shape).toEqual([6, 8]);
  const first = await new Predictor(new Features(model, { path: "layer_0" }), { executor }).predict(x);
  expect([...first.data]).toEqual([...x.data]);
});

test("a model of ONNX's format has no layers to be chosen, and that is told", async () => {
  const model = fromOnnx(await toOnnx(network(), { input: ["batch", 4] }));
  const tries: Readonly<Record<string, () => unknown>> = {
    replaceHead: () => replaceHead(model, 2),
    replaceLayer: () => replaceLayer(model, "0", new Linear(4, 8)),
    Features: () => new Features(model),
    lora: () => lora(model, { rank: 1 }),
    layerwiseDecay: () => layerwiseDecay(model, adam, { rate: 0.1, decay: 0.5 }),
  };
  for (const [name, run] of Object.entries(tries))
    expect(thrown(run)).toBe(
      `ArgumentError: ${name}: the model has no layers in it: of what fromOnnx reads, which is one graph, fromOnnx(bytes, { output }) gives features for a head`,
    );
  // A layer among others it is.
  const whole = new Sequential(model, new Linear(3, 2));
  expect(layerwiseDecay(whole, adam, { rate: 0.1, decay: 0.5 })).toHaveLength(2);
  expect(thrown(() => setTrainable(model, false, ...(["0.weight"] as never[])))).toContain(
    "ArgumentError: setTrainable: a third argument must be left out; a part may be one variable",
  );
  setTrainable(parameters(model).get("0.weight"), false);
  expect([...parameters(model).keys()]).toEqual(["0.bias", "2.weight", "2.bias", "4.weight", "4.bias"]);
});

test("rates by depth are for the layers of a network without its head, too", async () => {
  const body = new Features(fromTensorFlowJs(await files()));
  const groups = layerwiseDecay(body, adam, { rate: 0.1, decay: 0.5 });
  const paths = new Map([...variables(body)].map(([path, variable]) => [variable, path]));
  const found = groups.map(({ parameters }) => [...(parameters as readonly Variable[])].map((each) => paths.get(each)));
  expect(found).toEqual([
    ["layer_2.weight", "layer_2.bias"],
    ["layer_0.weight", "layer_0.bias"],
  ]);
});

/** The name of the tensor that the last product of a file is given. */
function inner(bytes: Uint8Array): string {
  const { graph } = readModel(bytes);
  const product = graph?.node.findLast(({ opType }) => /^(Gemm|MatMul)$/.test(opType));
  return product?.input[0] as string;
}
