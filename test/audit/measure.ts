// What the executors compute for a case: one program, loaded on each.
import { compile } from "../../src/compile/compile.ts";
import { initialise } from "../../src/evaluate.ts";
import type { Executor, TypedArray } from "../../src/runtime/executor.ts";
import type { Graph } from "../run.ts";
import { type Case, outputNames } from "./cases.ts";
import type { Training } from "./subject.ts";

/** Results by executor, then in the order of the outputs. */
export async function measure(
  { work, ...rest }: Case,
  executors: ReadonlyMap<string, Executor>,
): Promise<Map<string, TypedArray[]>> {
  const results = new Map<string, TypedArray[]>();
  if (work === undefined) return results;
  const once = "outputs" in work ? graphRunner(work, outputNames({ work, ...rest }), rest.optimize) : trainer(work);
  for (const [name, executor] of executors) results.set(name, await once(executor));
  return results;
}

type Runner = (executor: Executor) => Promise<TypedArray[]>;

function graphRunner({ outputs, inputs = [] }: Graph, names: readonly string[], optimize: boolean): Runner {
  const named = Object.fromEntries(inputs.map(([tensor], i) => [`x${i}`, tensor]));
  const program = compile({ inputs: named, outputs }, { optimize });
  return async (executor) => {
    const id = await executor.load(program);
    for (const [i, [, data]] of inputs.entries()) await executor.write({ program: id, name: `x${i}` }, data);
    await executor.run([[id, 1]]).done;
    const results: TypedArray[] = [];
    for (const name of names) results.push(await executor.read({ program: id, name }));
    await executor.unload(id);
    return results;
  };
}

function trainer({ assignments, watched, steps }: Training): Runner {
  const program = compile({ assignments });
  return async (executor) => {
    await initialise(executor, assignments.flat(), 0);
    const id = await executor.load(program);
    const recorded: number[] = [];
    for (let step = 0; step < steps; step++) {
      await executor.run([[id, 1]]).done;
      for (const { key } of watched) recorded.push(...(await executor.read({ variable: key })));
    }
    await executor.unload(id);
    return [Float64Array.from(recorded)];
  };
}
