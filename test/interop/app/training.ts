// What every page and script here does: trainings in a worker, whose outcome is compared with what it must be.
import { type Executor, Trainer } from "simdgrad";
import { Linear, mseLoss } from "simdgrad/nn";
import { sgd } from "simdgrad/optim";
import type { SpawnOptions } from "simdgrad/worker";
import { parametersHash } from "../../portable/train.ts";

export interface Outcome {
  /** Of the parameters after the training whose bits are known, on the portable build. */
  readonly hash: string;
  readonly threads: number;
  /** The relaxed build's name, or why there is none. */
  readonly relaxed: string;
}

/** Goes through all trainings; nothing of the executors is left. */
export async function train(
  start: (options: SpawnOptions) => Promise<Executor> | Executor,
  threads: number | "auto",
): Promise<Outcome> {
  const portable = await start({ threads, build: "portable" });
  const hash = await parametersHash(portable);
  await trainLarge(portable);
  await portable.dispose();
  const relaxed = await startRelaxed(start);
  if (typeof relaxed === "string") return { hash, threads: portable.info.threads, relaxed };
  await trainLarge(relaxed);
  await relaxed.dispose();
  return { hash, threads: portable.info.threads, relaxed: relaxed.info.name };
}

async function startRelaxed(
  start: (options: SpawnOptions) => Promise<Executor> | Executor,
): Promise<Executor | string> {
  try {
    return await start({ threads: 1, executor: "wasm", build: "relaxed" });
  } catch (error) {
    return (error as Error).name;
  }
}

/** A step with work enough for a team, whose threads start with the first such program. */
export async function trainLarge(executor: Executor): Promise<void> {
  const [rows, features] = [256, 512];
  const trainer = new Trainer(new Linear(features, features), { loss: mseLoss, optimizer: sgd(0.01), executor });
  const x = { data: new Float32Array(rows * features).fill(0.5), shape: [rows, features] };
  await trainer.load({ x, y: x });
  let last = Number.NaN;
  for await (const { loss } of trainer.fit({ batch: "all", epochs: 1 })) last = loss;
  if (!(last > 0 && last < 10)) throw new Error(`the large program's loss is ${last}`);
  await trainer.dispose();
}
