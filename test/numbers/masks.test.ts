// Where a function is flat its slope is 0, whatever the slope of what follows: infinity times 0 would be NaN. So slopes are selected.
import { expect, test } from "vitest";
import { grad } from "../../src/autodiff.ts";
import * as nn from "../../src/nn/functional.ts";
import * as losses from "../../src/nn/losses.ts";
import type { Tensor } from "../../src/tensor.ts";
import { everywhere } from "./everywhere.ts";

const inf = Number.POSITIVE_INFINITY;

/** 0 for -0. */
const unsigned = (x: number) => x + 0;

/** Flat up to 0, then steep or not; and where it is flat from on. */
const FLAT: readonly (readonly [string, (x: Tensor) => Tensor])[] = [
  ["relu", nn.relu],
  ["relu6", nn.relu6],
  ["hardtanh", (x) => nn.hardtanh(x, 0, 6)],
  ["hardSigmoid", (x) => nn.hardSigmoid(x.sub(3)).mul(6)],
  ["abs of relu", (x) => x.relu().abs()],
  ["largest with 0", (x) => x.maximum(0)],
];

const STEEP: readonly (readonly [string, (x: Tensor) => Tensor, slopeAtFour: number])[] = [
  ["sqrt", (x) => x.sqrt(), 0.25],
  ["log", (x) => x.log(), 0.25],
  ["power 0.5", (x) => x.pow(0.5), 0.25],
  ["rsqrt", (x) => x.rsqrt(), -0.0625],
  ["reciprocal", (x) => x.pow(-1), -0.0625],
];

everywhere(({ run, unit }) => {
  for (const [flatName, flat] of FLAT)
    test.each(STEEP)(`%s of ${flatName} has slope 0 where ${flatName} is flat`, async (_, steep, slope) => {
      const { first, second } = await run(
        (x) => {
          const [gradient] = grad(steep(flat(x)).sum(), [x]);
          return { first: gradient, second: grad(gradient.sum(), [x])[0] };
        },
        [-1, -0.5, 4],
      );
      expect(first.slice(0, 2).map(unsigned)).toEqual([0, 0]);
      expect(Math.abs(first[2] / slope - 1)).toBeLessThan(16 * unit); // three functions of at most four units each
      expect(second.slice(0, 2).map(unsigned)).toEqual([0, 0]);
      expect(Number.isFinite(second[2])).toBe(true);
    });

  test("at 0 itself relu, relu6 and |x| have slope 0 under a root", async () => {
    for (const f of [nn.relu, nn.relu6, (x: Tensor) => x.abs()]) {
      const { slope } = await run((x) => ({ slope: grad(f(x).sqrt().sum(), [x])[0] }), [0, 4]);
      expect(slope).toEqual([0, 0.25]);
    }
  });

  test("the largest of several takes an infinite slope alone", async () => {
    const { slope } = await run((x) => ({ slope: grad(x.max().sqrt(), [x])[0] }), [-1, 0, -2]);
    expect(slope.map(unsigned)).toEqual([0, inf, 0]);
    const { least } = await run((x) => ({ least: grad(x.min().sqrt(), [x])[0] }), [1, 0, 2]);
    expect(least.map(unsigned)).toEqual([0, inf, 0]);
  });

  test("beside an infinity a log-sum-exp has slope 0", async () => {
    const { slope } = await run((x) => ({ slope: grad(x.logSumExp(), [x])[0] }), [1, inf, -3]);
    expect(slope).toEqual([0, Number.NaN, 0]);
  });

  test("the largest with NaN among them gives NaN, as PyTorch's", async () => {
    const { slope } = await run((x) => ({ slope: grad(x.max(), [x])[0] }), [1, Number.NaN, 2]);
    expect(slope).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  });

  test.each([
    ["huberLoss", losses.huberLoss],
    ["smoothL1Loss", losses.smoothL1Loss],
    ["l1Loss", losses.l1Loss],
    ["logCoshLoss", losses.logCoshLoss],
  ])("%s has slopes -1 and 1 at infinities", async (_, loss) => {
    const { slope } = await run(
      (x, y) => ({ slope: grad(loss(x, y, { reduction: "sum" }), [x])[0] }),
      [-inf, inf, 1e30, -1e30],
      [0, 0, 0, 0],
    );
    expect(slope).toEqual([-1, 1, 1, -1]);
  });

  test("hardSwish has slopes 0 and 1 at infinities", async () => {
    const { y, slope } = await run(
      (x) => ({ y: nn.hardSwish(x), slope: grad(nn.hardSwish(x).sum(), [x])[0] }),
      [-inf, inf],
    );
    expect(y).toEqual([0, inf]);
    expect(slope.map(unsigned)).toEqual([0, 1]);
  });

  test("a probability of 0 counts nothing beside a logarithm of -infinity", async () => {
    const { entropy, divergence } = await run(
      (logits, target) => ({
        entropy: losses.crossEntropy(logits.reshape([1, 3]), target.reshape([1, 3])),
        divergence: losses.klDivLoss(logits, target, { reduction: "sum" }),
      }),
      [0, 0, -inf],
      [0.5, 0.5, 0],
    );
    expect(Math.abs(entropy[0] - Math.LN2)).toBeLessThan(4 * unit);
    expect(Math.abs(divergence[0] + Math.LN2)).toBeLessThan(4 * unit);
  });
});
