// A value that is computed on an executor leaves nothing there, also where it cannot be computed.
import { expect, test } from "vitest";
import { constant } from "../src/create.ts";
import { ArgumentError, DisposedError } from "../src/errors.ts";
import { evaluate, initialise } from "../src/evaluate.ts";
import type { Program } from "../src/program/program.ts";
import type { PlanEntry, ProgramId, RunHandle } from "../src/runtime/executor.ts";
import { JsExecutor } from "../src/runtime/js/js-executor.ts";
import { Variable } from "../src/variable.ts";

/** An executor that knows its programs, and may refuse to run them. */
class Knowing extends JsExecutor {
  readonly programs = new Set<ProgramId>();
  runs = true;

  override async load(program: Program): Promise<ProgramId> {
    const id = await super.load(program);
    this.programs.add(id);
    return id;
  }

  override async unload(id: ProgramId): Promise<void> {
    await super.unload(id);
    this.programs.delete(id);
  }

  override run(plan: readonly PlanEntry[]): RunHandle {
    return super.run(this.runs ? plan : [[-1, 1]]);
  }
}

test("evaluate unloads its program, whether it ran or not", async () => {
  const executor = new Knowing();
  expect([...(await evaluate(constant([1, 2]).mul(3), { executor }))]).toEqual([3, 6]);
  expect(executor.programs.size).toBe(0);
  executor.runs = false;
  await expect(evaluate(constant([1, 2]).mul(3), { executor })).rejects.toThrow(DisposedError);
  expect(executor.programs.size).toBe(0);
  await executor.dispose();
  await expect(evaluate(constant([1]), { executor })).rejects.toThrow("the executor was disposed");
});

test("variables that never were on an executor have no value there, and are not 0", async () => {
  const executor = new JsExecutor();
  const weight = new Variable([2], [1, 2], { label: "weight" });
  const y = weight.mul(3);
  await expect(evaluate(y, { executor })).rejects.toThrow(ArgumentError);
  await expect(evaluate(y, { executor })).rejects.toThrow("variable weight has no value on this executor");
  await initialise(executor, [weight], 0);
  expect([...(await evaluate(y, { executor }))]).toEqual([3, 6]);
  await executor.dispose();
});
