// What agents of CartPole have in common: how they are begun, and what is known of them when they have learned.
import { type Computation, input, type WasmExecutor } from "simdgrad";
import type { Sequential } from "simdgrad/nn";
import { CartPole } from "../environments/cartpole.ts";
import type { Call } from "./agent.ts";
import { episodeReturns, largest } from "./episodes.ts";
import { run } from "./networks.ts";

export const OBSERVED = 4;
export const ACTIONS = 2;

/** How an agent learns. */
export interface Learning {
  readonly executor: WasmExecutor;
  readonly seed: number;
  /** Steps of the environment, all together. */
  readonly steps: number;
  /** Episodes that it is judged by. */
  readonly judged: number;
  /** Told after some steps: how many there were, and the mean return of the last episodes. */
  readonly tell: (steps: number, lately: number) => void;
}

/** What has been learned. */
export interface Learned {
  /** Returns of greedy episodes after the training, of seeds that it has not seen. */
  readonly returns: readonly number[];
  readonly steps: number;
}

/** Far from the seeds of trainings. */
const JUDGED_SEED = 1_000_000;

/** A program that gives numbers of the actions, the largest for the best one. */
export function judgedBy(network: Sequential, rows: number): Computation {
  const seen = input([rows, OBSERVED]);
  return { inputs: { seen }, outputs: { numbers: run(network, seen) } };
}

/** Greedy episodes by a program of `judgedBy`. */
export function greedyReturns(call: Call, episodes: number): Promise<number[]> {
  const environments = Array.from({ length: episodes }, () => new CartPole());
  const policy = async (seen: Float32Array) => largest((await call({ seen })).numbers, ACTIONS);
  return episodeReturns(environments, policy, JUDGED_SEED);
}
