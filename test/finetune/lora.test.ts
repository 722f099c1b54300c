// Adapters of low rank: trainings against PyTorch's, what they change and what they leave, merged weights.
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { lora, loraState, mergeLora, type Projection } from "../../src/finetune/index.ts";
import { LoraAttention, LoraLinear } from "../../src/finetune/lora-layers.ts";
import { parseSafetensors, serializeSafetensors } from "../../src/io/index.ts";
import {
  type Context,
  Linear,
  MultiheadAttention,
  mseLoss,
  parameters,
  relu,
  Sequential,
  setTrainable,
  TransformerEncoderLayer,
  variables,
} from "../../src/nn/index.ts";
import { adam, sgd } from "../../src/optim/index.ts";
import type { Tensor } from "../../src/tensor.ts";
import { Predictor } from "../../src/train/predictor.ts";
import { Trainer } from "../../src/train/trainer.ts";
import { float32, oracle } from "../executors.ts";
import { drawn } from "../nn/sums.ts";
import { thrown } from "../thrown.ts";

const golden: Readonly<Record<"linear" | "attention", readonly number[]>> = JSON.parse(
  readFileSync(new URL("../golden/lora.json", import.meta.url), "utf8"),
);

const executors = [["oracle", oracle()] as const, ["wasm-relaxed", float32["wasm-relaxed"]()] as const] as const;
afterAll(() => Promise.all(executors.map(([, executor]) => executor.dispose())));

// Float64: ten steps of some hundred operations each. Float32 rounds at 6e-8, and Adam divides by roots of sums that are small at first.
const TOLERANCE = { oracle: 1e-12, "wasm-relaxed": 2e-5 };

const kinds = {
  linear: {
    make: () => lora(new Sequential(new Linear(5, 7), relu, new Linear(7, 3)), { rank: 2, alpha: 4 }),
    order: ["0.weight", "0.bias", "0.lora_A.weight", "2.weight", "2.bias", "2.lora_A.weight"],
    optimizer: () => adam(0.05),
    shape: [6, 5],
    outputs: [6, 3],
  },
  attention: {
    make: () => {
      const attention: readonly Projection[] = ["query", "value", "out"];
      return lora(new Sequential(new MultiheadAttention(8, 2, { batchFirst: true })), { rank: 2, alpha: 3, attention });
    },
    order: [
      ...["in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"],
      ...["q_proj.lora_A.weight", "v_proj.lora_A.weight", "out_proj.lora_A.weight"],
    ].map((name) => `0.${name}`),
    optimizer: () => sgd(0.3),
    shape: [3, 4, 8],
    outputs: [3, 4, 8],
  },
};

describe.each(executors)("PyTorch's ten losses, on %s", (name, executor) => {
  test.each(["linear", "attention"] as const)("%s", async (kind) => {
    const { make, order, optimizer, shape, outputs } = kinds[kind];
    const model = make();
    const trainer = new Trainer(model, { loss: mseLoss, optimizer: optimizer(), executor });
    let seed = 0;
    const next = (of: readonly number[]) => ({ data: drawn(of, ++seed), shape: of });
    const known = variables(model);
    const base = Object.fromEntries(order.map((path) => [path, next(known.get(path)?.shape as readonly number[])]));
    await trainer.loadStateDict(base, { strict: false });
    const x = next(shape);
    await trainer.load({ x, y: next(outputs) });
    await trainer.fit({ batch: "all", epochs: 10 });
    const losses = trainer.history.map(({ loss }) => loss);
    expect(losses.length).toBe(golden[kind].length);
    for (const [i, loss] of losses.entries()) expect(Math.abs(loss - golden[kind][i])).toBeLessThan(TOLERANCE[name]);
    // The base is as it was, to the bit.
    const state = await trainer.stateDict();
    for (const path of order.filter((each) => !each.includes("lora")))
      expect([...state[path].data]).toEqual(
        [...base[path].data].map((each) => (name === "oracle" ? each : Math.fround(each))),
      );
    // Merged: the same outputs, under the names of the base alone.
    const before = await trainer.predict(x);
    const predictor = new Predictor(mergeLora(model), { executor });
    const after = await predictor.predict(x);
    const largest = Math.max(...before.data.map(Math.abs));
    for (const [i, value] of after.data.entries())
      expect(Math.abs(value - before.data[i]) / largest).toBeLessThan(TOLERANCE[name]);
    expect(Object.keys(await predictor.stateDict()).sort()).toEqual(
      order.filter((each) => !each.includes("lora")).sort(),
    );
    await predictor.dispose();
    await trainer.dispose();
  });
});

class Block {
  readonly encoder = new TransformerEncoderLayer(8, 2, { batchFirst: true, dimFeedforward: 16, dropout: 0 });
  readonly head = new Linear(8, 2);
  forward(x: Tensor, context: Context): Tensor {
    return this.head.forward(this.encoder.forward(x, context).mean(1));
  }
}

test("a model with adapters begins as it was, and they alone are trained", async () => {
  const executor = oracle();
  const model = new Block();
  const x = { data: drawn([2, 3, 8], 1), shape: [2, 3, 8] };
  const trainer = new Trainer(model, { loss: mseLoss, optimizer: sgd(0.1), executor });
  const before = await trainer.predict(x);
  const names = [...variables(model).keys()];
  lora(model, { rank: 3, layers: (path) => path.startsWith("encoder") });
  expect(names.every((name) => variables(model).has(name))).toBe(true);
  expect([...parameters(model)].map(([name, { shape }]) => `${name} ${shape}`)).toEqual([
    "encoder.self_attn.q_proj.lora_A.weight 3,8",
    "encoder.self_attn.q_proj.lora_B.weight 8,3",
    "encoder.self_attn.v_proj.lora_A.weight 3,8",
    "encoder.self_attn.v_proj.lora_B.weight 8,3",
    "encoder.linear1.lora_A.weight 3,8",
    "encoder.linear1.lora_B.weight 16,3",
    "encoder.linear2.lora_A.weight 3,16",
    "encoder.linear2.lora_B.weight 8,3",
  ]);
  const adapted = new Predictor(model, { executor });
  expect((await adapted.predict(x)).data).toEqual(before.data);
  await Promise.all([adapted.dispose(), trainer.dispose()]);
  await executor.dispose();
});

test("adapters and a new head are saved alone, and loaded on top of the base; PEFT's files have these names", async () => {
  const base = await new Predictor(new Block()).stateDict();
  const adapted = (): Block => {
    const model = lora(new Block(), { rank: 2, layers: ["encoder.self_attn", "encoder.linear1"] });
    setTrainable(model.head, true);
    return model;
  };
  const model = adapted();
  const x = { data: drawn([4, 3, 8], 1), shape: [4, 3, 8] };
  const trainer = new Trainer(model, { loss: mseLoss, optimizer: adam(0.05) });
  await trainer.loadStateDict(base, { strict: false });
  await trainer.load({ x, y: { data: drawn([4, 2], 2), shape: [4, 2] } });
  await trainer.fit({ epochs: 5 });
  const expected = await trainer.predict(x);
  const saved = loraState(model, await trainer.stateDict());
  expect(Object.keys(saved).filter((name) => !name.includes("lora_"))).toEqual(["head.weight", "head.bias"]);
  const file = serializeSafetensors(
    Object.fromEntries(Object.entries(saved).map(([name, each]) => [`base_model.model.${name}`, each])),
  );
  const other = new Trainer(adapted(), { loss: mseLoss, optimizer: adam(0.05) });
  await other.loadStateDict(base, { strict: false });
  await other.loadStateDict(parseSafetensors(file).tensors, { strict: false, prefix: "base_model.model." });
  expect((await other.predict(x)).data).toEqual(expected.data);
  await Promise.all([trainer.dispose(), other.dispose()]);
});

test("keys and values of other sizes, and masks, pass through adapted attention", async () => {
  const executor = oracle();
  const layer = new MultiheadAttention(6, 2, { batchFirst: true, kdim: 4, vdim: 5, bias: false });
  class Cross {
    attention = layer;
    forward({ query, key, value }: { query: Tensor; key: Tensor; value: Tensor }, context: Context): Tensor {
      return this.attention.forward({ query, key, value }, context).output;
    }
  }
  const model = new Cross();
  const rows = (...shape: number[]) => ({ data: drawn(shape, shape.length + shape[2]), shape });
  const x = { query: rows(2, 3, 6), key: rows(2, 4, 4), value: rows(2, 4, 5) };
  const before = new Predictor(model, { executor });
  const expected = await before.predict(x);
  lora(model, { rank: 1, attention: ["query", "key", "value", "out"] });
  const after = new Predictor(model, { executor });
  expect((await after.predict(x)).data).toEqual(expected.data);
  expect(model.attention).toBeInstanceOf(LoraAttention);
  const merged = new Predictor(mergeLora(model), { executor });
  expect((await merged.predict(x)).data).toEqual(expected.data); // B is 0
  expect([...variables(model).keys()]).toEqual([...variables(layer).keys()].map((name) => `attention.${name}`));
  await Promise.all([before, after, merged].map((each) => each.dispose()));
  await executor.dispose();
});

test("a layer that a model holds twice has one adapter", () => {
  const shared = new Linear(4, 4);
  const model = new Sequential(shared, relu, shared);
  lora(model, { rank: 1 });
  expect(model.layers[0]).toBeInstanceOf(LoraLinear);
  expect(model.layers[2]).toBe(model.layers[0]);
  expect(parameters(model).size).toBe(2);
});

test("what is no layer for adapters is told", async () => {
  const model = () => new Sequential(new Linear(2, 2), relu, new Sequential(new Linear(2, 2)));
  expect(thrown(() => lora(model(), { rank: 1, layers: ["2"] }))).toContain(
    "lora: 2 is a Sequential; adapters are for Linear and MultiheadAttention",
  );
  expect(thrown(() => lora(model(), { rank: 1, layers: ["3"] }))).toContain("ArgumentError");
  expect(thrown(() => lora(lora(model(), { rank: 1 }), { rank: 1 }))).toContain(
    "lora: no Linear or MultiheadAttention is chosen of none: 0, 2.0 have adapters already, which mergeLora takes out",
  );
  const half = () => lora(model(), { rank: 1, layers: ["0"] });
  expect(thrown(() => lora(half(), { rank: 1, layers: () => false }))).toContain(
    "is chosen of 2.0: 0 has an adapter already",
  );
  expect([...parameters(lora(half(), { rank: 1 })).keys()]).toHaveLength(4);
  const untouched = model();
  for (const layers of [[], () => false])
    expect(thrown(() => lora(untouched, { rank: 1, layers }))).toMatch(/^ArgumentError: lora: (layers .*one path|no)/);
  expect(parameters(untouched).size).toBe(4);
  expect(thrown(() => lora(lora(model(), { rank: 1 }), { rank: 1, layers: ["0"] }))).toContain(
    "lora: 0 has an adapter already",
  );
  expect(thrown(() => mergeLora(model()))).toContain("ArgumentError");
  expect(thrown(() => loraState(model(), {}))).toContain("ArgumentError");
  expect(thrown(() => loraState(lora(model(), { rank: 1 }), {}))).toContain(
    "loraState: the state lacks 0.lora_A.weight, 0.lora_B.weight, 2.0.lora_A.weight, 2.0.lora_B.weight",
  );
});
