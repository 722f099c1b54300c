// How a run is handed from the first thread of a team (team.ts) to each other one (serve.ts): words of the control page.
import { CONTROL_CALL, CONTROL_JOBS, JOB_BYTES } from "../../../assembly/isa/sizes.ts";

const CALL_WORD = CONTROL_CALL / 4;

/** Words of the latest run: the threads that share it, and what the kernels' `run` takes. */
export const CALL = {
  threads: CALL_WORD,
  code: CALL_WORD + 1,
  steps: CALL_WORD + 2,
  logFrom: CALL_WORD + 3,
  logCount: CALL_WORD + 4,
  logTo: CALL_WORD + 5,
  logCapacity: CALL_WORD + 6,
} as const;

/** The word with the number of a thread's latest job, by which it is woken; after it, what is known of the thread. */
export function jobOf(thread: number): number {
  return (CONTROL_JOBS + thread * JOB_BYTES) / 4;
}

/** From the word of its job: 1 while it sleeps. */
export const ASLEEP = 1;
/** From the word of its job: the number of the job that it has left. */
export const LEFT = 2;
/** From the word of its job: messages that it was sent to take before its next job. */
export const MESSAGES = 3;
