// Gradients of recurrent layers made of `scan`, of all weights and of the initial state, against torch.nn and against differences.
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { grad } from "../../src/autodiff.ts";
import { constant, input } from "../../src/create.ts";
import { checkGradients } from "../../src/debug/check-gradients.ts";
import { scan } from "../../src/ops/loop.ts";
import { type Shape, sizeOf } from "../../src/shape.ts";
import type { Tensor } from "../../src/tensor.ts";
import { cells } from "../cells.ts";
import { float32, oracle } from "../executors.ts";
import { disagreements, largest } from "../ops/derivatives.ts";
import { runOn } from "../run.ts";

interface Golden {
  readonly carry: readonly number[];
  readonly gradients: readonly (readonly number[])[];
}

const goldens: Readonly<Record<string, Golden>> = JSON.parse(
  readFileSync(new URL("../golden/recurrent.json", import.meta.url), "utf8"),
);

const [FEATURES, HIDDEN] = [3, 4];

/** As in test/golden/make-recurrent.py. */
function drawn(shape: Shape, seed: number): number[] {
  let state = seed;
  return Array.from({ length: sizeOf(shape) }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 16) / 32768 - 1;
  });
}

interface Layer {
  /** The sequence, then what gradients are taken by: initial carries and parameters. */
  readonly shapes: readonly Shape[];
  /** All outputs, then the final carries. */
  run(inputs: readonly Tensor[]): readonly Tensor[];
}

function layerOf(name: keyof typeof cells, length: number, batch: number): Layer {
  const { cell, gates, carries } = cells[name];
  const rows = gates * HIDDEN;
  return {
    shapes: [
      [length, batch, FEATURES],
      ...Array.from({ length: carries }, () => [batch, HIDDEN]),
      [rows, FEATURES],
      [rows, HIDDEN],
      [rows],
      [rows],
    ],
    run([sequence, ...rest]) {
      const [wi, wh, bi, bh] = rest.slice(carries);
      const result = scan(cell(wi, wh, bi, bh), rest.slice(0, carries), [sequence]);
      return [...result.outputs, ...result.carries];
    },
  };
}

function graphOf({ shapes, run }: Layer) {
  const inputs = shapes.map((shape) => input(shape));
  const values = run(inputs);
  const weighed = values.map((value, i) => {
    const weights = constant(drawn(value.shape, shapes.length + 1 + i), { shape: value.shape });
    return value.mul(weights).sum();
  });
  const gradients = grad(
    weighed.reduce((a, b) => a.add(b)),
    inputs.slice(1),
  );
  return {
    outputs: Object.fromEntries([values[1], ...gradients].map((tensor, i) => [`${i}`, tensor])),
    inputs: inputs.map((tensor, i) => [tensor, drawn(tensor.shape, i + 1)] as const),
  };
}

// Float64 in another order; float32 rounds at 6e-8, some ten functions a step, and the errors of 32 steps meet in one sum.
const executors = [
  ["oracle", oracle({ poison: true }), 1e-13],
  ...Object.entries(float32).map(([name, create]) => [name, create({ poison: true }), 1e-5] as const),
] as const;
afterAll(() => Promise.all(executors.map(([, each]) => each.dispose())));

const layers = Object.entries(goldens).map(([title, golden]) => {
  const [name, length, batch] = title.split(" ");
  return { title, layer: layerOf(name as keyof typeof cells, Number(length), Number(batch)), golden };
});

describe.each(layers)("$title: cell, length, batch", ({ layer, golden }) => {
  test.each(executors)("is torch's on %s", async (_, executor, tolerance) => {
    for (const optimize of [true, false]) {
      const found = await runOn(executor, graphOf(layer), { optimize });
      for (const [i, expected] of [golden.carry, ...golden.gradients].entries()) {
        const allowed = tolerance * Math.max(1, largest(expected));
        expect(disagreements(`${i}`, found[`${i}`], expected, () => allowed)).toEqual([]);
      }
    }
  });
});

test("the goldens are of every cell, of lengths 1, 5 and 32 and batches of 1 and 8", () => {
  expect(layers).toHaveLength(Object.keys(cells).length * 3 * 2);
});

test.each(Object.keys(cells) as (keyof typeof cells)[])("%s: gradients, and theirs, are differences", async (name) => {
  const { shapes, run } = layerOf(name, 3, 2);
  const points = shapes.map((shape, i) => constant(drawn(shape, i + 1), { shape }));
  await checkGradients((...inputs) => run(inputs)[1], points, { order: 2 });
});
