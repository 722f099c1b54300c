// Activations and losses against PyTorch: value, gradient, gradient of the gradient; gradients against differences; every executor.
import { afterAll, describe, expect, test } from "vitest";
import { constant } from "../../src/create.ts";
import { checkGradients } from "../../src/debug/check-gradients.ts";
import * as functional from "../../src/nn/functional.ts";
import * as losses from "../../src/nn/losses.ts";
import type { Tensor } from "../../src/tensor.ts";
import { float32, oracle } from "../executors.ts";
import { type Case, goldenCases, goldenEntries } from "../golden.ts";
import { derivativesAt, disagreements, largest } from "../ops/derivatives.ts";
import { runOn } from "../run.ts";

// Float64 rounds at 1.1e-16 and a gradient of a gradient is some ten operations deep; what cancels is judged by the
// size of what is rounded.
const RELATIVE = 1e-10;
const CANCELLED = 1e-15;

// Float32 rounds at 6e-8. A gradient of a gradient chains some ten functions of at most 4 units each: 40 x 6e-8 = 2.4e-6. Derivatives
// cancel (1 - tanh^2): what is rounded has the size of the cotangents they are multiplied with.
const FLOAT32 = 2.5e-6;

type Build = (...inputs: Tensor[]) => Tensor;
type Functions = Readonly<Record<string, (...values: never[]) => Tensor>>;

/** The call that an entry is named as: `elu`, or `elu($0, 0.5)` with other arguments among the inputs. */
function callOf(functions: Functions, entry: string): Build {
  const [, name, list] = /^(\w+)(?:\((.*)\))?$/.exec(entry) ?? [];
  const called = functions[name] as ((...values: unknown[]) => Tensor) | undefined;
  if (called === undefined) throw new Error(`test/golden: nothing is called ${entry}`);
  if (list === undefined) return called;
  const given: unknown[] = JSON.parse(`[${list.replace(/\$\d+/g, '"$&"')}]`);
  const filled = (value: unknown, inputs: readonly Tensor[]): unknown => {
    if (typeof value === "string" && value.startsWith("$")) return inputs[Number(value.slice(1))];
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, filled(part, inputs)]));
  };
  return (...inputs) => called(...given.map((value) => filled(value, inputs)));
}

const families: Readonly<Record<string, Functions>> = { activations: functional, losses };

const samples = Object.entries(families).flatMap(([family, functions]) =>
  goldenEntries(family).map((entry) => ({ golden: `${family}/${entry}`, build: callOf(functions, entry) })),
);

test.each(Object.keys(families))("all %s have golden values", (family) => {
  const held = new Set(goldenEntries(family).map((entry) => entry.replace(/\(.*/, "")));
  expect(Object.keys(families[family]).filter((name) => !held.has(name))).toEqual([]);
});

/** Every list of numbers of a case, by the name of the output that must equal it. */
function expectedOf({ value, gradients = [], second = [] }: Case): [name: string, data: readonly number[]][] {
  return [
    ["value", value.data],
    ...gradients.map((data, i) => [`gradient ${i}`, data] as [string, readonly number[]]),
    ...second.map((data, i) => [`second ${i}`, data] as [string, readonly number[]]),
  ];
}

/** The size of what is rounded on the way to an output. */
function magnitude(name: string, expected: readonly number[], { weights = [], directions = [] }: Case): number {
  if (name === "value") return largest(expected);
  const rounded = name.startsWith("second") ? largest(weights) * largest(directions.flat()) : largest(weights);
  return Math.max(rounded, largest(expected));
}

const executors = { oracle: oracle({ poison: true }) };
const float32Executors = Object.entries(float32).map(([name, create]) => [name, create({ poison: true })] as const);
afterAll(() =>
  Promise.all([executors.oracle, ...float32Executors.map(([, executor]) => executor)].map((e) => e.dispose())),
);

describe.each(samples)("$golden", (sample) => {
  const cases = goldenCases(sample.golden);
  const graphOf = (golden: Case) => derivativesAt(sample, golden);

  test("equals PyTorch in shape, value, gradient and gradient of the gradient", async () => {
    for (const golden of cases) {
      const graph = graphOf(golden);
      expect(graph.value.shape).toEqual(golden.value.shape);
      const results = await runOn(executors.oracle, graph);
      for (const [name, expected] of expectedOf(golden)) {
        const scale = CANCELLED * magnitude(name, expected, golden);
        expect(disagreements(name, results[name], expected, (e) => RELATIVE * Math.abs(e) + scale)).toEqual([]);
      }
    }
  });

  test("has gradients that equal differences", async () => {
    for (const { inputs, gradients, second, smooth } of cases) {
      if (gradients === undefined || !smooth) continue;
      const points = inputs.map(({ shape, dtype, data }) => constant(data, { shape, dtype }));
      const order = second === undefined ? 1 : 2;
      expect(await checkGradients(sample.build, points, { order })).toBeLessThan(1e-6);
    }
  });

  test.each(float32Executors)("is the same on %s", async (_, executor) => {
    for (const golden of cases) {
      const results = await runOn(executor, graphOf(golden));
      for (const [name, expected] of expectedOf(golden)) {
        const allowed = FLOAT32 * magnitude(name, expected, golden);
        expect(disagreements(name, results[name], expected, () => allowed)).toEqual([]);
      }
    }
  });
});
