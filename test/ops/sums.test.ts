// What ops declare about sums is so: `linear`, that sums pass through them; `total`, how they go on summing over stacked inputs.
import { afterAll, expect, test } from "vitest";
import { constant, stack } from "../../src/create.ts";
import type { Op } from "../../src/op.ts";
import { ops } from "../../src/ops/index.ts";
import { type Shape, sizeOf } from "../../src/shape.ts";
import { apply, type Tensor } from "../../src/tensor.ts";
import { oracle } from "../executors.ts";
import { runOn } from "../run.ts";
import { disagreements, largest } from "./derivatives.ts";

const STEPS = 3;

/** Shapes of f32 inputs, or whole numbers that are the same at no two steps; and attributes. */
type Case = readonly [inputs: readonly (Shape | "indices")[], attrs?: unknown];

/** Along three axes, of one element, of five and of four. */
const windows = {
  axes: [
    { size: 1, out: 1, kernel: 1, stride: 1, padding: 0, dilation: 1 },
    { size: 5, out: 3, kernel: 3, stride: 2, padding: 1, dilation: 1 },
    { size: 4, out: 3, kernel: 0, stride: 1, padding: 0, dilation: 1 },
  ],
};

const cases: Readonly<Record<string, readonly Case[]>> = {
  add: [
    [
      [
        [2, 3],
        [2, 3],
      ],
    ],
  ],
  sub: [
    [
      [
        [2, 3],
        [2, 3],
      ],
    ],
  ],
  neg: [[[[4]]]],
  reshape: [[[[2, 6]], { shape: [3, 4] }]],
  permute: [[[[2, 3, 4]], { order: [2, 0, 1] }]],
  broadcastTo: [[[[3, 1]], { shape: [2, 3, 4] }]],
  slice: [[[[5, 4]], { starts: [4, 1], sizes: [2, 2], steps: [-3, 1] }]],
  concat: [
    [
      [
        [2, 3],
        [2, 1],
        [2, 2],
      ],
      { axis: 1 },
    ],
  ],
  recompute: [[[[3], [2]]]],
  sum: [
    [[[2, 3, 4]], { axes: [1] }],
    [[[2, 3]], { axes: [0, 1] }],
    [[[1, 3]], { axes: [0] }],
  ],
  sumPool: [[[[2, 1, 5, 4]], windows]],
  sumPoolTransposed: [[[[2, 1, 3, 3]], windows]],
  matmul: [
    [
      [
        [2, 3],
        [3, 4],
      ],
      { transposeA: false, transposeB: false },
    ],
    [
      [
        [3, 2],
        [3, 4],
      ],
      { transposeA: true, transposeB: false },
    ],
    [
      [
        [2, 3],
        [4, 3],
      ],
      { transposeA: false, transposeB: true },
    ],
    [
      [
        [3, 2],
        [4, 3],
      ],
      { transposeA: true, transposeB: true },
    ],
    [
      [
        [5, 2, 3],
        [5, 3, 4],
      ],
      { transposeA: false, transposeB: false },
    ],
    [
      [
        [5, 3, 2],
        [5, 4, 3],
      ],
      { transposeA: true, transposeB: true },
    ],
    [
      [
        [3, 2],
        [5, 3, 4],
      ],
      { transposeA: true, transposeB: false },
    ],
    [
      [
        [2, 5, 2, 3],
        [4, 3],
      ],
      { transposeA: false, transposeB: true },
    ],
  ],
  convolveFilter: [
    [
      [
        [2, 4, 5],
        [2, 6, 3],
      ],
      { groups: 2, stride: [2], dilation: [1], before: [1], size: [5], taps: [2], positions: [3] },
    ],
  ],
  scatterAdd: [[[[4, 2], "indices"], { shape: [3, 2] }]],
};

const declared = Object.values(ops as Readonly<Record<string, Op>>).filter(({ linear, total }) => linear || total);

test("every op that declares something about sums has a case, and no other", () => {
  expect(Object.keys(cases).sort()).toEqual(declared.map(({ name }) => name).sort());
});

/** Inputs of every step, of numbers without a pattern. */
function inputsOf([shapes]: Case): Tensor[][] {
  return Array.from({ length: STEPS }, (_, step) =>
    shapes.map((shape, i) => {
      if (shape === "indices") return constant([step, 2, 0, step], { dtype: "i32" });
      const data = Array.from({ length: sizeOf(shape) }, (_, j) => Math.sin(3 * j + 1.7 * i + 0.9 * step));
      return constant(data, { shape });
    }),
  );
}

const executor = oracle({ poison: true });
afterAll(() => executor.dispose());

const all = declared.flatMap((op) => (cases[op.name] ?? []).map((each, i) => ({ name: `${op.name} ${i}`, op, each })));

async function expectSame(found: Tensor, values: readonly Tensor[]): Promise<void> {
  const sum = values.reduce((a, b) => a.add(b));
  expect(found.shape).toEqual(sum.shape);
  for (const optimize of [true, false]) {
    const results = await runOn(executor, { outputs: { found, sum }, inputs: [] }, { optimize });
    const allowed = 1e-14 * Math.max(1, largest(results.sum));
    expect(disagreements("sum", results.found, results.sum, () => allowed)).toEqual([]);
  }
}

test.each(all.filter(({ op }) => op.linear))(
  "the sum of $name's results is its result of sums",
  async ({ op, each }) => {
    const steps = inputsOf(each);
    const sums = steps[0].map((_, i) => steps.map((inputs) => inputs[i]).reduce((a, b) => a.add(b)));
    const of = (inputs: readonly Tensor[]) => apply(op as Op<unknown>, inputs, each[1]);
    await expectSame(of(sums), steps.map(of));
  },
);

test.each(all.filter(({ op }) => op.total))("the sum of $name's results is made of stacks", async ({ op, each }) => {
  const steps = inputsOf(each);
  const stacks = steps[0].map((_, i) => stack(steps.map((inputs) => inputs[i])));
  const values = steps.map((inputs) => apply(op as Op<unknown>, inputs, each[1]));
  await expectSame(op.total?.(stacks, each[1]) as Tensor, values);
});
