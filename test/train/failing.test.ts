// Trainers on executors that fail: the error is told, nothing is left behind, and where the executor goes on, so does the trainer.
import {
  ArgumentError,
  compileInit,
  DataError,
  JsExecutor,
  MemoryError,
  type PlanEntry,
  type Program,
  type ProgramId,
  type RunHandle,
  type RunOptions,
  type Tensor,
  Trainer,
  type TrainerOptions,
  Variable,
  WorkerError,
  type Write,
} from "simdgrad";
import { Linear, mseLoss } from "simdgrad/nn";
import { hyperparameter, lbfgs, sgd } from "simdgrad/optim";
import { afterEach, describe, expect, test } from "vitest";

type Call = "load" | "write" | "run";

/** An executor that refuses the calls it is told to, and knows what was put on it. */
class Failing extends JsExecutor {
  readonly #keys = new Set<string>();
  readonly #programs = new Set<ProgramId>();
  #call: Call | undefined;
  #after = 0;
  #error: Error = new MemoryError("no room");

  /** The `after`-th of these calls from now on fails, and those that follow until told otherwise. */
  refuse(call: Call | undefined, after = 0, error: Error = new MemoryError("no room")): void {
    [this.#call, this.#after, this.#error] = [call, after, error];
  }

  #refuses(call: Call): boolean {
    return this.#call === call && this.#after-- <= 0;
  }

  override async load(program: Program): Promise<ProgramId> {
    for (const { key } of program.variables) this.#keys.add(key);
    if (this.#refuses("load")) throw this.#error;
    const id = await super.load(program);
    this.#programs.add(id);
    return id;
  }

  override async unload(id: ProgramId): Promise<void> {
    await super.unload(id);
    this.#programs.delete(id);
  }

  override async writeAll(writes: readonly Write[]): Promise<void> {
    if (this.#refuses("write")) throw this.#error;
    await super.writeAll(writes);
  }

  override run(plan: readonly PlanEntry[], options?: RunOptions): RunHandle {
    return super.run(this.#refuses("run") ? [[-1, 1]] : plan, options);
  }

  /** How many programs and variables are on it. */
  async holds(): Promise<{ programs: number; variables: number }> {
    const found = [...this.#keys].map((variable) =>
      this.read({ variable })
        .then(() => 1)
        .catch(() => 0),
    );
    const there: number[] = await Promise.all(found);
    return { programs: this.#programs.size, variables: there.reduce((sum, one) => sum + one, 0) };
  }
}

const line = { x: [[0], [1], [2]], y: [[1], [3], [5]] };
const nothing = { programs: 0, variables: 0 };
const open: Failing[] = [];

function trainerOf(options: Partial<TrainerOptions> = {}): { trainer: Trainer; executor: Failing } {
  const executor = new Failing();
  open.push(executor);
  const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(0.1), executor, ...options });
  return { trainer, executor };
}

async function stepsOf(fit: AsyncIterable<{ readonly losses: readonly number[] }>): Promise<number> {
  let steps = 0;
  for await (const { losses } of fit) steps += losses.length;
  return steps;
}

afterEach(async () => {
  for (const executor of open.splice(0)) await executor.dispose();
});

describe("a trainer whose executor fails", () => {
  test.each(["load", "run"] as const)(
    "when first values are made (%s) leaves nothing and begins again",
    async (call) => {
      const { trainer, executor } = trainerOf();
      executor.refuse(call);
      await expect(trainer.stateDict()).rejects.toThrow();
      await expect(trainer.stateDict()).rejects.toThrow();
      expect(await executor.holds()).toEqual(nothing);
      executor.refuse(undefined);
      expect(Object.keys(await trainer.stateDict())).toEqual(["weight", "bias"]);
    },
  );

  test.each([
    ["load", 0],
    ["write", 0],
  ] as const)("when data is uploaded (%s) holds no data, until other data is loaded", async (call, after) => {
    const { trainer, executor } = trainerOf();
    await trainer.load(line);
    await stepsOf(trainer.fit({ batch: 1 }));
    const { variables: before } = await executor.holds();
    executor.refuse(call, after);
    const other = call === "write" ? line : { x: [...line.x, [3]], y: [...line.y, [7]] }; // it needs a place of its own
    await expect(trainer.load(other)).rejects.toThrow(MemoryError);
    expect(await executor.holds()).toEqual({ programs: 0, variables: before - 2 });
    expect(() => trainer.fit()).toThrow(DataError);
    executor.refuse(undefined);
    await trainer.load(line);
    expect(await stepsOf(trainer.fit({ batch: 1 }))).toBe(3);
  });

  test.each([
    ["load", 0],
    ["load", 1],
    ["load", 2],
    ["write", 0],
    ["run", 0],
  ] as const)("when it evaluates (%s %i) leaves nothing of the samples", async (call, after) => {
    const { trainer, executor } = trainerOf();
    await trainer.stateDict();
    const before = await executor.holds();
    const many = { x: Array.from({ length: 300 }, (_, i) => [i]), y: Array.from({ length: 300 }, (_, i) => [i]) };
    executor.refuse(call, after);
    await expect(trainer.evaluate(many)).rejects.toThrow();
    expect(await executor.holds()).toEqual(before);
    executor.refuse(undefined);
    expect((await trainer.evaluate(line)).loss).toBeGreaterThan(0);
  });

  test.each([
    ["load", 0],
    ["load", 1],
    ["load", 2],
    ["run", 0],
  ] as const)("when a fit begins (%s %i) tells the fit's reader, and fits again", async (call, after) => {
    const { trainer, executor } = trainerOf();
    await trainer.load(line);
    const before = await executor.holds();
    executor.refuse(call, after);
    const fit = trainer.fit({ batch: 1, validation: line });
    await expect(fit.next()).rejects.toThrow(call === "load" ? "no room" : "program -1 is not loaded");
    executor.refuse(undefined);
    expect((await executor.holds()).variables).toBe(before.variables);
    expect(await stepsOf(trainer.fit({ batch: 1, validation: line }))).toBe(3);
    await trainer.dispose();
    expect(await executor.holds()).toEqual(nothing);
  });

  test("for good tells its own error, and can be disposed of", async () => {
    const { trainer, executor } = trainerOf();
    await trainer.load(line);
    const fit = trainer.fit({ batch: 1, epochs: 1e9, validation: line });
    await fit.next();
    executor.refuse("run", 0, new WorkerError("gone"));
    await executor.dispose();
    const told = (async () => {
      while (!(await fit.next()).done);
    })();
    await expect(told).rejects.toThrow("the executor was disposed during a run");
    await trainer.dispose();
  });
});

describe("a trainer that is disposed of", () => {
  test.each([false, true])("while it trains (paused: %s) ends its fit and leaves nothing", async (paused) => {
    const { trainer, executor } = trainerOf();
    await trainer.load(line);
    const fit = trainer.fit({ batch: 1, epochs: 1e9, validation: line });
    await fit.next();
    if (paused) await fit.pause();
    await trainer.dispose();
    expect(await executor.holds()).toEqual(nothing);
    const read = async () => {
      while (!(await fit.next()).done);
    };
    await expect(read()).rejects.toThrow("the trainer was disposed during a fit");
  });

  test("while it searches ends its fit and leaves nothing", async () => {
    const { trainer, executor } = trainerOf({ optimizer: lbfgs(0.1) });
    await trainer.load(line);
    const fit = trainer.fit({ batch: 1, epochs: 1e9, validation: line });
    await fit.next();
    const asked = [trainer.evaluate(line), trainer.evaluate(line)];
    await Promise.all([trainer.dispose(), Promise.allSettled(asked)]);
    expect(await executor.holds()).toEqual(nothing);
  });

  test("while it measures, predicts and loads leaves nothing", async () => {
    const { trainer, executor } = trainerOf();
    const asked = [trainer.evaluate(line), trainer.predict([[1]]), trainer.load(line), trainer.stateDict()];
    await Promise.all([trainer.dispose(), Promise.allSettled(asked)]);
    expect(await executor.holds()).toEqual(nothing);
  });
});

describe("variables that a program reads", () => {
  test("without a first value are named, wherever they are read", async () => {
    const { executor } = trainerOf();
    const other = new Variable([1], [2], { label: "other" });
    const inner = new Linear(1, 1);
    const model = { inner, forward: (x: Tensor) => inner.forward(x).add(other) };
    const trainer = new Trainer(model, { loss: mseLoss, optimizer: sgd(0.1), executor });
    const named = "has no value on this executor";
    await expect(trainer.evaluate(line)).rejects.toThrow(named);
    await expect(trainer.predict([[1]])).rejects.toThrow(ArgumentError);
    await trainer.load(line);
    await expect(trainer.fit().next()).rejects.toThrow(named);
  });

  test("may have one from elsewhere on the executor", async () => {
    const { executor } = trainerOf();
    const other = new Variable([1], [100]);
    const known = compileInit(new Map([["other", other]]), 0);
    await executor.run([[await executor.load(known), 1]]).done;
    const inner = new Linear(1, 1);
    const model = { inner, forward: (x: Tensor) => inner.forward(x).add(other) };
    const trainer = new Trainer(model, { loss: mseLoss, optimizer: sgd(0.1), executor });
    await trainer.loadStateDict({ "inner.weight": [[1]], "inner.bias": [0] });
    expect((await trainer.predict([[1]])).data[0]).toBe(101);
  });

  test("may be hyper-parameters in a field of the model", async () => {
    const inner = new Linear(1, 1);
    const scale = hyperparameter(2);
    const model = { inner, scale, forward: (x: Tensor) => inner.forward(x).mul(scale) };
    const { executor } = trainerOf();
    const options = { loss: mseLoss, optimizer: sgd(0.1), executor, hyperparameters: { scale } };
    const trainer = new Trainer(model, options);
    await trainer.loadStateDict({ "inner.weight": [[1]], "inner.bias": [0], scale: 2 });
    expect((await trainer.predict([[3]])).data[0]).toBe(6);
    await trainer.setHyperparameters({ scale: 4 });
    expect((await trainer.predict([[3]])).data[0]).toBe(12);
    expect(Object.keys(await trainer.snapshot()).filter((name) => name.includes("scale"))).toEqual([
      "hyperparameters.scale",
    ]);
  });

  test("are no hyper-parameters if they are trained or no scalars", () => {
    const layer = new Linear(1, 1);
    for (const wrong of [layer.bias as Variable, new Variable([], 0), new Variable([], 0, { dtype: "i32" })])
      expect(() => trainerOf({ hyperparameters: { wrong } })).toThrow("hyperparameters.wrong was not made by");
  });
});

test("a search that is paused before it begins makes no step", async () => {
  const { trainer } = trainerOf({ optimizer: lbfgs(0.1) });
  await trainer.load(line);
  const fit = trainer.fit({ batch: 1, epochs: 1e9 });
  await fit.pause();
  const before = await trainer.stateDict();
  void fit.next().catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await trainer.stateDict()).toEqual(before);
  await fit.stop();
});
