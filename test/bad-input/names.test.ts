// Names that every object of JavaScript has already are names like others: of outputs, inputs, metrics, parameters and tensors in files.
import { describe, expect, test } from "vitest";
import { compile, constant, input, JsExecutor, type Metric, Trainer, Variable } from "../../src/index.ts";
import { parseSafetensors, serializeSafetensors } from "../../src/io/index.ts";
import { mseLoss } from "../../src/nn/index.ts";
import { hyperparameter, sgd } from "../../src/optim/index.ts";

/** An object with one entry of its own, whatever the name. */
function named<T>(name: string, value: T): Record<string, T> {
  return Object.fromEntries([[name, value]]);
}

function entryOf<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.getOwnPropertyDescriptor(record, name)?.value;
}

describe.each(["constructor", "toString", "__proto__", "hasOwnProperty"])("%s names", (name) => {
  test("an output", async () => {
    const executor = new JsExecutor();
    const id = await executor.load(compile({ outputs: named(name, constant([1, 2]).mul(2)) }));
    await executor.run([[id, 1]]).done;
    expect([...(await executor.read({ program: id, name }))]).toEqual([2, 4]);
    await executor.dispose();
  });

  test("an input", async () => {
    const executor = new JsExecutor();
    const x = input([2]);
    const id = await executor.load(compile({ inputs: named(name, x), outputs: { y: x.mul(2) } }));
    await executor.write({ program: id, name }, [1, 2]);
    await executor.run([[id, 1]]).done;
    expect([...(await executor.read({ program: id, name: "y" }))]).toEqual([2, 4]);
    await executor.dispose();
  });

  test("a parameter, a metric and a hyper-parameter of a training", async () => {
    const weight = new Variable([], 0);
    const rate = hyperparameter(0.1);
    const model = { ...named(name, weight), forward: (x: Variable) => x.mul(weight) };
    const metric: Metric = (prediction) => prediction.mean();
    const trainer = new Trainer(model as never, {
      loss: mseLoss,
      optimizer: sgd(rate),
      executor: new JsExecutor(),
      metrics: named(name, metric),
      hyperparameters: named(name, rate),
    });
    await trainer.loadStateDict(named(name, 3));
    expect([...(entryOf(await trainer.stateDict(), name)?.data ?? [])]).toEqual([3]);
    await trainer.setHyperparameters(named(name, 0.5));
    expect(entryOf(await trainer.hyperparameters(), name)).toBe(0.5);
    const samples = { x: [[1], [2]], y: [[3], [6]] };
    expect(entryOf(await trainer.evaluate(samples), name)).toBeCloseTo(4.5, 6);
    await trainer.load(samples);
    for await (const { metrics } of trainer.fit({ batch: "all" })) expect(entryOf(metrics, name)).toBeCloseTo(4.5, 6);
    await trainer.restore(await trainer.snapshot());
    await trainer.dispose();
  });

  test("a tensor and a text of a file", () => {
    const bytes = serializeSafetensors(named(name, { data: Float32Array.of(1), shape: [1] }), named(name, "a text"));
    const { tensors, metadata } = parseSafetensors(bytes);
    expect(entryOf(tensors, name)).toEqual({ data: Float32Array.of(1), shape: [1] });
    expect(entryOf(metadata, name)).toBe("a text");
  });

  test("nothing that is missing from a state", async () => {
    const weight = new Variable([], 0);
    const model = { ...named(name, weight), forward: (x: Variable) => x.mul(weight) };
    const trainer = new Trainer(model as never, { loss: mseLoss, optimizer: sgd(0.1), executor: new JsExecutor() });
    await expect(trainer.loadStateDict({})).rejects.toThrow(`loadStateDict: missing [${name}]`);
    await trainer.dispose();
  });
});

test("a metric called loss is refused: there is one", () => {
  const model = { weight: new Variable([], 0), forward: (x: unknown) => x };
  const options = { loss: mseLoss, optimizer: sgd(0.1), executor: new JsExecutor(), metrics: { loss: mseLoss } };
  expect(() => new Trainer(model as never, options)).toThrow("Trainer: metrics.loss: the loss has this name");
});
