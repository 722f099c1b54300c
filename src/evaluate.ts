// evaluate: compile and run once, for exploring, debugging and tests. Training goes through programs that stay loaded.
import { anInteger, checkOptions } from "./check.ts";
import { type CompileOptions, compile, compileOptions } from "./compile/compile.ts";
import { compileInit } from "./compile/init.ts";
import { topological } from "./graph.ts";
import { ofThisThread } from "./program/program.ts";
import { anExecutor } from "./runtime/arguments.ts";
import type { Executor, TypedArray } from "./runtime/executor.ts";
import { JsExecutor } from "./runtime/js/js-executor.ts";
import { tensors as checkTensors, type Tensor } from "./tensor.ts";
import { Variable } from "./variable.ts";

/** Where and how a tensor is evaluated. */
export interface EvaluateOptions extends CompileOptions {
  /** Where it runs; variables have the values they have there. Default: a JsExecutor of its own, variables at their first values. */
  readonly executor?: Executor;
  /** Of the first values; default 0. */
  readonly seed?: number;
}

/**
 * The elements of a tensor, flat and row-major. Variables have their first values, whatever was trained elsewhere, unless `executor` says where
 * they are: `{ executor: trainer.executor }`.
 * @throws ArgumentError where the tensor depends on an `input`, or on a variable that has no value on `executor`
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * await evaluate(constant([[1, 2], [3, 4]]).matmul(constant([[1], [1]]))); // => [3, 7]
 */
export async function evaluate(tensor: Tensor, options: EvaluateOptions = {}): Promise<TypedArray> {
  const [values] = await evaluateAll([tensor], options);
  return values;
}

/**
 * The elements of several tensors, computed by one program.
 *
 * @example
 * import { constant, evaluateAll } from "simdgrad";
 * const x = constant([1, 2]);
 * await evaluateAll([x.sum(), x.mul(x)]); // => [[3], [1, 4]]
 */
export async function evaluateAll(tensors: readonly Tensor[], options: EvaluateOptions = {}): Promise<TypedArray[]> {
  checkTensors(tensors, "evaluateAll: tensors");
  checkOptions(options, "evaluate", { ...compileOptions, executor: anExecutor, seed: anInteger });
  const { optimize } = options;
  const program = compile({ outputs: Object.fromEntries(tensors.map((tensor, i) => [`${i}`, tensor])) }, { optimize });
  const executor = options.executor ?? new JsExecutor();
  try {
    if (options.executor === undefined) {
      const { withSources } = await import("./compile/sources.ts");
      await initialise(executor, withSources(tensors), options.seed ?? 0);
    }
    const id = await executor.load(ofThisThread({ ...program, needs: program.variables.map(({ key }) => key) }));
    try {
      await executor.run([[id, 1]]).done;
      return await executor.readAll(tensors.map((_, i) => ({ program: id, name: `${i}` })));
    } finally {
      await executor.unload(id).catch(() => {}); // an executor that is no more says so above
    }
  } finally {
    if (options.executor === undefined) await executor.dispose();
  }
}

/** Gives the variables under `tensors` their first values. */
export async function initialise(executor: Executor, tensors: readonly Tensor[], seed: number): Promise<void> {
  const variables = topological(tensors).filter((node) => node instanceof Variable);
  if (variables.length === 0) return;
  let named = new Map(variables.map((variable, i) => [variable.label || `${i}`, variable]));
  // Labels that do not tell them apart are no paths.
  if (named.size < variables.length) named = new Map(variables.map((variable, i) => [`${i}`, variable]));
  const id = await executor.load(compileInit(named, seed));
  await executor.run([[id, 1]]).done;
}
