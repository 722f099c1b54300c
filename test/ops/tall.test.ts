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

/** Rows x columns of numbers that differ. */
function numbers(count: number, first: number): number[] {
  return Array.from({ length: count }, (_, i) => ((first + 7 * i) % 11) - 5);
}

/** Every product of a batch by one matrix, from its definition; small whole numbers, so it is exact. */
function productOf(
  a: number[],
  b: number[],
  sizes: { batch: number; m: number; n: number; k: number },
  turned: boolean[],
) {
  const { batch, m, n, k } = sizes;
  return Array.from({ length: batch * m * n }, (_, index) => {
    const [h, i, j] = [Math.floor(index / (m * n)), Math.floor(index / n) % m, index % n];
    let sum = 0;
    for (let p = 0; p < k; p++)
      sum += a[h * m * k + (turned[0] ? p * m + i : i * k + p)] * b[turned[1] ? j * k + p : p * n + j];
    return sum;
  });
}

test.each([
  [false, false],
  [false, true],
  [true, false],
  [true, true],
])("batches of all small shapes by one matrix, A transposed %s, B transposed %s", async (transposeA, transposeB) => {
  const sizes = [1, 2, 3];
  const cases = sizes.flatMap((batch) =>
    sizes.flatMap((m) => sizes.flatMap((n) => sizes.map((k) => ({ batch, m, n, k })))),
  );
  for (const each of cases) {
    const { batch, m, n, k } = each;
    const [p, q] = [numbers(batch * m * k, 1), numbers(k * n, 4)];
    const left = constant(p, { shape: transposeA ? [batch, k, m] : [batch, m, k] });
    const right = constant(q, { shape: transposeB ? [n, k] : [k, n] });
    const found = await evaluate(left.matmul(right, { transposeA, transposeB }));
    expect([...found], JSON.stringify(each)).toEqual(productOf(p, q, each, [transposeA, transposeB]));
  }
});
