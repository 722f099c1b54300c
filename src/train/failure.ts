// What a fit that ended in NaN or infinity leaves behind.
import type { Executor, PlanEntry, TypedArray } from "../runtime/executor.ts";
import type { Variable } from "../variable.ts";

/** Values of variables by their keys. */
export type Snapshot = ReadonlyMap<string, TypedArray>;

/** A fit whose loss became NaN or infinite. */
export interface Failure {
  /** One epoch of it. */
  readonly plan: readonly PlanEntry[];
  /** Steps of the first epoch that were made before it, and the one that failed, counted from there. */
  readonly from: number;
  readonly step: number;
  /** The state it began with. */
  readonly before: Snapshot;
}

/** Reads variables. */
export async function snapshot(executor: Executor, variables: Iterable<Variable>): Promise<Snapshot> {
  const keys = Array.from(variables, ({ key }) => key);
  const values = await executor.readAll(keys.map((variable) => ({ variable })));
  return new Map(keys.map((key, i) => [key, values[i]]));
}
