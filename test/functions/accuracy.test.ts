// The functions of simdgrad/functions that are composed of kernels against double precision, all over float32: the stated bounds hold,
// and are not vacuous.
import { afterAll, describe, expect, test } from "vitest";
import { input } from "../../src/create.ts";
import * as f from "../../src/functions/index.ts";
import { ACCURACY } from "../../src/runtime/wasm/accuracy.ts";
import { WasmExecutor } from "../../src/runtime/wasm/wasm-executor.ts";
import type { Tensor } from "../../src/tensor.ts";
import { expectBound, sweep, worstOf } from "../assembly/sweep.ts";
import { runOn } from "../run.ts";

const inf = Number.POSITIVE_INFINITY;

const FUNCTIONS: readonly (readonly [
  name: keyof typeof ACCURACY,
  f: (x: Tensor) => Tensor,
  exact: (x: number) => number,
  spots: number[],
])[] = [
  ["tan", f.tan, Math.tan, [2 ** -12, 0.785398, 1.5707964, Math.PI, 200, 2 ** 24, 3.4e38]],
  ["atan", f.atan, Math.atan, [2 ** -12, 0.5, 1, 2, 2 ** 24]],
  ["asin", f.asin, Math.asin, [2 ** -12, 0.5, Math.SQRT1_2, 1]],
  ["acos", f.acos, Math.acos, [2 ** -12, 0.5, Math.SQRT1_2, 1]],
  ["sinh", f.sinh, Math.sinh, [2 ** -12, 0.5, 1, 9, 88, 88.72, 89.415]],
  ["cosh", f.cosh, Math.cosh, [2 ** -12, 0.5, 1, 9, 88, 88.72, 89.415]],
  ["asinh", f.asinh, Math.asinh, [2 ** -12, 0.5, 1, 2 ** 30, 3.4e38]],
  ["acosh", f.acosh, Math.acosh, [1, 1.5, 2, 2 ** 30, 3.4e38]],
  ["atanh", f.atanh, Math.atanh, [2 ** -12, 0.5, 1]],
];

const builds = ["relaxed", "portable"] as const;
const executors = Object.fromEntries(builds.map((build) => [build, new WasmExecutor({ build })]));
afterAll(() => Promise.all(Object.values(executors).map((executor) => executor.dispose())));

describe.each(FUNCTIONS)("%s", (name, of, exact, spots) => {
  const data = sweep(spots);
  const want = Float64Array.from(data, (value) => exact(value));

  test.each(builds)("stays within its bound in the %s build", async (build) => {
    const x = input([data.length]);
    const { y } = await runOn(executors[build], { outputs: { y: of(x) }, inputs: [[x, data]] });
    expectBound(worstOf(y as Float32Array, want, data), ACCURACY[name][build]);
  });
});

test("infinities, zeros and NaN are C's", async () => {
  const special = [0, -0, 1, -1, 2, -2, inf, -inf, Number.NaN];
  const x = input([special.length]);
  for (const [name, of, exact] of FUNCTIONS) {
    const { y } = await runOn(executors.portable, { outputs: { y: of(x) }, inputs: [[x, special]] });
    const plain = (value: number) => (Number.isFinite(value) && value !== 0 ? Math.sign(value) : value);
    expect({ [name]: Array.from(y, plain) }).toEqual({ [name]: special.map((value) => plain(exact(value))) });
  }
});
