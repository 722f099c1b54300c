// Layers with many options against PyTorch: what test/golden/sums.py writes, and graphs that are compared with it.
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { grad } from "../../src/autodiff.ts";
import { compile } from "../../src/compile/compile.ts";
import { constant, input } from "../../src/create.ts";
import type { Executor } from "../../src/runtime/executor.ts";
import { type Shape, sizeOf } from "../../src/shape.ts";
import type { Tensor } from "../../src/tensor.ts";
import type { Variable } from "../../src/variable.ts";

type Part = "values" | "gradients" | "second";

export type SumCase<Options> = readonly [
  kind: string,
  options: Options,
  sums: Readonly<Record<Part, readonly (readonly [number, number])[]>>,
];

/** The cases of a file in test/golden. */
export function sumCases<Options>(file: string): readonly SumCase<Options>[] {
  return JSON.parse(readFileSync(new URL(`../golden/${file}.json`, import.meta.url), "utf8"));
}

/** Numbers of -1 to 1, as test/golden/sums.py draws them. */
export function drawn(shape: Shape, seed: number): Float64Array {
  let state = Math.imul(seed, 2654435761) >>> 0;
  return Float64Array.from({ length: sizeOf(shape) }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 16) / 32768 - 1;
  });
}

/** Draws what a case is made of, in the order of the script: each tensor has a seed of its own. */
export class Draws {
  #seed = 0;
  readonly inputs: [Tensor, Float64Array][] = [];
  readonly first: [Variable, Float64Array][] = [];

  /** An input with drawn numbers. */
  fed(...shape: Shape): Tensor {
    const tensor = input(shape);
    this.inputs.push([tensor, this.numbers(shape)]);
    return tensor;
  }

  /** Gives variables drawn values. */
  start(variables: readonly Variable[]): readonly Variable[] {
    for (const variable of variables) this.first.push([variable, this.numbers(variable.shape)]);
    return variables;
  }

  numbers(shape: Shape): Float64Array {
    return drawn(shape, ++this.#seed);
  }
}

/**
 * Runs the graph of a case, twice differentiated, and compares its sums: each may be off by `tolerance` of the largest: of the
 * sums of the sizes of terms. */
export async function expectSums<Options>(
  executor: Executor,
  tolerance: number,
  [kind, options, sums]: SumCase<Options>,
  draws: Draws,
  values: readonly Tensor[],
  by: readonly Tensor[],
): Promise<void> {
  const weighted = (tensors: readonly Tensor[]) =>
    tensors
      .map((each) => each.mul(constant(draws.numbers(each.shape), { shape: each.shape })).sum())
      .reduce((a, b) => a.add(b));
  const gradients = grad(weighted(values), by);
  const parts = { values, gradients, second: grad(weighted(gradients), by) };
  const outputs = Object.fromEntries(
    Object.entries(parts).flatMap(([part, tensors]) => tensors.map((each, i) => [`${part} ${i}`, each])),
  );
  const named = Object.fromEntries(draws.inputs.map(([tensor], i) => [`x${i}`, tensor]));
  const id = await executor.load(compile({ inputs: named, outputs }));
  for (const [i, [, data]] of draws.inputs.entries()) await executor.write({ program: id, name: `x${i}` }, data);
  for (const [{ key }, data] of draws.first) await executor.write({ variable: key }, data);
  await executor.run([[id, 1]]).done;
  for (const part of ["values", "gradients", "second"] as const) {
    expect(parts[part].length, `${part} of ${kind} ${JSON.stringify(options)}`).toBe(sums[part].length);
    const found: { readonly i: number; readonly sum: number; readonly size: number; readonly expected: number }[] = [];
    for (const [i, tensor] of parts[part].entries()) {
      const data = await executor.read({ program: id, name: `${part} ${i}` });
      for (const expected of sums[part][i]) {
        let [sum, size] = [0, 0];
        for (const [at, weight] of draws.numbers(tensor.shape).entries()) {
          sum += weight * data[at];
          size += Math.abs(weight * data[at]);
        }
        found.push({ i, sum, size, expected });
      }
    }
    const largest = Math.max(...found.map(({ size }) => size));
    for (const { i, sum, expected } of found)
      if (!(Math.abs(sum - expected) <= tolerance * largest))
        expect({ kind, options, part, i, off: (sum - expected) / largest, sum }).toEqual(expected);
  }
  await executor.unload(id);
}
