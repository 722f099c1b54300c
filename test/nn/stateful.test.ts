// Recurrent layers whose state goes on from step to step: a training against PyTorch's, and what begins anew.
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { grad } from "../../src/autodiff.ts";
import { compile } from "../../src/compile/compile.ts";
import { constant, input } from "../../src/create.ts";
import { evaluate, initialise } from "../../src/evaluate.ts";
import { Embedding } from "../../src/nn/embedding.ts";
import { Linear } from "../../src/nn/layers.ts";
import { crossEntropy } from "../../src/nn/losses.ts";
import { type Context, evaluationContext, parameters, trainingContext, variables } from "../../src/nn/module.ts";
import { GRU, LSTM, RNN } from "../../src/nn/recurrent.ts";
import { Stateful, type StatefulInput } from "../../src/nn/stateful.ts";
import { adam } from "../../src/optim/adam.ts";
import { sgd } from "../../src/optim/sgd.ts";
import type { Shape } from "../../src/shape.ts";
import { scalar, type Tensor } from "../../src/tensor.ts";
import { Trainer } from "../../src/train/trainer.ts";
import type { Assignment } from "../../src/variable.ts";
import { float32, oracle } from "../executors.ts";
import { thrown } from "../thrown.ts";
import { drawn } from "./sums.ts";

type Golden = { readonly losses: readonly number[]; readonly state: readonly (readonly [number, number])[] };
const goldens: Readonly<Record<string, Golden>> = JSON.parse(
  readFileSync(new URL("../golden/stateful.json", import.meta.url), "utf8"),
);

const [FEATURES, HIDDEN, T, N, RATE] = [3, 4, 5, 3, 0.5];

const makes: Readonly<Record<string, () => RNN | GRU | LSTM>> = {
  RNN: () => new RNN(FEATURES, HIDDEN),
  GRU: () => new GRU(FEATURES, HIDDEN, { numLayers: 2, batchFirst: true }),
  LSTM: () => new LSTM(FEATURES, HIDDEN, { numLayers: 2, batchFirst: true }),
  "LSTM projected": () => new LSTM(FEATURES, HIDDEN, { projSize: 2 }),
};

const executors = [["oracle", oracle()] as const, ["wasm-relaxed", float32["wasm-relaxed"]()] as const] as const;
afterAll(() => Promise.all(executors.map(([, executor]) => executor.dispose())));

// Float64: losses and states after four steps of some hundred operations each, rounded at 1.1e-16. Float32 rounds at 6e-8.
const TOLERANCE = { oracle: 1e-12, "wasm-relaxed": 1e-5 };

describe.each(executors)("PyTorch's training with a detached state, on %s", (name, executor) => {
  test.each(Object.keys(goldens))("%s", async (kind) => {
    const { losses, state } = goldens[kind];
    const layer = new Stateful(makes[kind](), N);
    const trained = [...parameters(layer).values()];
    const optimizer = sgd(RATE);
    const own = optimizer.init(trained);
    const shape = layer.layer.stack.batchFirst ? [N, T] : [T, N];
    const [x, fresh] = [input([...shape, FEATURES]), input([N], "i32")];
    const assigned: Assignment[] = [];
    const output = layer.forward({ input: x, fresh }, trainingContext(0, own.step, assigned));
    const target = input(output.shape);
    const loss = output.sub(target).square().mean();
    const updates = optimizer.update(grad(loss, trained), own, trained);
    const assignments = [...updates, ...assigned];
    const id = await executor.load(compile({ inputs: { x, fresh, target }, outputs: { loss }, assignments }));
    await initialise(executor, [...layer.state, own.step], 0);
    let seed = 0;
    const next = (of: Shape) => drawn(of, ++seed);
    for (const { key, shape: of } of trained) await executor.write({ variable: key }, next(of));
    for (const [step, expected] of losses.entries()) {
      const given = { x: next(x.shape), fresh: [0, step === 2 ? 1 : 0, 0], target: next(target.shape) };
      const found = await executor.step(id, given);
      expect(Math.abs(found.loss[0] - expected)).toBeLessThan(TOLERANCE[name]);
    }
    for (const [i, sums] of state.entries()) {
      const values = await executor.read({ variable: layer.state[i].key });
      for (const expected of sums) {
        const sum = next(layer.state[i].shape).reduce((all, weight, at) => all + weight * values[at], 0);
        expect(Math.abs(sum - expected)).toBeLessThan(10 * TOLERANCE[name]);
      }
    }
    await executor.unload(id);
  });
});

test("stretches give what the whole sequence gives", async () => {
  const executor = oracle();
  const lstm = new LSTM(FEATURES, HIDDEN, { numLayers: 2 });
  const layer = new Stateful(lstm, N);
  await initialise(executor, [...variables(layer).values()], 0);
  const whole = constant(drawn([2 * T, N, FEATURES], 1), { shape: [2 * T, N, FEATURES] });
  const expected = await evaluate(lstm.forward(whole, evaluationContext()), { executor });
  const x = input([T, N, FEATURES]);
  const assigned: Assignment[] = [];
  const output = layer.forward(x, trainingContext(0, scalar(0, "i32"), assigned));
  const id = await executor.load(compile({ inputs: { x }, outputs: { output }, assignments: assigned }));
  const stretches: number[] = [];
  for (const part of [0, 1]) {
    const data = drawn([2 * T, N, FEATURES], 1).subarray(part * T * N * FEATURES, (part + 1) * T * N * FEATURES);
    stretches.push(...(await executor.step(id, { x: data })).output);
  }
  expect(stretches).toEqual([...expected]);
  // The same within one step, where gradients go from the second use to the first.
  const twice: Assignment[] = [];
  const context = trainingContext(0, scalar(0, "i32"), twice);
  const parts = [0, 1].map((part) => layer.forward(whole.narrow(0, part * T, T), context));
  const fresh = layer.state.map((each): Assignment => [each, each.like(0).broadcastTo(each.shape)]);
  await executor.step(await executor.load(compile({ outputs: {}, assignments: fresh })));
  expect([...(await evaluate(parts[1], { executor }))]).toEqual([...expected.subarray(T * N * HIDDEN)]);
  expect(twice.map(([variable]) => variable)).toEqual(layer.state);
  const [slope] = grad(parts[1].sum(), [whole]);
  const before = (await evaluate(slope, { executor })).subarray(0, T * N * FEATURES);
  expect(before.some((value) => value !== 0)).toBe(true);
  await executor.dispose();
});

test("evaluations begin at zeros, with any number of rows, and leave the state as it is", async () => {
  const executor = oracle();
  const gru = new GRU(FEATURES, HIDDEN);
  const layer = new Stateful(gru, N);
  await initialise(executor, [...variables(layer).values()], 0);
  await executor.write({ variable: layer.state[0].key }, drawn(layer.state[0].shape, 7));
  for (const rows of [N, 2]) {
    const x = constant(drawn([T, rows, FEATURES], 1), { shape: [T, rows, FEATURES] });
    const lengths = constant(Int32Array.from({ length: rows }, (_, i) => T - i));
    for (const given of [{ input: x }, { input: x, lengths }])
      expect(await evaluate(layer.forward(given, evaluationContext()), { executor })).toEqual(
        await evaluate(gru.forward(given, evaluationContext()).output, { executor }),
      );
  }
  expect([...(await executor.read({ variable: layer.state[0].key }))]).toEqual([...drawn(layer.state[0].shape, 7)]);
  await executor.dispose();
});

test("its variables have the layer's names, and h and c behind them", () => {
  const layer = new Stateful(new LSTM(3, 4, { projSize: 2, bias: false }), 5);
  const names = [...variables(layer)].map(([name, { shape }]) => `${name} ${shape.join(" ")}`);
  expect(names.slice(-3)).toEqual(["weight_hr_l0 2 4", "h 1 5 2", "c 1 5 4"]);
  expect([...parameters(layer).keys()]).toEqual(["weight_ih_l0", "weight_hh_l0", "weight_hr_l0"]);
});

describe("a trainer", () => {
  const [ROWS, STRETCHES, LENGTH, SYMBOLS] = [4, 32, 3, 4];

  /** Says at each place which symbol stood before it. */
  class Echo {
    table = new Embedding(SYMBOLS, 8);
    memory = new Stateful(new GRU(8, 24, { batchFirst: true }), ROWS);
    head = new Linear(24, SYMBOLS);

    forward({ symbols, fresh }: { symbols: Tensor; fresh: Tensor }, context: Context): Tensor {
      const made = this.memory.forward({ input: this.table.forward(symbols), fresh }, context);
      return this.head.forward(made).transpose(1, 2);
    }
  }

  /** Stretches of ROWS sequences, those that stand beside one another one after the other; `isFresh` says which begin anew. */
  function task(isFresh: (stretch: number) => boolean) {
    const data = Int32Array.from(drawn([STRETCHES, ROWS, LENGTH], 3), (value) =>
      Math.floor((value + 1) * (SYMBOLS / 2)),
    );
    const y = data.map((_, i) => {
      if (i % LENGTH > 0) return data[i - 1];
      return isFresh(Math.floor(i / (ROWS * LENGTH))) ? 0 : data[i - ROWS * LENGTH + LENGTH - 1];
    });
    const count = STRETCHES * ROWS;
    const fresh = Uint8Array.from({ length: count }, (_, i) => (isFresh(Math.floor(i / ROWS)) ? 1 : 0));
    const shape = [count, LENGTH];
    return { x: { symbols: { data, shape }, fresh: { data: fresh, shape: [count] } }, y: { data: y, shape } };
  }

  async function lossOf(samples: ReturnType<typeof task>): Promise<number> {
    const trainer = new Trainer(new Echo(), { loss: crossEntropy, optimizer: adam(0.02) });
    await trainer.load(samples);
    const history = await trainer.fit({ batch: ROWS, epochs: 30, shuffle: false });
    await trainer.dispose();
    return history[29].loss;
  }

  test("learns what only the stretch before tells, and where sequences begin", async () => {
    const goesOn = task((stretch) => stretch % (STRETCHES / 2) === 0);
    expect(await lossOf(goesOn)).toBeLessThan(0.05);
    const { x, y } = goesOn;
    const data = x.fresh.data.map(() => 1);
    // Of every third place it knows nothing, but for what it learns by heart.
    expect(await lossOf({ x: { ...x, fresh: { ...x.fresh, data } }, y })).toBeGreaterThan(0.2);
  });
});

describe("bad input", () => {
  const layer = new Stateful(new GRU(3, 4), 2);
  const training = () => trainingContext(0, scalar(0, "i32"));
  test.each([
    [
      () => new Stateful(new Linear(3, 4) as never, 2),
      "ArgumentError: Stateful: layer must be an RNN, a GRU or an LSTM",
    ],
    [() => new Stateful(new GRU(3, 4), 0), "ArgumentError: Stateful: rows must be"],
    [
      () => new Stateful(new GRU(3, 4, { bidirectional: true }), 2),
      "ArgumentError: Stateful: a layer of both directions cannot go on",
    ],
    [
      () => layer.forward(input([5, 3, 3]), training()),
      "ShapeError: Stateful: 2 sequences go on from step to step, got 3: [5, 3, 3]",
    ],
    [() => layer.forward(input([5, 3]), training()), "ShapeError: GRU: takes sequences [T, N, 3], got [5, 3]"],
    [
      () => layer.forward({ input: input([5, 2, 3]), fresh: input([5]) }, training()),
      "ShapeError: Stateful: fresh of 2 sequences is [2], got [5]",
    ],
    [
      () => layer.forward({ input: input([5, 2, 3]), state: input([1, 2, 4]) } as StatefulInput, training()),
      "ArgumentError: Stateful: unknown option state",
    ],
    [() => layer.forward([] as never, training()), "ArgumentError: Stateful: x must be a tensor, or an object"],
  ] as [() => unknown, string][])("case %#", (run, message) => {
    expect(`${thrown(run)}`.startsWith(message), `${thrown(run)}`).toBe(true);
  });
});
