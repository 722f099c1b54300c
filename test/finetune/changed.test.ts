// Trainers and predictors of models that were changed after they were made: what is of the old model is told, and not gone on with.
import { describe, expect, test, vi } from "vitest";
import { lora, mergeLora, replaceHead, replaceLayer } from "../../src/finetune/index.ts";
import { TokenGenerator } from "../../src/generate/index.ts";
import { BatchNorm1d, Embedding, Linear, mseLoss, relu, Sequential } from "../../src/nn/index.ts";
import { adam } from "../../src/optim/index.ts";
import { JsExecutor } from "../../src/runtime/js/js-executor.ts";
import type { Tensor } from "../../src/tensor.ts";
import { Predictor } from "../../src/train/predictor.ts";
import { Trainer } from "../../src/train/trainer.ts";

const line = { x: [[1, 2]], y: [[1]] };
const network = () => new Sequential(new Linear(2, 4), relu, new Linear(4, 1));

const changes = {
  mergeLora: {
    make: () => lora(network(), { rank: 2 }),
    change: (model: Sequential) => mergeLora(model),
    told: "0.weight, 2.weight are new in it; 0.lora_A.weight, 0.lora_B.weight, 2.lora_A.weight, 2.lora_B.weight are no longer in it",
  },
  replaceHead: {
    make: network,
    change: (model: Sequential) => replaceHead(model, new Linear(4, 1)),
    told: "2.weight, 2.bias are new in it; 2.weight, 2.bias are no longer in it",
  },
  replaceLayer: {
    make: network,
    change: (model: Sequential) => replaceLayer(model, "2", new Sequential(new Linear(4, 1), new BatchNorm1d(1))),
    told: "2.0.weight, 2.0.bias, 2.1.weight, 2.1.bias, 2.1.running_mean, 2.1.running_var, 2.1.num_batches_tracked are new in it; 2.weight, 2.bias are no longer in it",
  },
};

async function trained(model: Sequential): Promise<Trainer> {
  const trainer = new Trainer(model, { loss: mseLoss, optimizer: adam(0.1), executor: new JsExecutor() });
  await trainer.load(line);
  await trainer.fit({ epochs: 3 });
  return trainer;
}

const calls: Readonly<Record<string, (trainer: Trainer) => Promise<unknown>>> = {
  fit: async (trainer) => trainer.fit({ epochs: 1 }),
  predict: (trainer) => trainer.predict([[1, 2]]),
  evaluate: (trainer) => trainer.evaluate(line),
  stateDict: (trainer) => trainer.stateDict(),
  loadStateDict: (trainer) => trainer.loadStateDict({}, { strict: false }),
};

describe.each(Object.entries(changes))("a trainer made before %s says so", (_, { make, change, told }) => {
  test.each(Object.entries(calls))("%s", async (name, call) => {
    for (const isKnown of [false, true]) {
      const model = make();
      const trainer = await trained(model);
      if (isKnown) await call(trainer); // its programs are there
      change(model);
      const message = `${name}: the model was changed since this trainer was made: ${told}; make another, new Trainer(`;
      await expect(call(trainer)).rejects.toThrow(expect.objectContaining({ name: "ArgumentError" }));
      await expect(call(trainer)).rejects.toThrow(message);
      await trainer.dispose();
    }
  });
});

test("a layer that was set by hand is seen, too", async () => {
  const model = network();
  const trainer = await trained(model);
  Object.assign(model.layers, { 2: new Linear(4, 1) });
  for (const call of Object.values(calls))
    await expect(call(trainer)).rejects.toThrow("2.weight, 2.bias are new in it");
  await trainer.dispose();
});

test("another trainer of the merged model goes on where the old one was, whose snapshot is still there", async () => {
  const model = lora(network(), { rank: 2 });
  const trainer = await trained(model);
  const { data } = await trainer.predict([[1, 2]]);
  mergeLora(model);
  model.layers.forEach((layer) => {
    if (layer instanceof Linear) layer.weight.trainable = true;
  });
  const { executor } = trainer;
  const other = new Trainer(model, { loss: mseLoss, optimizer: adam(0.1), executor });
  // Float32: two sums of at most four products each, whose order is another one.
  expect((await other.predict([[1, 2]])).data[0]).toBeCloseTo(data[0], 5);
  await other.load(line);
  await other.fit({ epochs: 1 });
  expect(Object.keys(await trainer.snapshot())).toContain("0.lora_A.weight");
  await Promise.all([other.dispose(), trainer.dispose()]);
});

test("a merged model on another executor says what it lacks, by path, and begins with its state there", async () => {
  const model = lora(new Sequential(network(), new Linear(1, 1)), { rank: 2, layers: ["0.0", "0.2"] });
  const trainer = await trained(model);
  const merged = new Predictor(mergeLora(model), { executor: trainer.executor });
  const { data } = await merged.predict([[1, 2]]);
  const elsewhere = new Predictor(model, { executor: new JsExecutor() });
  await expect(elsewhere.predict([[1, 2]])).rejects.toThrow(
    /^0\.0\.weight, 0\.2\.weight: the first values are made of other variables, as by mergeLora and fuseBatchNorm, and variable .* has no value/,
  );
  const begun = new Predictor(model, { executor: new JsExecutor(), state: await merged.stateDict() });
  expect((await begun.predict([[1, 2]])).data).toEqual(data);
  await Promise.all([merged, elsewhere, begun, trainer].map((each) => each.dispose()));
});

test("a predictor made before says so, with what to do", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {}); // of first values
  const model = network();
  const predictor = new Predictor(model);
  await predictor.predict([[1, 2]]);
  replaceHead(model, 1);
  await expect(predictor.predict([[1, 2]])).rejects.toThrow(
    "predict: the model was changed since this predictor was made: 2.weight, 2.bias are new in it; make another, new Predictor(",
  );
  // Other models are not changed by that.
  const other = new Predictor(network());
  const { data } = await other.predict([[1, 2]]);
  replaceHead(network(), 1);
  expect((await other.predict([[1, 2]])).data).toEqual(data);
  await Promise.all([predictor.dispose(), other.dispose()]);
  warn.mockRestore();
});

test("so does a generator", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {}); // of first values
  const table = new Embedding(3, 3);
  const model = { table, forward: ({ tokens }: { readonly tokens: Tensor }) => model.table.forward(tokens) };
  const generator = new TokenGenerator(model, { capacity: 8 });
  const order = { prompt: [[0]], maxNewTokens: 2 };
  await generator.generate(order);
  replaceLayer(model, "table", new Embedding(3, 3));
  await expect(generator.generate(order)).rejects.toThrow(
    "generate: the model was changed since this generator was made: table.weight is new in it; make another, new TokenGenerator(",
  );
  await generator.dispose();
  warn.mockRestore();
});
