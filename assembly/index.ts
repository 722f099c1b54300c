// The module's two exports: run a program, and tell this instance which thread of a team it is.
import { CONTROL_ABORT, CONTROL_STOP } from "./isa/sizes";
import { arrive, release, attach as setTeam, wait } from "./parallel";
import { execute } from "./run";

/** Bytes from one logged scalar to the next: each has a padded buffer of its own. */
const LOG_STRIDE = 64;

/**
 * Executes the program at `code` from its first instruction to END, `steps` times. After step s the `logCount` words at
 * logFrom, logFrom + 64, ... are copied to row (logStart + s) % logCapacity of the ring at `logTo`. Returns the number of whole
 * steps done: fewer than `steps` if the abort word was set.
 */
export function run(
  code: usize,
  steps: i32,
  logFrom: usize,
  logCount: i32,
  logTo: usize,
  logCapacity: i32,
  logStart: i32,
): i32 {
  for (let step = 0; step < steps; step++) {
    if (!execute(code, usize.MAX_VALUE)) return step;
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
