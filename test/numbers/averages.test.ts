// Averages of parameters are over updates: the steps in between, in which gradients are only gathered, do not count.
import { expect, test } from "vitest";
import { compile } from "../../src/compile/compile.ts";
import { initialise } from "../../src/evaluate.ts";
import { Linear } from "../../src/nn/layers.ts";
import { mseLoss } from "../../src/nn/losses.ts";
import * as optim from "../../src/optim/index.ts";
import type { Optimizer } from "../../src/optim/transform.ts";
import type { Executor } from "../../src/runtime/executor.ts";
import { JsExecutor } from "../../src/runtime/js/js-executor.ts";
import { scalar } from "../../src/tensor.ts";
import { Trainer } from "../../src/train/trainer.ts";
import { Variable } from "../../src/variable.ts";
import { float32, oracle } from "../executors.ts";

interface After {
  readonly value: number;
  readonly average: number;
  readonly count: number;
}

/** The parameter (0 at first; each update adds 1 to it) and its average after so many micro-steps: the same on every executor. */
async function after(optimizer: Optimizer, steps: number): Promise<After> {
  const [first, ...others] = await Promise.all(
    Object.values({ oracle, ...float32 }).map((create) => afterOn(create(), optimizer, steps)),
  );
  for (const other of others) expect(other).toEqual(first);
  return first;
}

async function afterOn(executor: Executor, optimizer: Optimizer, steps: number): Promise<After> {
  const w = new Variable([], 0, { label: "w" });
  const state = optimizer.init([w]);
  const updates = optimizer.update([scalar(-1)], state, [w]);
  const [average] = optimizer.averages?.(state, [w]) ?? [];
  const id = await executor.load(compile({ assignments: [...updates] }));
  await initialise(
    executor,
    updates.map(([variable]) => variable),
    0,
  );
  await executor.run([[id, steps]]).done;
  const read = async (variable: Variable | undefined) =>
    variable === undefined ? Number.NaN : Number((await executor.read({ variable: variable.key }))[0]);
  const result = {
    value: await read(w),
    average: await read(average?.values.get(w)),
    count: await read(average?.count),
  };
  await executor.dispose();
  return result;
}

const { accumulate, chain, clipByGlobalNorm, constrained, ema, freeze, lookahead, parameterGroups, sgd, swa } = optim;
const fourth = () => accumulate(sgd(1), { steps: 4 });

test("ema: 1, 1.5, 2.25, 3.125 for a decay of one half", async () => {
  const half = (inner: Optimizer) => ema(inner, { decay: 0.5 });
  for (const optimizer of [
    half(fourth()),
    accumulate(half(sgd(1)), { steps: 4 }),
    half(chain(clipByGlobalNorm(9), fourth())),
  ])
    expect(await after(optimizer, 16)).toEqual({ value: 4, average: 3.125, count: 4 });
  expect(await after(half(sgd(1)), 4)).toEqual({ value: 4, average: 3.125, count: 4 });
});

test("swa: the mean of 1, 2, 3, 4", async () => {
  expect(await after(swa(fourth()), 16)).toEqual({ value: 4, average: 2.5, count: 4 });
  expect(await after(swa(fourth(), { start: 2 }), 16)).toEqual({ value: 4, average: 3.5, count: 2 });
  expect(await after(swa(fourth(), { every: 2 }), 16)).toEqual({ value: 4, average: 2, count: 2 });
});

test("nothing is averaged before the first update, and nothing between two", async () => {
  expect(await after(swa(fourth()), 3)).toEqual({ value: 0, average: 0, count: 0 });
  expect(await after(swa(fourth()), 7)).toEqual({ value: 1, average: 1, count: 1 });
});

test("accumulating what accumulates counts once", async () => {
  expect(await after(swa(accumulate(accumulate(sgd(1), { steps: 2 }), { steps: 2 })), 16)).toEqual({
    value: 4,
    average: 2.5,
    count: 4,
  });
  expect(await after(ema(swa(fourth()), { decay: 0 }), 16)).toMatchObject({ value: 4 });
});

test("averages see through groups, through what is frozen, and through constraints", async () => {
  expect(await after(swa(parameterGroups([{ optimizer: fourth() }])), 16)).toEqual({
    value: 4,
    average: 2.5,
    count: 4,
  });
  expect(await after(swa(freeze(fourth(), () => false)), 16)).toEqual({ value: 4, average: 2.5, count: 4 });
  expect(await after(swa(constrained(fourth(), (w) => w)), 16)).toEqual({ value: 4, average: 2.5, count: 4 });
});

test.each([
  ["lookahead", lookahead(sgd(0), { every: 2, alpha: 0.5 })],
  ["lookahead around accumulate", lookahead(accumulate(sgd(0), { steps: 2 }), { every: 2 })],
  ["ema", ema(sgd(0), { decay: 0.5 })],
  ["swa of groups", swa(parameterGroups([{ optimizer: sgd(0) }]))],
] as const)("%s begins anew where weights are put in place", async (_, optimizer) => {
  const trainer = new Trainer(new Linear(1, 1, { bias: false }), {
    loss: mseLoss,
    optimizer,
    executor: new JsExecutor(),
  });
  await trainer.load({ x: [[1]], y: [[0]] });
  for await (const _ of trainer.fit({ epochs: 5 }));
  await trainer.loadStateDict({ weight: [[100]] });
  for await (const _ of trainer.fit({ epochs: 5 }));
  expect(Array.from((await trainer.stateDict()).weight.data)).toEqual([100]);
  expect(Array.from((await trainer.predict([[1]])).data)).toEqual([100]);
  await trainer.executor.dispose();
});

test("lookahead meets its slow weights every so many updates", async () => {
  // Two updates to 2, half way back to 1; two more to 3, half way from 1 to 3.
  expect(await after(lookahead(sgd(1), { every: 2, alpha: 0.5 }), 4)).toMatchObject({ value: 2 });
  expect(await after(lookahead(fourth(), { every: 2, alpha: 0.5 }), 16)).toMatchObject({ value: 2 });
  expect(await after(lookahead(fourth(), { every: 2, alpha: 0.5 }), 15)).toMatchObject({ value: 2 });
  expect(await after(lookahead(fourth(), { every: 2, alpha: 0.5 }), 8)).toMatchObject({ value: 1 });
});
