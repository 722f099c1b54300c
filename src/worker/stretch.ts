// Any stretch of a run as whole runs of its own: how steps that were made before are made again, no more and no fewer.
import type { PlanEntry } from "../runtime/executor.ts";

/** Steps that a run made without an order in between. */
export interface Stretch {
  /** The run's. */
  readonly plan: readonly PlanEntry[];
  /** Steps that it had made before. */
  readonly from: number;
  readonly steps: number;
}

/** A plan, and how often it is gone through. */
export interface Rounds {
  readonly plan: readonly PlanEntry[];
  readonly repeat: number;
}

/** The end of the round that it begins in, whole rounds, and the beginning of the one that it ends in: what of these made steps. */
export function roundsOf({ plan, from, steps }: Stretch): Rounds[] {
  const once = plan.reduce((sum, [, each]) => sum + each, 0);
  const begun = from % once;
  const first = Math.min(once - begun, steps);
  const left = steps - first;
  const rounds = [
    { plan: part(plan, begun, first), repeat: 1 },
    { plan: part(plan, 0, once), repeat: Math.floor(left / once) },
    { plan: part(plan, 0, left % once), repeat: 1 },
  ];
  return rounds.filter((each) => each.plan.length > 0 && each.repeat > 0);
}

/** Of one round so many steps, after others. A program that makes none of them may be unloaded by now. */
function part(plan: readonly PlanEntry[], after: number, steps: number): PlanEntry[] {
  let [skip, left] = [after, steps];
  return plan.flatMap(([id, length]): PlanEntry[] => {
    const skipped = Math.min(skip, length);
    const made = Math.min(length - skipped, left);
    skip -= skipped;
    left -= made;
    return made > 0 ? [[id, made]] : [];
  });
}
