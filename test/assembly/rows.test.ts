// SOFTMAX, LOG_SUM_EXP, CROSS_ENTROPY and CROSS_ENTROPY_GRADIENT against float64, and PyTorch's answers at the edges.
import { describe, expect, test } from "vitest";
import { CROSS_ENTROPY, CROSS_ENTROPY_GRADIENT, LOG_SUM_EXP, SOFTMAX } from "../../assembly/isa/opcode.ts";
import { builds, instruction, Machine, randoms } from "./machine.ts";

const INFINITY = Number.POSITIVE_INFINITY;
const SHAPES = [
  ...[1, 2, 3, 4, 5, 7, 8, 10, 13, 16, 17, 65].map((columns) => [9, columns]),
  [3, 2048],
  [2, 2049],
  [2, 5003],
  [700, 10],
  [0, 4],
];

function rowsOf(values: Float32Array, columns: number): number[][] {
  return Array.from({ length: values.length / columns }, (_, r) => [
    ...values.subarray(r * columns, (r + 1) * columns),
  ]);
}

function logSumExp(row: readonly number[]): number {
  const largest = Math.max(...row);
  if (Math.abs(largest) === INFINITY) return largest;
  return largest + Math.log(row.reduce((sum, x) => sum + Math.exp(x - largest), 0));
}

function softmax(row: readonly number[]): number[] {
  const largest = Math.max(...row);
  const exponentials = row.map((x) => Math.exp(x - largest));
  const total = exponentials.reduce((a, b) => a + b, 0);
  return exponentials.map((e) => e / total);
}

/** Within `relative` of each value, or equal to it if it is not finite. */
function expectClose(found: ArrayLike<number>, expected: readonly number[], relative: number, absolute = 1e-37): void {
  expect(found.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) {
    if (!Number.isFinite(value)) expect(found[i]).toBe(value);
    else if (!(Math.abs(found[i] - value) <= relative * Math.abs(value) + absolute)) {
      throw new Error(`element ${i} is ${found[i]}, not ${value}`);
    }
  }
}

describe.each(builds)("row kernels, %s build", (build) => {
  const machine = new Machine(build);

  function runRows(opcode: number, values: Float32Array, columns: number, inPlace = false): Float32Array {
    machine.clear();
    const rows = columns === 0 ? 0 : values.length / columns;
    const from = machine.f32(values);
    const to = inPlace ? from : machine.f32(opcode === SOFTMAX ? rows * columns : rows);
    machine.run([instruction(opcode, to.at, from.at, rows, columns)]);
    return to.data;
  }

  function crossEntropy(values: Float32Array, columns: number, targets: ArrayLike<number>): Float32Array {
    machine.clear();
    const from = machine.f32(values);
    const index = machine.i32(targets);
    const to = machine.f32(targets.length);
    machine.run([instruction(CROSS_ENTROPY, to.at, from.at, index.at, targets.length, columns)]);
    return to.data;
  }

  function gradient(
    values: Float32Array,
    columns: number,
    targets: ArrayLike<number>,
    scales: ArrayLike<number>,
    inPlace = false,
  ): Float32Array {
    machine.clear();
    const from = machine.f32(values);
    const index = machine.i32(targets);
    const scale = machine.f32(scales);
    const to = inPlace ? from : machine.f32(values.length);
    const slots = [to.at, from.at, index.at, targets.length, columns, scale.at];
    machine.run([instruction(CROSS_ENTROPY_GRADIENT, ...slots)]);
    return to.data;
  }

  test.each(SHAPES)("softmax and logSumExp of %i rows of %i", (rows, columns) => {
    const values = randoms(rows * columns, columns).map((x) => 30 * x);
    expectClose(runRows(SOFTMAX, values, columns), rowsOf(values, columns).flatMap(softmax), 3e-6);
    expectClose(runRows(SOFTMAX, values, columns, true), rowsOf(values, columns).flatMap(softmax), 3e-6);
    expectClose(runRows(LOG_SUM_EXP, values, columns), rowsOf(values, columns).map(logSumExp), 1e-6, 1e-5);
  });

  test.each(SHAPES)("cross-entropy and its gradient of %i rows of %i", (rows, columns) => {
    const values = randoms(rows * columns, columns).map((x) => 10 * x);
    const targets = Array.from({ length: rows }, (_, r) => (r * 7) % columns);
    const scales = Array.from({ length: rows }, (_, r) => 2 ** -r);
    const expected = rowsOf(values, columns).map((row, r) => logSumExp(row) - row[targets[r]]);
    expectClose(crossEntropy(values, columns, targets), expected, 1e-6, 1e-6);
    const slopes = rowsOf(values, columns).flatMap((row, r) =>
      softmax(row).map((p, c) => (p - Number(c === targets[r])) * scales[r]),
    );
    expectClose(gradient(values, columns, targets, scales), slopes, 3e-6, 2e-7);
    expectClose(gradient(values, columns, targets, scales, true), slopes, 3e-6, 2e-7);
  });

  test("large logits neither overflow nor cancel", () => {
    const values = Float32Array.of(1e30, 0, -1e30, 80_000, 80_001, 79_999);
    expectClose(runRows(SOFTMAX, values, 3), [1, 0, 0, ...softmax([0, 1, -1])], 1e-6);
    expectClose(crossEntropy(values, 3, [0, 0]), [0, logSumExp([0, 1, -1])], 1e-6);
  });

  test.each([3, 6])("infinities and NaN end as in PyTorch (%i columns)", (columns) => {
    const rows = [
      [-INFINITY, -INFINITY, -INFINITY],
      [INFINITY, 0, 1],
      [Number.NaN, 0, 1],
      [-INFINITY, 0, 0],
      [0, 1, 2],
    ].map((row) => [...row, ...new Array(columns - 3).fill(-INFINITY)]);
    const values = Float32Array.from(rows.flat());
    const nan = Number.NaN;
    const rest = new Array(columns - 3).fill(0);
    const all = new Array(columns).fill(nan);
    expectClose(runRows(LOG_SUM_EXP, values, columns), [-INFINITY, INFINITY, nan, Math.log(2), 2.40760596], 1e-6);
    const probabilities = [...all, ...all, ...all, 0, 0.5, 0.5, ...rest, ...softmax([0, 1, 2]), ...rest];
    expectClose(runRows(SOFTMAX, values, columns), probabilities, 1e-6);
    // log_softmax of a row with an infinite maximum is NaN everywhere.
    expectClose(crossEntropy(values, columns, [0, 1, 1, 0, 0]), [nan, nan, nan, INFINITY, 2.40760596], 1e-6);
  });

  test("a target out of range gives NaN as its loss and the plain softmax as its gradient", () => {
    const values = Float32Array.of(0, 0, 0, 0, 0, 0, 0, 0);
    expectClose(crossEntropy(values, 2, [-1, 2, 1, 2 ** 30]), [Number.NaN, Number.NaN, Math.log(2), Number.NaN], 1e-6);
    expectClose(gradient(values, 2, [-1, 2, 1, 2 ** 30], [1, 2, 1, 4]), [0.5, 0.5, 1, 1, 0.5, -0.5, 2, 2], 1e-6);
  });
});
