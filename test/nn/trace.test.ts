// A whole training against PyTorch's: 20-32-16-3 with Adam, the losses of 50 steps from the same weights and batches.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { grad } from "../../src/autodiff.ts";
import { type CompileOptions, compile } from "../../src/compile/compile.ts";
import { constant } from "../../src/create.ts";
import { initialise } from "../../src/evaluate.ts";
import { Sequential } from "../../src/nn/containers.ts";
import { relu, tanh } from "../../src/nn/functional.ts";
import { Linear } from "../../src/nn/layers.ts";
import { crossEntropy } from "../../src/nn/losses.ts";
import { evaluationContext, parameters } from "../../src/nn/module.ts";
import { adam } from "../../src/optim/optimizers.ts";
import type { Executor } from "../../src/runtime/executor.ts";
import { float32, oracle } from "../executors.ts";

interface Trace {
  readonly sizes: readonly number[];
  readonly rows: number;
  readonly batch: number;
  readonly parameters: readonly (readonly number[])[];
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** Rows of each step's batch. */
  readonly index: readonly (readonly number[])[];
  readonly losses: readonly number[];
}

const trace: Trace = JSON.parse(readFileSync(new URL("../golden/trace.json", import.meta.url), "utf8"));

/** The loss of every step, all of them made by one run. */
async function losses(executor: Executor, options: CompileOptions = {}): Promise<Float64Array> {
  const [inputs, first, second, classes] = trace.sizes;
  const model = new Sequential(
    new Linear(inputs, first),
    tanh,
    new Linear(first, second),
    relu,
    new Linear(second, classes),
  );
  const variables = [...parameters(model).values()];
  const optimizer = adam(1e-2);
  const state = optimizer.init(variables);
  const index = constant(Int32Array.from(trace.index.flat()), { shape: [trace.index.length, trace.batch] });
  const rows = index.gather(state.step);
  const x = constant(trace.x, { shape: [trace.rows, inputs] }).gather(rows);
  const y = constant(Int32Array.from(trace.y)).gather(rows);
  const loss = crossEntropy(model.forward(x, evaluationContext()), y);
  const assignments = optimizer.update(grad(loss, variables), state, variables);
  const id = await executor.load(compile({ outputs: { loss }, assignments }, options));
  await initialise(executor, [...assignments.map(([variable]) => variable)], 0);
  for (const [i, { key }] of variables.entries()) await executor.write({ variable: key }, trace.parameters[i]);
  const run = executor.run([[id, trace.losses.length]]);
  await run.done;
  await executor.unload(id);
  return Float64Array.from(run.takeLog().flatMap(({ values }) => [...values]));
}

function largestError(found: Float64Array): number {
  expect(found.length).toBe(trace.losses.length);
  return Math.max(...trace.losses.map((expected, i) => Math.abs(found[i] - expected) / expected));
}

describe("50 losses equal PyTorch's", () => {
  // Fifty steps, each passing its rounding of 1.1e-16 on to the next.
  test.each([true, false])("in Float64, optimize: %s", async (optimize) => {
    const executor = oracle({ poison: true });
    expect(largestError(await losses(executor, { optimize }))).toBeLessThan(1e-10);
    await executor.dispose();
  });

  test.each(Object.entries(float32))("on %s", async (_, create) => {
    const executor = create({ poison: true });
    expect(largestError(await losses(executor))).toBeLessThan(1e-4);
    await executor.dispose();
  });
});
