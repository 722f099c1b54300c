// GATHER of words and bytes, and SCATTER_ADD, with indices that repeat and indices out of range.
import { describe, expect, test } from "vitest";
import { SCATTER_COLUMNS, SCATTER_PARTS, SCATTER_WIDE } from "../../assembly/isa/chunks.ts";
import { GATHER, SCATTER_ADD } from "../../assembly/isa/opcode.ts";
import { builds, instruction, Machine, random, randoms } from "./machine.ts";

const WIDTHS = [1, 2, 3, 4, 5, 15, 16, 17, 31, 100, 300];

function indices(count: number, rows: number, seed: number): Int32Array {
  const next = random(seed);
  return Int32Array.from({ length: count }, () => Math.floor(Math.abs(next()) * rows));
}

describe.each(builds)("rows by index, %s build", (build) => {
  const machine = new Machine(build);

  test("gather copies rows of words", () => {
    for (const width of WIDTHS) {
      for (const count of [0, 1, 37, 500]) {
        machine.clear();
        const from = machine.f32(randoms(11 * width, width));
        const index = machine.i32(indices(count, 11, count));
        const to = machine.f32(count * width);
        machine.run([instruction(GATHER, to.at, from.at, index.at, count, width, 11, 4)]);
        const expected = Array.from(index.data).flatMap((r) => [...from.data.subarray(r * width, (r + 1) * width)]);
        expect(Array.from(to.data)).toEqual(expected);
      }
    }
  });

  test("gather copies rows of bytes", () => {
    for (const width of WIDTHS) {
      machine.clear();
      const from = machine.u8(Uint8Array.from({ length: 11 * width }, (_, i) => i * 37));
      const index = machine.i32(indices(53, 11, width));
      const to = machine.u8(53 * width);
      machine.run([instruction(GATHER, to.at, from.at, index.at, 53, width, 11, 1)]);
      const expected = Array.from(index.data).flatMap((r) => [...from.data.subarray(r * width, (r + 1) * width)]);
      expect(Array.from(to.data)).toEqual(expected);
    }
  });

  test("gather marks rows whose index is out of range", () => {
    machine.clear();
    const index = machine.i32([-1, 0, 2, -(2 ** 31), 2 ** 31 - 1]);
    const words = machine.f32(5 * 3);
    const from = machine.f32([1, 2, 3, 4, 5, 6]);
    const bytes = machine.u8(5 * 3);
    const fromBytes = machine.u8([1, 2, 3, 4, 5, 6]);
    machine.run([
      instruction(GATHER, words.at, from.at, index.at, 5, 3, 2, 4),
      instruction(GATHER, bytes.at, fromBytes.at, index.at, 5, 3, 2, 1),
    ]);
    const none = [Number.NaN, Number.NaN, Number.NaN];
    expect(Array.from(words.data)).toEqual([...none, 1, 2, 3, ...none, ...none, ...none]);
    expect(Array.from(bytes.data)).toEqual([0, 0, 0, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  test("scatterAdd sums rows in the order of their index", () => {
    for (const width of WIDTHS) {
      for (const [rows, count] of [
        [1, 9],
        [7, 0],
        [7, 100],
        [70, 33],
        [3, 1000],
        [120_000, 50],
      ]) {
        if (rows * width > 1e6) continue;
        machine.clear();
        const from = machine.f32(randoms(count * width, width));
        const index = machine.i32(indices(count, rows, count));
        const to = machine.f32(rows * width);
        machine.run([instruction(SCATTER_ADD, to.at, from.at, index.at, count, width, rows)]);
        // Of few rows the sums are kept in Float64 until their end.
        const isWide = Math.ceil(rows / SCATTER_PARTS) * Math.min(width, SCATTER_COLUMNS) <= SCATTER_WIDE;
        const expected = new (isWide ? Float64Array : Float32Array)(rows * width);
        for (const [i, row] of index.data.entries()) {
          for (let c = 0; c < width; c++) expected[row * width + c] += from.data[i * width + c];
        }
        expect(to.data).toEqual(Float32Array.from(expected));
      }
    }
  });

  test("scatterAdd passes over indices out of range and clears rows nobody names", () => {
    machine.clear();
    const from = machine.f32([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const index = machine.i32([2, -1, 2, 4, -(2 ** 31)]);
    const to = machine.f32(8);
    machine.run([instruction(SCATTER_ADD, to.at, from.at, index.at, 5, 2, 4)]);
    expect(Array.from(to.data)).toEqual([0, 0, 0, 0, 6, 8, 0, 0]);
    machine.run([
      instruction(SCATTER_ADD, to.at, from.at, index.at, 5, 0, 4),
      instruction(SCATTER_ADD, to.at, from.at, index.at, 5, 2, 0),
    ]);
    expect(Array.from(to.data)).toEqual([0, 0, 0, 0, 6, 8, 0, 0]);
  });
});
