// Variables and layers that stand in two places of a model: states that name them by each, as PyTorch's do.
import { expect, test } from "vitest";
import { TokenGenerator } from "../../src/generate/index.ts";
import { Embedding, Linear, mseLoss, Sequential, variables } from "../../src/nn/index.ts";
import { sgd } from "../../src/optim/index.ts";
import { JsExecutor } from "../../src/runtime/js/js-executor.ts";
import type { Tensor } from "../../src/tensor.ts";
import { Predictor } from "../../src/train/predictor.ts";
import { Trainer } from "../../src/train/trainer.ts";

/** A table that gives the scores, too. */
class Tied {
  readonly table = new Embedding(3, 2);
  readonly head = Object.assign(new Linear(2, 3, { bias: false }), { weight: this.table.weight });
  forward(x: Tensor | { readonly tokens: Tensor }): Tensor {
    return this.head.forward(this.table.forward("tokens" in x ? x.tokens : x));
  }
}

const weight = [
  [1, 2],
  [3, 4],
  [5, 6],
];
const other = [
  [1, 2],
  [3, 4],
  [5, 7],
];
const scores = [11, 25, 39];

const right: readonly Readonly<Record<string, number[][]>>[] = [
  { "table.weight": weight, "head.weight": weight },
  { "head.weight": weight, "table.weight": weight },
  { "head.weight": weight },
  { "table.weight": weight },
];

test.each(right)("a predictor takes %j", async (state) => {
  const predictor = new Predictor(new Tied(), { executor: new JsExecutor(), state });
  expect([...(await predictor.predict([Int32Array.of(1)])).data]).toEqual(scores);
  await predictor.dispose();
});

test.each(right)("a generator takes %j", async (state) => {
  const generator = new TokenGenerator(new Tied(), { executor: new JsExecutor(), state, capacity: 8 });
  const { sequences } = await generator.generate({ prompt: [[1]], maxNewTokens: 2 });
  expect([...sequences[0]]).toEqual([1, 2, 2]);
  await generator.dispose();
});

const differing = { "table.weight": weight, "head.weight": other };
const differ = "one variable, whose values differ in the state";

test("values that differ from place to place are refused, and unknown names are", async () => {
  const said = (state: object) =>
    new Predictor(new Tied(), { executor: new JsExecutor(), state: state as typeof differing })
      .predict([Int32Array.of(1)])
      .then(String, String);
  expect(await said(differing)).toBe(`ArgumentError: Predictor: table.weight and head.weight are ${differ}`);
  expect(await said({ "table.weight": weight, "head.weight.data": weight })).toBe(
    "ArgumentError: Predictor: missing [], unknown [head.weight.data]",
  );
  expect(await said({ "head.bias": [1, 2, 3] })).toBe(
    "ArgumentError: Predictor: missing [table.weight], unknown [head.bias]",
  );
});

test("a trainer takes each place of a shared layer, behind a prefix and where it is not strict, too", async () => {
  const block = new Linear(1, 1);
  const model = new Sequential(new Sequential(block), block);
  const trainer = new Trainer(model, { loss: mseLoss, optimizer: sgd(0.1), executor: new JsExecutor() });
  expect([...variables(model).keys()]).toEqual(["0.0.weight", "0.0.bias"]);
  const whole = { "0.0.weight": [[3]], "0.0.bias": [1], "1.weight": [[3]], "1.bias": [1] };
  const value = async () => Object.values(await trainer.stateDict()).map(({ data }) => data[0]);
  await trainer.loadStateDict(whole);
  expect(await value()).toEqual([3, 1]);
  await trainer.loadStateDict({ "m.1.weight": [[5]], "m.0.0.bias": [2] }, { prefix: "m." });
  expect(await value()).toEqual([5, 2]);
  const difference = await trainer.loadStateDict({ "1.weight": [[7]], "2.weight": "none" as never }, { strict: false });
  expect(difference).toEqual({ missing: ["0.0.bias"], unknown: ["2.weight"] });
  expect(await value()).toEqual([7, 2]);
  await expect(trainer.loadStateDict({ ...whole, "1.bias": [4] })).rejects.toThrow(
    `loadStateDict: 0.0.bias and 1.bias are ${differ}`,
  );
  expect(await value()).toEqual([7, 2]);
  await trainer.dispose();
});
