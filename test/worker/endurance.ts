// Workers killed at random points of a training, and workers made and disposed of again and again: in Node and in pages alike.
import { Trainer, WasmExecutor } from "simdgrad";
import { Linear, mseLoss } from "simdgrad/nn";
import { sgd } from "simdgrad/optim";
import { type AnyWorker, connect } from "simdgrad/worker";
import { expect, test } from "vitest";
import type { Workers } from "./platform.ts";
import { randomOf } from "./random.ts";
import { playSequence } from "./sequences.ts";
import { training, trainingData } from "./training.ts";
import { playTraining } from "./trainings.ts";

/** How often; `npm run soak` takes many times as many. */
export interface Counts {
  readonly kills: number;
  readonly cycles: number;
  /** Of sequences.ts, and of trainings.ts. */
  readonly sequences: number;
  readonly trainings: number;
}

declare module "vitest" {
  interface ProvidedContext {
    counts: Counts;
  }
}

export function killsAtRandom({ start, kill }: Workers, kills: number): void {
  test(`${kills} kills at random points: nothing waits for ever, and every training ends with the same bits`, async () => {
    const options = { epochs: 300, batch: 250, width: 300 };
    const local = new WasmExecutor({ build: "portable", threads: 1 });
    const expected = await training(local, options);
    await local.dispose();
    const random = randomOf(42).next;
    const answers: PromiseSettledResult<unknown>[] = [];
    for (let done = 0; done < kills; done++) {
      let worker: AnyWorker | undefined;
      const executor = await connect(
        () => {
          worker = start();
          return worker;
        },
        { threads: 1, build: "portable", respawn: { every: 10 + 200 * random() } },
      );
      const at = Math.floor(random() * 300);
      let waiting: Promise<unknown> | undefined;
      const outcome = await training(executor, options, (step, trainer) => {
        if (waiting !== undefined || step < at) return;
        waiting = new Promise((resolve) => setTimeout(resolve, 20 * random())).then(() => {
          const calls = [trainer.predict(trainingData.x), trainer.stateDict(), trainer.evaluate(trainingData)];
          if (worker !== undefined) kill(worker);
          return Promise.allSettled(calls).then((results) => answers.push(...results));
        });
      });
      await waiting;
      expect(outcome).toEqual(expected);
      await executor.dispose();
    }
    expect(answers).toHaveLength(3 * kills);
    for (const answer of answers) expect(answer.status).toBe("fulfilled");
  }, 600_000);
}

/** Sequences that are played at a time: most of what they do is wait. */
const LANES = 4;

export function sequencesWithDeaths(workers: Workers, sequences: number): void {
  test(`${sequences} sequences of calls with deaths at random moments: all that is told is what a plain model says`, async () => {
    const tally = { kills: 0, takeovers: 0, steps: 0 };
    let seed = 0;
    const lane = async () => {
      while (seed < sequences) await playSequence(seed++, workers, tally);
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    console.log(`${sequences} sequences: ${tally.kills} kills, ${tally.takeovers} takeovers, ${tally.steps} steps`);
    expect(tally.takeovers).toBeGreaterThan(sequences);
  }, 7_200_000);
}

export function trainingsWithDeaths(workers: Workers, trainings: number): void {
  test(`${trainings} trainings with deaths at random moments: each is as one that nobody disturbs`, async () => {
    let seed = 0;
    const lane = async () => {
      while (seed < trainings) await playTraining(seed++, workers);
    };
    await Promise.all(Array.from({ length: LANES }, lane));
  }, 7_200_000);
}

/** A worker with a team comes, trains and goes. */
export async function cycle(start: () => AnyWorker): Promise<void> {
  const executor = await connect(start(), { threads: 2 });
  const trainer = new Trainer(new Linear(256, 256), { loss: mseLoss, optimizer: sgd(0.01), executor });
  const data = { data: new Float32Array(256 * 256).fill(0.5), shape: [256, 256] };
  await trainer.load({ x: data, y: data });
  for await (const { loss } of trainer.fit({ batch: 256, epochs: 2 })) expect(loss).toBeGreaterThan(0);
  await executor.dispose();
}
