// Heads, frozen bodies, features, rates by depth.
import { expect, test } from "vitest";
import { input } from "../../src/create.ts";
import {
  Features,
  Frozen,
  layerwiseDecay,
  lora,
  mergeLora,
  replaceHead,
  replaceLayer,
} from "../../src/finetune/index.ts";
import {
  BatchNorm1d,
  type Context,
  crossEntropy,
  Dropout,
  Embedding,
  evaluationContext,
  Identity,
  Linear,
  LSTM,
  mseLoss,
  parameters,
  Residual,
  relu,
  Sequential,
  TransformerEncoder,
  TransformerEncoderLayer,
  variables,
} from "../../src/nn/index.ts";
import { parameterGroups, sgd } from "../../src/optim/index.ts";
import type { Tensor } from "../../src/tensor.ts";
import { Predictor } from "../../src/train/predictor.ts";
import { Trainer } from "../../src/train/trainer.ts";
import { Variable } from "../../src/variable.ts";
import { oracle } from "../executors.ts";
import { drawn } from "../nn/sums.ts";
import { thrown } from "../thrown.ts";

class Net {
  readonly body = new Sequential(new Linear(4, 6), new BatchNorm1d(6), relu, new Dropout(0.5));
  readonly fc = new Linear(6, 5);
  forward(x: Tensor, context: Context): Tensor {
    return this.fc.forward(this.body.forward(x, context));
  }
}

const x = { data: drawn([8, 4], 1), shape: [8, 4] };
const y = [0, 1, 2, 0, 1, 2, 0, 1];

test("a new head keeps the names, and the body what it has learned", async () => {
  const executor = oracle();
  const model = new Net();
  const first = new Trainer(model, { loss: crossEntropy, optimizer: sgd(0.1), executor });
  await first.load({ x, y });
  await first.fit({ epochs: 2 });
  const before = await first.stateDict();
  const head = replaceHead(model, 3);
  expect(model.fc).toBe(head);
  expect(head.weight.shape).toEqual([3, 6]);
  const second = new Trainer(model, { loss: crossEntropy, optimizer: sgd(0.1), executor });
  const after = await second.stateDict();
  expect(Object.keys(after)).toEqual(Object.keys(before));
  for (const path of Object.keys(before).filter((each) => each.startsWith("body")))
    expect(after[path]).toEqual(before[path]);
  await second.load({ x, y });
  await second.fit({ epochs: 1 });
  await Promise.all([first.dispose(), second.dispose()]);
  await executor.dispose();
});

test("a head by its path, without a bias, or another kind of layer", () => {
  const model = new Net();
  expect(replaceHead(model, 2, { path: "body.0" }).weight.shape).toEqual([2, 4]);
  const plain = new Sequential(new Linear(4, 6, { bias: false }));
  expect(replaceHead(plain, 3).bias).toBeUndefined();
  const deep = replaceHead(plain, new Sequential(new Linear(6, 6), relu, new Linear(6, 2)));
  expect([...variables(plain).keys()]).toEqual(["0.0.weight", "0.0.bias", "0.2.weight", "0.2.bias"]);
  expect(plain.layers[0]).toBe(deep);
});

test("layers are replaced where they lie, also in fields that have other names, and wherever a model holds them", () => {
  const encoder = new TransformerEncoderLayer(8, 2);
  const linear1 = new Linear(8, 2048);
  replaceLayer(encoder, "linear1", linear1);
  expect(encoder.sublayers.linear1).toBe(linear1);
  const shared = new Linear(3, 3);
  const model = { a: shared, b: { c: [shared] }, forward: (x: Tensor) => x };
  const other = new Linear(3, 3);
  replaceLayer(model, "a", other);
  expect(model.b.c[0]).toBe(other);
});

test("a layer in a private field or a closure has another one run in its stead", () => {
  class Hidden {
    readonly #fc = new Linear(2, 2);
    children() {
      return [["fc", this.#fc] as const];
    }
    forward(x: Tensor): Tensor {
      return this.#fc.forward(x);
    }
  }
  const model = new Hidden();
  const head = replaceHead(model, 3);
  const shapesOf = () => [...variables(model)].map(([name, { shape }]) => `${name} ${shape}`);
  expect(shapesOf()).toEqual(["fc.weight 3,2", "fc.bias 3"]);
  expect(model.forward(input([4, 2])).shape).toEqual([4, 3]);
  expect([...variables(model).values()]).toEqual([...variables(head).values()]);
  replaceLayer(model, "fc", new Sequential(new Linear(2, 5)));
  expect(shapesOf()).toEqual(["fc.0.weight 5,2", "fc.0.bias 5"]);
  lora(model, { rank: 1 });
  expect([...parameters(model).keys()]).toEqual(["fc.0.lora_A.weight", "fc.0.lora_B.weight"]);
  expect(model.forward(input([4, 2])).shape).toEqual([4, 5]);
  const hidden = lora(new Hidden(), { rank: 1 });
  expect([...variables(hidden).keys()]).toEqual(["fc.weight", "fc.bias", "fc.lora_A.weight", "fc.lora_B.weight"]);
  expect(hidden.forward(input([4, 2])).shape).toEqual([4, 2]);
  mergeLora(hidden);
  expect([...variables(hidden).keys()]).toEqual(["fc.weight", "fc.bias"]);
  expect(hidden.forward(input([4, 2])).shape).toEqual([4, 2]);
});

test("what cannot be replaced is told, and all stays as it was", () => {
  const fc = new Linear(2, 2);
  const hidden = { open: [fc], children: () => [["fc", fc] as const], forward: (x: Tensor) => fc.forward(x) };
  const message = "ArgumentError: replaceLayer: fc cannot be replaced where the model holds it";
  expect(thrown(() => replaceLayer(hidden, "fc", new Frozen(fc)))).toBe(message); // it would run itself
  expect(hidden.open[0]).toBe(fc);
  const ice = Object.freeze({ fc, forward: (x: Tensor) => fc.forward(x) });
  expect(thrown(() => replaceHead(ice, 3))).toContain("ArgumentError: replaceHead: fc cannot be replaced");
});

test("what has no such head is told", () => {
  expect(thrown(() => replaceHead(new Sequential(new Dropout(0.1)), 3))).toContain("ArgumentError");
  expect(thrown(() => replaceHead(new Linear(2, 2), 3))).toContain("ArgumentError");
  expect(thrown(() => replaceHead(new Net(), new Linear(7, 2)))).toContain("ShapeError");
  expect(thrown(() => replaceHead(new Net(), 3, { path: "body.1" }))).toContain(
    "replaceHead: body.1 is a BatchNorm1d, no Linear: give the layer in its place",
  );
  expect(thrown(() => replaceLayer(new Net(), "fd", new Identity()))).toContain(
    'replaceLayer: the model has no layer "fd", did you mean "fc"?',
  );
  expect(thrown(() => replaceLayer(new Net(), "fc.weight", new Identity()))).toContain("ArgumentError");
});

test("a frozen body runs as in an evaluation, and nothing in it changes", async () => {
  const executor = oracle();
  const model = new Net();
  const frozen = new Frozen(model.body);
  replaceLayer(model, "body", frozen);
  const trainer = new Trainer(model, { loss: crossEntropy, optimizer: sgd(0.5), executor });
  await trainer.load({ x, y });
  const before = await trainer.stateDict();
  await trainer.fit({ epochs: 3, batch: "all" });
  const after = await trainer.stateDict();
  const changed = Object.keys(after).filter((path) => `${after[path].data}` !== `${before[path].data}`);
  expect(changed).toEqual(["fc.weight", "fc.bias"]);
  await trainer.dispose();
  await executor.dispose();
});

test("features are what the head is given; a head that is trained on them has the losses of the whole network", async () => {
  const executor = oracle();
  const train = async (cached: boolean) => {
    const model = new Net();
    const whole = new Predictor(model, { executor });
    const state = Object.fromEntries(
      [...variables(model)]
        .map(([path, { shape, dtype }], i) => [
          path,
          dtype === "f32" && !path.includes("running_var") ? { data: drawn(shape, i + 1), shape } : undefined,
        ])
        .filter(([, each]) => each !== undefined),
    );
    replaceLayer(model, "body", new Frozen(model.body));
    const options = { loss: crossEntropy, optimizer: sgd(0.5), executor };
    const all = new Trainer(model, options);
    await all.loadStateDict(state as never, { strict: false });
    let trainer: Trainer = all;
    let rows: unknown = x;
    if (cached) {
      const body = new Predictor(new Features(model), { executor });
      rows = await body.predict(x);
      trainer = new Trainer(model.fc, options);
      await body.dispose();
    }
    await trainer.load({ x: rows as never, y });
    await trainer.fit({ epochs: 4, batch: "all" });
    const losses = trainer.history.map(({ loss }) => loss);
    const predicted = await all.predict(x); // the network has what its head has learned
    await Promise.all([whole.dispose(), all.dispose(), ...(cached ? [trainer.dispose()] : [])]);
    return { losses, predicted: [...predicted.data] };
  };
  const [expected, found] = [await train(false), await train(true)];
  for (const [i, loss] of expected.losses.entries()) expect(Math.abs(found.losses[i] - loss)).toBeLessThan(1e-12);
  for (const [i, value] of expected.predicted.entries())
    expect(Math.abs(found.predicted[i] - value)).toBeLessThan(1e-12);
  await executor.dispose();
});

test("features of a layer that runs twice, or never, are told", () => {
  const twice = new Linear(4, 4);
  const run = (times: number) => {
    const layers = [twice, new Linear(4, 4)];
    const model = {
      layers,
      forward: (x: Tensor) => Array.from({ length: times }).reduce<Tensor>((y) => layers[0].forward(y), x),
    };
    return thrown(() => new Features(model, { path: "layers.0" }).forward(input([1, 4]), evaluationContext()));
  };
  expect(run(1)).toBe("nothing");
  expect(run(2)).toContain("ArgumentError: Features: the network runs layers.0 2 times");
  expect(run(0)).toContain("ArgumentError: Features: the network runs layers.0 0 times");
  const ice = { fc: Object.freeze(new Linear(4, 4)), forward: (x: Tensor) => x };
  const frozen = () => new Features(ice).forward(input([1, 4]), evaluationContext());
  expect(thrown(frozen)).toBe("ArgumentError: Features: the layer is a frozen object, which tells nothing");
});

test("rates fall from the last layer to the first, whatever holds them", () => {
  const pathsOf = (model: object, layers?: readonly string[]) => {
    const paths = new Map([...variables(model)].map(([path, variable]) => [variable, path]));
    const rates: number[] = [];
    const make = (rate: number) => {
      rates.push(rate);
      return sgd(rate);
    };
    const groups = layerwiseDecay(model, make, { rate: 1, decay: 0.5, layers });
    expect(rates).toEqual(groups.map((_, i) => 0.5 ** i));
    return groups
      .map(({ parameters }) => [...(parameters as readonly Variable[])].map((each) => paths.get(each)))
      .reverse();
  };
  class Transformer {
    readonly place = new Variable([5, 8], 0);
    readonly embedding = new Embedding(10, 8);
    readonly encoder = new TransformerEncoder(
      [0, 1].map(() => new TransformerEncoderLayer(8, 2, { dimFeedforward: 8 })),
    );
    readonly head = new Linear(8, 2);
    forward(x: Tensor): Tensor {
      return x;
    }
  }
  const groups = pathsOf(new Transformer());
  expect(groups.map((group) => group.length)).toEqual([2, 12, 12, 2]);
  expect(groups[0]).toEqual(["place", "embedding.weight"]);
  expect(groups[1][0]).toBe("encoder.layers.0.self_attn.in_proj_weight");
  expect(groups[3]).toEqual(["head.weight", "head.bias"]);
  const nested = new Sequential(
    new Sequential(new Linear(4, 4), relu, new Residual(new Sequential(new Linear(4, 4), new Linear(4, 4)))),
    new Frozen(new Sequential(new LSTM(4, 4), new Linear(4, 4))),
  );
  expect(pathsOf(nested).map((group) => group[0])).toEqual([
    "0.0.weight",
    "0.2.body.0.weight",
    "1.0.weight_ih_l0",
    "1.1.weight",
  ]);
  expect(pathsOf(new Net(), ["body", "fc"]).map((group) => group.length)).toEqual([4, 2]);
});

test("a step of layer-wise rates changes each layer by its own", async () => {
  const executor = oracle();
  const model = new Sequential(new Linear(1, 1, { bias: false }), new Linear(1, 1, { bias: false }));
  const groups = layerwiseDecay(model, (rate) => sgd(rate), { rate: 0.1, decay: 0.25 });
  const trainer = new Trainer(model, { loss: mseLoss, optimizer: parameterGroups(groups), executor });
  await trainer.loadStateDict({ "0.weight": [[1]], "1.weight": [[1]] });
  await trainer.load({ x: [[1]], y: [[0]] });
  await trainer.fit({ epochs: 1 });
  const state = await trainer.stateDict();
  expect(state["0.weight"].data[0]).toBeCloseTo(1 - 0.025 * 2, 12); // d (w1 w0)^2 / dw = 2
  expect(state["1.weight"].data[0]).toBeCloseTo(1 - 0.1 * 2, 12);
  expect(parameters(model).size).toBe(2);
  await trainer.dispose();
  await executor.dispose();
});
