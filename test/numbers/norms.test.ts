// Lengths: of any power, without overflow, and with a slope of 0 where they are 0, however they are written.
import { describe, expect, test } from "vitest";
import { grad } from "../../src/autodiff.ts";
import { constant } from "../../src/create.ts";
import { ArgumentError, ShapeError } from "../../src/errors.ts";
import { evaluate } from "../../src/evaluate.ts";
import { lpPool } from "../../src/functions/index.ts";
import * as losses from "../../src/nn/losses.ts";
import * as optim from "../../src/optim/index.ts";
import { agc, clipByGlobalNorm, maxNorm, unitNorm } from "../../src/optim/index.ts";
import type { Transform } from "../../src/optim/transform.ts";
import type { Tensor } from "../../src/tensor.ts";
import { scalar } from "../../src/tensor.ts";
import { Variable } from "../../src/variable.ts";
import { everywhere } from "./everywhere.ts";

const inf = Number.POSITIVE_INFINITY;
const unsigned = (x: number) => x + 0;

/** What is a length, or a multiple of one, in the words of users. */
const LENGTHS: readonly (readonly [string, (x: Tensor) => Tensor])[] = [
  ["norm", (x) => x.norm()],
  ["norm of one axis", (x) => x.norm(0, { keepDims: true }).sum()],
  ["norm, p = 1", (x) => x.norm(0, { p: 1 })],
  ["norm, p = 3", (x) => x.norm(0, { p: 3 })],
  ["norm, p = 1.5", (x) => x.norm(0, { p: 1.5 })],
  ["norm, p = 0.5", (x) => x.norm(0, { p: 0.5 })],
  ["norm, p = Infinity", (x) => x.norm(0, { p: inf })],
  ["lpPool", (x) => lpPool(x.reshape([1, 1, x.shape[0]]), 2, [x.shape[0]]).sum()],
  ["root of a sum of squares", (x) => x.square().sum().sqrt()],
  ["root of a mean of squares", (x) => x.mul(x).mean().sqrt()],
  ["root of a sum of sums", (x) => x.square().sum().add(x.mul(2).square().sum()).sqrt()],
  ["root of squares, reshaped and scaled", (x) => x.square().reshape([1, x.shape[0]]).mul(0.5).sum(1).sqrt().sum()],
  ["standard deviation", (x) => x.variance().sqrt()],
  ["std", (x) => x.std()],
  ["std of rows", (x) => x.reshape([1, x.shape[0]]).std(1, { correction: 0, keepDims: true }).sum()],
  ["deviation of rows", (x) => x.reshape([1, x.shape[0]]).variance(1, { correction: 0 }).sqrt().sum()],
];

everywhere(({ run, unit }) => {
  test.each([
    [[3e20, 4e20], 5e20],
    [[3e-30, 4e-30], 5e-30],
    [[-3e38], 3e38],
    [[0, -0], 0],
    [[inf, 1], inf],
    [[Number.NaN, 1], Number.NaN],
    [[], 0],
  ])("the length of %j", async (x, length) => {
    const { y, column } = await run(
      (a) => ({ y: a.norm(), column: a.reshape([a.shape[0], 1]).norm(0, { keepDims: true }) }),
      x,
    );
    for (const [value] of [y, column])
      if (Number.isFinite(length) && length > 0) expect(Math.abs(value / length - 1)).toBeLessThan(4 * unit);
      else expect(value).toBe(length);
  });

  test.each([
    [[3e30, -3e30], 3e30],
    [[1e-30, 3e-30], 1e-30],
    [[1e6 + 1, 1e6 + 3], 1],
    [[5], 0],
  ])("the standard deviation of %j", async (x, deviation) => {
    const { y } = await run((a) => ({ y: a.std(0, { correction: 0 }) }), x);
    expect(Math.abs(y[0] - deviation)).toBeLessThanOrEqual(4 * unit * deviation);
  });

  test("of long vectors and of several axes", async () => {
    const x = Array.from({ length: 20_000 }, (_, i) => Math.fround(Math.sin(i)));
    const exact = Math.sqrt(x.reduce((sum, value) => sum + value ** 2, 0));
    const { all, parts } = await run(
      (a) => ({ all: a.norm(), parts: a.reshape([20, 10, 100]).norm([0, 2]).norm() }),
      x,
    );
    // The oracle adds one after the other, which costs some digits.
    for (const [value] of [all, parts]) expect(Math.abs(value / exact - 1)).toBeLessThan(Math.max(4 * unit, 1e-13));
  });

  test.each(LENGTHS)("%s has slope 0 at 0", async (_, length) => {
    const { value, slope, second } = await run(
      (x) => {
        const y = length(x);
        const [first] = grad(y, [x]);
        return { value: y, slope: first, second: grad(first.sum(), [x])[0] };
      },
      [0, 0, 0],
    );
    expect(value).toEqual([0]);
    expect(slope.map(unsigned)).toEqual([0, 0, 0]);
    expect(second.map(unsigned)).toEqual([0, 0, 0]);
  });

  test("a deviation of equal numbers has slope 0 also beside rows that differ", async () => {
    const { slope } = await run(
      (x) => ({ slope: grad(x.reshape([2, 2]).variance(1, { correction: 0 }).sqrt().sum(), [x])[0] }),
      [7, 7, 1, 3],
    );
    expect(slope.map(unsigned)).toEqual([0, 0, -0.5, 0.5]);
  });

  test("any other root of 0 has the slope it has in PyTorch", async () => {
    const { slope } = await run((x) => ({ slope: grad(x.sqrt().sum(), [x])[0] }), [0, 4]);
    expect(slope).toEqual([inf, 0.25]);
  });

  test("a sum that doubles again and again is looked through in no time", async () => {
    const { y } = await run(
      (x) => {
        let sum = x.square();
        for (let i = 0; i < 60; i++) sum = sum.add(sum);
        return { y: grad(sum.sqrt().sum(), [x])[0] };
      },
      [3],
    );
    expect(y).toEqual([2 ** 30]);
  });

  test.each([
    [3, [3e20, 4e20], 91 ** (1 / 3) * 1e20],
    [3, [3e-20, 4e-20], 91 ** (1 / 3) * 1e-20],
    [10, [1e30, -1e30], 2 ** 0.1 * 1e30],
    [0.5, [1e20, 4e20], 9e20],
    [inf, [-3.5, 2, 3], 3.5],
    [1, [-3, 4, 0], 7],
    [2.5, [], 0],
    [inf, [], 0],
    [3, [inf, 1], inf],
  ])("of power %f: %j", async (p, x, expected) => {
    const { y } = await run((a) => ({ y: a.norm(0, { p }) }), x);
    if (expected === inf || expected === 0) expect(y).toEqual([expected]);
    else expect(Math.abs(y[0] / expected - 1)).toBeLessThan(16 * unit); // two powers of 1.7 ulp, and a sum
  });

  test("the distances of triplets are of any power", async () => {
    const rows = (x: Tensor) => x.reshape([1, 2]);
    const { y, slope } = await run(
      (a, p, n) => {
        const loss = losses.tripletMarginLoss(rows(a), rows(p), rows(n), { p: inf, eps: 0, margin: 0.5 });
        return { y: loss, slope: grad(loss, [p])[0] };
      },
      [0, 0],
      [4, 1],
      [0, 1],
    );
    expect(y).toEqual([3.5]); // 4 - 1 + 0.5
    expect(slope.map(unsigned)).toEqual([1, 0]);
  });

  test.each([1, 1.5, 2, 3, inf])("triplets whose anchor is the positive have finite slopes: p = %f", async (p) => {
    for (const [eps, offset] of [
      [0, 0],
      [1e-6, -1e-6],
      [undefined, 0],
    ] as const) {
      const { slope } = await run(
        (a, b, n) => {
          const loss = losses.tripletMarginLoss(a.reshape([1, 2]), b.reshape([1, 2]), n.reshape([1, 2]), {
            p,
            eps,
            margin: 10,
          });
          return { slope: grad(loss, [a])[0] };
        },
        [1 + offset, 2 + offset],
        [1, 2],
        [4, 2],
      );
      expect(slope.every((value) => Number.isFinite(value) && Math.abs(value) <= 2)).toBe(true);
    }
  });
});

test.each([
  ["lars", optim.lars(1, { momentum: 0 }), 1e-42, 0.001],
  ["lars, of a long weight", optim.lars(1, { momentum: 0 }), 1e-40, 1],
  ["lamb", optim.lamb(1, { epsilon: 1e-30 }), 1e-20, 1],
] as const)("%s makes a finite step of a tiny gradient", async (name, optimizer, gradient, step) => {
  const length = name.includes("long") ? 1000 : 1;
  const w = new Variable([2], [0.6 * length, 0.8 * length]);
  const assignments = new Map(optimizer.update([constant([gradient, 0])], optimizer.init([w]), [w]));
  const [value] = await evaluate(assignments.get(w) as Tensor);
  expect(Math.abs((0.6 * length - value) / step - 1)).toBeLessThan(0.05); // of a subnormal gradient a digit or two are known
});

describe("what goes by lengths does so for long vectors, too", () => {
  const long = () => constant([3e20, 4e20]);
  const near = async (value: Tensor, expected: readonly number[]) => {
    const found = await evaluate(value);
    expected.forEach((x, i) => {
      expect(found[i] / x).toBeCloseTo(1, 5);
    });
  };
  const [w, step] = [new Variable([2], [1, 1]), scalar(0, "i32")];
  const clipped = (transform: Transform<undefined>) => transform.update([long()], undefined, [w], step).updates[0];

  test("clipping", async () => {
    await near(clipped(clipByGlobalNorm(1)), [0.6, 0.8]);
    await near(clipped(agc(0.01)), [0.6 * 0.01 * Math.SQRT2, 0.8 * 0.01 * Math.SQRT2]);
    const halves = clipByGlobalNorm(1).update([constant([3e20]), constant([4e20])], undefined, [w, w], step).updates;
    await near(halves[0], [0.6]);
    await near(halves[1], [0.8]);
  });

  test("clipping leaves what is 0, or short, as it is", async () => {
    const { updates } = clipByGlobalNorm(1).update([constant([0, 0]), constant([0.5])], undefined, [w, w], step);
    expect(Array.from(await evaluate(updates[0]))).toEqual([0, 0]);
    expect(Array.from(await evaluate(updates[1]))).toEqual([0.5]);
  });

  test("constraints and contrasts", async () => {
    await near(unitNorm()(long()), [0.6, 0.8]);
    await near(maxNorm(2)(long()), [1.2, 1.6]);
    const queries = constant([
      [3e20, 0],
      [0, 4e20],
    ]);
    await near(losses.infoNce(queries, queries, { temperature: 1 }), [Math.log(1 + Math.exp(-1))]);
  });
});

test("what is no length is refused", () => {
  const x = constant([[1, 2]]);
  expect(() => x.norm(0, { p: 0 })).toThrow(ArgumentError);
  expect(() => x.norm(0, { p: Number.NaN })).toThrow("norm: p must be positive, got NaN");
  expect(() => x.norm(2)).toThrow(ShapeError);
});
