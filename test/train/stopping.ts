// A small training whose validation gets better and then worse: the epoch at which early stopping ends it, the best one, and the bits of its
// weights are the same wherever it runs, whoever reads.
// Data are whole numbers from a recurrence, so that no engine's Math has a part in them.
import { type Callback, type Epoch, type Executor, Trainer } from "simdgrad";
import { earlyStopping } from "simdgrad/callbacks";
import { crossEntropy, Dropout, Linear, relu, Sequential } from "simdgrad/nn";
import { sgd } from "simdgrad/optim";
import { expect } from "vitest";
import { hashOf as bitsOf } from "../portable/train.ts";

const FEATURES = 16;
const HIDDEN = 192;

/** Labels follow from two of the features, but one in five of those that are trained on is wrong: learnt by heart, it misleads. */
function samples(rows: number, seed: number, wrong: boolean) {
  let state = seed;
  const number = () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state >>> 16;
  };
  const x = Float32Array.from({ length: rows * FEATURES }, () => number() / 32768 - 1);
  const y = Int32Array.from({ length: rows }, (_, i) => {
    const right = x[i * FEATURES] > x[i * FEATURES + 1] ? 1 : 0;
    return wrong && number() % 5 === 0 ? 1 - right : right;
  });
  return { x: { data: x, shape: [rows, FEATURES] }, y: { data: y, shape: [rows] } };
}

const trainingData = samples(150, 3, true);
const validation = samples(120, 4, false);

/** Three steps an epoch, the last one ragged, of a program that is worth two threads. */
const course = { batch: 64, epochs: 500, validation };
const PATIENCE = 150;

/** The epoch after which the loss on the validation is least, what it is then, and the bits of the weights, in the portable build. */
export const BEST = { epoch: 264, loss: 0.440483421087265, hash: "38bc4139" };

async function newTrainer(executor: Executor): Promise<Trainer> {
  const model = new Sequential(new Linear(FEATURES, HIDDEN), relu, new Dropout(0.1), new Linear(HIDDEN, 2));
  const optimizer = sgd(0.004, { momentum: 0.9 });
  const trainer = new Trainer(model, { loss: crossEntropy, optimizer, executor, seed: 3 });
  await trainer.load(trainingData);
  return trainer;
}

/** The best of so many epochs of a training without callbacks; the weights are those after the one that is known to be. */
export async function undisturbed(executor: Executor, epochs = course.epochs): Promise<typeof BEST> {
  const trainer = await newTrainer(executor);
  await trainer.fit({ ...course, epochs: BEST.epoch });
  const hash = await hashOf(trainer);
  const losses = validationLosses(await trainer.fit({ ...course, epochs: epochs - BEST.epoch }));
  const loss = Math.min(...losses);
  return { epoch: losses.indexOf(loss) + 1, loss, hash };
}

function validationLosses(history: readonly Epoch[]): number[] {
  return history.map((epoch) => epoch.validation?.loss ?? Number.NaN);
}

async function hashOf(trainer: Trainer): Promise<string> {
  const state = await trainer.stateDict();
  return bitsOf(Object.values(state).map(({ data }) => data));
}

/**
 * How a fit is read: not at all, once a frame, each epoch between two steps, each epoch long after it was made, or once a frame by a thread that
 * stands still for seconds now and then.
 */
export type Reader = "nobody" | "frames" | "lockstep" | "slow" | "frozen";

const SLOW = 4; // milliseconds, after each epoch

const FROZEN = 1200; // milliseconds, each time
const FREEZES = 2;

async function read(trainer: Trainer, reader: Reader, callbacks: readonly Callback[]): Promise<void> {
  const options = { ...course, callbacks };
  if (reader === "nobody") await trainer.fit(options);
  else if (reader === "lockstep") for await (const _ of trainer.fit({ ...options, report: "epoch", lockstep: true }));
  else if (reader === "slow")
    for await (const _ of trainer.fit({ ...options, report: "epoch" }))
      await new Promise((resolve) => setTimeout(resolve, SLOW));
  else {
    let freezes = 0;
    for await (const { epoch } of trainer.fit(options))
      if (reader === "frozen" && epoch > 60 * (freezes + 1) && freezes < FREEZES) {
        freezes++;
        for (const end = performance.now() + FROZEN; performance.now() < end; );
      }
    if (reader === "frozen" && freezes < FREEZES) throw new Error(`stood still ${freezes} times`);
  }
}

/** Expects that early stopping leaves what it must: the epochs made, the best loss, and the weights that have it. */
export async function stopsEarly(executor: Executor, reader: Reader, best = BEST): Promise<void> {
  const trainer = await newTrainer(executor);
  await read(trainer, reader, [earlyStopping({ patience: PATIENCE, restoreBest: true })]);
  const losses = validationLosses(trainer.history);
  const { loss } = await trainer.evaluate(validation);
  const told = { made: losses.length, least: Math.min(...losses), loss, hash: await hashOf(trainer) };
  expect(told).toEqual({ made: best.epoch + PATIENCE, least: best.loss, loss: best.loss, hash: best.hash });
  await trainer.dispose();
}
