// The variational autoencoder: from a digit to two numbers and back (Kingma and Welling 2014).
import { type Executor, type Fit, normal, Predictor, type Tensor, Trainer } from "simdgrad";
import { stopAt } from "simdgrad/callbacks";
import type { NumericArray } from "simdgrad/data";
import { binaryCrossEntropyWithLogits, type Context, forward, Linear, relu, Sequential } from "simdgrad/nn";
import { adam } from "simdgrad/optim";
import { type DigitSet, PIXELS } from "../digits/data.ts";
import { open } from "../shared/places.ts";
import type { Metadata } from "../shared/tools.ts";

export const HIDDEN = 256;
export const BATCH = 64;
export const EPOCHS = 1000;
export const RATE = 0.002;

/** Gives the logits of pixels, and how far the codes are from normal numbers, in nats. */
class Variational {
  readonly encoder = new Sequential(new Linear(PIXELS, HIDDEN), relu, new Linear(HIDDEN, 4));
  readonly decoder = new Sequential(new Linear(2, HIDDEN), relu, new Linear(HIDDEN, PIXELS));

  forward(x: Tensor, context: Context): Tensor[] {
    const both = forward(this.encoder, x, context, "encoder");
    const [mean, logVariance] = [both.narrow(1, 0, 2), both.narrow(1, 2, 2)];
    const drawn = context.training ? mean.add(normal(context.key(), mean.shape).mul(logVariance.mul(0.5).exp())) : mean;
    const divergence = logVariance.add(1).sub(mean.square()).sub(logVariance.exp()).sum(1).mul(-0.5);
    return [forward(this.decoder, drawn, context, "decoder"), divergence];
  }
}

/** From two numbers to pixels of 0 to 1. */
class Decoder {
  readonly decoder: Sequential;

  constructor(decoder: Sequential) {
    this.decoder = decoder;
  }

  forward(code: Tensor, context: Context): Tensor {
    return forward(this.decoder, code, context, "decoder").sigmoid();
  }
}

/** From pixels to the two numbers. */
class Encoder {
  readonly encoder: Sequential;

  constructor(encoder: Sequential) {
    this.encoder = encoder;
  }

  forward(x: Tensor, context: Context): Tensor {
    return forward(this.encoder, x, context, "encoder").narrow(1, 0, 2);
  }
}

/** Bytes as 0 to 1. */
const shares = (x: Tensor): Tensor => x.cast("f32").div(255);

/** Nats that are missing, of a digit and of its code. */
function evidence([logits, divergence]: readonly Tensor[], y: Tensor): Tensor {
  const missing = binaryCrossEntropyWithLogits(logits, shares(y), { reduction: "sum" });
  return missing.add(divergence.sum()).div(y.shape[0]);
}

export class VaeSession {
  readonly executor: Executor;
  readonly #trainer: Trainer<Tensor, Tensor[], Tensor>;
  readonly #decoder: Predictor<Tensor, Tensor>;
  readonly #encoder: Predictor<Tensor, Tensor>;
  readonly #decodes: Decoder;

  private constructor(executor: Executor, seed: number) {
    const model = new Variational();
    this.executor = executor;
    this.#trainer = new Trainer(model, { loss: evidence, optimizer: adam(RATE), executor, seed, preprocess: shares });
    this.#decodes = new Decoder(model.decoder);
    this.#decoder = new Predictor(this.#decodes, { executor, preprocess: (code: Tensor) => code });
    this.#encoder = new Predictor(new Encoder(model.encoder), { executor, preprocess: shares });
  }

  static async create(seed: number, { x }: DigitSet): Promise<VaeSession> {
    const session = new VaeSession(await open("threads", "portable"), seed);
    await session.#trainer.load({ x, y: x });
    return session;
  }

  /** Trains on, for so many steps; 0: without an end. */
  fit(steps: number): Fit {
    return this.#trainer.fit({ batch: BATCH, epochs: EPOCHS, callbacks: steps > 0 ? [stopAt({ steps })] : [] });
  }

  /** Pixels [rows, 784] of 0 to 1 for codes, also while it trains. */
  async decoded(codes: Float32Array): Promise<Float32Array> {
    const { data } = await this.#decoder.predict({ data: codes, shape: [codes.length / 2, 2] });
    return data as Float32Array;
  }

  /** Codes [rows, 2] of digits, also while it trains. */
  async encoded(digits: Uint8Array): Promise<Float32Array> {
    const { data } = await this.#encoder.predict({ data: digits, shape: [digits.length / PIXELS, PIXELS] });
    return data as Float32Array;
  }

  weights(): Promise<Record<string, NumericArray>> {
    return this.#trainer.stateDict();
  }

  /** The half that draws. */
  async onnx(metadata: Metadata): Promise<Uint8Array> {
    const { toOnnx } = await import("simdgrad/onnx");
    const signature = { input: ["batch", 2], inputNames: ["code"], outputNames: ["pixels"] };
    return toOnnx(this.#decodes, signature, { executor: this.executor, metadata });
  }

  dispose(): Promise<void> {
    return this.executor.dispose();
  }
}
