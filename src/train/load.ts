// What a training puts on its executor and takes from it again, whatever fails meanwhile.

import { ArgumentError, DisposedError, WorkerError } from "../errors.ts";
import { ofThisThread, type Program } from "../program/program.ts";
import type { Executor, ProgramId } from "../runtime/executor.ts";
import type { Variable } from "../variable.ts";

/**
 * Loads a program whose variables all have values on this executor, from this training or from elsewhere, but for those that may begin at
 * zero. The executor itself looks when it loads: what was forgotten by then is not begun anew.
 * @throws ArgumentError naming a variable without a value: it would silently be zero
 */
export async function loadProgram(
  executor: Executor,
  program: Program,
  fresh: readonly Variable[] = [],
): Promise<ProgramId> {
  const needs = program.variables.map(({ key }) => key).filter((key) => fresh.every((each) => each.key !== key));
  try {
    return await executor.load(ofThisThread({ ...program, needs }));
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    throw (await import("./first-values.ts")).ofProgram(error);
  }
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
