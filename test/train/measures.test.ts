// Measures of data sets equal those that PyTorch and scikit-learn make of all rows at once (golden/measures.json), over random combinations of
// losses, their options, weights of samples, sizes and batches; an evaluation in batches, one of a single batch and a validation alike.
import { readFileSync } from "node:fs";
import {
  accuracy,
  type CountedMetric,
  type Executor,
  JsExecutor,
  type Measures,
  type Metric,
  type Tensor,
  Trainer,
  Variable,
  WasmExecutor,
} from "simdgrad";
import * as counted from "simdgrad/metrics";
import * as nn from "simdgrad/nn";
import { sgd } from "simdgrad/optim";
import { afterAll, describe, expect, test } from "vitest";

interface Case {
  readonly seed: number;
  readonly loss: keyof typeof losses;
  readonly rows: number;
  readonly columns: number;
  readonly options: object;
  readonly sampleWeight: boolean;
  readonly evaluationBatch: number | "all";
  /** Whether targets of -100 are among its classes. */
  readonly ignores: boolean;
  readonly values: Readonly<Record<string, number | "NaN">>;
}

const cases: readonly Case[] = JSON.parse(readFileSync(new URL("../golden/measures.json", import.meta.url), "utf8"));

/** Of f32 numbers, added in float64 or in two numbers: a few roundings of 6e-8. */
const TOLERANCE = 1e-6;

const ofLogits = (x: Tensor, y: Tensor, options?: object) => nn.nllLoss(x.logSoftmax(1), y, options);
const losses = {
  crossEntropy: nn.crossEntropy,
  nllLoss: Object.assign(ofLogits, { targets: nn.nllLoss.targets, ignoreIndex: nn.nllLoss.ignoreIndex }),
  multiMarginLoss: nn.multiMarginLoss,
  binaryCrossEntropyWithLogits: nn.binaryCrossEntropyWithLogits,
  mseLoss: nn.mseLoss,
  l1Loss: nn.l1Loss,
  huberLoss: nn.huberLoss,
  smoothL1Loss: nn.smoothL1Loss,
};

/** Whole numbers below 2^16: make-measures.py has the same. */
function stream(seed: number): (count: number) => number[] {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state >>> 16;
  };
  return (count) => Array.from({ length: count }, next);
}

function samplesOf({ seed, loss, rows, columns, ignores, sampleWeight }: Case) {
  const numbers = stream(seed);
  const values = () => Float32Array.from(numbers(rows * columns), (n) => Math.floor(n / 32) / 256 - 4);
  const labels = () => Float32Array.from(numbers(rows * columns), (n) => Number(n % 3 === 0));
  const classes = () => {
    const chosen = numbers(rows).map((n) => n % (columns + Number(ignores)));
    return Int32Array.from(chosen, (n) => (n === columns ? -100 : n));
  };
  const targets = loss === "binaryCrossEntropyWithLogits" ? labels : values;
  const x = { data: values(), shape: [rows, columns] };
  const ofClasses = (losses[loss] as nn.Loss).targets === "classes";
  const y = ofClasses ? { data: classes(), shape: [rows] } : { data: targets(), shape: [rows, columns] };
  return { x, y, ...(sampleWeight && { sampleWeight: Float32Array.from(numbers(rows), (n) => (n % 17) / 8) }) };
}

/** Metrics by their names, as the golden values have them. */
function metricsOf({ values }: Case): Record<string, Metric> {
  const made = counted as unknown as Readonly<Record<string, () => CountedMetric>>;
  const names = Object.keys(values).filter((name) => name !== "loss");
  return Object.fromEntries(names.map((name) => [name, name === "accuracy" ? accuracy : made[name]()]));
}

const executors: Readonly<Record<string, Executor>> = {
  "in JavaScript": new JsExecutor(),
  "in Wasm": new WasmExecutor({ build: "portable", threads: 1 }),
};

afterAll(async () => {
  for (const executor of Object.values(executors)) await executor.dispose();
});

/** A trainer whose model gives what it is given. */
function trainerOf(given: Case, executor: Executor, evaluationBatch: number | "all"): Trainer {
  const one = new Variable([], 1);
  const model = { one, forward: (x: Tensor) => x.mul(one) };
  const loss = nn.withOptions(losses[given.loss] as Parameters<typeof nn.withOptions>[0], given.options);
  return new Trainer(model, { loss, optimizer: sgd(0), metrics: metricsOf(given), executor, evaluationBatch });
}

function expectNear(measures: Measures, values: Case["values"]): void {
  const near = Object.entries(values).map(([name, wanted]) => {
    const difference = Math.abs(measures[name] - Number(wanted));
    const isNear =
      wanted === "NaN" ? Number.isNaN(measures[name]) : difference <= TOLERANCE * Math.max(1, Math.abs(wanted));
    return [name, isNear ? wanted : measures[name]];
  });
  expect(Object.fromEntries(near)).toEqual(values);
}

test("the cases are many, and as different as they should be", () => {
  expect(cases).toHaveLength(200);
  const options = new Set(cases.flatMap((each) => Object.keys(each.options)));
  const wanted = ["weight", "labelSmoothing", "ignoreIndex", "reduction", "posWeight", "p", "margin", "delta", "beta"];
  expect([...options].sort()).toEqual(wanted.sort());
  const ragged = cases.filter(
    ({ rows, evaluationBatch: batch }) => batch !== "all" && batch < rows && rows % batch > 0,
  );
  expect(ragged.length).toBeGreaterThan(50);
});

describe.each(Object.entries(executors))("%s", (_, executor) => {
  test.each(cases)("case $seed: $loss of $rows rows, $options, in batches of $evaluationBatch", async (given) => {
    const samples = samplesOf(given);
    for (const batch of new Set([given.evaluationBatch, "all" as const])) {
      const trainer = trainerOf(given, executor, batch);
      const measures = await trainer.evaluate(samples);
      expectNear(measures, given.values);
      await trainer.load(samples);
      const [{ validation }] = await trainer.fit({ batch: "all", validation: samples });
      expect(validation).toEqual(measures);
      await trainer.dispose();
    }
  });
});
