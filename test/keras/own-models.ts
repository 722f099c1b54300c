// Models of layers of simdgrad that TensorFlow.js can have, and what they take: written by toTensorFlowJs, read here and there.
import { JsExecutor, Predictor } from "../../src/index.ts";
import {
  AdaptiveAvgPool2d,
  AdaptiveMaxPool1d,
  AvgPool2d,
  BatchNorm1d,
  BatchNorm2d,
  Branches,
  Conv1d,
  Conv2d,
  Conv3d,
  ConvTranspose2d,
  Cropping2d,
  Dropout,
  Dropout1d,
  Embedding,
  elu,
  Flatten,
  GaussianNoise,
  gelu,
  Identity,
  type Layer,
  LayerNorm,
  Linear,
  LSTM,
  logSoftmax,
  MaxPool1d,
  MaxPool2d,
  MaxPool3d,
  PReLU,
  Residual,
  RNN,
  relu,
  Sequential,
  selu,
  sigmoid,
  silu,
  softmax,
  softplus,
  tanh,
  Unflatten,
  Upsample,
  variables,
  ZeroPad2d,
} from "../../src/nn/index.ts";
import { numbers } from "../random.ts";

export interface OwnModel {
  readonly model: Layer;
  /** Without the batch. */
  readonly shape: readonly number[];
  readonly dtype?: "i32";
}

const called = new Linear(4, 4);
const norm = new BatchNorm2d(2);

export const ownModels: Readonly<Record<string, OwnModel>> = {
  "a line": { model: new Linear(3, 2), shape: [3] },
  "a perceptron": {
    model: new Sequential(new Linear(4, 6, { bias: false }), relu, new Dropout(0.5), new Linear(6, 3), softmax),
    shape: [4],
  },
  "a layer called three times": {
    model: new Sequential(called, tanh, called, new Residual(new Sequential(relu, called))),
    shape: [3, 4],
  },
  "a norm called on its own result": {
    model: new Sequential(norm, new Conv2d(2, 2, 1), norm, new Branches([norm, new Conv2d(2, 1, 1)], { axis: 1 })),
    shape: [2, 3, 3],
  },
  activations: {
    model: new Sequential(
      elu,
      gelu,
      selu,
      sigmoid,
      silu,
      softplus,
      tanh,
      new Identity(),
      new GaussianNoise(1),
      logSoftmax,
    ),
    shape: [5],
  },
  "a network of images": {
    model: new Sequential(
      new Conv2d(2, 4, 3, { padding: "same" }),
      new BatchNorm2d(4),
      relu,
      new MaxPool2d(2),
      new Conv2d(4, 6, 3, { stride: 2, padding: 1, bias: false }),
      new PReLU(6),
      new Residual(new Sequential(new Conv2d(6, 6, 3, { padding: 1 }), tanh)),
      new AvgPool2d(2),
      new Flatten(),
      new Linear(6, 3),
    ),
    shape: [2, 8, 8],
  },
  "an image from an image": {
    model: new Sequential(
      new ZeroPad2d([1, 2, 0, 1]),
      new Conv2d(2, 3, 3),
      new Upsample({ scaleFactor: 2 }),
      new Cropping2d([
        [1, 0],
        [0, 2],
      ]),
      new ConvTranspose2d(3, 2, 4, { stride: 2, padding: 1 }),
      new ConvTranspose2d(2, 2, 3, { stride: 2 }),
    ),
    shape: [2, 5, 4],
  },
  "one slope": { model: new Sequential(new PReLU(), new Conv2d(2, 1, 1), new PReLU()), shape: [2, 4, 3] },
  "one slope of rows": { model: new Sequential(new PReLU(), new Linear(3, 1), new PReLU()), shape: [3] },
  "each channel alone": {
    model: new Sequential(
      new Conv2d(3, 6, 3, { groups: 3, padding: 1 }),
      new Conv2d(6, 2, 1),
      new AdaptiveAvgPool2d(1),
      new Flatten(),
    ),
    shape: [3, 5, 6],
  },
  sequences: {
    model: new Sequential(
      new Conv1d(3, 4, 3, { stride: 2 }),
      new BatchNorm1d(4),
      new Dropout1d(0.2),
      new MaxPool1d(2),
      new AdaptiveMaxPool1d(1),
    ),
    shape: [3, 9],
  },
  volumes: { model: new Sequential(new Conv3d(2, 3, 2), new MaxPool3d(2)), shape: [2, 5, 4, 5] },
  words: {
    model: new Sequential(
      new Embedding(7, 4),
      new LayerNorm(4),
      new LSTM(4, 3, { batchFirst: true, numLayers: 2, bidirectional: true }),
      new RNN(6, 2, { batchFirst: true }),
      new RNN(2, 2, { batchFirst: true, nonlinearity: "relu", bias: false }),
      new Flatten(),
      new Linear(10, 2),
    ),
    shape: [5],
    dtype: "i32",
  },
  branches: {
    model: new Sequential(
      new Linear(4, 6),
      new Unflatten(1, [3, 2]),
      new Branches([new Linear(2, 3), new Sequential(tanh, new Linear(2, 4))]),
    ),
    shape: [4],
  },
  "branches of images": {
    model: new Branches([new Conv2d(2, 3, 1), new Conv2d(2, 2, 3, { padding: 1 })], { axis: 1 }),
    shape: [2, 4, 4],
  },
};

/** Input, weights and output of a model, by its name. */
export async function drawn(name: string, { model, shape, dtype }: OwnModel) {
  const random = numbers(name.length);
  const draw = (size: number) => Float32Array.from({ length: size }, () => 1.5 * random() - 0.75);
  const size = shape.reduce((product, each) => product * each, 2);
  const data = dtype === "i32" ? Int32Array.from({ length: size }, () => Math.floor(random() * 7)) : draw(size);
  const input = { data, shape: [2, ...shape] };
  const state = Object.fromEntries(
    [...variables(model)].map(([path, variable]) => {
      const count = variable.shape.reduce((product, each) => product * each, 1);
      const values = variable.dtype === "i32" ? new Int32Array(count) : draw(count);
      // Variances are above 0.
      return [
        path,
        { data: path.endsWith("var") ? values.map((each) => Math.abs(each) + 0.5) : values, shape: variable.shape },
      ];
    }),
  );
  const predictor = new Predictor(model, { state, executor: new JsExecutor() });
  const output = await predictor.predict(input);
  await predictor.dispose();
  return { input, state, output };
}
