// What agents of CartPole have in common: how they are begun, what they tell while they learn, and how they are judged.
import { type Computation, compile, type Executor, input } from "simdgrad";
import type { Sequential } from "simdgrad/nn";
import { CartPole, type PoleSettings } from "../environments/cartpole.ts";
import { episodeReturns, Lately, largest } from "./episodes.ts";
import { run } from "./networks.ts";

export const OBSERVED = 4;
export const ACTIONS = 2;

/** How an agent learns. */
export interface Learning {
  readonly executor: Executor;
  readonly seed: number;
  /** Steps of the environment, all together: learning rates fall towards their end. */
  readonly steps: number;
  /** The pole that it learns to keep upright. Default: the usual one. */
  readonly pole?: PoleSettings;
}

/** What is told after each step of learning. */
export interface Update {
  /** Before the update. */
  readonly loss: number;
  /** Steps of the environment so far. */
  readonly steps: number;
  /** Lengths of the episodes that ended since the last one. */
  readonly lengths: readonly number[];
}

/** An agent that learns as long as it is asked for updates. */
export interface Learner {
  /** Gives numbers of the actions, the largest for the best one. */
  readonly network: Sequential;
  /** Says what a state is worth; undefined where the numbers of the actions say it. */
  readonly critic: Sequential | undefined;
  readonly updates: AsyncGenerator<Update, void>;
  /** Unloads its programs, and frees its variables. */
  end(): Promise<void>;
}

/** A way to learn. */
export type Learn = (learning: Learning) => Promise<Learner>;

/** Far from the seeds of trainings. */
const JUDGED_SEED = 1_000_000;

/** A program that gives numbers of the actions, the largest for the best one. */
function judgedBy(network: Sequential, rows: number): Computation {
  const seen = input([rows, OBSERVED]);
  return { inputs: { seen }, outputs: { numbers: run(network, seen) } };
}

/** What has been learned. */
export interface Learned {
  /** Returns of greedy episodes after the training, of seeds that it has not seen. */
  readonly returns: readonly number[];
  readonly steps: number;
}

/** Learns to the end, and is judged by so many episodes. `tell` hears of steps, and of the mean length of the last episodes. */
export async function learned(
  learn: Learn,
  learning: Learning,
  judged: number,
  tell: (steps: number, lately: number) => void,
): Promise<Learned> {
  const { executor, pole } = learning;
  const { network, updates, end } = await learn(learning);
  const lately = new Lately();
  let made = 0;
  for await (const { steps, lengths } of updates) {
    made = steps;
    for (const length of lengths) lately.add(length);
    if (lengths.length > 0) tell(made, lately.mean);
  }
  const judge = await executor.load(compile(judgedBy(network, judged)));
  const policy = async (seen: Float32Array) => largest((await executor.step(judge, { seen })).numbers, ACTIONS);
  const poles = Array.from({ length: judged }, () => new CartPole(pole));
  const returns = await episodeReturns(poles, policy, JUDGED_SEED);
  await executor.unload(judge);
  await end();
  return { returns, steps: made };
}
