// Attention tile by tile is the plain one: values, gradients, gradients of gradients, over masks, biases, grouped heads and lengths that
// fill no tile; with dropout by central differences. Its memory grows with the length, not with its square.
import { afterAll, describe, expect, test } from "vitest";
import { grad } from "../../src/autodiff.ts";
import { compile } from "../../src/compile/compile.ts";
import { constant, input } from "../../src/create.ts";
import { evaluateAll } from "../../src/evaluate.ts";
import { type AttentionOptions, MultiheadAttention, scaledDotProductAttention } from "../../src/nn/attention.ts";
import { evaluationContext, trainingContext } from "../../src/nn/module.ts";
import { WasmExecutor } from "../../src/runtime/wasm/wasm-executor.ts";
import type { Shape } from "../../src/shape.ts";
import { scalar, type Tensor } from "../../src/tensor.ts";
import { float32, oracle } from "../executors.ts";
import { drawn } from "./sums.ts";

const executors = [["oracle", oracle()] as const, ["wasm-relaxed", float32["wasm-relaxed"]()] as const];
afterAll(() => Promise.all(executors.map(([, executor]) => executor.dispose())));

// Forward, each row is the same sums in the same order but for those of the products' tiles; backward, gradients of keys and values are added up
// tile by tile. In Float64 that is some 1e-16 of the largest, in Float32 6e-8 of it, over sums of up to 200.
const TOLERANCE = { oracle: 1e-13, "wasm-relaxed": 5e-6 };

const part = (seed: number, ...shape: Shape) => constant(drawn(shape, seed), { shape });
const bits = (seed: number, ...shape: Shape) => part(seed, ...shape).greater(0.3);

interface Case {
  readonly shapes: readonly [q: Shape, k: Shape, v: Shape];
  readonly options: AttentionOptions;
}

const cases: Readonly<Record<string, Case>> = {
  "one head": {
    shapes: [
      [128, 4],
      [70, 4],
      [70, 3],
    ],
    options: {},
  },
  causal: {
    shapes: [
      [2, 130, 4],
      [2, 130, 4],
      [2, 130, 5],
    ],
    options: { isCausal: true, scale: 0.7 },
  },
  "fewer queries than a tile": {
    shapes: [
      [2, 5, 4],
      [2, 9, 4],
      [2, 9, 4],
    ],
    options: { mask: bits(4, 2, 5, 9) },
  },
  "masks with empty rows, and grouped heads": {
    shapes: [
      [2, 4, 100, 4],
      [2, 2, 33, 4],
      [2, 2, 33, 3],
    ],
    options: { mask: bits(4, 100, 33).mul(part(5, 100, 1).greater(-0.5)), isCausal: true },
  },
  "a mask of keys": {
    shapes: [
      [2, 2, 70, 4],
      [2, 2, 40, 4],
      [2, 2, 40, 4],
    ],
    options: {
      mask: constant(
        Uint8Array.from(drawn([80], 4), (x) => Number(x > 0.3)),
        { shape: [2, 1, 1, 40] },
      ),
    },
  },
  "a bias of queries and keys": {
    shapes: [
      [2, 70, 4],
      [2, 40, 4],
      [2, 40, 4],
    ],
    options: { bias: part(4, 70, 40) },
  },
  "a bias of keys, and a mask": {
    shapes: [
      [2, 70, 4],
      [2, 40, 4],
      [2, 40, 4],
    ],
    options: { bias: part(4, 2, 1, 40), mask: bits(5, 2, 70, 1) },
  },
};

/** Values, gradients and gradients of gradients. */
function derived({ shapes, options }: Case, tiled: boolean): Tensor[] {
  const given = shapes.map((shape, i) => part(i + 1, ...shape));
  const by = options.bias === undefined ? given : [...given, options.bias];
  const [q, k, v] = given;
  const value = scaledDotProductAttention(q, k, v, { ...options, tiled });
  const weighted = (tensors: readonly Tensor[], from: number) =>
    tensors.map((each, i) => each.mul(part(from + i, ...each.shape)).sum()).reduce((a, b) => a.add(b));
  const gradients = grad(weighted([value], 10), by);
  return [value, ...gradients, ...grad(weighted(gradients, 20), by)];
}

describe.each(executors)("on %s", (name, executor) => {
  test.each(Object.entries(cases))("tiles are the plain attention: %s", async (_, given) => {
    const [plain, tiled] = await Promise.all(
      [false, true].map((each) => evaluateAll(derived(given, each), { executor })),
    );
    for (const [i, values] of plain.entries()) {
      const expected = Array.from(values);
      const largest = expected.reduce((a, b) => Math.max(a, Math.abs(b)), 1);
      const off = expected.reduce((a, b, at) => Math.max(a, Math.abs(b - tiled[i][at])), 0);
      expect(off / largest, `tensor ${i}`).toBeLessThan(TOLERANCE[name]);
    }
  });

  test("queries, keys and values may be one tensor", async () => {
    const x = part(1, 2, 70, 4);
    const slopes = [false, true].map(
      (tiled) => grad(scaledDotProductAttention(x, x, x, { tiled }).square().sum(), [x])[0],
    );
    const [plain, own] = await evaluateAll(slopes, { executor });
    for (const [i, expected] of plain.entries()) expect(Math.abs(own[i] - expected)).toBeLessThan(10 * TOLERANCE[name]);
  });
});

describe("dropout by tiles", () => {
  const [, executor] = executors[0];
  const context = () => trainingContext(3, scalar(5, "i32"));
  const [q, k] = [part(1, 2, 70, 4), part(2, 2, 40, 4)];

  test("drops its share, and scales the rest", async () => {
    const ones = constant(new Float64Array(80).fill(1), { shape: [2, 40, 1] });
    const [sums] = await evaluateAll(
      [scaledDotProductAttention(q, k, ones, { tiled: true, dropoutP: 0.25, context: context() })],
      { executor },
    );
    const mean = Array.from(sums).reduce((a, b) => a + b) / sums.length;
    // 140 rows of 40 weights of about 1 / 40: a deviation of sqrt(0.25 / 0.75 / 5600), some 0.008, of the mean.
    expect(Math.abs(mean - 1)).toBeLessThan(0.03);
    expect(new Set(sums).size).toBe(140);
  });

  test("has the gradient of what it has drawn", async () => {
    const v = part(3, 2, 40, 3);
    const loss = (...[a, b, c]: Tensor[]) =>
      scaledDotProductAttention(a, b, c, { tiled: true, dropoutP: 0.25, isCausal: true, context: context() })
        .mul(part(4, 2, 70, 3))
        .sum();
    const given = [q, k, v];
    const slopes = await evaluateAll(grad(loss(...given), given), { executor });
    for (const [i, tensor] of given.entries())
      for (const at of [0, 7, 101]) {
        const step = constant(
          Float64Array.from({ length: slopes[i].length }, (_, j) => (j === at ? 1e-5 : 0)),
          { shape: tensor.shape },
        );
        const moved = (sign: number) => loss(...given.map((each, j) => (j === i ? each.add(step.mul(sign)) : each)));
        const [[above], [below]] = await evaluateAll([moved(1), moved(-1)], { executor });
        expect(slopes[i][at]).toBeCloseTo((above - below) / 2e-5, 7);
      }
  });
});

describe("memory", () => {
  const arena = (length: number, tiled?: boolean) => {
    const shape = [2, length, 16];
    const [q, k, v] = [input(shape), input(shape), input(shape)];
    const output = scaledDotProductAttention(q, k, v, { tiled, isCausal: true });
    const [dq, dk, dv] = grad(output.square().sum(), [q, k, v]);
    return compile({ inputs: { q, k, v }, outputs: { output, dq, dk, dv } }).arenaWords;
  };

  test("at 4,096 it is under a tenth of the plain one's, and twice the length is twice the memory", () => {
    const [tiled, plain, twice] = [arena(4096, true), arena(4096, false), arena(8192, true)];
    expect(tiled).toBeLessThan(plain / 10);
    expect(twice).toBeLessThan(2.2 * tiled);
    expect(arena(4096)).toBe(tiled);
    expect(arena(512)).toBe(arena(512, false));
  });

  test("layers go by tiles, too, where sequences are long", () => {
    const layer = new MultiheadAttention(8, 2, { batchFirst: true });
    const x = input([1, 1024, 8]);
    const output = layer.forward(x, evaluationContext());
    expect(compile({ inputs: { x }, outputs: { output } }).arenaWords).toBeLessThan((2 * 1024 * 1024) / 4);
  });
});

test("bits are the same by two threads", async () => {
  const all = derived(cases["masks with empty rows, and grouped heads"], true);
  const [one, two] = [1, 2].map((threads) => new WasmExecutor({ threads }));
  expect(await evaluateAll(all, { executor: two })).toEqual(await evaluateAll(all, { executor: one }));
  await Promise.all([one.dispose(), two.dispose()]);
});
