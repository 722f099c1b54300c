// The module's exports: run a program, tell this instance which thread of a team it is, and what functions that an executor makes
// for a program (src/runtime/wasm/jit) call in turn. Those are called through the exported table.
import { CONTROL_ABORT, CONTROL_STOP } from "./isa/sizes";
import { arrive, release, attach as setTeam, wait } from "./parallel";
import { execute } from "./run";

export { execute } from "./run";
export { step } from "./steps";

/** Whether a * b + c is rounded once here (simd.ts). */
export const fused: bool = ASC_FEATURE_RELAXED_SIMD;

/** Bytes from one logged scalar to the next: each has a padded buffer of its own. */
const LOG_STRIDE = 64;

/**
 * Executes the program at `code` from its first instruction to END, `steps` times. After step s the `logCount` words at
 * logFrom, logFrom + 64, ... are copied to row (logStart + s) % logCapacity of the ring at `logTo`. Returns the number of whole
 * steps done: fewer than `steps` if the abort word was set. `made`, unless 0, is the place in the table of a function that makes
 * the same step.
 */
export function run(
  code: usize,
  steps: i32,
  logFrom: usize,
  logCount: i32,
  logTo: usize,
  logCapacity: i32,
  logStart: i32,
  made: u32,
): i32 {
  for (let step = 0; step < steps; step++) {
    if (made !== 0) call_indirect<void>(made, code);
    else if (!execute(code, usize.MAX_VALUE)) return step;
    if (arrive()) {
      if (logCount > 0) {
        const row = logTo + (((logStart + step) as u32) % (logCapacity as u32)) * logCount * 4;
        for (let j = 0; j < logCount; j++) store<u32>(row + j * 4, load<u32>(logFrom + j * LOG_STRIDE));
      }
      store<i32>(CONTROL_STOP, atomic.load<i32>(CONTROL_ABORT));
      release();
    } else if (!wait()) return step;
    if (load<i32>(CONTROL_STOP) !== 0) return step + 1;
  }
  return steps;
}

/** Makes this instance thread `thread` of `threads`, with SCRATCH_WORDS words of its own at `scratch` (16-byte aligned). */
export function attach(thread: i32, threads: i32, scratch: usize): void {
  setTeam(thread, threads, scratch);
}
