// Code made for a program has the bits of the kernels that it stands in for: every mode of an operand, any length, toys that are one
// function, trainings. In Node, and in every engine.
import { afterAll, describe, expect, test } from "vitest";
import { compile, concat, grad, input, Trainer, Variable } from "../../src/index.ts";
import { crossEntropy, gelu, Linear, mseLoss, relu, Sequential, sigmoid, tanh } from "../../src/nn/index.ts";
import { adam, sgd } from "../../src/optim/index.ts";
import type { Executor, TypedArray } from "../../src/runtime/executor.ts";
import { LocalExecutor } from "../../src/runtime/local-executor.ts";
import { createWasmMachine, decoded, type Sharing } from "../../src/runtime/wasm/machine.ts";
import { type Graph, runOn } from "../run.ts";

export type Build = "relaxed" | "portable";

export async function executorOf(build: Build, options: Partial<Sharing>): Promise<Executor> {
  const { wasm } = await import(`../../src/runtime/wasm/generated/${build}.ts`);
  const bytes = decoded(wasm);
  const info = { name: `wasm-${build}`, tile: "", threads: 1, fallback: "" } as const;
  return new LocalExecutor(info, createWasmMachine(bytes, { threads: 1, ...options }), { poison: true });
}

const bitsOf = (values: TypedArray) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/** For the tests around it: whether a graph's results have the same bits with and without functions. */
export function comparison(build: Build): (graph: () => Graph, where?: string) => Promise<void> {
  const executors = Promise.all([executorOf(build, { prepareAfter: 1e9 }), executorOf(build, { prepareAfter: 0 })]);
  afterAll(async () => {
    for (const executor of await executors) await executor.dispose();
  });
  return async (graph, where) => {
    const [interpreted, made] = await executors;
    const [expected, actual] = [await runOn(interpreted, graph()), await runOn(made, graph())];
    for (const [name, values] of Object.entries(expected))
      expect(bitsOf(actual[name]), `${name} ${where}`).toEqual(bitsOf(values));
  };
}

/** A training of about 30 steps: all losses, and the weights in the end. */
async function train(executor: Executor, name: keyof typeof trainings): Promise<readonly Uint8Array[]> {
  const { widths, activation, rows, batch, optimizer, classes } = trainings[name];
  const layers = widths.slice(1).flatMap((width, i) => [activation, new Linear(widths[i], width)]);
  const trainer = new Trainer(new Sequential(...layers.slice(1)), {
    loss: classes ? crossEntropy : mseLoss,
    optimizer: optimizer(),
    executor,
    seed: 3,
  });
  const outputs = widths[widths.length - 1];
  await trainer.load({
    x: { data: Float32Array.from({ length: rows * widths[0] }, (_, i) => Math.sin(i)), shape: [rows, widths[0]] },
    y: classes
      ? { data: Int32Array.from({ length: rows }, (_, i) => i % outputs), shape: [rows] }
      : { data: Float32Array.from({ length: rows * outputs }, (_, i) => Math.cos(i)), shape: [rows, outputs] },
  });
  const losses: number[] = [];
  for await (const report of trainer.fit({ batch, epochs: Math.ceil((30 * batch) / rows) }))
    losses.push(...report.losses);
  const state = await trainer.stateDict();
  return [Float32Array.from(losses), ...Object.values(state).map(({ data }) => data)].map(bitsOf);
}

const trainings = {
  toy: { widths: [2, 3, 1], activation: tanh, rows: 4, batch: 4, optimizer: () => sgd(0.1), classes: false },
  "toy with batches": {
    widths: [3, 4, 2],
    activation: relu,
    rows: 12,
    batch: 3,
    optimizer: () => adam(0.01),
    classes: false,
  },
  "toy with classes": {
    widths: [2, 4, 3],
    activation: sigmoid,
    rows: 5,
    batch: 5,
    optimizer: () => adam(0.01),
    classes: true,
  },
  "large toy": {
    widths: [3, 8, 7, 2],
    activation: tanh,
    rows: 9,
    batch: 4,
    optimizer: () => adam(0.01),
    classes: false,
  },
  small: { widths: [30, 20, 5], activation: relu, rows: 100, batch: 16, optimizer: () => adam(0.01), classes: true },
};

/** Trainings are compared with further kinds of sharing, too. */
export function jitTests(builds: readonly Build[], more: readonly Partial<Sharing>[] = []): void {
  describe.each(builds)("functions made for the %s build", (build) => {
    const expectSame = comparison(build);

    const numbers = (count: number, seed: number) =>
      Float32Array.from({ length: count }, (_, i) => Math.sin(seed + i * 1.7) * 3);

    test.each([1, 2, 3, 4, 5, 15, 16, 17, 31, 32, 33, 36, 63, 100, 8191, 8193])(
      "have its bits for maps of %i elements",
      async (n) => {
        await expectSame(() => {
          const [x, y, z] = [input([n]), input([n]), input([])];
          const short = x.mul(y).add(z);
          const outputs = {
            short,
            long: short.sub(y).mul(x).maximum(z).div(y.abs().add(1)).add(x).mul(y).sub(z).minimum(x).neg().add(short),
            integer: x.cast("i32").mul(y.cast("i32")).add(3),
            chosen: x.less(y).select(x, z),
          };
          return { outputs, inputs: [[x, numbers(n, 1)] as const, [y, numbers(n, 2)] as const, [z, [0.75]] as const] };
        });
      },
    );

    test.each([16, 18, 35, 511, 512, 516, 1027, 8193])(
      "have its bits for maps of %i elements with long steps between short ones",
      async (n) => {
        await expectSame(() => {
          const [x, y, z, key] = [input([n]), input([n]), input([]), input([], "i32")];
          const gate = x.mul(y).add(z).sigmoid();
          const state = gate.mul(x.add(y).tanh()).add(y.mul(z).exp());
          const outputs = {
            gate,
            state,
            shown: state.tanh().mul(gate).add(x),
            gelu: x.mul(0.7).erf().add(1).mul(x).mul(0.5),
            power: x.abs().add(1).pow(y.mul(0.5)).sub(z).mul(x).add(y),
            log: x.abs().add(0.01).log().mul(y).add(x).sin().mul(z).sub(y),
            order: x.cast("i32").mul(3).add(1).remainder(7).mul(5).sub(key).add(2),
          };
          const inputs = [
            [x, numbers(n, 1)],
            [y, numbers(n, 2)],
            [z, [0.75]],
            [key, Int32Array.of(4)],
          ] as const;
          return { outputs, inputs };
        });
      },
    );

    test("have its bits for gates that are parts of rows, and results that become parts", async () => {
      await expectSame(() => {
        const [sums, row, column, c] = [input([21, 48]), input([12]), input([21, 1]), input([21, 12])];
        const [i, f, g, o] = [0, 1, 2, 3].map((at) => sums.narrow(1, 12 * at, 12));
        const next = f.add(row).sigmoid().mul(c).add(i.mul(column).sigmoid().mul(g.tanh()));
        const shown = next.tanh();
        const outputs = {
          next,
          h: o.sigmoid().mul(shown),
          parts: concat([shown.mul(g).add(i), next.neg().exp().mul(o).add(row), shown], 1),
        };
        const inputs = [sums, row, column, c].map(
          (each, k) =>
            [
              each,
              numbers(
                each.shape.reduce((p, d) => p * d, 1),
                k,
              ),
            ] as const,
        );
        return { outputs, inputs };
      });
    });

    test("have its bits for a result of the first loop that nobody reads in the last one", async () => {
      await expectSame(() => {
        const [x, mean, scale, weight, bias] = [input([2, 6, 172]), ...[1, 2, 3, 4].map(() => input([6, 1]))];
        const normed = x.sub(mean).mul(scale);
        const y = normed.mul(weight).add(bias);
        const gate = y.sigmoid();
        const inputs = [x, mean, scale, weight, bias].map(
          (each, k) => [each, numbers(each === x ? 2064 : 6, k)] as const,
        );
        return { outputs: { normed, y, gate, swish: y.mul(gate) }, inputs };
      });
    });

    test("have its bits where the result of a long step replaces what is still to be read", async () => {
      const states: Uint8Array[] = [];
      for (const prepareAfter of [1e9, 0]) {
        const executor = await executorOf(build, { prepareAfter });
        const w = new Variable([700], 1);
        const shown = w.mul(2).add(0.3).tanh();
        const outputs = { sum: shown.mul(w).add(w).sub(0.25) };
        const id = await executor.load(compile({ assignments: [[w, shown]], outputs }));
        await executor.write({ variable: w.key }, numbers(700, 1));
        await executor.run([[id, 2]]).done;
        states.push(bitsOf(await executor.read({ program: id, name: "sum" })).slice());
        await executor.dispose();
      }
      expect(states[1]).toEqual(states[0]);
    });

    test.each([
      [5, 4],
      [7, 12],
      [3, 5],
      [6, 1024],
      [700, 16],
      [9, 3],
    ])("have its bits for rows and columns of [%i, %i]", async (rows, columns) => {
      await expectSame(() => {
        const [x, row, column] = [input([rows, columns]), input([columns]), input([rows, 1])];
        const outputs = { row: x.mul(row).add(0.5), column: x.sub(column).mul(2), both: x.mul(row).add(column) };
        const inputs = [x, row, column].map(
          (each, i) =>
            [
              each,
              numbers(
                each.shape.reduce((p, d) => p * d, 1),
                i,
              ),
            ] as const,
        );
        return { outputs, inputs };
      });
    });

    test("have its bits for channels", async () => {
      await expectSame(() => {
        const [x, channel] = [input([3, 5, 4, 7]), input([5, 1, 1])];
        const inputs = [x, channel].map(
          (each, i) =>
            [
              each,
              numbers(
                each.shape.reduce((p, d) => p * d, 1),
                i,
              ),
            ] as const,
        );
        return { outputs: { y: x.mul(channel).add(1) }, inputs };
      });
    });

    test("have its bits for bytes, and for numbers that are none", async () => {
      await expectSame(() => {
        const [bytes, x] = [input([301], "u8"), input([301])];
        const special = [Number.NaN, Number.POSITIVE_INFINITY, -0, 0, 1e-42, -1e38, 3e9];
        return {
          outputs: {
            scaled: bytes
              .cast("f32")
              .mul(1 / 255)
              .sub(0.5),
            relu: x.relu().mul(-1),
            sign: x.sign().mul(-0.5),
            integer: x.cast("i32").add(1),
            remainder: x.remainder(0.7).add(x),
            larger: x.maximum(0).minimum(1).mul(2),
          },
          inputs: [
            [bytes, Uint8Array.from({ length: 301 }, (_, i) => i)],
            [x, Float32Array.from({ length: 301 }, (_, i) => (i < 70 ? special[i % 7] : Math.sin(i) * 4))],
          ],
        };
      });
    });

    test("have its bits for an epilogue whose rows begin anywhere", async () => {
      await expectSame(() => {
        const [a, b, row, whole] = [input([37, 50]), input([50, 30]), input([30]), input([37, 30])];
        const inputs = [a, b, row, whole].map(
          (each, i) => [each, numbers(each.shape[0] * (each.shape[1] ?? 1), i)] as const,
        );
        const product = a.matmul(b);
        return { outputs: { row: product.add(row).relu(), whole: product.mul(whole).add(0.25) }, inputs };
      });
    });

    test.each([
      [37, 30],
      [9, 32],
      [130, 540],
    ])("have its bits for gelu and its gradient as epilogues of [%i, %i]", async (m, n) => {
      await expectSame(() => {
        const [a, b, row] = [input([m, 20]), input([20, n]), input([n])];
        const inputs = [a, b, row].map((each, i) => [each, numbers(each.shape[0] * (each.shape[1] ?? 1), i)] as const);
        const x = a.matmul(b).mul(0.1).add(row);
        const y = gelu(x);
        const [slope] = grad(y.mul(y).sum(), [a]);
        return { outputs: { y, slope: slope.add(0) }, inputs };
      });
    });
  });

  describe.each(builds)("a training in the %s build", (build) => {
    test.each(Object.keys(trainings) as (keyof typeof trainings)[])("%s has the same bits", async (name) => {
      const results: (readonly Uint8Array[])[] = [];
      for (const options of [{ prepareAfter: 1e9 }, { prepareAfter: 0 }, {}, ...more]) {
        const executor = await executorOf(build, options);
        results.push(await train(executor, name));
        await executor.dispose();
      }
      for (const result of results.slice(1)) expect(result).toEqual(results[0]);
    });
  });
}
