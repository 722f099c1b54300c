// Residual networks of images, small ones (He, Zhang, Ren and Sun, "Deep residual learning for image recognition", 2016), and the training that
// the scripts of digits, clothes and photographs share.
import { writeFile } from "node:fs/promises";
import { constant, type Tensor, Trainer } from "simdgrad";
import { serializeSafetensors } from "simdgrad/io";
import {
  BatchNorm2d,
  type Context,
  Conv2d,
  crossEntropy,
  forward,
  type Layer,
  Linear,
  relu,
  Sequential,
  withOptions,
} from "simdgrad/nn";
import { oneCycle, sgd } from "simdgrad/optim";
import type { ImageSet } from "./image-sets.ts";
import { clock } from "./progress.ts";
import { type Outcome, percent, type Task } from "./script.ts";

/** Two 3x3 convolutions beside what they are added to. */
export class Block {
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  /** Where the shape changes. */
  readonly shortcut: Layer | undefined;

  constructor(channels: number, out: number, stride = 1) {
    this.conv1 = new Conv2d(channels, out, 3, { stride, padding: 1, bias: false });
    this.bn1 = new BatchNorm2d(out);
    this.conv2 = new Conv2d(out, out, 3, { padding: 1, bias: false });
    this.bn2 = new BatchNorm2d(out);
    if (stride !== 1 || channels !== out)
      this.shortcut = new Sequential(new Conv2d(channels, out, 1, { stride, bias: false }), new BatchNorm2d(out));
  }

  forward(x: Tensor, context: Context): Tensor {
    const inner = relu(forward(this.bn1, forward(this.conv1, x, context, "conv1"), context, "bn1"));
    const outer = forward(this.bn2, forward(this.conv2, inner, context, "conv2"), context, "bn2");
    const beside = this.shortcut === undefined ? x : forward(this.shortcut, x, context, "shortcut");
    return relu(outer.add(beside));
  }
}

/** A 3x3 convolution, stages of blocks, each stage but the first at half the size, the mean over all places, a linear layer. */
export function residualNetwork(
  channels: number,
  widths: readonly number[],
  depth: number,
  classes: number,
): Sequential {
  const blocks = widths.flatMap((width, stage) =>
    Array.from({ length: depth }, (_, i) => {
      const from = i > 0 ? width : (widths[stage - 1] ?? width);
      return new Block(from, width, i === 0 && stage > 0 ? 2 : 1);
    }),
  );
  return new Sequential(
    new Conv2d(channels, widths[0], 3, { padding: 1, bias: false }),
    new BatchNorm2d(widths[0]),
    relu,
    ...blocks,
    (x: Tensor) => x.mean([2, 3]),
    new Linear(widths[widths.length - 1], classes),
  );
}

/** What one of the scripts trains on, and how. */
export interface Images {
  readonly set: ImageSet;
  /** Of all pixels of the training set, as shares of 255, by channel. */
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
  readonly network: Sequential;
  readonly rate: number;
  /** Share of the label that all classes have. Default 0.05. */
  readonly smoothing?: number;
  /** Batches as the training sees them: u8 or f32 images, 0 to 255. */
  readonly augment: (x: Tensor, context: Context) => Tensor;
  /** The name of a file for the weights. */
  readonly keep?: string;
}

/** Trains a residual network with momentum along one cycle, and looks at the test set once, at the end. */
export async function classify<Name extends string>(
  { seed, executor, whole, train, say, file }: Task<Name | "epochs" | "batch">,
  { set, mean, deviation, network, rate, smoothing = 0.05, augment, keep }: Images,
): Promise<Outcome> {
  const [epochs, batch] = [whole("epochs"), whole("batch")];
  const { x } = set.train;
  const channels = x.shape[1];
  const steps = epochs * Math.ceil(x.shape[0] / batch);
  const scaled = (images: Tensor) => {
    const column = (values: readonly number[]) => constant([...values]).reshape([1, channels, 1, 1]);
    const pixels = images.dtype === "u8" ? images.cast("f32") : images;
    return pixels.div(255).sub(column(mean)).div(column(deviation));
  };
  const trainer = new Trainer(new Sequential(scaled, network), {
    loss: withOptions(crossEntropy, { labelSmoothing: smoothing }),
    optimizer: sgd(oneCycle(rate, { steps }), { momentum: 0.9, nesterov: true, weightDecay: 5e-4 }),
    preprocess: (images) => images,
    transform: ({ x: images, ...others }, context) => ({ ...others, x: augment(images, context) }),
    executor,
    seed,
  });
  await trainer.load(set.train);
  const history = await train(trainer, { batch, epochs }, ({ metrics }) => `accuracy ${percent(metrics.accuracy)}`);
  const seconds = history.reduce((sum, epoch) => sum + epoch.seconds, 0);
  const { accuracy } = await trainer.evaluate(set.test);
  say(`test accuracy ${percent(accuracy)} after ${epochs} epochs, ${clock(seconds)} of training`);
  if (keep !== undefined) {
    const path = await file(keep);
    await writeFile(path, serializeSafetensors(await trainer.stateDict()));
    say(`weights: ${path}`);
  }
  await trainer.dispose();
  return { value: accuracy, seconds, more: { epochs, threads: executor.info.threads } };
}
