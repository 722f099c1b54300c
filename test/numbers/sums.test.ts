// Sums over long axes are within one unit in the last place of the exact ones, in an order that the shape alone fixes.
import { afterAll, describe, expect, test } from "vitest";
import { input } from "../../src/create.ts";
import { cumulativeSum } from "../../src/ops/cumulative.ts";
import type { Shape } from "../../src/shape.ts";
import type { Tensor } from "../../src/tensor.ts";
import { float32 } from "../executors.ts";
import { generator } from "../ops/inputs.ts";
import { runOn } from "../run.ts";

/** Distance from |x| to the next float32. */
function ulp(x: number): number {
  return 2 ** (Math.max(-126, Math.floor(Math.log2(Math.abs(x)))) - 23);
}

/** The sum in twice the precision of Float64 (Knuth's two-sum; Ogita, Rump and Oishi 2005). */
function exactSum(data: Float32Array, first: number, step: number, count: number): number {
  let [sum, lost] = [0, 0];
  for (let i = 0, at = first; i < count; i++, at += step) {
    const next = sum + data[at];
    const part = next - sum;
    lost += sum - (next - part) + (data[at] - part);
    sum = next;
  }
  return sum + lost;
}

const next = generator(3);
const KINDS: Readonly<Record<string, () => number>> = {
  "from 0 to 1": () => next(),
  "all one tenth": () => 0.1,
  "of any size": () => next() * 2 ** Math.floor(20 * next()),
};

describe.each(Object.entries(float32))("%s", (_, create) => {
  const executor = create({ poison: true });
  afterAll(() => executor.dispose());

  async function sumOf(shape: Shape, data: Float32Array, f: (x: Tensor) => Tensor): Promise<ArrayLike<number>> {
    const x = input(shape);
    return (await runOn(executor, { outputs: { y: f(x) }, inputs: [[x, data]] })).y;
  }

  test.each(Object.entries(KINDS))("of 10^7 numbers %s", async (_, draw) => {
    const data = Float32Array.from({ length: 1e7 }, draw);
    const [sum] = Array.from(await sumOf([1e7], data, (x) => x.sum()));
    const exact = exactSum(data, 0, 1, 1e7);
    expect(Math.abs(sum - exact)).toBeLessThanOrEqual(ulp(exact));
  });

  test.each([
    [[3, 70_000, 5], 1],
    [[70_000, 3], 0],
    [[9000, 40], 0],
    [[40, 1025], 1],
    [[2, 257, 33], 1],
    [[40, 5000], 1],
  ] as const)("over the long axis of %j", async (shape, axis) => {
    for (const draw of Object.values(KINDS)) {
      const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, draw);
      const sums = await sumOf(shape, data, (x) => x.sum(axis));
      const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
      for (let i = 0; i < sums.length; i++) {
        const first = Math.floor(i / inner) * shape[axis] * inner + (i % inner);
        const exact = exactSum(data, first, inner, shape[axis]);
        expect(Math.abs(sums[i] - exact)).toBeLessThanOrEqual(ulp(exact));
      }
    }
  });

  test.each([
    [[40, 5000], 1],
    [[3, 7000, 5], 1],
    [[9000, 4], 0],
  ] as const)("running along the long axis of %j", async (shape, axis) => {
    for (const draw of Object.values(KINDS)) {
      const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, draw);
      const sums = await sumOf(shape, data, (x) => cumulativeSum(x, axis));
      const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
      for (let line = 0; line < 3; line++)
        for (const count of [1, 2, 65, 1000, shape[axis]]) {
          const first = inner === 1 ? line * shape[axis] : line;
          const exact = exactSum(data, first, inner, count);
          expect(Math.abs(sums[first + (count - 1) * inner] - exact)).toBeLessThanOrEqual(ulp(exact));
        }
    }
  });

  test("column sums of [3, 700000, 5] are within 2e-7", async () => {
    const data = Float32Array.from({ length: 3 * 7e5 * 5 }, () => next());
    const sums = await sumOf([3, 7e5, 5], data, (x) => x.sum(1));
    for (let i = 0; i < 15; i++) {
      const exact = exactSum(data, Math.floor(i / 5) * 7e5 * 5 + (i % 5), 5, 7e5);
      expect(Math.abs(sums[i] / exact - 1)).toBeLessThan(2e-7);
    }
  });

  test.each([4, 65])("of many rows added to %i", async (rows) => {
    const [count, width] = [200_000, 3];
    const data = Float32Array.from({ length: count * width }, () => 0.1 * next());
    const index = Int32Array.from({ length: count }, (_, i) => (i % 7 === 0 ? i % rows : 1));
    const [updates, at] = [input([count, width]), input([count], "i32")];
    const inputs = [[updates, data] as const, [at, index] as const];
    const { y } = await runOn(executor, { outputs: { y: at.scatterAdd(updates, [rows, width]) }, inputs });
    const exact = new Float64Array(rows * width);
    for (let i = 0; i < data.length; i++) exact[index[Math.floor(i / width)] * width + (i % width)] += data[i];
    exact.forEach((sum, i) => {
      expect(Math.abs(y[i] - sum)).toBeLessThanOrEqual(sum === 0 ? 0 : ulp(sum));
    });
  });

  test("what cancels leaves what is left", async () => {
    const data = Float32Array.from({ length: 20_000 }, (_, i) => (i % 2 === 0 ? 1e7 : -1e7) + (i === 777 ? 1 : 0));
    const [sum] = Array.from(await sumOf([20_000], data, (x) => x.sum()));
    expect(sum).toBe(1);
  });

  test("infinities and NaN come through, and so does what overflows", async () => {
    const inf = Number.POSITIVE_INFINITY;
    const of = async (change: (data: Float32Array) => void) => {
      const data = new Float32Array(20_000).fill(1);
      change(data);
      return Array.from(await sumOf([20_000], data, (x) => x.sum()));
    };
    expect(await of((data) => data.fill(inf, 9000, 9001))).toEqual([inf]);
    expect(await of((data) => data.fill(-inf, 3, 5))).toEqual([-inf]);
    expect(await of((data) => data.set([inf, -inf], 9000))).toEqual([Number.NaN]);
    expect(await of((data) => data.fill(Number.NaN, 19_999))).toEqual([Number.NaN]);
    expect(await of((data) => data.fill(3e38))).toEqual([inf]);
  });
});
