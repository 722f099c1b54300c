// Results that are small differences of large numbers keep their digits: they are computed as what they are.
import { expect, test } from "vitest";
import { grad } from "../../src/autodiff.ts";
import * as nn from "../../src/nn/functional.ts";
import * as losses from "../../src/nn/losses.ts";
import type { Tensor } from "../../src/tensor.ts";
import { everywhere } from "./everywhere.ts";

const { LN2 } = Math;

/** What two or three functions of at most 3.6 units in the last place may be off: each is two of these units, relatively. */
const few = (unit: number) => 16 * unit;

/** The largest relative error. */
function worst(actual: readonly number[], exact: readonly number[]): number {
  return Math.max(...actual.map((value, i) => Math.abs(value / exact[i] - 1)));
}

everywhere(({ run, unit }) => {
  const FEW = few(unit);

  test.each([1, 1e4, 1e8, 1e30, -1e8])("logSoftmax of equal logits of %f is -ln 2", async (logit) => {
    const { y, slope } = await run(
      (x) => {
        const value = nn.logSoftmax(x);
        return { y: value, slope: grad(value.narrow(0, 0, 1).sum(), [x])[0] };
      },
      [logit, logit],
    );
    expect(worst(y, [-LN2, -LN2])).toBeLessThan(FEW);
    expect(worst(slope, [0.5, -0.5])).toBeLessThan(FEW);
  });

  test("what is made of logSoftmax keeps its digits, too", async () => {
    const results = await run(
      (flat, index) => {
        const logits = flat.reshape([2, 2]);
        const half = logits.mul(0).add(0.5);
        return {
          smoothed: losses.crossEntropy(logits, index, { labelSmoothing: 0.25 }),
          likely: losses.crossEntropy(logits, half),
          picked: losses.nllLoss(logits.logSoftmax(1), index),
          divergence: losses.klDivLoss(logits.logSoftmax(1), half, { reduction: "batchmean" }),
          indexed: losses.crossEntropy(logits, index),
          along: logits.logSoftmax(0).sum(),
        };
      },
      [1e8, 1e8, -1e8, -1e8],
      Int32Array.of(0, 1),
    );
    for (const name of ["smoothed", "likely", "picked", "indexed"] as const)
      expect(worst(results[name], [LN2]), name).toBeLessThan(FEW);
    expect(Math.abs(results.divergence[0])).toBeLessThan(4 * unit);
    expect(results.along[0]).toBe(-4e8);
  });

  test("tanhshrink near 0 is a third of the cube, and goes over into x - tanh(x)", async () => {
    const x = [1e-10, -1e-4, 0.01, 0.1, 0.5, 0.999, 1, 1.5, 8].map(Math.fround);
    const { y } = await run((a) => ({ y: nn.tanhshrink(a) }), x);
    // Below 0.2 the series has ten digits with four terms; above, the difference has them in Float64.
    const exactly = x.map((a) =>
      Math.abs(a) < 0.2
        ? a ** 3 / 3 - (2 * a ** 5) / 15 + (17 * a ** 7) / 315 - (62 * a ** 9) / 2835
        : a - Math.tanh(a),
    );
    expect(worst(y, exactly)).toBeLessThan(few(Math.max(unit, 1e-10)));
  });

  test("logSoftmax of -infinity and of infinity is PyTorch's", async () => {
    const inf = Number.POSITIVE_INFINITY;
    const { masked } = await run((x) => ({ masked: nn.logSoftmax(x) }), [0, -inf]);
    expect(masked).toEqual([0, -inf]);
    const { all } = await run((x) => ({ all: nn.logSoftmax(x) }), [-inf, -inf]);
    expect(all).toEqual([Number.NaN, Number.NaN]);
  });

  const CONFIDENT = [16, 40, 88, -16, -40, -88];
  const RIGHT = CONFIDENT.map((x) => (x > 0 ? 1 : 0));
  const exact = CONFIDENT.map((x) => Math.log1p(Math.exp(-Math.abs(x))));

  test("binary cross-entropy of confident logits is e^-|x|, and so is its slope", async () => {
    const { y, slope, weighed } = await run(
      (x, target) => {
        const options = { reduction: "none" } as const;
        const value = losses.binaryCrossEntropyWithLogits(x, target, options);
        return {
          y: value,
          slope: grad(value.sum(), [x])[0],
          weighed: losses.binaryCrossEntropyWithLogits(x, target, { ...options, posWeight: 3 }),
        };
      },
      CONFIDENT,
      RIGHT,
    );
    expect(worst(y, exact)).toBeLessThan(FEW);
    expect(
      worst(
        slope,
        CONFIDENT.map((x) => -Math.sign(x) / (1 + Math.exp(Math.abs(x)))),
      ),
    ).toBeLessThan(FEW);
    expect(
      worst(
        weighed,
        exact.map((value, i) => (RIGHT[i] === 1 ? 3 * value : value)),
      ),
    ).toBeLessThan(FEW);
  });

  test("soft margins of confident scores are e^-|x|, and so are their slopes", async () => {
    const { single, slope, several, severalSlope } = await run(
      (x, sign) => {
        const value = losses.softMarginLoss(x, sign, { reduction: "none" });
        const rows = losses.multiLabelSoftMarginLoss(x.reshape([6, 1]), sign.greater(0).reshape([6, 1]), {
          reduction: "none",
        });
        return {
          single: value,
          slope: grad(value.sum(), [x])[0],
          several: rows,
          severalSlope: grad(rows.sum(), [x])[0],
        };
      },
      CONFIDENT,
      CONFIDENT.map(Math.sign),
    );
    const slopes = CONFIDENT.map((x) => -Math.sign(x) / (1 + Math.exp(Math.abs(x))));
    for (const values of [single, several]) expect(worst(values, exact)).toBeLessThan(FEW);
    for (const values of [slope, severalSlope]) expect(worst(values, slopes)).toBeLessThan(FEW);
  });

  test("margins between large, nearly equal scores are what they are", async () => {
    const { y, slope } = await run(
      (flat, index) => {
        const value = losses.multiMarginLoss(flat.reshape([2, 2]), index, { reduction: "none" });
        return { y: value, slope: grad(value.sum(), [flat])[0] };
      },
      [1e8, 1e8, -1e30, 1e30],
      Int32Array.of(0, 1),
    );
    expect(y).toEqual([0.5, 0]);
    expect(slope.map((value) => value + 0)).toEqual([-0.5, 0.5, 0, 0]);
  });

  test("binary cross-entropy of the other class, and of soft targets, is right as well", async () => {
    const x = [16, -16, 3, -3, 0];
    const target = [0, 1, 0.25, 0.999, 0.5];
    const { y } = await run(
      (a, b) => ({ y: losses.binaryCrossEntropyWithLogits(a, b, { reduction: "none" }) }),
      x,
      target.map(Math.fround),
    );
    const entropy = x.map((value, i) => {
      const p = Math.fround(target[i]);
      return p * Math.log1p(Math.exp(-value)) + (1 - p) * Math.log1p(Math.exp(value));
    });
    expect(worst(y, entropy)).toBeLessThan(FEW);
  });

  test("focal loss of confident logits, with its slopes", async () => {
    const { y, slope } = await run(
      (x, target) => {
        const value = losses.focalLoss(x, target, { gamma: 1, alpha: null, reduction: "none" });
        return { y: value, slope: grad(value.sum(), [x])[0] };
      },
      CONFIDENT.slice(0, 2),
      [1, 1],
    );
    const exactly = CONFIDENT.slice(0, 2).map((x) => {
      const q = 1 / (1 + Math.exp(x));
      const entropy = Math.log1p(Math.exp(-x));
      return { value: q * entropy, slope: -q * q - (1 - q) * q * entropy };
    });
    expect(
      worst(
        y,
        exactly.map(({ value }) => value),
      ),
    ).toBeLessThan(2 * FEW);
    expect(
      worst(
        slope,
        exactly.map(({ slope: s }) => s),
      ),
    ).toBeLessThan(2 * FEW);
  });

  test.each([0.5, 1, 2, 0])("focal loss with gamma %f is 0 at saturation, with slopes of 0", async (gamma) => {
    const { y, slope, second } = await run(
      (x, target) => {
        const value = losses.focalLoss(x, target, { gamma, reduction: "sum" });
        const [gradient] = grad(value, [x]);
        return { y: value, slope: gradient, second: grad(gradient.sum(), [x])[0] };
      },
      [104, 2000, -2000],
      [1, 1, 0],
    );
    for (const values of [y, slope, second]) for (const value of values) expect(Math.abs(value)).toBeLessThan(1e-44);
  });

  test("log cosh near 0 is half the square, far away the distance", async () => {
    const d = [1e-4, -1e-4, 1e-10, 0.5, 3, 16, 20, 1e4, -1e30].map(Math.fround);
    const { y } = await run(
      (x, target) => ({ y: losses.logCoshLoss(x, target, { reduction: "none" }) }),
      d,
      d.map(() => 0),
    );
    const exactly = d.map((x) => {
      const size = Math.abs(x);
      if (size > 20) return size - LN2;
      return Math.log1p(2 * Math.sinh(size / 2) ** 2);
    });
    expect(worst(y, exactly)).toBeLessThan(FEW);
  });

  test("cosines of short and of long vectors", async () => {
    const { y } = await run(
      (a, b, target) => ({
        y: losses.cosineEmbeddingLoss(a.reshape([2, 2]), b.reshape([2, 2]), target, { reduction: "none" }),
      }),
      [1e10, 0, 3e15, 4e15],
      [1e12, 1e12, -4e15, 3e15],
      [1, 1],
    );
    expect(Math.abs(y[0] - (1 - Math.SQRT1_2))).toBeLessThan(8 * unit);
    expect(Math.abs(y[1] - 1)).toBeLessThan(8 * unit);
  });

  test("powers at 0 have finite derivatives of every order that is asked", async () => {
    for (const exponent of [0, 1, 2, 3]) {
      const { first, second, third } = await run(
        (x) => {
          const [a] = grad(x.pow(exponent).sum(), [x]);
          const [b] = grad(a.sum(), [x]);
          return { first: a, second: b, third: grad(b.sum(), [x])[0] };
        },
        [0],
      );
      expect([first[0], second[0], third[0]].map((value) => value + 0)).toEqual([
        exponent === 1 ? 1 : 0,
        exponent === 2 ? 2 : 0,
        exponent === 3 ? 6 : 0,
      ]);
    }
  });
});

everywhere(({ run, unit }) => {
  test("slopes of what levels off are what is left of it", async () => {
    const x = [-5, -12, -16, -20, -80];
    const { elu } = await run((a) => ({ elu: grad(nn.elu(a).sum(), [a])[0] }), x);
    expect(worst(elu, x.map(Math.exp))).toBeLessThan(8 * unit);
    const far = [1e4, -1e6, 1e8];
    const { softsign } = await run((a) => ({ softsign: grad(nn.softsign(a).sum(), [a])[0] }), far);
    expect(
      worst(
        softsign,
        far.map((a) => (1 + Math.abs(a)) ** -2),
      ),
    ).toBeLessThan(8 * unit);
  });

  test("cross-entropy of confident logits, with the slope of the target's", async () => {
    const { loss, slope } = await run(
      (flat, index) => {
        const value = losses.crossEntropy(flat.reshape([4, 3]), index, { reduction: "none" });
        return { loss: value, slope: grad(value.sum(), [flat])[0] };
      },
      [10, 0, -90, 18, 0, -90, 40, -40, -90, 0, 60, -90],
      Int32Array.of(0, 0, 0, 1),
    );
    const others = [Math.exp(-10), Math.exp(-18), Math.exp(-80), Math.exp(-60)]; // the third logit adds nothing that shows
    expect(worst(loss, others.map(Math.log1p))).toBeLessThan(few(unit));
    const target = [slope[0], slope[3], slope[6], slope[10]];
    expect(
      worst(
        target,
        others.map((e) => -e / (1 + e)),
      ),
    ).toBeLessThan(few(unit));
  });

  test("huber loss of any width", async () => {
    for (const delta of [1e38, Number.POSITIVE_INFINITY]) {
      const { y, slope } = await run(
        (a, b) => {
          const value = losses.huberLoss(a, b, { delta, reduction: "none" });
          return { y: value, slope: grad(value.sum(), [a])[0] };
        },
        [2 ** -10, -2],
        [0, 0],
      );
      expect(worst(y, [2 ** -21, 2])).toBeLessThan(8 * unit);
      expect(worst(slope, [2 ** -10, -2])).toBeLessThan(8 * unit);
    }
  });

  test("the variance of numbers that lie close together far from 0", async () => {
    const { y } = await run((x) => ({ y: x.variance() }), [1e8, 1e8 + 8, 1e8 + 16, 1e8 + 24]);
    expect(Math.abs(y[0] / (320 / 3) - 1)).toBeLessThan(8 * unit);
  });

  test("a sample of weight 0 counts nothing, whatever its loss", async () => {
    const { y } = await run(
      (a, b) => ({ y: losses.mseLoss(a, b, { reduction: "sum", sampleWeight: [1, 0, 0] }) }),
      [1, 1e30, Number.NaN],
      [0, 0, 0],
    );
    expect(y).toEqual([1]);
  });

  test("padding with -0 is not padding with 0", async () => {
    const { y } = await run((x) => ({ y: x.pad([[1, 0]], -0), z: x.pad([[1, 0]], 0) }), [1]);
    expect(y).toEqual([-0, 1]);
  });
});

/** A power whose exponent is data, as it stands in a loss. */
const raised = (x: Tensor, exponent: Tensor) => x.pow(exponent);

everywhere(({ run }) => {
  test("a power of 0 by data is constant where the exponent is 0", async () => {
    const { second } = await run(
      (x, exponent) => {
        const [a] = grad(raised(x, exponent).sum(), [x]);
        return { second: grad(a.sum(), [x])[0] };
      },
      [0, 0, 3],
      [0, 2, 0],
    );
    expect(second.map((value) => value + 0)).toEqual([0, 2, 0]);
  });
});
