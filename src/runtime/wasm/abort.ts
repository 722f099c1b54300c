// Ends a run that will never be complete. A file of its own: both ends of a team use it, and neither may import the other's.
import { ABORT_NOW, CONTROL_ABORT, CONTROL_BARRIER_GENERATION } from "../../../assembly/isa/sizes.ts";

/** Wakes whoever waits in a barrier and has him leave. Barriers that are still spinning look at the word before they sleep again. */
export function abortRun(control: Int32Array): void {
  Atomics.store(control, CONTROL_ABORT / 4, ABORT_NOW);
  Atomics.notify(control, CONTROL_BARRIER_GENERATION / 4);
}
