// What a fit that ended in NaN or infinity leaves behind, and the search for the instruction that made it.
import type { Program } from "../compile/program.ts";
import type { Executor, PlanEntry, ProgramId, TypedArray } from "../runtime/executor.ts";
import type { Variable } from "../variable.ts";

/** Values of variables by their keys. */
export type Snapshot = ReadonlyMap<string, TypedArray>;

/** A fit whose loss became NaN or infinite. */
export interface Failure {
  /** One epoch of it. */
  readonly plan: readonly PlanEntry[];
  readonly step: number;
  /** The state it began with. */
  readonly before: Snapshot;
}

/** Reads variables. */
export async function snapshot(executor: Executor, variables: Iterable<Variable>): Promise<Snapshot> {
  const entries = [...variables].map(async ({ key }) => [key, await executor.read({ variable: key })] as const);
  return new Map(await Promise.all(entries));
}

async function restore(executor: Executor, values: Snapshot): Promise<void> {
  for (const [key, data] of values) await executor.write({ variable: key }, data);
}

/** Repeats the fit up to the step that failed and names its first bad instruction; the variables keep the values they have now. */
export async function explain(
  executor: Executor,
  { plan, step, before }: Failure,
  variables: Iterable<Variable>,
  programOf: (id: ProgramId) => Program | undefined,
): Promise<string | undefined> {
  const now = await snapshot(executor, variables);
  await restore(executor, before);
  try {
    const { firstNonFinite } = await import("../runtime/non-finite.ts"); // rarely needed: not part of the core
    const program = programOf(await replay(executor, plan, step));
    if (program === undefined) return undefined;
    const values = new Map<string, TypedArray>();
    for (const { key } of program.variables) values.set(key, await executor.read({ variable: key }));
    return await firstNonFinite(program, (key) => values.get(key) as TypedArray);
  } finally {
    await restore(executor, now);
  }
}

/** Makes `steps` steps of a plan that repeats. @returns the program whose turn is next */
async function replay(executor: Executor, plan: readonly PlanEntry[], steps: number): Promise<ProgramId> {
  let left = steps;
  for (let entry = 0; ; entry = (entry + 1) % plan.length) {
    const [id, length] = plan[entry];
    const now = Math.min(length, left);
    await executor.run([[id, now]]).done;
    left -= now;
    if (now < length) return id;
  }
}
