// What a fit that ended in NaN or infinity leaves behind.
import type { PlanEntry, Write } from "../runtime/executor.ts";

/** A fit whose loss became NaN or infinite. */
export interface Failure {
  /** One epoch of it. */
  readonly plan: readonly PlanEntry[];
  /** Steps of the first epoch that were made before it, and the one that failed, counted from there. */
  readonly from: number;
  readonly step: number;
  /** The state it began with. */
  readonly before: readonly Write[];
  /** Its rows were a stream's, and are gone. */
  readonly lost?: boolean;
}
