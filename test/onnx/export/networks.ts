// The networks of demo/node, with what goes into them. Who loads them keeps scripts from running: vi.mock("../../../demo/node/script.ts", ...).
import * as nn from "../../../src/nn/index.ts";
import type { Case } from "./compare.ts";

const demo = {
  adder: () => import("../../../demo/node/adder.ts"),
  autoencoder: () => import("../../../demo/node/autoencoder.ts"),
  california: () => import("../../../demo/node/california.ts"),
  cells: () => import("../../../demo/node/cell-network.ts"),
  charGpt: () => import("../../../demo/node/char-gpt.ts"),
  charLstm: () => import("../../../demo/node/char-lstm.ts"),
  gan: () => import("../../../demo/node/gan.ts"),
  names: () => import("../../../demo/node/names.ts"),
  pooled: () => import("../../../demo/node/pooled.ts"),
  residual: () => import("../../../demo/node/residual.ts"),
  reviews: () => import("../../../demo/node/review-models.ts"),
  agents: () => import("../../../demo/node/reinforcement/networks.ts"),
  speaker: () => import("../../../demo/node/speaker.ts"),
  spoken: () => import("../../../demo/node/spoken-networks.ts"),
  superresolution: () => import("../../../demo/node/superresolution.ts"),
  tagger: () => import("../../../demo/node/sequence-tagger.ts"),
  time: () => import("../../../demo/node/time-series.ts"),
  words: () => import("../../../demo/node/word-embeddings.ts"),
};

const one = (model: unknown, ...shape: (number | string)[]): Case => ({
  model: model as Case["model"],
  signature: { input: shape },
});
const whole = (...shape: (number | string)[]) => ({ shape, dtype: "i32" as const });
const many = (model: unknown, input: Case["signature"]["input"], high: Case["high"] = {}): Case => ({
  model: model as Case["model"],
  signature: { input },
  high,
});

export const networks: Readonly<Record<string, () => Promise<Case>>> = {
  "addition by LSTMs": async () => {
    const { Adder } = await demo.adder();
    return many(
      new Adder("LSTM", 8),
      { question: whole("batch", 7), before: whole("batch", 4) },
      { question: 12, before: 12 },
    );
  },
  "addition by GRUs": async () => {
    const { Adder } = await demo.adder();
    return many(
      new Adder("GRU", 8),
      { question: whole("batch", 7), before: whole("batch", 4) },
      { question: 12, before: 12 },
    );
  },
  "autoencoder, dense": async () => {
    const { Autoencoder, dense } = await demo.autoencoder();
    return one(new Autoencoder(dense(8), 0.5), "batch", 1, 28, 28);
  },
  "autoencoder, convolutional": async () => {
    const { Autoencoder, convolutional } = await demo.autoencoder();
    return one(new Autoencoder(convolutional(8)), "batch", 1, 28, 28);
  },
  "autoencoder, variational": async () => {
    const { Variational } = await demo.autoencoder();
    return one(new Variational(8), "batch", 1, 28, 28);
  },
  california: async () => {
    const { Network } = await demo.california();
    return one(new Network(9, 8, 16), "batch", 9);
  },
  "blood cells": async () => {
    const { CellNetwork } = await demo.cells();
    return one(new CellNetwork(), "batch", 3, 32, 48);
  },
  "letters by a transformer": async () => {
    const { Gpt } = await demo.charGpt();
    return many(new Gpt(20), whole("batch", 16), { input: 20 });
  },
  "letters by an LSTM": async () => {
    const { CharLstm } = await demo.charLstm();
    return many(new CharLstm(20, 16, 4), { letters: whole("batch", 6), fresh: whole("batch") }, { letters: 20 });
  },
  "letters by an LSTM, with its state": async () => {
    const { CharLstm, Reader } = await demo.charLstm();
    const model = new CharLstm(20, 16, 4);
    const layers = (model.lstm.layer as nn.LSTM).stack.layers.length;
    const state = ["batch", layers, 16];
    return many(new Reader(model), { letters: whole("batch", 3), h: state, c: state }, { letters: 20 });
  },
  "GAN, generator": async () => {
    const { generatorOf } = await demo.gan();
    const model = generatorOf();
    return one(model, "batch", nn.variables(model).get("0.weight")?.shape[1] as number);
  },
  "GAN, critic of images": async () => {
    const { criticOf } = await demo.gan();
    return one(criticOf("DCGAN"), "batch", 1, 28, 28);
  },
  "GAN, critic without norms": async () => {
    const { criticOf } = await demo.gan();
    return one(criticOf("WGAN-GP" as never), "batch", 1, 28, 28);
  },
  "names by a transformer": async () => {
    const { Reader } = await demo.names();
    return many(new Reader(27, 16, 32), whole("batch", 16), { input: 27 });
  },
  "names by a GRU": async () => {
    const { gruOf } = await demo.names();
    return many(gruOf(27), whole("batch", 16), { input: 27 });
  },
  "residual network": async () => {
    const { residualNetwork } = await demo.residual();
    return one(residualNetwork(1, [8, 16], 2, 10), "batch", 1, 14, 14);
  },
  "residual network of pools": async () => {
    const { pooledNetwork } = await demo.pooled();
    return one(pooledNetwork(3, 8, 10), "batch", 3, 32, 32);
  },
  "reviews by counting": async () => {
    const { Regression } = await demo.reviews();
    return many(new Regression(50), { index: whole("batch", 6), perSampleWeights: ["batch", 6] }, { index: 50 });
  },
  "reviews by reading": async () => {
    const { Reader } = await demo.reviews();
    const input = { words: whole("batch", 9), index: whole("batch", 6), perSampleWeights: ["batch", 6] };
    return many(new Reader(40, 50), input, { words: 40, index: 50 });
  },
  "an agent": async () => {
    const { perceptron } = await demo.agents();
    return one(perceptron([4, 16, 16, 2], nn.tanh), "batch", 4);
  },
  pronunciation: async () => {
    const { Speaker } = await demo.speaker();
    return many(
      new Speaker(16, 1),
      { letters: whole("batch", 6), before: whole("batch", 7) },
      { letters: 26, before: 20 },
    );
  },
  "a spoken digit": async () => {
    const { DigitNetwork } = await demo.spoken();
    return one(new DigitNetwork(), "batch", 1, 40, 32);
  },
  "spoken digits": async () => {
    const { StringNetwork } = await demo.spoken();
    return one(new StringNetwork(), "batch", 1, 40, 32);
  },
  superresolution: async () => {
    const { Enlarger } = await demo.superresolution();
    return one(new Enlarger(), "batch", 1, 14, 14);
  },
  "a tagger of words": async () => {
    const { Tagger } = await demo.tagger();
    const words = whole("batch", 8);
    const model = new Tagger({ words: 30, endings: 20 } as never, 8);
    // Sentences of one word and more.
    const wrapped = {
      model,
      forward: (x: { readonly lengths: never }, context: nn.Context) =>
        model.forward({ ...x, lengths: (x.lengths as { add(n: number): never }).add(1) } as never, context),
    };
    return many(
      wrapped,
      { words, endings: words, forms: words, lengths: whole("batch") },
      { words: 30, endings: 20, forms: 8, lengths: 8 },
    );
  },
  "weather by an LSTM": async () => {
    const { BODIES, Forecast } = await demo.time();
    return one(
      new Forecast(BODIES.LSTM(8), 8),
      "batch",
      28,
      (await import("../../../demo/node/forecasting.ts")).FEATURES,
    );
  },
  "weather by a convolution": async () => {
    const { BODIES, Forecast } = await demo.time();
    return one(
      new Forecast(BODIES.convolution(8), 8),
      "batch",
      28,
      (await import("../../../demo/node/forecasting.ts")).FEATURES,
    );
  },
  "vectors of words": async () => {
    const { SkipGram } = await demo.words();
    const logits = Array.from({ length: 12 }, (_, i) => i / 10);
    return many(
      new SkipGram(logits, 8),
      { word: whole("batch"), candidates: whole("batch", 5) },
      { word: 12, candidates: 12 },
    );
  },
  // Those that their scripts write in a line or two.
  digits: async () =>
    one(
      new nn.Sequential(new nn.Flatten(), new nn.Linear(784, 32), nn.relu, new nn.Linear(32, 10)),
      "batch",
      1,
      28,
      28,
    ),
  "digits by convolutions": async () =>
    one(
      new nn.Sequential(
        new nn.Conv2d(1, 16, 5, { padding: 2 }),
        nn.relu,
        new nn.MaxPool2d(2),
        new nn.Conv2d(16, 32, 5),
        nn.relu,
        new nn.MaxPool2d(2),
        new nn.Flatten(),
        new nn.Linear(32 * 5 * 5, 128),
        nn.relu,
        new nn.Dropout(0.3),
        new nn.Linear(128, 10),
      ),
      "batch",
      1,
      28,
      28,
    ),
  "miles a gallon": async () =>
    one(
      new nn.Sequential(new nn.Linear(9, 32), nn.tanh, new nn.Linear(32, 32), nn.tanh, new nn.Linear(32, 1)),
      "batch",
      9,
    ),
  "breast cancer, logistic regression": async () => one(new nn.Linear(30, 1), "batch", 30),
  "breast cancer": async () =>
    one(
      new nn.Sequential(
        new nn.Linear(30, 16),
        nn.relu,
        new nn.Dropout(0.5),
        new nn.Linear(16, 16),
        nn.relu,
        new nn.Dropout(0.5),
        new nn.Linear(16, 1),
      ),
      "batch",
      30,
    ),
  "GAN, judge of digits": async () =>
    one(
      new nn.Sequential(
        new nn.Conv2d(1, 16, 5, { padding: 2 }),
        nn.relu,
        new nn.MaxPool2d(2),
        new nn.Conv2d(16, 32, 5),
        nn.relu,
        new nn.MaxPool2d(2),
        new nn.Flatten(),
        new nn.Linear(32 * 25, 128),
        nn.relu,
        new nn.Linear(128, 10),
      ),
      "batch",
      1,
      28,
      28,
    ),
  "superresolution, bicubic alone": async () => {
    const bicubic = new nn.Upsample({ scaleFactor: 2, mode: "bicubic" });
    return one(new nn.Sequential(bicubic, new nn.Conv2d(1, 1, 1)), "batch", 1, 14, 14);
  },
  iris: async () =>
    one(new nn.Sequential(new nn.Linear(4, 16), nn.tanh, new nn.Dropout(0.2), new nn.Linear(16, 3)), "batch", 4),
};
