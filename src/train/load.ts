// What a training puts on its executor and takes from it again, whatever fails meanwhile.
import type { Program } from "../compile/program.ts";
import { ArgumentError, DisposedError, WorkerError } from "../errors.ts";
import type { Executor, ProgramId } from "../runtime/executor.ts";
import type { Variable } from "../variable.ts";

/**
 * Loads a program whose variables all have values: a training's `own` ones, and those that others gave one on this executor.
 * @throws ArgumentError naming a variable without one: it would silently be zero
 */
export async function loadProgram(executor: Executor, program: Program, own: Iterable<Variable>): Promise<ProgramId> {
  const known = new Set(Array.from(own, ({ key }) => key));
  for (const { key, name } of program.variables)
    if (!known.has(key))
      await executor.read({ variable: key }).catch((error: unknown) => {
        if (!(error instanceof ArgumentError)) throw error;
        throw new ArgumentError(
          `trainer: variable ${name} belongs neither to the model nor to the optimizer; name it in hyperparameters`,
        );
      });
  return executor.load(program);
}

/** Does what frees memory, one after the other. An executor that is no more has nothing left to free. */
export async function freeing(...tasks: readonly (() => Promise<unknown>)[]): Promise<void> {
  for (const task of tasks)
    try {
      await task();
    } catch (error) {
      if (!(error instanceof DisposedError || error instanceof WorkerError)) throw error;
    }
}

/** What `make` gives; where it fails, `undo` comes before the error, which stays the one that is told. */
export async function orElse<T>(make: () => Promise<T>, undo: () => Promise<unknown>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    await undo().catch(() => undefined);
    throw error;
  }
}
