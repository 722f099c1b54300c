// npm run superresolution: images of half the size made as large again, beside bicubic interpolation (after Shi et al., "Real-time single
// image super-resolution using an efficient sub-pixel convolutional neural network", 2016, with a residual as Kim et al. 2016).
import { type Tensor, Trainer } from "simdgrad";
import { type Context, Conv2d, forward, mseLoss, PixelShuffle, relu, Sequential, Upsample } from "simdgrad/nn";
import { adam, cosineDecay } from "simdgrad/optim";
import { fashionMnist, type Images, mnist } from "./image-sets.ts";
import { writeSheet } from "./picture.ts";
import { script } from "./script.ts";

const SIDE = 28;
const HALF = SIDE / 2;
const SHOWN = 12;

/** What bicubic interpolation makes, and what is missing from it. */
export class Enlarger {
  readonly body = new Sequential(
    new Conv2d(1, 32, 5, { padding: 2 }),
    relu,
    new Conv2d(32, 32, 3, { padding: 1 }),
    relu,
    new Conv2d(32, 32, 3, { padding: 1 }),
    relu,
    new Conv2d(32, 4, 3, { padding: 1 }),
    new PixelShuffle(2),
  );

  forward(x: Tensor, context: Context): Tensor {
    return forward(this.body, x, context, "body").add(forward(bicubic, x, context));
  }
}

const bicubic = new Upsample({ scaleFactor: 2, mode: "bicubic" });

await script({
  name: "superresolution",
  about: "Images of 14 x 14 made 28 x 28, of digits or of clothes.",
  metric: "peak signal-to-noise ratio on the test set (dB)",
  options: {
    epochs: { about: "passes over the images", value: "6" },
    batch: { about: "images a step", value: "64" },
    data: { about: "folder of Fashion-MNIST's files; without it, digits of MNIST", value: "" },
  },
  async run({ seed, executor, options, whole, train, say, file }) {
    const [epochs, batch] = [whole("epochs"), whole("batch")];
    const { train: images, test } = options.data === "" ? await mnist() : await fashionMnist(options.data);
    const [pairs, held] = [pairsOf(images), pairsOf(test)];
    const steps = epochs * Math.ceil(images.y.shape[0] / batch);
    const trainer = new Trainer(new Enlarger(), {
      loss: mseLoss,
      optimizer: adam(cosineDecay(2e-3, { steps })),
      executor,
      seed,
    });
    await trainer.load(pairs);
    await train(trainer, { batch, epochs });
    const made = await trainer.predict(held.x);
    const plain = new Trainer(new Sequential(bicubic, new Conv2d(1, 1, 1)), {
      loss: mseLoss,
      optimizer: adam(0),
      executor,
    });
    await plain.loadStateDict({ "1.weight": [[[[1]]]], "1.bias": [0] });
    const interpolated = await plain.predict(held.x);
    const [value, baseline] = [ratio(made.data, held.y.data), ratio(interpolated.data, held.y.data)];
    const path = await file("superresolution.png");
    const rows = [interpolated.data, made.data, held.y.data].map((data) =>
      Array.from({ length: SHOWN }, (_, i) => Array.from(data).slice(i * SIDE * SIDE, (i + 1) * SIDE * SIDE)),
    );
    await writeSheet(path, { rows, width: SIDE, height: SIDE, channels: 1 });
    say(`bicubic, network, original: ${path}`);
    await plain.dispose();
    await trainer.dispose();
    return { value, baseline };
  },
});

/** Images of half the size, means of four pixels, and what they were made of: 0 to 1. */
function pairsOf({ x }: Images) {
  const rows = x.shape[0];
  const y = Float32Array.from(x.data, (value) => value / 255);
  const small = new Float32Array(rows * HALF * HALF);
  for (let i = 0; i < y.length; i++) {
    const [row, at] = [Math.floor(i / (SIDE * SIDE)), i % (SIDE * SIDE)];
    const [down, across] = [Math.floor(at / SIDE) >> 1, (at % SIDE) >> 1];
    small[(row * HALF + down) * HALF + across] += y[i] / 4;
  }
  return { x: { data: small, shape: [rows, 1, HALF, HALF] }, y: { data: y, shape: x.shape } };
}

/** Peak signal-to-noise ratio: 10 log10 of 1 over the mean squared error, of numbers cut off at 0 and 1. */
function ratio(made: ArrayLike<number>, wanted: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < wanted.length; i++) sum += (Math.min(1, Math.max(0, made[i])) - wanted[i]) ** 2;
  return 10 * Math.log10(wanted.length / sum);
}
