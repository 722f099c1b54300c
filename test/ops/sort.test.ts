// Sorting beyond its samples: the same order on every executor and for any number of threads, gradients through what is sorted, programs.
import { afterAll, describe, expect, test } from "vitest";
import { SORT_SHORT } from "../../assembly/isa/sizes.ts";
import { grad } from "../../src/autodiff.ts";
import { compile } from "../../src/compile/compile.ts";
import { constant, input } from "../../src/create.ts";
import { checkGradients } from "../../src/debug/check-gradients.ts";
import { firstNonFinite } from "../../src/debug/first-non-finite.ts";
import { cumulativeSum } from "../../src/ops/cumulative.ts";
import { scan } from "../../src/ops/loop.ts";
import { argsort, sort, topK } from "../../src/ops/sort.ts";
import { printProgram } from "../../src/program/print-program.ts";
import { verifyProgram } from "../../src/program/verify-program.ts";
import type { TypedArray } from "../../src/runtime/executor.ts";
import type { Shape } from "../../src/shape.ts";
import type { Tensor } from "../../src/tensor.ts";
import { float32, oracle } from "../executors.ts";
import { runOn } from "../run.ts";
import { teamOf } from "../team.ts";
import { generator } from "./inputs.ts";

/** Numbers of few values, so that many are equal; NaN and zeros of either sign among them. */
function numbersOf(count: number): Float32Array {
  const next = generator(count);
  const some = [Number.NaN, 0, -0, Number.POSITIVE_INFINITY, -1];
  return Float32Array.from({ length: count }, () => (next() < 0.2 ? some[Math.floor(5 * next())] : 8 * next()));
}

/** Everything here along the last axis, with gradients. */
function graph(shape: Shape): { outputs: Record<string, Tensor>; x: Tensor } {
  const x = input(shape);
  const { values, indices } = sort(x, -1, { descending: true });
  const weights = constant(Float32Array.from({ length: shape[1] }, (_, i) => Math.sin(i)));
  const sums = cumulativeSum(values, 0);
  const [slope] = grad(values.relu().mul(weights).sum(), [x]);
  return { x, outputs: { values, indices, sums, slope, ascending: argsort(x) } };
}

const SHAPES: readonly Shape[] = [
  [300, 37],
  [40, 1000],
  [3, SORT_SHORT + 1],
];

describe("the same bits", () => {
  const others = [
    ...Object.values(float32).map((create) => create({ poison: true })),
    ...[2, 4].map((threads) => teamOf(threads, "portable")),
    teamOf(2, "relaxed"),
  ];
  const first = teamOf(1, "portable");
  afterAll(() => Promise.all([first, ...others].map((each) => each.dispose())));

  test.each(SHAPES)("of %i rows of %i on every executor, for 1, 2 and 4 threads", async (rows, columns) => {
    const { outputs, x } = graph([rows, columns]);
    const inputs = [[x, numbersOf(rows * columns)] as const];
    const bits = (results: Record<string, TypedArray>) =>
      Object.entries(results).map(([name, { buffer, byteOffset, length }]) => [
        name,
        new Int32Array(buffer, byteOffset, length),
      ]);
    const expected = bits(await runOn(first, { outputs, inputs }));
    for (const executor of others) expect(bits(await runOn(executor, { outputs, inputs }))).toEqual(expected);
  });
});

test("equal ones stay in their order, zeros of either sign among them, and NaN is the largest", async () => {
  const executor = oracle();
  const x = constant([2, Number.NaN, 0, 2, -0, Number.NEGATIVE_INFINITY, 0]);
  const down = sort(x, 0, { descending: true });
  const most = topK(x, 2);
  const results = await runOn(executor, {
    outputs: { up: argsort(x), values: sort(x).values, down: down.indices, most: most.values, where: most.indices },
  });
  expect(Array.from(results.up)).toEqual([5, 2, 4, 6, 0, 3, 1]);
  expect(Array.from(results.values)).toEqual([Number.NEGATIVE_INFINITY, 0, -0, 0, 2, 2, Number.NaN]);
  expect(Array.from(results.down)).toEqual([1, 0, 3, 2, 4, 6, 5]);
  expect(Array.from(results.most)).toEqual([Number.NaN, 2]);
  expect(Array.from(results.where)).toEqual([1, 0]);
  await executor.dispose();
});

test("gradients, and their gradients, through functions of what is sorted equal differences", async () => {
  const data = Float32Array.from({ length: 30 }, (_, i) => ((i * 17) % 30) / 10 - 1.45);
  const weights = constant([0.5, -1, 2, 0.25, 1]);
  const build = (x: Tensor) => {
    const { values, indices } = sort(x.mul(x).sin(), 1);
    return values
      .exp()
      .mul(weights.reshape([5, 1]))
      .add(indices.cast("f32").mul(values.square()));
  };
  const points = [constant(data, { shape: [3, 5, 2] })];
  expect(await checkGradients(build, points, { order: 2, tolerance: 1e-6 })).toBeLessThan(1e-6);
  const largest = (x: Tensor) => topK(x.sin(), 2, 1).values.square();
  expect(await checkGradients(largest, points, { order: 2, tolerance: 1e-6 })).toBeLessThan(1e-6);
});

test("in a loop, whose sequences are no whole cache lines, forward and backward", async () => {
  const data = Float32Array.from({ length: 28 }, (_, i) => Math.sin(7.1 * i));
  const build = (xs: Tensor, start: Tensor) => {
    const { carries, outputs } = scan(
      ([carry], [x]) => {
        const { values, indices } = sort(x.add(carry));
        return { carries: [cumulativeSum(values, 0).mul(0.2)], outputs: [values, indices.cast("f32")] };
      },
      [start],
      [xs],
    );
    return outputs[0].sin().add(outputs[1].mul(0.1)).mul(carries[0]);
  };
  const points = [constant(data, { shape: [4, 7] }), constant(data.subarray(0, 7))];
  expect(await checkGradients(build, points, { order: 2, tolerance: 1e-6 })).toBeLessThan(1e-6);
  const [xs, start] = [input([4, 7]), input([7])];
  const value = build(xs, start);
  const outputs = { value, slope: grad(value.sum(), [xs])[0] };
  const inputs = [[xs, data] as const, [start, data.subarray(0, 7)] as const];
  const exact = await runOn(oracle({ poison: true }), { outputs, inputs });
  for (const create of Object.values(float32))
    for (const optimize of [true, false]) {
      verifyProgram(compile({ inputs: { xs, start }, outputs }, { optimize }));
      const executor = create({ poison: true });
      const found = await runOn(executor, { outputs, inputs }, { optimize });
      await executor.dispose();
      // Some twenty roundings of numbers up to 10.
      for (const [name, expected] of Object.entries(exact))
        found[name as keyof typeof found].forEach((x, i) => {
          expect(Math.abs(x - expected[i])).toBeLessThan(1e-5);
        });
    }
});

test("a long row's work is no number to firstNonFinite", async () => {
  const long = [1, SORT_SHORT + 1];
  const zeros = constant(0).broadcastTo(long);
  const fine = compile({ outputs: { values: sort(zeros).values } });
  expect(await firstNonFinite(fine, () => [] as never)).toBeUndefined();
  const infinite = compile({ outputs: { values: sort(zeros.log()).values } });
  expect(await firstNonFinite(infinite, () => [] as never)).toMatch(/log.* wrote -Infinity/);
});

test("the program of a sort with its gradient", () => {
  const x = input([4, 6], "f32", "x");
  const { values, indices } = sort(x);
  const program = compile({
    inputs: { x },
    outputs: { values, indices, slope: grad(values.square().sum(), [x])[0] },
  });
  verifyProgram(program);
  expect(printProgram(program)).toMatchInlineSnapshot(`
    "input x: f32[4, 6] at io+0
    output values: f32[4, 6] at io+32
    output indices: i32[4, 6] at io+64
    output slope: f32[4, 6] at io+96
    arena: 64 words
    0 sort values=values indices=indices work=arena+0 from=x rows=4 columns=6 ; sort [4, 6]
    1 barrier
    2 map n=24 columns=24: a0=scalar 1, a1=values, o0=arena+0               ; mul+add [4, 6]
        r0 = mul a0 a1
        o0 = add r0 r0
    3 map n=24 columns=6: a0=indices, a1=scalar 0, a2=scalar 5, a3=column(/1 %4) constants+48, a4=scalar -1, o0=arena+32 ; maximum+minimum+equal+add+select [4, 6]
        r0 = max_i a0 a1
        r0 = min_i r0 a2
        r0 = equal_i a0 r0
        r1 = add_i a0 a3
        o0 = select r0 r1 a4
    4 barrier
    5 scatter_add to=slope from=arena+0 index=arena+32 count=24 width=1 rows=24 ; scatterAdd [24]
    6 end"
  `);
});
