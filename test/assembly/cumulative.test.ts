// CUMULATIVE_SUM over outer x n x inner, to the bit against a plain loop in float64.
import { describe, expect, test } from "vitest";
import { CUMULATIVE_SUM } from "../../assembly/isa/opcode.ts";
import { builds, instruction, Machine, randoms } from "./machine.ts";

const SIZES = [0, 1, 2, 3, 7, 33, 1000];
const INNERS = [1, 2, 3, 4, 5, 15, 16, 17, 35];
const OUTERS = [0, 1, 3, 40];

/** Running sums of every line, by what adds two elements. */
function sums<T extends Float32Array | Int32Array>(
  from: T,
  [outer, n, inner]: readonly number[],
  { reverse, exclusive }: { readonly reverse: boolean; readonly exclusive: boolean },
): T {
  const to = from.slice() as T;
  for (let line = 0; line < outer * inner; line++) {
    let sum = 0;
    for (let k = 0; k < n; k++) {
      const at = Math.floor(line / inner) * n * inner + (reverse ? n - 1 - k : k) * inner + (line % inner);
      if (exclusive) to[at] = sum;
      sum = from instanceof Int32Array ? (sum + from[at]) | 0 : sum + from[at];
      if (!exclusive) to[at] = sum;
    }
  }
  return to;
}

describe.each(builds)("running sums, %s build", (build) => {
  const machine = new Machine(build);

  function run<T extends Float32Array | Int32Array>(values: T, shape: readonly number[], flags: readonly boolean[]): T {
    machine.clear();
    const isInteger = values instanceof Int32Array;
    const from = isInteger ? machine.i32(values) : machine.f32(values);
    const to = isInteger ? machine.i32(values.length) : machine.f32(values.length);
    machine.run([instruction(CUMULATIVE_SUM, to.at, from.at, ...shape, Number(isInteger), ...flags.map(Number))]);
    return to.data as T;
  }

  test.each([
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ])("in every shape, reverse %s, exclusive %s", (reverse, exclusive) => {
    for (const outer of OUTERS)
      for (const n of SIZES)
        for (const inner of INNERS) {
          const shape = [outer, n, inner];
          const values = randoms(outer * n * inner, n + inner);
          expect(run(values, shape, [reverse, exclusive])).toEqual(sums(values, shape, { reverse, exclusive }));
          const whole = Int32Array.from(values, (x) => x * 2 ** 31);
          expect(run(whole, shape, [reverse, exclusive])).toEqual(sums(whole, shape, { reverse, exclusive }));
        }
  });

  test.each([1, 5])("NaN and infinities stay in their lines, behind where they stand (inner %i)", (inner) => {
    const values = Float32Array.from({ length: 6 * inner }, (_, i) => i);
    values[2 * inner] = Number.POSITIVE_INFINITY;
    values[4 * inner] = Number.NEGATIVE_INFINITY;
    const shape = [1, 6, inner];
    const found = run(values, shape, [false, false]);
    expect(found).toEqual(sums(values, shape, { reverse: false, exclusive: false }));
    expect(Array.from({ length: 6 }, (_, k) => found[k * inner])).toEqual([
      0,
      inner,
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      Number.NaN,
      Number.NaN,
    ]);
  });

  test("a million ones and a large number keep every one of them", () => {
    const values = new Float32Array(1_000_001).fill(1);
    values[0] = 2 ** 24;
    const found = run(values, [1, values.length, 1], [false, false]);
    expect(found[values.length - 1]).toBe(Math.fround(2 ** 24 + 1_000_000));
  });
});
