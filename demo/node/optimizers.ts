// npm run optimizers: every optimizer trains the same dense network on MNIST for three epochs at its usual rate. One table of test
// accuracies; `npm run optimizers -- --only adam,lion` runs some. It fails where one stays below 0.96.
import { parseArgs } from "node:util";
import { Trainer, WasmExecutor } from "simdgrad";
import { crossEntropy, Flatten, Linear, relu, Sequential } from "simdgrad/nn";
import {
  adadelta,
  adagrad,
  adam,
  adamax,
  adamW,
  lamb,
  lars,
  lbfgs,
  lion,
  muon,
  nadam,
  type Optimizer,
  radam,
  rmsprop,
  sgd,
} from "simdgrad/optim";
import { loadMnist, MNIST_DEVIATION, MNIST_MEAN } from "./mnist-data.ts";
import { Progress } from "./progress.ts";

const EPOCHS = 3;
const LEAST = 0.96;

interface Row {
  /** As it is written in a program. */
  readonly written: string;
  readonly optimizer: Optimizer;
  /** Default 64. */
  readonly batch?: number;
}

const rows: Readonly<Record<string, Row>> = {
  sgd: { written: "sgd(0.1)", optimizer: sgd(0.1) },
  momentum: { written: "sgd(0.01, { momentum: 0.9 })", optimizer: sgd(0.01, { momentum: 0.9 }) },
  adagrad: { written: "adagrad(0.01)", optimizer: adagrad(0.01) },
  adadelta: { written: "adadelta(1)", optimizer: adadelta(1) },
  rmsprop: { written: "rmsprop(0.001)", optimizer: rmsprop(0.001) },
  adam: { written: "adam(0.001)", optimizer: adam(0.001) },
  amsgrad: { written: "adam(0.001, { amsgrad: true })", optimizer: adam(0.001, { amsgrad: true }) },
  adamW: { written: "adamW(0.001)", optimizer: adamW(0.001) },
  adamax: { written: "adamax(0.002)", optimizer: adamax(0.002) },
  nadam: { written: "nadam(0.002)", optimizer: nadam(0.002) },
  radam: { written: "radam(0.001)", optimizer: radam(0.001) },
  lion: { written: "lion(0.0003)", optimizer: lion(0.0003) },
  lamb: { written: "lamb(0.003)", optimizer: lamb(0.003) },
  lars: { written: "lars(1)", optimizer: lars(1) },
  muon: { written: "muon(0.01)", optimizer: muon(0.01), batch: 256 },
  lbfgs: {
    written: 'lbfgs(1, { lineSearchFn: "strongWolfe", maxIter: 4, historySize: 10 })',
    optimizer: lbfgs(1, { lineSearchFn: "strongWolfe", maxIter: 4, historySize: 10 }),
    batch: 2000,
  },
};

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    seed: { type: "string", default: "0" },
    json: { type: "boolean", default: false },
  },
});
const names = values.only?.split(",") ?? Object.keys(rows);
for (const name of names)
  if (!Object.hasOwn(rows, name)) throw new Error(`--only ${name}: choose among ${Object.keys(rows).join(", ")}`);
const seed = Number(values.seed);
if (!Number.isInteger(seed)) throw new Error(`--seed ${values.seed}: a whole number is needed`);

const { train, test } = await loadMnist();
const progress = new Progress(process.stdout);
const results = [];
for (const name of names) results.push({ name, ...(await accuracyOf(name)) });
for (const { written, batch, accuracy, seconds } of results)
  console.log(`| \`${written}\` | ${batch} | ${accuracy.toFixed(4)} | ${seconds.toFixed(1)} |`);
if (values.json) console.log(JSON.stringify(results));
if (results.some(({ accuracy }) => accuracy < LEAST)) process.exitCode = 1;

async function accuracyOf(name: string) {
  const { written, optimizer, batch = 64 } = rows[name];
  const executor = new WasmExecutor();
  const trainer = new Trainer(new Sequential(new Flatten(), new Linear(784, 128), relu, new Linear(128, 10)), {
    loss: crossEntropy,
    optimizer,
    preprocess: (x) =>
      x
        .cast("f32")
        .mul(1 / (255 * MNIST_DEVIATION))
        .sub(MNIST_MEAN / MNIST_DEVIATION),
    executor,
    seed,
  });
  await trainer.load(train);
  let seconds = 0;
  for await (const report of trainer.fit({ batch, epochs: EPOCHS })) {
    seconds = report.seconds;
    progress.draw(report.step / report.totalSteps, `${name}: loss ${report.loss.toFixed(4)}`);
  }
  const { accuracy } = await trainer.evaluate(test);
  await trainer.dispose();
  await executor.dispose();
  progress.line(`${name}: ${accuracy.toFixed(4)} in ${seconds.toFixed(1)} s`);
  return { written, batch, accuracy, seconds };
}
