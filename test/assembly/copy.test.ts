// COPY between strided places, against counting through all indices.
import { describe, expect, test } from "vitest";
import { COPY } from "../../assembly/isa/opcode.ts";
import { builds, instruction, Machine, random } from "./machine.ts";

interface Dimension {
  readonly size: number;
  readonly to: number;
  readonly from: number;
}

/** Row-major strides of a shape. */
function strides(shape: readonly number[]): number[] {
  return shape.map((_, d) => shape.slice(d + 1).reduce((a, b) => a * b, 1));
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((a, b) => a * b, 1);
}

describe.each(builds)("strided copies, %s build", (build) => {
  const machine = new Machine(build);

  /** Copies numbered words, from word `start` on, into a buffer of `length` words, and compares. */
  function check(dimensions: readonly Dimension[], length: number, fromLength: number, toStart = 0, start = 0): void {
    machine.clear();
    const from = machine.i32(Int32Array.from({ length: fromLength }, (_, i) => i + 1));
    const to = machine.i32(new Int32Array(length));
    const expected = new Int32Array(length);
    const count = product(dimensions.map(({ size }) => size));
    for (let i = 0; i < count; i++) {
      let [rest, source, target] = [i, start, toStart];
      for (const dimension of dimensions.toReversed()) {
        source += (rest % dimension.size) * dimension.from;
        target += (rest % dimension.size) * dimension.to;
        rest = Math.floor(rest / dimension.size);
      }
      expected[target] = source + 1;
    }
    const triples = dimensions.flatMap(({ size, to, from }) => [size, to, from]);
    machine.run([instruction(COPY, to.at + 4 * toStart, from.at + 4 * start, dimensions.length, ...triples)]);
    expect(to.data).toEqual(expected);
  }

  /** Axis d of the result is axis permutation[d] of the source. */
  function permute(shape: readonly number[], permutation: readonly number[]): void {
    const result = permutation.map((axis) => shape[axis]);
    const [to, from] = [strides(result), strides(shape)];
    const dimensions = result.map((size, d) => ({ size, to: to[d], from: from[permutation[d]] }));
    check(dimensions, product(shape), product(shape));
  }

  test("one word, a row, and nothing", () => {
    check([], 1, 1);
    for (const size of [0, 1, 2, 3, 4, 5, 8, 13, 16, 17, 8191, 20_001]) {
      check([{ size, to: 1, from: 1 }], size, size);
    }
    check(
      [
        { size: 3, to: 4, from: 4 },
        { size: 0, to: 1, from: 1 },
      ],
      12,
      12,
    );
  });

  test("transposition of matrices up to 20 x 20 and beyond", () => {
    for (let rows = 1; rows <= 20; rows++)
      for (let columns = 1; columns <= 20; columns++) permute([rows, columns], [1, 0]);
    permute([130, 257], [1, 0]);
    permute([3, 9001], [1, 0]);
    permute([9001, 3], [1, 0]);
  });

  test("permutations of up to eight axes", () => {
    permute([3, 5, 7], [2, 0, 1]);
    permute([3, 5, 7], [2, 1, 0]);
    permute([3, 5, 7], [1, 0, 2]);
    permute([6, 17, 4, 9], [0, 2, 1, 3]);
    permute([6, 17, 4, 9], [3, 1, 0, 2]);
    permute([2, 3, 2, 3, 2, 1, 2, 3], [7, 5, 3, 1, 0, 2, 4, 6]);
    permute([500, 4, 4], [0, 2, 1]);
  });

  test("broadcasts, flips and slices", () => {
    check(
      [
        { size: 5, to: 7, from: 1 },
        { size: 7, to: 1, from: 0 },
      ],
      35,
      5,
    );
    check(
      [
        { size: 5, to: 7, from: 0 },
        { size: 7, to: 1, from: 1 },
      ],
      35,
      7,
    );
    check([{ size: 9000, to: 1, from: 0 }], 9000, 1);
    check(
      [
        { size: 4, to: 9, from: -9 },
        { size: 9, to: 1, from: 1 },
      ],
      36,
      36,
      0,
      27,
    );
    check(
      [
        { size: 4, to: 9, from: -9 },
        { size: 9, to: 1, from: -1 },
      ],
      36,
      36,
      0,
      35,
    );
    check(
      [
        { size: 3, to: 5, from: 8 },
        { size: 5, to: 1, from: 2 },
      ],
      15,
      32,
      0,
      3,
    );
  });

  test("writing into the inside of a larger buffer leaves the rest as it was", () => {
    check(
      [
        { size: 3, to: 11, from: 5 },
        { size: 5, to: 1, from: 1 },
      ],
      77,
      15,
      13,
    );
    check([{ size: 5, to: 2, from: 1 }], 10, 5);
    check(
      [
        { size: 3, to: 1, from: 5 },
        { size: 5, to: 11, from: 1 },
      ],
      77,
      15,
      13,
    );
  });

  test("boxes of many sizes are split without gaps", () => {
    const next = random(9);
    for (let round = 0; round < 60; round++) {
      const shape = Array.from(
        { length: 1 + Math.floor(Math.abs(next()) * 4) },
        () => 1 + Math.floor(Math.abs(next()) * 23),
      );
      const order = shape.map((_, d) => d).sort(() => next());
      permute(shape, order);
    }
  });
});
