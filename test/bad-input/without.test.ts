// Options that say something about another one, which is not there: told, not left out in silence.
import { describe, expect, test } from "vitest";
import { modelCheckpoint, stopAt } from "../../src/callbacks/index.ts";
import { bucketize, imputeMissing, kFold, trainTestSplit } from "../../src/data/index.ts";
import { TokenGenerator } from "../../src/generate/index.ts";
import { f1 } from "../../src/metrics/index.ts";
import * as nn from "../../src/nn/index.ts";
import * as optim from "../../src/optim/index.ts";
import { checkpoints, memoryStorage } from "../../src/storage/index.ts";
import type { Tensor } from "../../src/tensor.ts";
import { Trainer } from "../../src/train/trainer.ts";
import { thrown } from "../thrown.ts";

const keep = () => undefined;
const storage = memoryStorage();
const order = "rows keep their order, none is drawn";
const leaky = 'a is the slope of "leakyRelu", and says nothing of';

/** A call with an option too many, its error, and calls that are right: the other one given, even if it is off. */
type Row = readonly [error: string, bad: () => unknown, ...right: readonly (() => unknown)[]];
const rows: readonly Row[] = [
  [
    "sgd: dampening says nothing without momentum",
    () => optim.sgd(0.1, { dampening: 0.5 }),
    () => optim.sgd(0.1, { dampening: 0.5, momentum: 0 }),
  ],
  ...[optim.nadam, optim.radam].map(
    (make) =>
      [
        `${make.name}: decoupledWeightDecay says nothing without weightDecay`,
        () => make(0.1, { decoupledWeightDecay: true }),
        () => make(0.1, { decoupledWeightDecay: true, weightDecay: 0 }),
      ] as const,
  ),
  [
    "lamb: mask says nothing without weightDecay",
    () => optim.lamb(0.1, { mask: () => true }),
    () => optim.lamb(0.1, { mask: () => true, weightDecay: 0.1 }),
  ],
  [
    'cyclic: gamma says nothing without mode: "exponential"',
    () => optim.cyclic(0.1, { top: 1, gamma: 0.9, mode: "triangular" }),
    () => optim.cyclic(0.1, { top: 1, gamma: 0.9, mode: "exponential" }),
  ],
  [
    "modelCheckpoint: monitor says nothing without best",
    () => modelCheckpoint({ keep, monitor: "loss" }),
    () => modelCheckpoint({ keep, monitor: "loss", best: true }),
    () => modelCheckpoint({ keep, monitor: "loss", best: false }),
  ],
  [
    "checkpoints: mode says nothing without onlyBest",
    () => checkpoints({ storage, mode: "max" }),
    () => checkpoints({ storage, mode: "max", onlyBest: true }),
  ],
  [
    "stopAt: mode says nothing without metric",
    () => stopAt({ steps: 3, mode: "max" }),
    () => stopAt({ metric: "loss", value: 1, mode: "min" }),
  ],
  [
    `kFold: seed says nothing beside shuffle: false: ${order}`,
    () => [...kFold(6, { shuffle: false, seed: 1 })],
    () => [...kFold(6, { shuffle: true, seed: 1 })],
  ],
  [
    `trainTestSplit: shuffle says nothing beside time: ${order}`,
    () => trainTestSplit(6, { time: [1, 2, 3, 4, 5, 6], shuffle: true }),
    () => trainTestSplit(6, { time: [1, 2, 3, 4, 5, 6], shuffle: false }),
  ],
  [
    "bucketize: strategy says nothing beside borders, which are the buckets",
    () => bucketize({ borders: [1, 2], strategy: "uniform" }),
    () => bucketize({ borders: [1, 2], encode: "oneHot" }),
  ],
  [
    'imputeMissing: value says nothing without strategy: "constant"',
    () => imputeMissing({ value: 3 }),
    () => imputeMissing({ value: 3, strategy: "constant" }),
  ],
  [
    "f1: average says nothing beside label: of one there is nothing to average",
    () => f1({ label: 1, average: "macro" }),
    () => f1({ label: 1 }),
  ],
  [
    "Embedding: normType says nothing without maxNorm",
    () => new nn.Embedding(3, 2, { normType: 1 }),
    () => new nn.Embedding(3, 2, { normType: 1, maxNorm: 2 }),
  ],
  [
    "InstanceNorm2d: momentum says nothing without trackRunningStats",
    () => new nn.InstanceNorm2d(3, { momentum: 0.5 }),
    () => new nn.InstanceNorm2d(3, { momentum: 0.5, trackRunningStats: false }),
  ],
  [
    "Conv2d: paddingMode says nothing without padding",
    () => new nn.Conv2d(2, 2, 3, { paddingMode: "reflect" }),
    () => new nn.Conv2d(2, 2, 3, { paddingMode: "reflect", padding: 0 }),
  ],
  [
    `init.kaimingNormal: ${leaky} "relu"`,
    () => nn.init.kaimingNormal({ a: 0.1, nonlinearity: "relu" }),
    () => nn.init.kaimingNormal({ a: 0, nonlinearity: "relu" }),
    () => nn.init.kaimingNormal({ a: 0.1, nonlinearity: "leakyRelu" }),
  ],
  [
    "Branches: axis says nothing beside combine: it is where results are joined",
    () => new nn.Branches([nn.relu], { axis: 0, combine: ([x]) => x }),
    () => new nn.Branches([nn.relu], { axis: 0 }),
  ],
];

describe("an option without the one that it is of", () => {
  test.each(rows.map(([error, ...calls]) => [error, calls] as const))("%s", (error, [bad, ...right]) => {
    expect(thrown(bad)).toBe(`ArgumentError: ${error}`);
    for (const each of right) expect(thrown(each)).toBe("nothing");
  });

  test("generate: seed says nothing where nothing is drawn", async () => {
    const model = {
      table: new nn.Embedding(4, 4),
      forward: ({ tokens }: { tokens: Tensor }): Tensor => model.table.forward(tokens),
    };
    const generator = new TokenGenerator(model, {
      state: { "table.weight": { data: new Float32Array(16), shape: [4, 4] } },
    });
    const options = { prompt: [[1]], maxNewTokens: 2, seed: 1 };
    const told = "generate: seed is for sample: true: else nothing is drawn";
    await expect(generator.generate(options)).rejects.toThrow(told);
    await expect(generator.generate({ ...options, sample: false })).rejects.toThrow(told);
    expect((await generator.generate({ ...options, temperature: 0.5 })).sequences[0]).toHaveLength(3);
    await generator.dispose();
  });

  test("a Trainer's seed is harmless where nothing is drawn", async () => {
    const model = new nn.Linear(1, 1);
    const trainer = new Trainer(model, { loss: nn.mseLoss, optimizer: optim.sgd(0.1), seed: 5 });
    await trainer.loadStateDict({ weight: [[1]], bias: [0] });
    await trainer.load({ x: [[1]], y: [[2]] });
    await trainer.fit({ shuffle: false });
    await trainer.dispose();
  });
});
