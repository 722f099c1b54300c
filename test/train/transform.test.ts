// What a training makes of its batches: seeded, another at every step, in no evaluation, and gone on with to the bit.
import {
  arange,
  type Batch,
  type Executor,
  JsExecutor,
  normal,
  permuteIndex,
  type Tensor,
  Trainer,
  type TrainerOptions,
  uniform,
  WasmExecutor,
} from "simdgrad";
import { topKAccuracy } from "simdgrad/metrics";
import { type Context, crossEntropy, Dropout, Linear, type Module, mseLoss, nllLoss, Sequential } from "simdgrad/nn";
import { adam, lbfgs, sgd } from "simdgrad/optim";
import { spawn } from "simdgrad/worker";
import { afterEach, describe, expect, test } from "vitest";

const open: { dispose(): Promise<void>; readonly executor: Executor }[] = [];

afterEach(async () => {
  for (const each of open.splice(0)) {
    await each.dispose();
    await each.executor.dispose();
  }
});

const line = { x: [[0], [1], [2], [3], [4]], y: [[1], [3], [5], [7], [9]] };

/** Random numbers added to x. */
function noise({ x, ...rest }: Batch, context: Context): Batch {
  return { ...rest, x: x.add(normal(context.key(), x.shape)) };
}

function makeTrainer(options: Partial<TrainerOptions> = {}): Trainer {
  const own = { loss: mseLoss, optimizer: sgd(0.01), executor: new JsExecutor(), transform: noise, ...options };
  const trainer = new Trainer(new Linear(1, 1), own);
  open.push(trainer);
  return trainer;
}

async function lossesOf(trainer: Trainer, epochs = 3, batch: number | "all" = 2): Promise<number[]> {
  const losses: number[] = [];
  for await (const { loss } of trainer.fit({ batch, epochs, report: 1 })) losses.push(loss);
  return losses;
}

test("steps have other random numbers, which follow from the seed", async () => {
  const run = async (seed: number) => {
    const trainer = makeTrainer({ optimizer: sgd(0), seed });
    await trainer.loadStateDict({ weight: [[2]], bias: [1] });
    await trainer.load(line);
    return lossesOf(trainer, 4, "all");
  };
  const [first, again, other] = [await run(1), await run(1), await run(2)];
  expect(again).toEqual(first);
  expect(new Set([...first, ...other]).size).toBe(8);
  expect(Math.min(...first)).toBeGreaterThan(0); // without noise the line is met
});

test("evaluations, validations and predictions see the data as they are", async () => {
  const trainer = makeTrainer();
  await trainer.loadStateDict({ weight: [[2]], bias: [1] });
  expect(await trainer.evaluate(line)).toEqual({ loss: 0 });
  expect((await trainer.predict([[7]])).data).toEqual(Float32Array.of(15));
  await trainer.load(line);
  const [{ loss, validation }] = await trainer.fit({ batch: "all", validation: line });
  expect(loss).toBeGreaterThan(0);
  expect(validation).toEqual(await trainer.evaluate(line));
});

const executors: Readonly<Record<string, () => Promise<Executor>>> = {
  "a Wasm executor": async () => new WasmExecutor(),
  "a worker": () => spawn(),
  "a worker of three threads": () => spawn({ threads: 3 }),
};

test.each(Object.entries(executors))("%s makes the same of the same seed as one thread", async (_, create) => {
  const run = async (executor: Executor) => {
    const trainer = makeTrainer({ executor, transform: mixedRows, loss: mseLoss });
    await trainer.load({
      x: Array.from({ length: 300 }, (_each, i) => [i / 300]),
      y: Array.from({ length: 300 }, (_each, i) => [i / 100]),
    });
    await trainer.fit({ batch: 128, epochs: 3 });
    return trainer.stateDict();
  };
  expect(await run(await create())).toEqual(await run(new WasmExecutor()));
});

/** Each row of x and y moved towards another one of the batch. */
function mixedRows({ x, y, ...rest }: Batch, context: Context): Batch {
  const [rows] = x.shape;
  const other = permuteIndex(arange(rows), context.key(), rows);
  const share = uniform(context.key(), [rows, 1]);
  const mixed = (each: Tensor) => each.mul(share).add(each.gather(other).mul(share.neg().add(1)));
  return { ...rest, x: mixed(x), y: mixed(y) };
}

test("a training goes on from a snapshot with the same bits", async () => {
  const whole = makeTrainer({ optimizer: adam(0.1) });
  await whole.load(line);
  await whole.fit({ batch: 2, epochs: 2 });
  const snapshot = await whole.snapshot();
  const rest = await lossesOf(whole, 3);
  const other = makeTrainer({ optimizer: adam(0.1) });
  await other.load(line);
  await other.restore(snapshot);
  expect(await lossesOf(other, 3)).toEqual(rest);
  expect(await other.stateDict()).toEqual(await whole.stateDict());
});

test("the model's own random numbers stay what they are", async () => {
  const run = async (transform?: TrainerOptions["transform"]) => {
    const model = new Sequential(new Dropout(0.5), new Linear(1, 1));
    const trainer = new Trainer(model, { loss: mseLoss, optimizer: sgd(0.01), executor: new JsExecutor(), transform });
    open.push(trainer);
    await trainer.load(line);
    return lossesOf(trainer);
  };
  const asItIs = (batch: Batch, context: Context) => {
    context.key();
    return batch;
  };
  expect(await run(asItIs)).toEqual(await run());
});

test("it comes after preprocess: bytes are floats", async () => {
  const seen: string[] = [];
  const trainer = makeTrainer({
    transform: (batch) => {
      seen.push(`${batch.x.dtype} ${batch.x.shape}`);
      return batch;
    },
  });
  await trainer.load({ x: { data: Uint8Array.of(1, 2, 3), shape: [3, 1] }, y: [[1], [2], [3]] });
  await trainer.fit({ batch: 2 });
  expect(new Set(seen)).toEqual(new Set(["f32 2,1", "f32 1,1"]));
});

test("weights of rows go along, and may be changed", async () => {
  const none = makeTrainer({
    transform: (batch) => ({ ...batch, sampleWeight: (batch.sampleWeight as Tensor).mul(0) }),
  });
  await none.load({ ...line, sampleWeight: [1, 1, 1, 1, 1] });
  expect(await lossesOf(none)).toEqual(new Array(9).fill(0));
});

test("a search sees one batch a step", async () => {
  const trainer = makeTrainer({ optimizer: lbfgs(), executor: new JsExecutor({ precision: "float64" }) });
  await trainer.load(line);
  const losses = await lossesOf(trainer, 3, "all");
  expect(losses.every(Number.isFinite)).toBe(true);
});

describe("targets that become probabilities", () => {
  /** Two classes of points, left and right. */
  const points = Array.from({ length: 40 }, (_, i) => [((i * 37) % 40) / 20 - 1, ((i * 11) % 40) / 20 - 1]);
  const classes = points.map(([left]) => (left < 0 ? 0 : 1));

  function mixup({ x, y, ...rest }: Batch, context: Context): Batch {
    const [rows] = x.shape;
    const other = permuteIndex(arange(rows), context.key(), rows);
    const share = uniform(context.key(), [rows, 1]);
    const mixed = (each: Tensor) => each.mul(share).add(each.gather(other).mul(share.neg().add(1)));
    return { ...rest, x: mixed(x), y: mixed(y.oneHot(2)) };
  }

  function classifier(options: Partial<TrainerOptions> = {}): Trainer {
    const own = { loss: crossEntropy, optimizer: adam(0.1), executor: new JsExecutor(), transform: mixup, ...options };
    const trainer = new Trainer(new Linear(2, 2), own);
    open.push(trainer);
    return trainer;
  }

  test("are learned from, and measured by the class of the largest share", async () => {
    const trainer = classifier({ metrics: { top: topKAccuracy(1) } });
    await trainer.load({ x: points, y: classes });
    const history = await trainer.fit({ batch: 8, epochs: 40 });
    const [first, last] = [history[0], history[39]];
    expect(last.loss).toBeLessThan(first.loss);
    expect(last.metrics.top).toBeGreaterThan(0.8);
    const { loss, top } = await trainer.evaluate({ x: points, y: classes });
    expect(top).toBeGreaterThan(0.9);
    expect(loss).toBeLessThan(last.loss); // of targets that are mixed there is no certainty
  });

  test("have the loss of both targets, each with its share", async () => {
    const fixed = ({ x, y, ...rest }: Batch): Batch => {
      const other = y.oneHot(2).neg().add(1);
      return { ...rest, x, y: y.oneHot(2).mul(0.75).add(other.mul(0.25)) };
    };
    const trainer = classifier({ transform: fixed, optimizer: sgd(0) });
    await trainer.loadStateDict({
      weight: [
        [1, 0.5],
        [-1, 0.25],
      ],
      bias: [0.5, 0],
    });
    await trainer.load({ x: points, y: classes });
    const [{ loss, metrics }] = await trainer.fit({ batch: "all" });
    const [own, others] = [
      await trainer.evaluate({ x: points, y: classes }),
      await trainer.evaluate({ x: points, y: classes.map((each) => 1 - each) }),
    ];
    expect(loss).toBeCloseTo(0.75 * own.loss + 0.25 * others.loss, 6);
    expect(metrics.accuracy).toBeCloseTo(own.accuracy, 6);
  });

  test("are refused by a loss of class indices alone, and by factors of classes, before a step is made", async () => {
    const own = classifier({ loss: Object.assign(nllLoss.bind(undefined), { targets: "classes" as const }) });
    await own.load({ x: points, y: classes });
    await expect(own.fit()).rejects.toThrow("nllLoss: logits [32, 2] take class indices [32], got [32, 2]");
    const weighed = classifier({ classWeight: [1, 2] });
    await weighed.load({ x: points, y: classes });
    await expect(weighed.fit()).rejects.toThrow("classWeight: y f32[32, 2] is no longer of class indices");
  });
});

describe("a transform of records", () => {
  type Two = { readonly a: Tensor; readonly b: Tensor };
  class Sum implements Module<Two, Two> {
    readonly left = new Linear(1, 1);
    readonly right = new Linear(1, 2);
    forward({ a, b }: Two): Two {
      return { a: this.left.forward(a.add(b)), b: this.right.forward(a) };
    }
  }
  const x = { a: [[1], [2], [3]], b: [[0], [1], [2]] };
  const y = { a: [[1], [2], [3]], b: [0, 1, 1] };
  const make = (transform: TrainerOptions<Two, Two>["transform"]) => {
    const loss = { a: mseLoss, b: crossEntropy };
    const trainer = new Trainer(new Sum(), { loss, optimizer: sgd(0.1), executor: new JsExecutor(), transform });
    open.push(trainer);
    return trainer;
  };

  test("takes and gives them", async () => {
    const trainer = make(({ x: { a, b }, y: targets, ...rest }, context) => ({
      ...rest,
      x: { a: a.add(normal(context.key(), a.shape)), b },
      y: { a: targets.a, b: targets.b.oneHot(2).mul(0.9).add(0.05) },
    }));
    await trainer.load({ x, y, sampleWeight: { b: [1, 2, 3] } });
    const [{ loss, metrics }] = await trainer.fit({ batch: 2 });
    expect(Object.keys(metrics)).toEqual(["a.loss", "b.loss", "b.accuracy"]);
    expect(loss).toBeCloseTo(metrics["a.loss"] + metrics["b.loss"], 5);
  });

  test.each([
    ["what transform gives must be a batch { x, y }, got 3", () => 3],
    ["what transform gives: y must be a tensor", (batch: object) => ({ ...batch, y: undefined })],
    [
      "what transform gives: y is missing; the whole batch is given back: { ...batch, x }",
      ({ x }: Batch<Two, Two>) => ({ x }),
    ],
    ["transform: x.mul is not a function; it is given a batch { x, y", (x: object) => (x as unknown as Tensor).mul(2)],
    ["what transform gives: z is nothing that it was given", (batch: object) => ({ ...batch, z: 1 })],
    ["what transform gives: y.b is missing", (batch: Batch<Two, Two>) => ({ ...batch, y: { a: batch.y.a } })],
    ["what transform gives: sampleWeight is missing", ({ x: own, y: targets }: Batch) => ({ x: own, y: targets })],
    [
      "what transform gives: x.b [1, 1] has other rows than the batch, which has 3",
      (batch: Batch<Two, Two>) => ({ ...batch, x: { a: batch.x.a, b: batch.x.b.narrow(0, 0, 1) } }),
    ],
  ])("is refused before a step is made: %s", async (message, transform) => {
    const trainer = make(transform as never);
    await trainer.load({ x, y, sampleWeight: [1, 1, 1] });
    await expect(trainer.fit({ batch: "all" })).rejects.toThrow(message);
    expect(trainer.history).toEqual([]);
  });
});
