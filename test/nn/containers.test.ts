// Models of several parts: branches, shortcuts, several inputs and outputs, shared and frozen parameters, layers and losses of one's own.
import { describe, expect, test } from "vitest";
import { grad } from "../../src/autodiff.ts";
import { compile } from "../../src/compile/compile.ts";
import { constant, input } from "../../src/create.ts";
import { checkGradients } from "../../src/debug/check-gradients.ts";
import { evaluate, evaluateAll, initialise } from "../../src/evaluate.ts";
import { BatchNorm1d } from "../../src/nn/batch-normalization.ts";
import { Branches, Residual, Sequential, WeightNorm } from "../../src/nn/containers.ts";
import { relu, tanh } from "../../src/nn/functional.ts";
import { Bilinear, Identity, Linear, PReLU } from "../../src/nn/layers.ts";
import { mseLoss } from "../../src/nn/losses.ts";
import {
  type Context,
  evaluationContext,
  forward,
  type Layer,
  parameters,
  setTrainable,
  trainingContext,
  variables,
} from "../../src/nn/module.ts";
import { LayerNorm } from "../../src/nn/normalization.ts";
import { Dropout } from "../../src/nn/regularization.ts";
import { summary } from "../../src/nn/summary.ts";
import { sgd } from "../../src/optim/index.ts";
import { JsExecutor } from "../../src/runtime/js/js-executor.ts";
import type { Tensor } from "../../src/tensor.ts";
import { scalar } from "../../src/tensor.ts";
import { Trainer } from "../../src/train/trainer.ts";
import type { Assignment } from "../../src/variable.ts";
import { thrown } from "../thrown.ts";

const context = evaluationContext();
const wave = (...shape: number[]) =>
  constant(
    Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i * i + 1)),
    { shape },
  );

test("Identity gives what it gets", () => {
  const x = input([2, 3]);
  expect(new Identity().forward(x)).toBe(x);
});

describe("Residual", () => {
  test("adds its input", async () => {
    expect([...(await evaluate(new Residual((x) => x.mul(3)).forward(constant([1, -2]), context)))]).toEqual([4, -8]);
  });

  test("names the layer where the shape does not fit, and what is inside", () => {
    const model = new Sequential(relu, new Residual(new Sequential(new Linear(4, 3))));
    expect(thrown(() => model.forward(input([2, 4]), context))).toBe(
      "ShapeError: Residual: the body makes [2, 3] of [2, 4] (1)",
    );
    expect(thrown(() => model.forward(input([2, 5]), context))).toBe(
      "ShapeError: Linear: the last axis of [2, 5] is not inFeatures 4 (1.body.0)",
    );
    expect([...variables(model).keys()]).toEqual(["1.body.0.weight", "1.body.0.bias"]);
  });
});

describe("Branches", () => {
  const x = constant([[1, -2]]);

  test("puts results side by side, or combines them", async () => {
    const parts = [relu, (a: Tensor) => a.mul(2)];
    expect([...(await evaluate(new Branches(parts).forward(x, context)))]).toEqual([1, 0, 2, -4]);
    expect(new Branches(parts, { axis: 0 }).forward(x, context).shape).toEqual([2, 2]);
    const sum = new Branches(parts, { combine: ([a, b]) => a.add(b) });
    expect([...(await evaluate(sum.forward(x, context)))]).toEqual([3, -4]);
  });

  test("may give several results, and names its parts by place", () => {
    const heads = new Branches([new Linear(2, 1), new Linear(2, 3)], {
      combine: ([mean, scores]) => ({ mean, scores }),
    });
    const { mean, scores } = heads.forward(x, context);
    expect([mean.shape, scores.shape]).toEqual([
      [1, 1],
      [1, 3],
    ]);
    expect([...variables(heads).keys()]).toEqual(["0.weight", "0.bias", "1.weight", "1.bias"]);
  });

  test("must be some, by whatever they are put together", () => {
    for (const options of [{}, { axis: 0 }, { combine: () => 1 }])
      expect(thrown(() => new Branches([], options))).toBe(
        "ArgumentError: Branches: layers must be at least one layer, got []",
      );
  });
});

describe("layers in one another", () => {
  const message = "ArgumentError: layers stand too deep in one another, or one in itself";
  const x = input([1, 2]);
  const nested = (depth: number, wrap: (layer: Layer) => Layer) =>
    Array.from({ length: depth }).reduce<Layer>((layer) => wrap(layer), new Linear(2, 2));
  const wraps: Readonly<Record<string, (layer: Layer) => Layer>> = {
    Sequential: (layer) => new Sequential(layer),
    Residual: (layer) => new Residual(layer),
    Branches: (layer) => new Branches([layer]),
  };

  test.each(Object.entries(wraps))("may be hundreds, not more than the stack holds: %s", (_, wrap) => {
    expect(forward(nested(500, wrap), x, context).shape).toEqual([1, 2]);
    expect(thrown(() => forward(nested(20_000, wrap), x, context))).toBe(message);
    expect(parameters(nested(20_000, wrap)).size).toBe(2);
  });

  test("do not hold themselves, by whatever way", async () => {
    const layers: Layer[] = [new Linear(2, 2)];
    const model = new Sequential(new Linear(2, 2));
    Object.assign(model, { layers: [...layers, new Residual(new Branches([model]))] });
    expect(thrown(() => model.forward(x, context))).toBe(message);
    expect(parameters(model).size).toBe(2);
    const own = { layer: new Linear(2, 2), forward: (y: Tensor): Tensor => own.forward(own.layer.forward(y)) };
    expect(thrown(() => new Sequential(own).forward(x, context))).toBe(message);
    const options = { loss: mseLoss, optimizer: sgd(0.1), executor: new JsExecutor() };
    await expect(new Trainer(model, options).load({ x: [[1, 2]], y: [[1, 2]] })).rejects.toThrow(
      /^layers stand too deep/,
    );
    await expect(new Trainer(own, options).load({ x: [[1, 2]], y: [[1, 2]] })).rejects.toThrow(
      "the model: layers stand too deep in one another, or one in itself",
    );
  });

  test("are walked to an end, or it is told that there is none", () => {
    // A cycle through a field, a list and children(): each part once.
    const own = { layer: new Linear(2, 2), all: [] as unknown[], forward: (y: Tensor) => own.layer.forward(y) };
    own.all.push(own, { children: () => [["back", own]] });
    expect([...parameters(own).keys()]).toEqual(["layer.weight", "layer.bias"]);
    expect(summary(own, [1, 2]).layers.map(({ path }) => path)).toEqual(["layer"]);
    // Another object at each call is no cycle that could be seen.
    const endless = (): Layer => ({
      forward: (y: Tensor) => y,
      children: () => [["", endless()]],
    });
    const end = "ArgumentError: the model's children() come to no end";
    expect(thrown(() => parameters(endless()))).toBe(end);
    const options = { loss: mseLoss, optimizer: sgd(0.1), executor: new JsExecutor() };
    expect(thrown(() => new Trainer(endless(), options))).toBe(end);
  });
});

test("a model of two inputs and two outputs trains by its own step", async () => {
  const model = {
    left: new Linear(3, 4),
    right: new Linear(2, 4),
    mix: new Bilinear(4, 4, 1),
    forward([a, b]: readonly [Tensor, Tensor], inner: Context): readonly [Tensor, Tensor] {
      const [p, q] = [forward(this.left, a, inner, "left").tanh(), forward(this.right, b, inner, "right").tanh()];
      return [this.mix.forward([p, q]), p.sub(q)];
    },
  };
  const trained = parameters(model);
  expect([...trained.keys()]).toEqual([
    "left.weight",
    "left.bias",
    "right.weight",
    "right.bias",
    "mix.weight",
    "mix.bias",
  ]);
  const [a, b] = [wave(6, 3), wave(6, 2)];
  const [score, difference] = forward(model, [a, b], trainingContext(0, scalar(0, "i32")));
  const loss = score.sub(1).square().mean().add(difference.square().mean());
  const weights = [...trained.values()];
  expect(await checkGradients(() => loss, weights)).toBeLessThan(1e-6);
  const optimizer = sgd(0.1);
  const state = optimizer.init(weights);
  const executor = new JsExecutor();
  await initialise(executor, [...weights, ...variables(state).values()], 0);
  const id = await executor.load(
    compile({ outputs: { loss }, assignments: optimizer.update(grad(loss, weights), state, weights) }),
  );
  await executor.run([[id, 1]]).done;
  const [first] = await executor.read({ program: id, name: "loss" });
  await executor.run([[id, 50]]).done;
  const [last] = await executor.read({ program: id, name: "loss" });
  expect(last).toBeLessThan(0.2 * first);
});

describe("parameters", () => {
  test("that are shared appear once and get the sum of both gradients", async () => {
    const tied = new Linear(3, 3, { bias: false });
    const model = new Sequential(tied, tanh, tied);
    expect([...parameters(model).keys()]).toEqual(["0.weight"]);
    const x = wave(2, 3);
    expect(await checkGradients(() => model.forward(x, context).square().sum(), [tied.weight])).toBeLessThan(1e-6);
    // A weight may be used by hand, too: as an embedding and, transposed, as the last layer.
    const decoder = { tied, forward: (y: Tensor) => y.matmul(tied.weight) };
    expect([...parameters([tied, decoder]).keys()]).toEqual(["0.weight"]);
  });

  test("that are frozen stay as they are while the others train, and can be thawed", async () => {
    const encoder = new Sequential(new Linear(2, 4), new BatchNorm1d(4));
    const model = new Sequential(encoder, relu, new Linear(4, 1));
    const all = [...parameters(model).keys()];
    setTrainable(encoder, false);
    expect([...parameters(model).keys()]).toEqual(["2.weight", "2.bias"]);
    const trainer = new Trainer(model, { loss: (p, y) => p.sub(y).square().mean(), optimizer: sgd(0.1) });
    const before = await trainer.stateDict();
    await trainer.load({
      x: [
        [0, 1],
        [1, 0],
        [1, 1],
        [0, 0],
      ],
      y: [[1], [2], [3], [0]],
    });
    for await (const _ of trainer.fit({ batch: 4, epochs: 3 }));
    const after = await trainer.stateDict();
    const changed = Object.keys(after).filter((path) => `${after[path].data}` !== `${before[path].data}`);
    expect(changed).toEqual(["0.1.running_mean", "0.1.running_var", "0.1.num_batches_tracked", "2.weight", "2.bias"]);
    await trainer.dispose();
    setTrainable(encoder, true);
    expect([...parameters(model).keys()]).toEqual(all);
  });
});

describe("layers and losses of one's own", () => {
  /** A class whose fields are its parameters and layers; names come from the fields. */
  class Gated {
    readonly value: Linear;
    readonly gate: Linear;
    readonly norm: LayerNorm;

    constructor(size: number) {
      this.value = new Linear(size, size);
      this.gate = new Linear(size, size);
      this.norm = new LayerNorm(size);
    }

    forward(x: Tensor): Tensor {
      return this.norm.forward(this.value.forward(x).mul(this.gate.forward(x).sigmoid()));
    }
  }
  const swish = (x: Tensor) => x.mul(x.sigmoid());
  const asymmetric = (prediction: Tensor, target: Tensor) => {
    const error = prediction.sub(target);
    return error.greater(0).select(error.square(), error.square().mul(2)).mean();
  };

  test("are classes, objects and functions; a Trainer takes them", async () => {
    const scale = { by: new PReLU(), forward: (x: Tensor) => x.mul(2) };
    const model = new Sequential(new Gated(2), swish, scale, new Linear(2, 1));
    expect([...parameters(model).keys()]).toEqual([
      "0.value.weight",
      "0.value.bias",
      "0.gate.weight",
      "0.gate.bias",
      "0.norm.weight",
      "0.norm.bias",
      "2.by.weight",
      "3.weight",
      "3.bias",
    ]);
    const plain = new Sequential(new Gated(2), swish, new Linear(2, 1));
    const trainer = new Trainer(plain, { loss: asymmetric, optimizer: sgd(0.05) });
    await trainer.load({
      x: [
        [0, 1],
        [1, 0],
        [1, 1],
        [0.5, 0],
      ],
      y: [[1], [2], [3], [0]],
    });
    const losses: number[] = [];
    for await (const report of trainer.fit({ batch: 4, epochs: 60 })) losses.push(...report.losses);
    expect(losses[losses.length - 1]).toBeLessThan(0.5 * losses[0]);
    await trainer.dispose();
  });
});

describe("WeightNorm", () => {
  test("starts with the weight of its layer, whatever the seed", async () => {
    const layer = new WeightNorm(new Linear(5, 3));
    const { weightG, weightV } = layer;
    for (const seed of [0, 1]) {
      const [g, v] = await evaluateAll([weightG, weightV], { seed });
      for (let row = 0; row < 3; row++) {
        const length = Math.hypot(...v.slice(5 * row, 5 * row + 5));
        expect(Math.abs(g[row] - length)).toBeLessThan(1e-6);
        expect(Math.abs(length)).toBeGreaterThan(0.1);
      }
    }
  });

  test("keeps names, bias and options of its layer", () => {
    expect(
      [...variables(new WeightNorm(new Linear(5, 3, { bias: false }), { dim: null })).entries()].map(
        ([name, { shape }]) => [name, shape],
      ),
    ).toEqual([
      ["weight_g", []],
      ["weight_v", [3, 5]],
    ]);
    expect([...variables([new WeightNorm(new Bilinear(2, 3, 4))]).keys()]).toEqual([
      "0.bias",
      "0.weight_g",
      "0.weight_v",
    ]);
    expect(thrown(() => new WeightNorm(new Linear(5, 3), { dim: 2 }))).toMatch(/^ShapeError: WeightNorm: /);
  });
});

test("a layer with running statistics that is used twice in a step counts both uses", async () => {
  const layer = new BatchNorm1d(1, { momentum: 0.5 });
  const assignments: Assignment[] = [];
  const step = trainingContext(0, scalar(0, "i32"), assignments);
  layer.forward(constant([[1], [3]]), step);
  layer.forward(constant([[10], [20]]), step);
  expect(assignments.length).toBe(3);
  const values = await evaluateAll(assignments.map(([, value]) => value));
  // mean: 0 -> 1 -> 8; variance: 1 -> 1.5 -> 25.75; batches: 2
  expect(values.map((list) => [...list])).toEqual([[8], [25.75], [2]]);
});

test("a context of training goes through all containers", () => {
  const seen: boolean[] = [];
  const probe = {
    forward(x: Tensor, { training }: Context) {
      seen.push(training);
      return x;
    },
  };
  const model = new Sequential(new Residual(probe), new Branches([probe, new Dropout(0.5)]));
  model.forward(input([2, 4]), trainingContext(0, scalar(0, "i32")));
  expect(seen).toEqual([true, true]);
});
