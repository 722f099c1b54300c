// The search for the instruction that made the NaN or infinity in which a fit ended. Rarely needed: no part of the core.
import type { Program } from "../program/program.ts";
import type { Executor, PlanEntry, ProgramId, TypedArray } from "../runtime/executor.ts";
import { firstBadInstruction } from "../runtime/non-finite.ts";
import type { Variable } from "../variable.ts";
import type { Failure } from "./failure.ts";
import { saved } from "./state.ts";

/** Repeats the fit up to the step that failed and names its first bad instruction; the variables of its state keep the values they have. */
export async function explain(
  executor: Executor,
  { plan, from, step, before, lost }: Failure,
  state: Iterable<Variable>,
  programOf: (id: ProgramId) => Program | undefined,
): Promise<string | undefined> {
  if (lost) return `step ${step} was made of rows of a stream, which are not kept: load such rows, and fit those`;
  const now = await saved(executor, state);
  await executor.writeAll(before);
  try {
    const program = programOf(await replay(executor, plan, from, step));
    if (program === undefined) return undefined;
    const values = new Map<string, TypedArray>();
    for (const { key } of program.variables) values.set(key, await executor.read({ variable: key }));
    return await firstBadInstruction(program, (key) => values.get(key) as TypedArray);
  } finally {
    await executor.writeAll(now);
  }
}

/** Makes `steps` steps of a plan that repeats, after `from` that it leaves out. @returns the program whose turn is next */
async function replay(executor: Executor, plan: readonly PlanEntry[], from: number, steps: number): Promise<ProgramId> {
  let [skip, left] = [from, steps];
  for (let entry = 0; ; entry = (entry + 1) % plan.length) {
    const [id, length] = plan[entry];
    const skipped = Math.min(length, skip);
    const now = Math.min(length - skipped, left);
    await executor.run([[id, now]]).done;
    skip -= skipped;
    left -= now;
    if (now < length - skipped) return id;
  }
}
