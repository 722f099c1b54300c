// Batches of matrices by one matrix: which of them are one tall matrix depends on how they lie, and on which way round they are meant.
import { expect, test } from "vitest";
import { constant, evaluate, grad } from "../../src/index.ts";

const a = constant([
  [
    [1, 2],
    [3, 4],
  ],
  [
    [5, 6],
    [7, 8],
  ],
]);

test("square matrices that are transposed are no tall matrix", async () => {
  const b = constant([
    [1, 0],
    [0, 10],
  ]);
  // torch: a.transpose(1, 2) @ b
  const expected = [1, 30, 2, 40, 5, 70, 6, 80];
  for (const optimize of [true, false]) {
    expect([...(await evaluate(a.matmul(b, { transposeA: true }), { optimize }))]).toEqual(expected);
    expect([...(await evaluate(a.transpose().matmul(b), { optimize }))]).toEqual(expected);
    expect([...(await evaluate(a.matmul(constant([1, 10]), { transposeA: true }), { optimize }))]).toEqual([
      31, 42, 75, 86,
    ]);
  }
});

test("nor is the gradient of a batch behind one matrix", async () => {
  const w = constant([
    [1, 2],
    [3, 4],
  ]);
  const x = constant([
    [
      [1, 0],
      [0, 1],
    ],
    [
      [1, 1],
      [2, 1],
    ],
  ]);
  const [slope] = grad(w.matmul(x, { transposeB: true }).mul(a).sum(), [x]);
  // torch: a.transpose(1, 2) @ w
  expect([...(await evaluate(slope))]).toEqual([10, 14, 14, 20, 26, 38, 30, 44]);
});
