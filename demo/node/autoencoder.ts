// npm run autoencoder: images through a narrow code and back, by dense, convolutional, denoising and variational networks, beside what
// principal components of the same size make of them.
import { normal, type Tensor, Trainer } from "simdgrad";
import type { NumericArray } from "simdgrad/data";
import {
  binaryCrossEntropyWithLogits,
  type Context,
  Conv2d,
  ConvTranspose2d,
  Flatten,
  forward,
  Linear,
  relu,
  Sequential,
} from "simdgrad/nn";
import { adam, cosineDecay } from "simdgrad/optim";
import { type Images, mnist } from "./image-sets.ts";
import { principalComponentsError } from "./pca.ts";
import { writeSheet } from "./picture.ts";
import { script } from "./script.ts";

const SIDE = 28;
const PIXELS = SIDE * SIDE;
/** Deviation of the noise, where pixels are 0 to 1. */
const NOISE = 0.4;
/** Of the test set, in the picture. */
const SHOWN = 12;

interface Coder {
  readonly encoder: Sequential;
  readonly decoder: Sequential;
}

export function dense(code: number): Coder {
  return {
    encoder: new Sequential(
      new Flatten(),
      new Linear(PIXELS, 256),
      relu,
      new Linear(256, 128),
      relu,
      new Linear(128, code),
    ),
    decoder: new Sequential(new Linear(code, 128), relu, new Linear(128, 256), relu, new Linear(256, PIXELS)),
  };
}

export function convolutional(code: number): Coder {
  return {
    encoder: new Sequential(
      new Conv2d(1, 16, 3, { stride: 2, padding: 1 }),
      relu,
      new Conv2d(16, 32, 3, { stride: 2, padding: 1 }),
      relu,
      new Flatten(),
      new Linear(32 * 49, code),
    ),
    decoder: new Sequential(
      new Linear(code, 32 * 49),
      relu,
      (x: Tensor) => x.reshape([-1, 32, 7, 7]),
      new ConvTranspose2d(32, 16, 4, { stride: 2, padding: 1 }),
      relu,
      new ConvTranspose2d(16, 1, 4, { stride: 2, padding: 1 }),
      new Flatten(),
    ),
  };
}

/** From images to logits of pixels. While it trains, noise of a deviation is put on what it sees. */
export class Autoencoder {
  readonly encoder: Sequential;
  readonly decoder: Sequential;
  readonly noise: number;

  constructor({ encoder, decoder }: Coder, noise = 0) {
    this.encoder = encoder;
    this.decoder = decoder;
    this.noise = noise;
  }

  forward(x: Tensor, context: Context): Tensor {
    const seen = this.noise > 0 && context.training ? x.add(normal(context.key(), x.shape).mul(this.noise)) : x;
    return forward(this.decoder, forward(this.encoder, seen, context, "encoder"), context, "decoder");
  }
}

/** Gives logits, and beside them the divergence of its codes from normal numbers (Kingma and Welling 2014). */
export class Variational {
  readonly encoder: Sequential;
  readonly decoder: Sequential;

  /** The encoder gives means and logarithms of variances. */
  constructor(code: number) {
    this.encoder = dense(2 * code).encoder;
    this.decoder = dense(code).decoder;
  }

  forward(x: Tensor, context: Context): Tensor[] {
    const both = forward(this.encoder, x, context, "encoder");
    const code = both.shape[1] / 2;
    const [mean, logVariance] = [both.narrow(1, 0, code), both.narrow(1, code, code)];
    const drawn = context.training ? mean.add(normal(context.key(), mean.shape).mul(logVariance.mul(0.5).exp())) : mean;
    const divergence = logVariance.add(1).sub(mean.square()).sub(logVariance.exp()).sum(1).mul(-0.5);
    return [forward(this.decoder, drawn, context, "decoder"), divergence];
  }
}

/** Bits that are missing, of an image, and of a code. */
function evidence([logits, divergence]: readonly Tensor[], y: Tensor): Tensor {
  return binaryCrossEntropyWithLogits(logits, y, { reduction: "sum" }).add(divergence.sum()).div(y.shape[0]);
}

await script({
  name: "autoencoder",
  about: "Digits of MNIST through narrow codes and back: dense, convolutional, denoising and variational networks.",
  metric: "reconstruction error of the convolutional network (mean squared)",
  options: {
    epochs: { about: "passes over the digits, of each network", value: "8" },
    batch: { about: "digits a step", value: "128" },
    code: { about: "numbers of a code", value: "32" },
  },
  async run({ seed, executor, whole, train, say, file, progress }) {
    const [epochs, batch, code] = [whole("epochs"), whole("batch"), whole("code")];
    const { train: digits, test } = await mnist();
    const [x, held] = [shares(digits), shares(test)];
    const steps = epochs * Math.ceil(digits.y.shape[0] / batch);
    const learn = async <Output>(name: string, trainer: Trainer<Tensor, Output, Tensor>) => {
      await trainer.load({ x, y: { data: x.data, shape: [x.shape[0], PIXELS] } });
      await train(trainer, { batch, epochs }, () => name);
    };
    const optimizer = adam(cosineDecay(2e-3, { steps }));
    const errors: Record<string, number> = {};
    const pictures: ArrayLike<number>[][] = [images(held.data, 0)];

    const plain = { loss: binaryCrossEntropyWithLogits, optimizer, executor, seed };
    const networks = { dense: new Autoencoder(dense(code)), convolutional: new Autoencoder(convolutional(code)) };
    for (const [name, network] of Object.entries(networks)) {
      const trainer = new Trainer(network, plain);
      await learn(name, trainer);
      const made = await reconstructed(trainer, held);
      errors[name] = error(made, held.data);
      pictures.push(images(made, 0));
      await trainer.dispose();
    }

    const noisy = noised(held, seed);
    const denoiser = new Trainer(new Autoencoder(convolutional(code), NOISE), plain);
    await learn("denoising", denoiser);
    const cleaned = await reconstructed(denoiser, noisy);
    errors.denoising = error(cleaned, held.data);
    errors.noise = error(noisy.data, held.data);
    pictures.push(images(noisy.data, 0), images(cleaned, 0));
    await denoiser.dispose();

    const small = new Trainer(new Variational(2), { loss: evidence, optimizer, executor, seed });
    await learn("variational", small);
    const coarse = await reconstructed(small, held);
    errors.variational = error(coarse, held.data);
    pictures.push(images(coarse, 0));
    await small.dispose();

    progress.draw(1, "principal components");
    const table = ({ data, shape }: Shares) => ({ data, rows: shape[0], columns: PIXELS });
    const baseline = await principalComponentsError(table(x), table(held), code);
    errors.components2 = await principalComponentsError(table(x), table(held), 2);
    const path = await file("autoencoder.png");
    await writeSheet(path, { rows: pictures, width: SIDE, height: SIDE, channels: 1 });
    for (const [name, value] of Object.entries({ ...errors, components: baseline }))
      say(`${name}: ${value.toFixed(5)}`);
    say(`images, dense, convolutional, with noise, without it, by two numbers: ${path}`);
    return { value: errors.convolutional, baseline, more: errors };
  },
});

interface Shares {
  readonly data: Float32Array<ArrayBuffer>;
  readonly shape: readonly number[];
}

/** Pixels as 0 to 1. */
function shares({ x }: Images): Shares {
  return { data: Float32Array.from(x.data, (value) => value / 255), shape: x.shape };
}

/** With normal noise, the same for a seed. */
function noised({ data, shape }: Shares, seed: number): Shares {
  let state = seed + 1;
  const random = () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state + 1) / 2 ** 32;
  };
  const gauss = () => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
  return { data: data.map((value) => value + NOISE * gauss()), shape };
}

/** Pixels that a network makes of images: the first of what it gives are their logits. */
async function reconstructed<Output>(
  trainer: Trainer<Tensor, Output, Tensor>,
  { data, shape }: Shares,
): Promise<Float32Array> {
  const made = await trainer.predict({ data, shape });
  const [logits] = [made].flat() as NumericArray[];
  return Float32Array.from(logits.data, (value: number) => 1 / (1 + Math.exp(-value)));
}

function error(made: ArrayLike<number>, wanted: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < wanted.length; i++) sum += (made[i] - wanted[i]) ** 2;
  return sum / wanted.length;
}

/** The first ones that are shown. */
function images(data: Float32Array, first: number): Float32Array[] {
  return Array.from({ length: SHOWN }, (_, i) => data.subarray((first + i) * PIXELS, (first + i + 1) * PIXELS));
}
