// Running small graphs in tests: on any executor, optimised or not, with inputs written as a caller would write them.
import { type CompileOptions, compile } from "../src/compile/compile.ts";
import { initialise } from "../src/evaluate.ts";
import type { Executor, TypedArray } from "../src/runtime/executor.ts";
import type { Tensor } from "../src/tensor.ts";

/** A graph to run: what it gives, and data for the tensors made by `input`. */
export interface Graph<Name extends string = string> {
  readonly outputs: Readonly<Record<Name, Tensor>>;
  readonly inputs?: readonly (readonly [Tensor, ArrayLike<number>])[];
}

/** Compiles a graph, runs it once and reads all outputs; its variables have their first values. */
export async function runOn<Name extends string>(
  executor: Executor,
  { outputs, inputs = [] }: Graph<Name>,
  options: CompileOptions = {},
): Promise<Record<Name, TypedArray>> {
  await initialise(executor, Object.values(outputs), 0);
  const named = inputs.map(([tensor, data], i) => ({ name: `x${i}`, tensor, data }));
  const program = compile(
    { inputs: Object.fromEntries(named.map(({ name, tensor }) => [name, tensor])), outputs },
    options,
  );
  const id = await executor.load(program);
  for (const { name, data } of named) await executor.write({ program: id, name }, data);
  await executor.run([[id, 1]]).done;
  const results: Partial<Record<Name, TypedArray>> = {};
  for (const name of Object.keys(outputs) as Name[]) results[name] = await executor.read({ program: id, name });
  await executor.unload(id);
  return results as Record<Name, TypedArray>;
}
