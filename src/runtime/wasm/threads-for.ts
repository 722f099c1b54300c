// How many threads a program is worth: an estimate from its instructions alone. It decides about speed, never about bits.
import { timeOf } from "./work.ts";

/** Nanoseconds of a barrier: 200 to 450 for two threads, about 1000 for 16. */
function barrierOf(threads: number): number {
  return threads === 1 ? 0 : 350 + 40 * threads;
}

/** A step shorter than this stays on one thread: waking the others for a single call costs as much. */
const LEAST = 30_000;

/** More threads must save at least this part of the time, or they are left to others. */
const GAIN = 0.1;

/** Threads for the program with this code, of `available` ones. */
export function threadsFor(code: Int32Array, available: number): number {
  let best = 1;
  let least = stepTime(code, 1);
  if (least < LEAST) return 1;
  for (let threads = 1; threads < available; ) {
    threads = Math.min(2 * threads, available);
    const time = stepTime(code, threads);
    if (time < (1 - GAIN) * least) [best, least] = [threads, time];
  }
  return best;
}

function stepTime(code: Int32Array, threads: number): number {
  return timeOf(code, 0, code.length, { threads, barrier: barrierOf(threads) });
}

/** Numbers of threads that are worth comparing for a program that is worth so many: others may need cores, too. */
export function teamsFor(threads: number): readonly number[] {
  const half = threads >> 1;
  return half > 1 ? [1, half, threads] : threads > 1 ? [1, threads] : [1];
}
