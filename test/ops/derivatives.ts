// From a sample and a point to a graph of the value, its gradients and their gradients; and the comparison of results.

import { grad } from "../../src/autodiff.ts";
import { constant, input } from "../../src/create.ts";
import type { TypedArray } from "../../src/runtime/executor.ts";
import type { Tensor } from "../../src/tensor.ts";
import type { Value } from "../golden.ts";
import type { Graph } from "../run.ts";
import type { Sample } from "./sample.ts";

/** Where an op is looked at: inputs, and cotangents of its value and of its gradients where those are wanted. */
export interface Point {
  readonly inputs: readonly Value[];
  readonly weights?: readonly number[];
  readonly directions?: readonly (readonly number[])[];
}

/** Outputs `value`, `gradient 0`, ... of sum(weights * value), `second 0`, ... of sum(directions * gradients), one an f32 input. */
export function derivativesAt(
  { build }: Sample,
  { inputs, weights, directions }: Point,
  options: { readonly constants?: boolean } = {},
): Graph & { readonly value: Tensor } {
  const tensors = inputs.map(({ shape, dtype, data }) =>
    options.constants ? constant(data, { shape, dtype }) : input(shape, dtype),
  );
  const given = options.constants ? [] : tensors.map((tensor, i) => [tensor, inputs[i].data] as const);
  const value = build(...tensors);
  const outputs: Record<string, Tensor> = { value };
  if (weights === undefined) return { value, outputs, inputs: given };

  const wrt = tensors.filter(({ dtype }) => dtype === "f32");
  const first = grad(value, wrt, { cotangent: constant(weights, { shape: value.shape }) });
  first.forEach((gradient, i) => {
    outputs[`gradient ${i}`] = gradient;
  });
  if (directions === undefined) return { value, outputs, inputs: given };
  const products = first.map((gradient, i) => gradient.mul(constant(directions[i], { shape: gradient.shape })).sum());
  const second = grad(
    products.reduce((sum, product) => sum.add(product)),
    wrt,
  );
  second.forEach((gradient, i) => {
    outputs[`second ${i}`] = gradient;
  });
  return { value, outputs, inputs: given };
}

/** Largest finite magnitude. */
export function largest(values: ArrayLike<number>): number {
  let found = 0;
  for (let i = 0; i < values.length; i++) if (Number.isFinite(values[i])) found = Math.max(found, Math.abs(values[i]));
  return found;
}

/** Where results are not the expected ones: not both NaN, not the same infinity, or further apart than allowed. */
export function disagreements(
  name: string,
  actual: TypedArray,
  expected: ArrayLike<number>,
  allowed: (expected: number) => number,
): string[] {
  if (actual.length !== expected.length) return [`${name}: ${actual.length} elements in place of ${expected.length}`];
  const found: string[] = [];
  for (let i = 0; i < actual.length; i++) {
    const [a, e] = [actual[i], expected[i]];
    if (Object.is(a, e) || Math.abs(a - e) <= allowed(e)) continue;
    found.push(`${name} at element ${i}: ${a}, expected ${e}, allowed difference ${allowed(e)}`);
  }
  return found;
}
