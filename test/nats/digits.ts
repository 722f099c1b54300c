// What members of the tests' runs train on MNIST, in Node and in a page: a 784-128-10 network, on the portable build, whose bits are the same everywhere.
import type { NumericArray } from "../../src/data/index.ts";
import { shard } from "../../src/data/index.ts";
import { type Executor, Trainer } from "../../src/index.ts";
import { serializeSafetensors } from "../../src/io/index.ts";
import { type NatsOptions, nats } from "../../src/nats/index.ts";
import { crossEntropy, Flatten, Linear, relu, Sequential } from "../../src/nn/index.ts";
import { adam } from "../../src/optim/index.ts";

export interface Digits {
  readonly x: NumericArray;
  readonly y: NumericArray;
}

/** How much of it, and how: the same for one machine and for several. */
export interface Plan {
  readonly rows: number;
  readonly tested: number;
  readonly epochs: number;
  readonly batch: number;
  readonly rate: number;
}

/** What one of several members is told. */
export interface Task extends Plan {
  readonly nats: NatsOptions;
  readonly member: number;
  readonly of: number;
}

/** What a member has come to: of its weights after each round the checksum, and how many of the tests it gets right. */
export interface Outcome {
  readonly digests: readonly string[];
  readonly accuracy: number;
}

export function trainerOf(executor: Executor, { rate }: Plan): Trainer {
  const model = new Sequential(new Flatten(), new Linear(784, 128), relu, new Linear(128, 10));
  const preprocess = (x: Parameters<typeof relu>[0]) => x.cast("f32").mul(1 / 255);
  return new Trainer(model, { loss: crossEntropy, optimizer: adam(rate), preprocess, executor, seed: 0 });
}

/** Trains on this member's part of the digits, and tells after each round. */
export async function trainTogether(
  executor: Executor,
  task: Task,
  digits: { readonly train: Digits; readonly test: Digits },
  tell: (round: number) => void = () => undefined,
): Promise<Outcome> {
  const { member, of, batch, epochs } = task;
  const trainer = trainerOf(executor, task);
  await trainer.load(shard({ ...digits.train }, { member, of, seed: 1 }));
  const inner = nats(task.nats);
  const digests: string[] = [];
  const after = async () => {
    const hash = await crypto.subtle.digest("SHA-256", serializeSafetensors(await trainer.stateDict()));
    digests.push(new Uint8Array(hash).join());
    tell(digests.length);
  };
  await trainer.fit({
    batch,
    epochs,
    distribute: {
      every: inner.every,
      onFitBegin: (context) => inner.onFitBegin?.(context),
      async onSteps(context) {
        await inner.onSteps?.(context);
        await after();
      },
      async onFitEnd(context, error) {
        await inner.onFitEnd?.(context, error);
        if (error === undefined) await after();
      },
    },
  });
  const { accuracy } = await trainer.evaluate(digits.test);
  return { digests, accuracy };
}

/** The first rows of the set to train and to test with, of files that are read by their names. */
export async function firstOf(read: (name: string) => Promise<NumericArray>, rows: number, tested: number) {
  const first = async (name: string, count: number): Promise<Digits> => {
    const [x, y] = [await read(`${name}-images-idx3`), await read(`${name}-labels-idx1`)];
    const data = x.data as Uint8Array;
    return {
      x: { data: data.slice(0, 784 * count), shape: [count, 28, 28] },
      y: { data: (y.data as Uint8Array).slice(0, count), shape: [count] },
    };
  };
  return { train: await first("train", rows), test: await first("t10k", tested) };
}
