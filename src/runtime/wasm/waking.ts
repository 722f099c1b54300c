// What waking a thread costs here, by barriers in which threads sleep at once. Where waits end in sleep, threads come to spin so long before
// it, which at the most doubles what a wait costs, whatever it is that they wait for. It concerns speed, never bits.
import { BARRIER, END } from "../../../assembly/isa/opcode.ts";
import { CONTROL_SPINS } from "../../../assembly/isa/sizes.ts";
import { ThreadError } from "../../errors.ts";
import type { Kernels } from "./instance.ts";
import type { Team } from "./team.ts";

/** Reads of the word that a barrier waits for, a nanosecond each, before a thread sleeps: where waking costs much, and at the least. */
export const MOST_SPINS = 200_000;
const LEAST_SPINS = 50_000;

/** A barrier halves its spins twice where waits end in sleep: what is left by then is what waking costs. */
const HALVED = 4;

/** Barriers of one run, and runs, of which the fastest counts. */
const BARRIERS = 8;
const RUNS = 2;

/** Spins for barriers that sleep for so many milliseconds each. */
export function spinsFor(milliseconds: number): number {
  return Math.round(Math.min(MOST_SPINS, Math.max(LEAST_SPINS, HALVED * 1e6 * milliseconds)));
}

/**
 * Has two threads of a team meet in barriers, with a program at this address, and sets how long barriers spin from then on: a few
 * milliseconds. @throws ThreadError if one dies
 */
export function measureWaking(team: Team, kernels: Kernels, memory: WebAssembly.Memory, scratch: number): void {
  const control = new Int32Array(memory.buffer);
  const code = [...Array<number>(BARRIERS).fill(BARRIER | (1 << 8)), END | (1 << 8)];
  control.set(code, scratch / 4);
  control[CONTROL_SPINS / 4] = 0;
  let least = Number.POSITIVE_INFINITY;
  kernels.attach(0, 2, scratch);
  for (let run = 0; run < RUNS; run++) {
    const before = performance.now();
    team.begin(2, scratch, 1, 0, 0, 0, 1);
    if (kernels.run(scratch, 1, 0, 0, 0, 1, 0, 0) !== 1) {
      team.abort(2);
      throw new ThreadError("a thread of the team does not come to its first barrier");
    }
    least = Math.min(least, performance.now() - before);
  }
  kernels.attach(0, 1, scratch);
  control[CONTROL_SPINS / 4] = spinsFor(least / code.length);
}
