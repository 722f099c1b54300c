// What counts as an instruction that only moves data.
import { expect, test } from "vitest";
import { compile } from "../src/compile/compile.ts";
import { concat, constant, input } from "../src/create.ts";
import { scan } from "../src/ops/loop.ts";
import { scalar, type Tensor } from "../src/tensor.ts";
import { partsOf } from "./moves.ts";

const matrix = input([4, 6]);
const rows = input([3], "i32");

test.each<[string, Tensor, number, number]>([
  ["a permutation", matrix.permute([1, 0]), 1, 1],
  ["parts one after the other", concat([matrix, matrix], 1), 2, 2],
  ["a fill and a copy onto it", rows.pad([[1, 1]], 2), 2, 2],
  ["a repetition of a slice", matrix.narrow(0, 0, 1).broadcastTo([4, 6]), 1, 1],
  ["rows by index", matrix.gather(rows), 1, 1],
  ["a map", matrix.relu(), 1, 0],
  ["a sum", matrix.sum(1), 1, 0],
  ["a product", matrix.matmul(matrix, { transposeB: true }), 1, 0],
  ["a slice that a map reads", matrix.narrow(1, 0, 3).exp(), 1, 0],
  ["a slice that a sum reads", matrix.narrow(1, 0, 3).sum(1), 2, 1],
])("%s", (_, y, instructions, moves) => {
  const { outside, loops } = partsOf(compile({ inputs: { matrix, rows }, outputs: { y } }));
  expect(outside).toMatchObject({ instructions, moves });
  expect(loops).toEqual([]);
});

test("loops are counted one by one, with those inside them", () => {
  const xs = input([5, 4, 6]);
  const inner = (start: Tensor, row: Tensor) => scan(([c], [x]) => ({ carries: [c.add(x.exp())] }), [start], [row]);
  const first = scan(([c], [x]) => ({ carries: [c.mul(x.permute([1, 0]))] }), [constant(1).broadcastTo([6, 4])], [xs]);
  const second = scan(([c], [x]) => ({ carries: inner(c, x).carries }), [scalar(0).broadcastTo([6])], [xs]);
  const program = compile({ inputs: { xs }, outputs: { a: first.carries[0], b: second.carries[0] } });
  const { loops } = partsOf(program);
  expect(loops.map(({ instructions, moves }) => [instructions, moves])).toEqual([
    [2, 1],
    [3, 2],
  ]);
});
