// Smallest and largest of all that can be compared; among nothing there is none.
import { describe, expect, test } from "vitest";
import { constant, input } from "../../src/create.ts";
import { ShapeError } from "../../src/errors.ts";
import { everywhere } from "./everywhere.ts";

const [LEAST, MOST] = [-(2 ** 31), 2 ** 31 - 1];

everywhere(({ run }) => {
  test.each([
    [[5, LEAST, 3], LEAST, 5],
    [[LEAST, LEAST], LEAST, LEAST],
    [[MOST, 0, LEAST], LEAST, MOST],
    [[MOST], MOST, MOST],
    [[-1, 0, 1], -1, 1],
  ])("of whole numbers %j", async (values, least, most) => {
    const { low, high, columns } = await run(
      (x) => ({
        low: x.min(),
        high: x.max(),
        columns: x.reshape([x.shape[0], 1]).min(0, { keepDims: true }),
      }),
      Int32Array.from(values),
    );
    expect([low[0], high[0], columns[0]]).toEqual([least, most, least]);
  });

  test("of zeros, infinities and NaN", async () => {
    const inf = Number.POSITIVE_INFINITY;
    const { low, high } = await run((x) => ({ low: x.min(), high: x.max() }), [inf, -inf, 3]);
    expect([low[0], high[0]]).toEqual([-inf, inf]);
    const { none } = await run((x) => ({ none: x.min() }), [1, Number.NaN]);
    expect(none).toEqual([Number.NaN]);
  });

  test("of no rows of something there are no results", async () => {
    const { y } = await run((x) => ({ y: x.reshape([0, 2]).max(1) }), []);
    expect(y).toEqual([]);
  });
});

describe("of nothing", () => {
  test.each(["max", "min", "argmax", "argmin"] as const)("%s is refused", (name) => {
    const empty = input([2, 0, 3]);
    expect(() => empty[name](1)).toThrow(ShapeError);
    expect(() => empty[name](1)).toThrow("[2, 0, 3] has nothing along axis 1");
    expect(() => constant([])[name]()).toThrow("[0] has nothing along axis 0");
  });

  test("min and max of i32 are refused, too", () => {
    expect(() => input([0], "i32").min()).toThrow("min: [0] has nothing along axis 0");
    expect(() => input([0], "i32").max()).toThrow("max: [0] has nothing along axis 0");
  });

  test("so are softmax and its kin", () => {
    for (const name of ["softmax", "logSoftmax", "logSumExp"] as const)
      expect(() => input([2, 0])[name]()).toThrow(ShapeError);
  });
});
