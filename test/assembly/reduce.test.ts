// REDUCE of every kind over outer x n x inner, against plain loops.
import { describe, expect, test } from "vitest";
import { REDUCE } from "../../assembly/isa/opcode.ts";
import {
  KIND_ARGMAX,
  KIND_MAX,
  KIND_MAX_I32,
  KIND_SUM,
  KIND_SUM_I32,
  KIND_SUM_IN_TWO,
  KIND_WIDE_SUM,
} from "../../assembly/isa/slots.ts";
import { builds, instruction, Machine, random, randoms } from "./machine.ts";

const SIZES = [0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 33, 100];
const INNERS = [1, 2, 3, 4, 5, 7, 16, 17, 35];
const OUTERS = [1, 3, 40];

/** Calls `column` with the n elements of each result, and returns what it gives. */
function fold(from: ArrayLike<number>, outer: number, n: number, inner: number, column: (values: number[]) => number) {
  return Array.from({ length: outer * inner }, (_, i) => {
    const start = Math.floor(i / inner) * n * inner + (i % inner);
    return column(Array.from({ length: n }, (_, j) => from[start + j * inner]));
  });
}

function argmax(values: readonly number[]): number {
  const nan = values.findIndex(Number.isNaN);
  return nan >= 0 ? nan : Math.max(0, values.indexOf(Math.max(...values)));
}

function eachShape(visit: (outer: number, n: number, inner: number) => void): void {
  for (const outer of OUTERS) for (const n of SIZES) for (const inner of INNERS) visit(outer, n, inner);
}

describe.each(builds)("reductions, %s build", (build) => {
  const machine = new Machine(build);

  /** f32 in, f32 or i32 out. */
  function reduce(kind: number, values: ArrayLike<number>, outer: number, n: number, inner: number): number[] {
    machine.clear();
    const from = kind === KIND_SUM_I32 || kind === KIND_MAX_I32 ? machine.i32(values) : machine.f32(values);
    const size = (kind === KIND_SUM_IN_TWO ? 2 : 1) * outer * inner;
    const isFloat = [KIND_SUM, KIND_WIDE_SUM, KIND_SUM_IN_TWO, KIND_MAX].includes(kind);
    const to = isFloat ? machine.f32(size) : machine.i32(size);
    machine.run([instruction(REDUCE, to.at, from.at, kind, outer, n, inner)]);
    return Array.from(to.data);
  }

  test("sums are exact for small integers in every shape", () => {
    eachShape((outer, n, inner) => {
      const next = random(n + inner);
      const values = Float32Array.from({ length: outer * n * inner }, () => Math.round(8 * next()));
      const expected = fold(values, outer, n, inner, (column) => column.reduce((a, b) => a + b, 0));
      expect(reduce(KIND_SUM, values, outer, n, inner)).toEqual(expected);
      expect(reduce(KIND_WIDE_SUM, values, outer, n, inner)).toEqual(expected);
      const whole = Int32Array.from(values, (value) => value * 12345);
      const sums = fold(whole, outer, n, inner, (column) => column.reduce((a, b) => a + b, 0));
      expect(reduce(KIND_SUM_I32, whole, outer, n, inner)).toEqual(sums);
    });
  });

  test("maxima and their places are found in every shape", () => {
    eachShape((outer, n, inner) => {
      const next = random(n + 3 * inner);
      const values = Float32Array.from({ length: outer * n * inner }, () => Math.round(8 * next()) - 20);
      const largest = fold(values, outer, n, inner, (column) => Math.max(...column));
      expect(reduce(KIND_MAX, values, outer, n, inner)).toEqual(largest);
      expect(reduce(KIND_ARGMAX, values, outer, n, inner)).toEqual(fold(values, outer, n, inner, argmax));
      const least = n === 0 ? largest.map(() => -(2 ** 31)) : largest;
      expect(reduce(KIND_MAX_I32, Int32Array.from(values), outer, n, inner)).toEqual(least);
    });
  });

  test.each([1, 5])("NaN is the largest of all, the first one if there are several (inner %i)", (inner) => {
    for (let n = 1; n <= 21; n++) {
      for (let place = 0; place < n; place++) {
        const values = Float32Array.from({ length: n * inner }, (_, i) =>
          i % 3 === 0 ? Number.POSITIVE_INFINITY : -i,
        );
        values[place * inner] = Number.NaN;
        values[(n - 1) * inner] = Number.NaN;
        expect(reduce(KIND_MAX, values, 1, n, inner)).toEqual(
          fold(values, 1, n, inner, (column) => Math.max(...column)),
        );
        expect(reduce(KIND_ARGMAX, values, 1, n, inner)).toEqual(fold(values, 1, n, inner, argmax));
      }
    }
  });

  test("a row of -infinity has its maximum at the first place", () => {
    const values = new Float32Array(2 * 9).fill(Number.NEGATIVE_INFINITY);
    expect(reduce(KIND_MAX, values, 2, 9, 1)).toEqual([Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]);
    expect(reduce(KIND_ARGMAX, values, 2, 9, 1)).toEqual([0, 0]);
    expect(reduce(KIND_ARGMAX, values, 1, 9, 2)).toEqual([0, 0]);
  });

  test("integer sums wrap", () => {
    expect(reduce(KIND_SUM_I32, [2 ** 31 - 1, 1, 5], 1, 3, 1)).toEqual([-(2 ** 31) + 5]);
  });

  const LONG = [
    [1, 300_000, 1],
    [2, 20_000, 3],
    [1, 3000, 100],
    [3, 257, 17],
  ] as const;

  test.each(LONG)("wide sums are rounded once (%i x %i x %i)", (outer, n, inner) => {
    const values = randoms(outer * n * inner, 5).map((value) => value + 1);
    const exact = fold(values, outer, n, inner, (column) => column.reduce((a, b) => a + b, 0));
    const found = reduce(KIND_WIDE_SUM, values, outer, n, inner);
    // Float64 sums of so many are off by 1e-11 at most, which may turn a rounding around at a tie.
    for (const [i, sum] of exact.entries())
      expect(Math.abs(found[i] - sum)).toBeLessThanOrEqual(sum * (2 ** -24 + 1e-11));
  });

  test.each(LONG)("a sum in two is the float32 next to it and what is left (%i x %i x %i)", (outer, n, inner) => {
    const values = randoms(outer * n * inner, 6).map((value) => value + 1);
    const exact = fold(values, outer, n, inner, (column) => column.reduce((a, b) => a + b, 0));
    const found = reduce(KIND_SUM_IN_TWO, values, outer, n, inner);
    exact.forEach((sum, i) => {
      const at = 2 * Math.floor(i / inner) * inner + (i % inner);
      const [value, rest] = [found[at], found[at + inner]];
      expect(value).toBe(Math.fround(value + rest));
      expect(Math.abs(value + rest - sum)).toBeLessThanOrEqual(1e-11 * sum);
    });
  });

  test("of an infinite sum nothing is left", () => {
    const inf = Number.POSITIVE_INFINITY;
    expect(reduce(KIND_SUM_IN_TWO, [3e38, 3e38, 3e38], 1, 3, 1)).toEqual([inf, 0]);
    expect(reduce(KIND_SUM_IN_TWO, [1, -inf, 1, 2], 1, 2, 2)).toEqual([2, -inf, 0, 0]);
    expect(reduce(KIND_SUM_IN_TWO, [inf, -inf], 1, 2, 1)).toEqual([Number.NaN, 0]);
  });
});
