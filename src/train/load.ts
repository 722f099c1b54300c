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
    throw new ArgumentError(
      `trainer: ${error.message}: it is in no field of the model (private ones and closures hide theirs) and not named in hyperparameters`,
    );
  }
}

/**
 * Begins anew, whatever variables hold.
 * @throws ArgumentError where a first value is made of a variable that has no value here: it would silently be zero
 */
export async function giveFirstValues(
  executor: Executor,
  variables: ReadonlyMap<string, Variable>,
  seed: number,
): Promise<void> {
  const { compileInit } = await import("../compile/init.ts");
  const program = compileInit(variables, seed);
  const own = new Set(Array.from(variables.values(), ({ key }) => key));
  const needs = program.variables.map(({ key }) => key).filter((key) => !own.has(key));
  const id = await executor.load(needs.length === 0 ? program : ofThisThread({ ...program, needs }));
  const done = () => executor.unload(id);
  await orElse(() => executor.run([[id, 1]]).done, done);
  await done();
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
