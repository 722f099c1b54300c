// The training of one network: AdamW, stopped early, with the weights of the best epoch.
import { earlyStopping } from "../callbacks/early-stopping.ts";
import type { NumericArray, TypedData } from "../data/array.ts";
import { NonFiniteError } from "../errors.ts";
import { crossEntropy } from "../nn/losses/classification.ts";
import { mseLoss } from "../nn/losses/regression.ts";
import { adamW } from "../optim/adam.ts";
import type { Executor } from "../runtime/executor.ts";
import type { Callback } from "../train/callback.ts";
import type { Epoch } from "../train/history.ts";
import type { StateDict } from "../train/state.ts";
import { Trainer } from "../train/trainer.ts";
import { networkOf, type TabularNetwork } from "./network.ts";
import type { Task } from "./target.ts";

/** Features, and what is to be told of them as the loss takes it. */
export interface Part {
  readonly x: TypedData;
  readonly y: NumericArray;
}

/** How a network is trained. */
export interface Course {
  readonly task: Task;
  readonly network: TabularNetwork;
  readonly seed: number;
  readonly rate: number;
  readonly weightDecay: number;
  readonly batch: number;
  readonly epochs: number;
  readonly patience: number;
  readonly executor: Executor;
  readonly signal: AbortSignal | undefined;
  /** Called after each epoch; false ends the training. */
  readonly onEpoch: (epoch: Epoch) => unknown;
}

/** Weights, and how they came about. */
export interface Trained {
  readonly state: StateDict;
  readonly history: readonly Epoch[];
  /** The entry of the history that the weights are of. */
  readonly best: Epoch;
  /** What the network gives for the rows to test with. */
  readonly told: ArrayLike<number>;
}

/**
 * Trains until nothing gets better on the rows to validate with, or until it is told to end.
 * @throws NonFiniteError for a rate that is too large; the signal's reason where not one epoch came to its end
 */
export async function train(parts: { train: Part; validation: Part; test: Part }, course: Course): Promise<Trained> {
  const { task, network, seed, rate, weightDecay, batch, epochs, patience, executor, signal } = course;
  const trainer = new Trainer(networkOf(network), {
    loss: task === "classification" ? crossEntropy : mseLoss,
    optimizer: adamW(rate, { weightDecay }),
    metrics: {},
    seed,
    executor,
  });
  try {
    await trainer.load(parts.train);
    const telling: Callback = {
      async onEpochEnd(epoch, context) {
        if ((await course.onEpoch(epoch)) === false) context.stop();
      },
    };
    const callbacks = [earlyStopping({ patience, restoreBest: true }), telling];
    const history = await trainer.fit({ batch, epochs, validation: parts.validation, signal, callbacks });
    const best = bestOf(history);
    if (best === undefined) throw signal?.reason ?? new Error("no epoch came to its end");
    const as = task === "classification" ? "softmax" : undefined;
    const { data } = await trainer.predict(parts.test.x, { as });
    return { state: await trainer.stateDict(), history, best, told: data };
  } catch (error) {
    if (!(error instanceof NonFiniteError)) throw error;
    throw new NonFiniteError(
      `the loss of step ${error.step} is NaN or infinite: a rate below ${rate} is wanted`,
      error.step,
    );
  } finally {
    await trainer.dispose();
  }
}

/** The first of those with the least loss in validation, whose weights earlyStopping keeps. */
function bestOf(history: readonly Epoch[]): Epoch | undefined {
  const lossOf = ({ validation }: Epoch) => validation?.loss ?? Number.NaN;
  let best = history[0];
  for (const epoch of history)
    if (lossOf(epoch) < lossOf(best) || (Number.isNaN(lossOf(best)) && !Number.isNaN(lossOf(epoch)))) best = epoch;
  return best;
}
