// Contenders in turns (A B A B ...): each is checked, warmed up and timed. Where a contender runs is no concern of this file.
import { setTimeout as pause } from "node:timers/promises";
import { median } from "./report.ts";

export interface Answer {
  /** Milliseconds a step. */
  readonly ms: number;
  /** Of the last step, before its update. */
  readonly loss: number;
}

/** A contender that has started. */
export interface Runner {
  /** What runs there: a name and version. */
  readonly engine: string;
  ask(steps: number): Promise<Answer>;
  end(): Promise<void>;
}

/** Why a contender cannot take part. */
export interface Missing {
  readonly missing: string;
}

/** A contender for one network: started, or why it cannot take part. */
export interface Entry {
  readonly name: string;
  readonly threads: number;
  readonly runner: Runner | Missing;
  /** The loss that it must have after CHECKED_STEPS; undefined for one that has none. */
  readonly expected: number | undefined;
}

export interface Timing {
  readonly name: string;
  readonly threads: number;
  readonly engine?: string;
  /** Relative difference of its loss from the expected one. */
  readonly difference?: number;
  /** Milliseconds a step, one number a round; absent where it was not timed. */
  readonly rounds?: readonly number[];
  /** Why it was not timed. */
  readonly note?: string;
}

export const CHECKED_STEPS = 3;

/**
 * Relative. In Float32 the losses of these networks are off by 6e-6 at the most (tfjs wasm with Adam; the others by 1e-6). With a rate
 * wrong by 1 % they would be by 2.5e-5 or more, with other rows or a step less by 1.5e-3 or more.
 */
const TOLERANCE = 1e-5;

/** Milliseconds that one request takes, about. */
const REQUEST = 150;

/** Requests of that length before the first that counts. */
const WARM_UPS = 2;

/** Milliseconds of a step that is warm after the check. */
const SLOW = 2000;

/** Milliseconds of a first step that is too long for more. */
const PATIENCE = 30_000;

/** Milliseconds between requests: idle teams of threads (OpenMP, OpenBLAS) spin for a while before they sleep. */
const PAUSE = 50;

export async function compare(entries: readonly Entry[], most: number, rounds: number): Promise<Timing[]> {
  const timings: Timing[] = [];
  const timed: { readonly runner: Runner; readonly steps: number; readonly times: number[] }[] = [];
  for (const { name, threads, runner, expected } of entries) {
    if ("missing" in runner) {
      timings.push({ name, threads, note: runner.missing });
      continue;
    }
    const row = { name, threads, engine: runner.engine };
    try {
      const first = await runner.ask(1);
      if (first.ms > PATIENCE) {
        timings.push({ ...row, note: `takes no turns: its first step took ${Math.round(first.ms / 1e3)} s` });
        continue;
      }
      const { ms, loss } = await runner.ask(CHECKED_STEPS - 1);
      const difference = expected === undefined ? undefined : Math.abs(loss / expected - 1);
      if (difference === undefined || difference <= TOLERANCE) {
        const times: number[] = [];
        timed.push({ runner, steps: await warmUp(runner, most, ms), times });
        timings.push({ ...row, difference, rounds: times });
      } else timings.push({ ...row, difference, note: `not timed: its loss is ${loss}, not ${expected}` });
    } catch (error) {
      timings.push({ ...row, note: `not timed: ${error instanceof Error ? error.message : error}` });
    }
  }
  for (let round = 0; round < rounds; round++)
    for (const { runner, steps, times } of timed) {
      await pause(PAUSE);
      const { ms } = await runner.ask(steps);
      times.push(ms);
    }
  return timings;
}

/** Steps of a request, once a request of so many takes as long as it should; the steps before took so many milliseconds. */
async function warmUp(runner: Runner, most: number, before: number): Promise<number> {
  let steps = stepsOf(before, most);
  for (let again = before > SLOW ? 0 : WARM_UPS; again > 0; ) {
    const { ms } = await runner.ask(steps);
    if (steps === most || ms * steps > REQUEST / 2) again--;
    steps = stepsOf(ms, most);
  }
  return steps;
}

/** Steps of so many milliseconds that a request should have: one, if they are slow. */
function stepsOf(ms: number, most: number): number {
  return Math.max(1, Math.min(most, Math.round(REQUEST / ms)));
}

/** How many times as long `timing` takes as `other`: the median over the rounds, which share the machine's mood. */
export function ratio(timing: Timing, other: Timing | undefined): number | undefined {
  const [a, b] = [timing.rounds, other?.rounds];
  return a && b && median(a.map((ms, round) => ms / b[round]));
}
