// Metrics equal scikit-learn's (golden/metrics.json), over tensors at hand and over a data set in batches of any size.
import { readFileSync } from "node:fs";
import { constant, evaluate, JsExecutor, type Tensor, Trainer, Variable } from "simdgrad";
import * as metrics from "simdgrad/metrics";
import { sgd } from "simdgrad/optim";
import { afterAll, describe, expect, test } from "vitest";

interface Stored {
  readonly shape: readonly number[];
  readonly data: readonly number[];
  readonly dtype?: "i32" | "f32";
}

interface Golden {
  readonly data: Readonly<Record<string, { readonly prediction: Stored; readonly target: Stored }>>;
  readonly values: Readonly<Record<string, Readonly<Record<string, number | "NaN">>>>;
  readonly confusionMatrix: Readonly<Record<string, readonly number[]>>;
}

const golden: Golden = JSON.parse(readFileSync(new URL("../golden/metrics.json", import.meta.url), "utf8"));

/** Of f32 numbers, added in float64 or in two numbers: a few roundings of 6e-8. */
const TOLERANCE = 1e-6;

function expectNear(value: number, wanted: number | "NaN", what: string): void {
  if (wanted === "NaN") {
    expect(value).toBeNaN();
    return;
  }
  const deviation = Math.abs(value - wanted) / Math.max(1, Math.abs(wanted));
  expect({ what, value, deviation: deviation <= TOLERANCE ? "fine" : deviation }).toEqual({
    what,
    value,
    deviation: "fine",
  });
}

/** The metric that a call in JSON makes. */
function made(call: string): metrics.CountedMetric {
  const [, name, given] = /^(\w+)\((.*)\)$/.exec(call) ?? [];
  const factory = (metrics as unknown as Record<string, (options?: unknown) => metrics.CountedMetric>)[name];
  return given === "" ? factory() : factory(JSON.parse(given));
}

function typed({ shape, data, dtype = "f32" }: Stored) {
  return { data: dtype === "i32" ? Int32Array.from(data) : Float32Array.from(data), shape };
}

function tensor(stored: Stored): Tensor {
  const { data, shape } = typed(stored);
  return constant(data, { shape, dtype: stored.dtype ?? "f32" });
}

const executor = new JsExecutor();
afterAll(() => executor.dispose());

/** A trainer whose model gives what it is given. */
function trainerOf(options: Pick<ConstructorParameters<typeof Trainer>[1], "metrics" | "evaluationBatch">): Trainer {
  const one = new Variable([], 1);
  const model = { one, forward: (x: Tensor) => x.mul(one) };
  const loss = (prediction: Tensor) => prediction.mean();
  return new Trainer(model, { loss, optimizer: sgd(0.1), executor, ...options });
}

describe.each(Object.entries(golden.values))("%s", (call, sets) => {
  test.each(Object.entries(sets))("of %s", async (name, wanted) => {
    const { prediction, target } = golden.data[name];
    const value = await metrics.measure(made(call), tensor(prediction), tensor(target));
    expectNear(value, wanted, `${call} of ${name}`);
    for (const evaluationBatch of [7, 100]) {
      const trainer = trainerOf({ metrics: { it: made(call) }, evaluationBatch });
      const { it } = await trainer.evaluate({ x: typed(prediction), y: typed(target) });
      expectNear(it, wanted, `${call} of ${name} in batches of ${evaluationBatch}`);
      await trainer.dispose();
    }
  });
});

test.each(Object.entries(golden.confusionMatrix))("the confusion matrix of %s", async (name, wanted) => {
  const { prediction, target } = golden.data[name];
  expect([...(await evaluate(metrics.confusionMatrix(tensor(prediction), tensor(target))))]).toEqual(wanted);
});

test("every metric has golden values", () => {
  const known = new Set(Object.keys(golden.values).map((call) => call.replace(/\(.*/, "")));
  const others = ["accuracy", "confusionMatrix", "measure"]; // tensors, compared elsewhere, and what measures
  const exported = Object.keys(metrics).filter((name) => !others.includes(name));
  expect(exported.filter((name) => !known.has(name))).toEqual([]);
});
