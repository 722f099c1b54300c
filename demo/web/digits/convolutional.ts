// The convolutional network, after LeNet, and what its first layer finds in a digit. Loaded with the first training.
import { type Executor, Predictor, type Tensor } from "simdgrad";
import {
  type Context,
  Conv2d,
  Dropout,
  Flatten,
  forward,
  Linear,
  MaxPool2d,
  type Module,
  relu,
  Sequential,
} from "simdgrad/nn";
import { CLASSES, FILTER_SIDE, FILTERS, preprocess, READ } from "./model.ts";

const SIDE = 28;

/** A network in two parts, so that what is between them can be seen. */
class Watched implements Module<Tensor, { readonly scores: Tensor; readonly maps: Tensor }> {
  readonly network: Sequential;

  constructor(network: Sequential) {
    this.network = network;
  }

  /** Scores [N, 10], and how strongly each filter of the first layer answers in each place, after its relu: [N, 8, 28, 28]. */
  forward(x: Tensor, context: Context): { readonly scores: Tensor; readonly maps: Tensor } {
    const [filters, activation, ...rest] = this.network.layers;
    const maps = forward(activation, forward(filters, x, context, "0"), context, "1");
    return { maps, scores: new Sequential(...rest).forward(maps, context) };
  }
}

/** Two convolutions, each with a relu and pooled, and a layer that reads their maps. */
export function convolutional(dropout = 0): Sequential {
  const [first, second] = FILTERS;
  const padding = (FILTER_SIDE - 1) / 2; // maps are as large as their images
  return new Sequential(
    new Conv2d(1, first, FILTER_SIDE, { padding }),
    relu,
    new MaxPool2d(2),
    new Conv2d(first, second, FILTER_SIDE, { padding }),
    relu,
    new MaxPool2d(2),
    new Flatten(),
    ...(dropout > 0 ? [new Dropout(dropout)] : []),
    new Linear(READ, CLASSES),
  );
}

/** Rows of 784 bytes as images of one channel, with mean 0 and deviation 1 over MNIST. */
export function asImages(x: Tensor): Tensor {
  return preprocess(x).reshape([x.shape[0], 1, SIDE, SIDE]);
}

/** What predicts scores and maps with the weights that are on the executor. */
export function watcher(network: Sequential, executor: Executor) {
  return new Predictor(new Watched(network), { executor, preprocess: asImages });
}
