// Every op against PyTorch, in Float64: shape, dtype, value, gradient, gradient of the gradient; and its gradients against differences.
import { afterAll, describe, expect, test } from "vitest";
import { constant } from "../../src/create.ts";
import { checkGradients } from "../../src/debug/check-gradients.ts";
import { nondifferentiable } from "../../src/op.ts";
import { type OpName, ops } from "../../src/ops/index.ts";
import { JsExecutor } from "../../src/runtime/js/js-executor.ts";
import { type Case, goldenCases } from "../golden.ts";
import { runOn } from "../run.ts";
import { derivativesAt, disagreements, largest } from "./derivatives.ts";
import type { Sample } from "./sample.ts";
import { samples } from "./samples.ts";

// Float64 rounds at 1.1e-16. The longest chains (gradients of gradients through a loop) multiply that by some hundreds, and
// PyTorch's functions differ from JavaScript's by a few such units; a wrong formula is off by far more than 1e-10. Where terms
// cancel, the same is asked relative to the largest element, with five digits more.
const RELATIVE = 1e-10;
const CANCELLED = 1e-15;

const executor = new JsExecutor({ precision: "float64", poison: true });
afterAll(() => executor.dispose());

function pointOf(golden: Case) {
  return { inputs: golden.inputs, weights: golden.weights, directions: golden.directions };
}

/** Every list of numbers of a case, by the name of the output that must equal it. */
function expectedOf({ value, gradients = [], second = [] }: Case): [name: string, data: readonly number[]][] {
  return [
    ["value", value.data],
    ...gradients.map((data, i) => [`gradient ${i}`, data] as [string, readonly number[]]),
    ...second.map((data, i) => [`second ${i}`, data] as [string, readonly number[]]),
  ];
}

async function complaints(sample: Sample, golden: Case, optimize: boolean, constants = false): Promise<string[]> {
  const results = await runOn(executor, derivativesAt(sample, pointOf(golden), { constants }), { optimize });
  return expectedOf(golden).flatMap(([name, expected]) => {
    const scale = largest(expected);
    return disagreements(name, results[name], expected, (e) => RELATIVE * Math.abs(e) + CANCELLED * scale);
  });
}

describe.each(Object.entries(samples) as [OpName, (typeof samples)[OpName]][])("%s", (name, list) => {
  const cases = list.flatMap((sample) => goldenCases(sample.golden).map((golden) => ({ sample, golden })));

  test("has cases of every derivative that it has", () => {
    if (ops[name].vjp === nondifferentiable) return;
    expect(cases.some(({ golden }) => golden.second !== undefined)).toBe(true);
  });

  test.each(list)("$golden: shape and dtype", (sample) => {
    for (const golden of goldenCases(sample.golden)) {
      const { value } = derivativesAt(sample, { inputs: golden.inputs });
      expect({ shape: value.shape, dtype: value.dtype }).toEqual({
        shape: golden.value.shape,
        dtype: golden.value.dtype,
      });
    }
  });

  test.each(list)("$golden: value, gradient and gradient of the gradient", async (sample) => {
    for (const golden of goldenCases(sample.golden))
      for (const optimize of [true, false]) expect(await complaints(sample, golden, optimize)).toEqual([]);
  });

  test.each(list)("$golden: the same of constants", async (sample) => {
    for (const golden of goldenCases(sample.golden)) expect(await complaints(sample, golden, true, true)).toEqual([]);
  });

  test.each(list)("$golden: gradients equal differences", async (sample) => {
    for (const { inputs, gradients, second, smooth } of goldenCases(sample.golden)) {
      if (gradients === undefined || !smooth) continue;
      const points = inputs.map(({ shape, dtype, data }) => constant(data, { shape, dtype }));
      const order = second === undefined ? 1 : 2;
      expect(await checkGradients(sample.build, points, { order, tolerance: 1e-6 })).toBeLessThan(1e-6);
    }
  });
});
