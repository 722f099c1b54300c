// Variables belong to models: whoever uses one on an executor goes on with what is there.
import {
  ArgumentError,
  compile,
  compileInit,
  type Executor,
  JsExecutor,
  Predictor,
  type Tensor,
  Trainer,
  type TrainerOptions,
  Variable,
  WasmExecutor,
} from "simdgrad";
import { toInference } from "simdgrad/inference";
import { fromTensorFlowJs, type KerasModel, toTensorFlowJs } from "simdgrad/keras";
import { type Layer, Linear, type Module, mseLoss, parameters, Sequential, setTrainable, tanh } from "simdgrad/nn";
import { toOnnx } from "simdgrad/onnx";
import { adam, hyperparameter, lbfgs, sgd } from "simdgrad/optim";
import { spawn } from "simdgrad/worker";
import { afterEach, describe, expect, test, vi } from "vitest";
import { Delayed } from "./delayed.ts";

const line = { x: [[0], [1], [2]], y: [[1], [3], [5]] };
const open: Executor[] = [];

afterEach(async () => {
  for (const executor of open.splice(0)) await executor.dispose();
});

function on<T extends Executor>(executor: T): T {
  open.push(executor);
  return executor;
}

function trainerOf(model: Layer, executor: Executor, options: Partial<TrainerOptions> = {}): Trainer {
  return new Trainer(model, { loss: mseLoss, optimizer: sgd(0.1), executor, ...options });
}

async function train(trainer: Trainer, epochs = 3): Promise<number[]> {
  await trainer.load(line);
  const losses: number[] = [];
  for await (const report of trainer.fit({ batch: "all", epochs })) losses.push(...report.losses);
  return losses;
}

const executors: Readonly<Record<string, () => Executor | Promise<Executor>>> = {
  "in JavaScript": () => new JsExecutor(),
  "in Wasm, two threads": () => new WasmExecutor({ threads: 2 }),
  "in a worker": () => spawn({ threads: 1, respawn: true }),
};

describe.each(Object.entries(executors))("%s", (_, create) => {
  test("a second trainer goes on with what the first left, and each leaves the other working", async () => {
    const executor = on(await create());
    const model = new Linear(1, 1);
    const first = trainerOf(model, executor);
    await train(first, 30);
    const before = await first.stateDict();
    const second = trainerOf(model, executor, { optimizer: adam(0.01), seed: 9 });
    expect(await second.stateDict()).toEqual(before);
    const measured = await first.evaluate(line);
    expect((await train(second))[0]).toBeCloseTo(measured.loss, 6);
    const after = await first.stateDict();
    expect(after).not.toEqual(before);
    await first.dispose();
    expect(await second.stateDict()).toEqual(after);
    const { loss } = await second.evaluate(line);
    expect((await train(second, 1))[0]).toBeCloseTo(loss, 6);
    await second.dispose();
  });
});

test("whoever begins first, both begin with the same values, made once", async () => {
  const executor = on(new JsExecutor());
  const model = new Linear(3, 2);
  const [a, b] = [trainerOf(model, executor, { seed: 1 }), trainerOf(model, executor, { seed: 2 })];
  const [of, alike] = await Promise.all([a.stateDict(), b.stateDict()]);
  expect(alike).toEqual(of);
  const alone = trainerOf(new Linear(3, 2), on(new JsExecutor()), { seed: 1 });
  expect(await alone.stateDict()).toEqual(of);
});

test("on another executor there are the values that it knows, else first ones", async () => {
  const model = new Linear(1, 1);
  const first = trainerOf(model, on(new JsExecutor()));
  await train(first);
  const elsewhere = on(new JsExecutor());
  const initial = await trainerOf(model, on(new JsExecutor())).stateDict();
  expect(initial).not.toEqual(await first.stateDict());
  await elsewhere.load(compile({ outputs: { w: model.weight } }));
  await elsewhere.write({ variable: model.weight.key }, [7]);
  const second = trainerOf(model, elsewhere);
  const { weight, bias } = await second.stateDict();
  expect([...weight.data]).toEqual([7]);
  expect(bias).toEqual(initial.bias);
});

test("who takes first values of variables that somebody trains elsewhere says so once", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const encoder = new Linear(1, 1);
  const first = trainerOf(encoder, on(new JsExecutor()));
  await train(first);
  const second = trainerOf(new Sequential(encoder, new Linear(1, 1)), on(new JsExecutor()));
  await second.load(line);
  await second.hyperparameters();
  expect(warn).not.toHaveBeenCalled();
  await train(second);
  await train(second);
  await second.stateDict();
  expect(warn.mock.calls).toEqual([
    [
      "simdgrad: fit: 0.weight, 0.bias have values on another executor, and first ones here: give that one, " +
        "{ executor: trainer.executor }, or its values, await trainer.stateDict()",
    ],
  ]);
  warn.mockClear();
  // Who hands the values over, or shares the executor, is told nothing; nor is anybody where nobody holds them any more.
  const third = trainerOf(encoder, on(new JsExecutor()));
  await third.loadStateDict(await first.stateDict());
  await train(third);
  await train(trainerOf(encoder, first.executor));
  for (const each of [first, second, third]) await each.executor.dispose();
  for (const each of [first, second, third]) await each.dispose();
  await train(trainerOf(new Linear(1, 1), on(new JsExecutor())));
  expect(warn).not.toHaveBeenCalled();
  const alone = new Predictor(new Linear(1, 1), { executor: on(new JsExecutor()) });
  await alone.predict([[1]]);
  expect(warn.mock.calls).toEqual([
    [expect.stringMatching(/^simdgrad: Predictor: weight, bias have first values, drawn at random: give it a state/)],
  ]);
  warn.mockClear();
  // Numbers that a model begins with, as one from a file, are not drawn.
  const scale = new Variable([1], [3]);
  const given = { scale, forward: (x: Tensor) => x.mul(scale) };
  const { data } = await new Predictor(given, { executor: on(new JsExecutor()) }).predict([[2]]);
  expect([...data]).toEqual([6]);
  expect(warn).not.toHaveBeenCalled();
  warn.mockRestore();
});

describe("values that were trained on another executor", () => {
  /** A layer that begins with numbers, as one from a file. */
  function ofFile(): Module & { readonly scale: Variable } {
    const scale = new Variable([1], [3]);
    return { scale, forward: (x: Tensor) => x.mul(scale) };
  }

  /** What is said while something is done. */
  async function saidOf(task: () => unknown): Promise<string[]> {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    try {
      await task();
      return warn.mock.calls.map(([said]) => /^simdgrad: .* have values on another executor/.exec(said)?.[0] ?? said);
    } finally {
      warn.mockRestore();
    }
  }

  const another = () => on(new JsExecutor());
  const signature = { input: ["batch", 1] as const };

  const takers: Readonly<Record<string, (model: Module) => unknown>> = {
    evaluate: (model) => trainerOf(model, another()).evaluate(line),
    predict: (model) => trainerOf(model, another()).predict([[1]]),
    stateDict: (model) => trainerOf(model, another()).stateDict(),
    snapshot: (model) => trainerOf(model, another()).snapshot(),
    fit: (model) => train(trainerOf(model, another())),
    Predictor: (model) => new Predictor(model, { executor: another() }).predict([[1]]),
    toOnnx: (model) => toOnnx(model, signature),
    toInference: (model) => toInference(model, signature),
  };

  test.each(Object.entries(takers))("are missed by %s, each time, which says so", async (name, take) => {
    const model = ofFile();
    const trainer = trainerOf(model, another());
    expect(await saidOf(() => trainer.stateDict())).toEqual([]);
    expect(await saidOf(() => take(model))).toEqual([]); // nobody gave any
    const other = ofFile();
    const second = trainerOf(other, another());
    await train(second);
    const said = [`simdgrad: ${name}: scale have values on another executor`];
    expect(await saidOf(() => take(other))).toEqual(said);
    await second.stateDict();
    if (name !== "fit") expect(await saidOf(() => take(other))).toEqual(said);
    await second.executor.dispose();
    if (name !== "fit") expect(await saidOf(() => take(other))).toEqual([]); // and nobody has them any more
  });

  test("are missed by toTensorFlowJs and stateDict of what was read, which say so", async () => {
    const files = await toTensorFlowJs(new Sequential(new Linear(1, 1)), signature);
    const model = fromTensorFlowJs(files) as KerasModel;
    const trainer = trainerOf(model, another());
    await trainer.stateDict();
    expect(await saidOf(() => toTensorFlowJs(model))).toEqual([]);
    await train(trainer);
    expect(await saidOf(() => toTensorFlowJs(model))).toEqual([
      expect.stringMatching(/^simdgrad: toTensorFlowJs: \S*weight, \S*bias have values on another executor$/),
    ]);
    expect(await saidOf(() => model.stateDict())).toEqual([
      expect.stringMatching(/^simdgrad: \w+\.stateDict: \S*weight, \S*bias have values on another executor$/),
    ]);
    const { executor } = trainer;
    expect(await saidOf(() => toTensorFlowJs(model, undefined, { executor }))).toEqual([]);
    expect(await saidOf(async () => toTensorFlowJs(model, undefined, { state: await trainer.stateDict() }))).toEqual(
      [],
    );
  });

  test("are not missed where nobody changed them: by a prediction, or a training that has them frozen", async () => {
    const body = new Linear(1, 2);
    await new Predictor(body, { executor: another(), state: { weight: [[1], [2]], bias: [0, 0] } }).predict([[1]]);
    expect(await saidOf(() => trainerOf(body, another()).stateDict())).toEqual([
      "simdgrad: stateDict: weight, bias have values on another executor",
    ]);
    const model = ofFile();
    await new Predictor(model, { executor: another() }).predict([[1]]);
    expect(await saidOf(() => train(trainerOf(model, another())))).toEqual([]);
    const frozen = ofFile();
    setTrainable(frozen, false);
    await train(trainerOf(new Sequential(frozen, new Linear(1, 1)), another()));
    expect(await saidOf(() => new Predictor(frozen, { executor: another() }).predict([[1]]))).toEqual([]);
    const loaded = ofFile();
    const trainer = trainerOf(loaded, another());
    await trainer.loadStateDict({ scale: [5] });
    const evaluated = () => trainerOf(loaded, another()).evaluate(line);
    expect(await saidOf(evaluated)).toEqual(["simdgrad: evaluate: scale have values on another executor"]);
    await trainer.reset();
    expect(await saidOf(evaluated)).toEqual([]);
  });
});

test("a predictor without the preprocess of its variables' trainer says so, once, and one with any does not", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const executor = on(new JsExecutor());
  const model = new Linear(1, 1);
  const preprocess = (x: Tensor) => x.mul(2);
  const trainer = new Trainer(model, { loss: mseLoss, optimizer: sgd(0.1), executor, preprocess });
  await trainer.stateDict();
  for (const options of [{ preprocess }, { preprocess: (x: Tensor) => x }])
    await new Predictor(model, { executor, ...options }).predict([[1]]);
  expect(warn).not.toHaveBeenCalled();
  const plain = new Predictor(model, { executor });
  await plain.predict([[1]]);
  await plain.predict([[1]]);
  expect(warn.mock.calls).toEqual([
    [expect.stringMatching(/^simdgrad: Predictor: the trainer of these variables has a preprocess/)],
  ]);
  warn.mockRestore();
});

test("what was on an executor before, or is used there by others, stays when a trainer goes", async () => {
  const executor = on(new JsExecutor());
  const model = new Linear(1, 1);
  await executor.run([[await executor.load(compileInit(new Map([["weight", model.weight]]), 0)), 1]]).done;
  const trainer = trainerOf(model, executor);
  await trainer.stateDict();
  const own = await executor.load(compile({ outputs: { b: (model.bias as Linear["weight"]).add(0) } }));
  await trainer.dispose();
  expect(await executor.read({ variable: model.weight.key })).toHaveLength(1);
  await executor.run([[own, 1]]).done;
});

test("an executor that a trainer made for itself ends with the last who uses it", async () => {
  const model = new Linear(1, 1);
  const first = new Trainer(model, { loss: mseLoss, optimizer: sgd(0.1) });
  await train(first);
  const state = await first.stateDict();
  const second = trainerOf(model, first.executor);
  const predictor = new Predictor(model, { executor: first.executor });
  await predictor.predict([[1]]);
  expect(await second.stateDict()).toEqual(state);
  await first.dispose();
  await expect(first.stateDict()).rejects.toThrow("the trainer was disposed");
  await train(second);
  await second.dispose();
  expect((await predictor.predict([[1]])).shape).toEqual([1, 1]);
  await predictor.dispose();
  await expect(first.executor.load(compile({}))).rejects.toThrow("the executor was disposed");
});

test("a shared encoder is trained under two heads, and nothing is left when both are gone", async () => {
  const executor = on(new Delayed(new JsExecutor(), async () => {}));
  const encoder = new Linear(1, 4);
  const [a, b] = [1, 1].map((width) => trainerOf(new Sequential(encoder, tanh, new Linear(4, width)), executor));
  await train(a);
  const { "0.weight": weight, "2.weight": head } = await a.stateDict();
  const other = await b.stateDict();
  expect(other["0.weight"]).toEqual(weight);
  expect(other["2.weight"]).not.toEqual(head);
  await train(b);
  expect((await a.stateDict())["0.weight"]).toEqual((await b.stateDict())["0.weight"]);
  expect((await a.stateDict())["2.weight"]).toEqual(head);
  await a.dispose();
  await train(b);
  await b.dispose();
  expect([executor.programs.size, executor.variables.size]).toEqual([0, 0]);
});

test("what is frozen or thawed after a trainer was made is told, with what to do, and a second trainer follows", async () => {
  const executor = on(new JsExecutor());
  const [body, head] = [new Linear(1, 2), new Linear(2, 1)];
  const model = new Sequential(body, head);
  const whole = trainerOf(model, executor, { optimizer: sgd(0.01) });
  await train(whole);
  setTrainable(body, false);
  await expect(whole.fit().next()).rejects.toThrow(ArgumentError);
  await expect(whole.fit().next()).rejects.toThrow(
    "fit: what is trained has changed since this trainer was made: 0.weight, 0.bias; make",
  );
  await whole.evaluate(line);
  const before = await whole.stateDict();
  const part = trainerOf(model, executor, { optimizer: adam(0.01) });
  await train(part);
  const after = await part.stateDict();
  for (const path of ["0.weight", "0.bias"]) expect(after[path]).toEqual(before[path]);
  expect(after["1.weight"]).not.toEqual(before["1.weight"]);
  setTrainable(body, true);
  await expect(part.fit().next()).rejects.toThrow("0.weight, 0.bias");
  await train(whole); // as it was when it was made
  expect((await part.stateDict())["0.weight"]).not.toEqual(before["0.weight"]);
  expect(parameters(model).size).toBe(4);
});

test("reset begins anew, as a new trainer of that seed does", async () => {
  const rate = hyperparameter(0.05);
  const options = { optimizer: adam(rate), hyperparameters: { rate }, seed: 1 };
  const trainer = trainerOf(new Linear(1, 1), on(new JsExecutor()), options);
  const first = await train(trainer);
  await trainer.setHyperparameters({ rate: 0.5 });
  await trainer.reset();
  expect(await trainer.hyperparameters()).toEqual({ rate: expect.closeTo(0.05, 6) });
  expect(await train(trainer)).toEqual(first);
  await trainer.reset(4);
  const otherwise = trainerOf(new Linear(1, 1), on(new JsExecutor()), { optimizer: adam(0.05), seed: 4 });
  const batches = async (each: Trainer) => {
    await each.load(line);
    const losses: number[] = [];
    for await (const report of each.fit({ batch: 1, epochs: 5 })) losses.push(...report.losses);
    return losses;
  };
  expect(await batches(trainer)).toEqual(await batches(otherwise));
  const fit = trainer.fit({ batch: 1, epochs: 1e9 });
  await fit.next();
  await expect(trainer.reset()).rejects.toThrow("reset: stop the fit first");
  await fit.stop();
});

test("reset begins a search anew, too", async () => {
  const trainer = trainerOf(new Linear(1, 1), on(new JsExecutor()), { optimizer: lbfgs(0.5) });
  const first = await train(trainer);
  await trainer.reset();
  expect(await train(trainer)).toEqual(first);
});

describe("a state", () => {
  const some = () => trainerOf(new Linear(2, 1), on(new JsExecutor()));

  test("that fits in part is taken where it fits, if that is wanted, and tells where it does not", async () => {
    const trainer = some();
    const { bias } = await trainer.stateDict();
    const state = { "module.weight": [[1, 2]], "module.other": [1], weight: [[5, 6]] };
    await expect(trainer.loadStateDict(state)).rejects.toThrow(
      "loadStateDict: missing [bias], unknown [module.weight, module.other]",
    );
    const difference = await trainer.loadStateDict(state, { strict: false, prefix: "module." });
    expect(difference).toEqual({ missing: ["bias"], unknown: ["module.other", "weight"] });
    const after = await trainer.stateDict();
    expect([...after.weight.data]).toEqual([1, 2]);
    expect(after.bias).toEqual(bias);
    const whole = { "a.weight": [[3, 4]], "a.bias": [0] };
    expect(await trainer.loadStateDict(whole, { prefix: "a." })).toEqual({ missing: [], unknown: [] });
    const wrong = trainer.loadStateDict({ weight: [[1, 2, 3]] }, { strict: false });
    await expect(wrong).rejects.toThrow("loadStateDict: weight is [1, 2], got [1, 3]");
    const unknown = { junk: "nothing" as never };
    expect(await trainer.loadStateDict(unknown, { strict: false })).toEqual({
      missing: ["weight", "bias"],
      unknown: ["junk"],
    });
  });

  test("that went through JSON is the same, unless it held what JSON cannot", async () => {
    const [trainer, other] = [some(), some()];
    const state = await trainer.stateDict();
    await other.loadStateDict(JSON.parse(JSON.stringify(state)));
    expect(await other.stateDict()).toEqual(state);
    const snapshot = await trainer.snapshot();
    await other.restore(JSON.parse(JSON.stringify(snapshot)));
    expect(await other.snapshot()).toEqual(snapshot);
    state.bias.data[0] = Number.NaN;
    await expect(other.loadStateDict(JSON.parse(JSON.stringify(state)))).rejects.toThrow(
      "bias: data: element 0 is null, not a number",
    );
    const named = { weight: { data: { a: 1, b: 2 }, shape: [1, 2] }, bias: [0] };
    await expect(other.loadStateDict(named as never)).rejects.toThrow("weight: data must be an array of numbers");
  });
});
