// npm run mnist: trains a dense network on all of MNIST and tests it after every epoch. `npm run mnist -- --help` lists the options.
import { parseArgs } from "node:util";
import { type Executor, JsExecutor, type Report, Trainer, WasmExecutor } from "simdgrad";
import { crossEntropy, Flatten, Linear, relu, Sequential } from "simdgrad/nn";
import { adam, adamW, cosineDecay, type Optimizer, type Schedule, sgd } from "simdgrad/optim";
import { loadMnist, MNIST_DEVIATION, MNIST_MEAN } from "./mnist-data.ts";
import { clock, Progress } from "./progress.ts";

const HELP = `npm run mnist -- [options]
  --executor wasm|wasm-portable|js   where it runs (default wasm: relaxed SIMD where the engine has it)
  --epochs N                         passes over the 60,000 digits (default 5)
  --batch N                          digits a step (default 256)
  --optimizer adam|adamW|sgd         (default adam; sgd with momentum 0.9)
  --learning-rate R                  falls to 0 along a cosine (default 0.005; sgd 0.1)
  --hidden N[,N...]                  widths of the hidden layers (default 128)
  --seed N                           (default 0)
  --json                             last line as JSON`;

const executors: Record<string, () => Executor> = {
  wasm: () => new WasmExecutor(),
  "wasm-portable": () => new WasmExecutor({ build: "portable" }),
  js: () => new JsExecutor(),
};

const optimizers: Record<string, { readonly rate: number; readonly make: (rate: Schedule) => Optimizer }> = {
  adam: { rate: 0.005, make: (rate) => adam(rate) },
  adamW: { rate: 0.005, make: (rate) => adamW(rate) },
  sgd: { rate: 0.1, make: (rate) => sgd(rate, { momentum: 0.9 }) },
};

function choose<T>(table: Record<string, T>, name: string, option: string): T {
  if (Object.hasOwn(table, name)) return table[name];
  throw new Error(`--${option} ${name}: choose one of ${Object.keys(table).join(", ")}`);
}

function whole(text: string, option: string, least: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least)
    throw new Error(`--${option} ${text}: a whole number >= ${least} is needed`);
  return value;
}

function positive(text: string, option: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new Error(`--${option} ${text}: a number above 0 is needed`);
  return value;
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      executor: { type: "string", default: "wasm" },
      epochs: { type: "string", default: "5" },
      batch: { type: "string", default: "256" },
      optimizer: { type: "string", default: "adam" },
      "learning-rate": { type: "string" },
      hidden: { type: "string", default: "128" },
      seed: { type: "string", default: "0" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const optimizer = choose(optimizers, values.optimizer, "optimizer");
  const rate = values["learning-rate"];
  return {
    executor: choose(executors, values.executor, "executor"),
    epochs: whole(values.epochs, "epochs", 1),
    batch: whole(values.batch, "batch", 1),
    rate: rate === undefined ? optimizer.rate : positive(rate, "learning-rate"),
    optimizer: optimizer.make,
    hidden: values.hidden.split(",").map((width) => whole(width, "hidden", 1)),
    seed: whole(values.seed, "seed", 0),
    json: values.json,
    help: values.help,
  };
}

type Options = ReturnType<typeof readOptions>;

/** 784-...-10 with relu between. */
function network(hidden: readonly number[]): Sequential {
  const widths = [784, ...hidden];
  const layers = hidden.flatMap((width, i) => [new Linear(widths[i], width), relu]);
  return new Sequential(new Flatten(), ...layers, new Linear(widths[widths.length - 1], 10));
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

function describe(report: Report): string {
  const left = ((report.totalSteps - report.step) / report.step) * report.seconds;
  const rate = Math.round(report.samplesPerSecond).toLocaleString("en");
  return `loss ${report.loss.toFixed(4)}  accuracy ${percent(report.metrics.accuracy)}  ${rate} samples/s  ${clock(left)} left`;
}

async function main(options: Options): Promise<void> {
  const { train, test } = await loadMnist();
  const executor = options.executor();
  const steps = options.epochs * Math.ceil(train.y.shape[0] / options.batch);
  const trainer = new Trainer(network(options.hidden), {
    loss: crossEntropy,
    optimizer: options.optimizer(cosineDecay(options.rate, { steps })),
    preprocess: (x) =>
      x
        .cast("f32")
        .mul(1 / (255 * MNIST_DEVIATION))
        .sub(MNIST_MEAN / MNIST_DEVIATION),
    executor,
    seed: options.seed,
  });
  await trainer.load(train);
  const progress = new Progress(process.stdout);
  let last: Report | undefined;
  for await (const report of trainer.fit({ batch: options.batch, epochs: options.epochs, validation: test })) {
    last = report;
    progress.draw(report.step / report.totalSteps, describe(report));
    if (report.validation !== undefined)
      progress.line(`epoch ${report.epoch}: ${describe(report)}; test accuracy ${percent(report.validation.accuracy)}`);
  }
  const { accuracy } = await trainer.evaluate(test);
  progress.line(`test accuracy ${percent(accuracy)} on ${executor.info.name}`);
  if (options.json) {
    const result = {
      name: "mnist",
      metric: "test accuracy",
      value: accuracy,
      seconds: last?.seconds,
      samplesPerSecond: last?.samplesPerSecond,
      executor: executor.info.name,
      threads: executor.info.threads,
      epochs: options.epochs,
      seed: options.seed,
    };
    console.log(JSON.stringify(result));
  }
  await trainer.dispose();
  await executor.dispose();
}

try {
  const options = readOptions();
  if (options.help) console.log(HELP);
  else await main(options);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
