// What a fit that ended in NaN or infinity leaves behind.
import type { Executor, PlanEntry, TypedArray } from "../runtime/executor.ts";
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
