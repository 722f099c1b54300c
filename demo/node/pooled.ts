// A residual network of images that pools: few layers for few minutes.
import type { Tensor } from "simdgrad";
import { BatchNorm2d, type Context, Conv2d, forward, Linear, MaxPool2d, relu, Sequential } from "simdgrad/nn";

/** A 3x3 convolution, half the size if it pools, norm, relu. */
function convolved(from: number, to: number, isPooled = false): Sequential {
  const pool = isPooled ? [new MaxPool2d(2)] : [];
  return new Sequential(new Conv2d(from, to, 3, { padding: 1, bias: false }), ...pool, new BatchNorm2d(to), relu);
}

/** Two such beside what they are added to. */
class Pair {
  readonly inner: Sequential;

  constructor(channels: number) {
    this.inner = new Sequential(convolved(channels, channels), convolved(channels, channels));
  }

  forward(x: Tensor, context: Context): Tensor {
    return x.add(forward(this.inner, x, context, "inner"));
  }
}

/**
 * Few layers for few minutes (after Page, "How to train your ResNet", 2018): twice the channels wherever the largest of each 2x2 is taken,
 * a residual pair at a half and at an eighth of the size, the largest over all places, a linear layer with small logits.
 */
export function pooledNetwork(channels: number, width: number, classes: number): Sequential {
  return new Sequential(
    convolved(channels, width),
    convolved(width, 2 * width, true),
    new Pair(2 * width),
    convolved(2 * width, 4 * width, true),
    convolved(4 * width, 8 * width, true),
    new Pair(8 * width),
    (x: Tensor) => x.max([2, 3]),
    new Linear(8 * width, classes),
    (x: Tensor) => x.mul(0.125),
  );
}
