// A training on what was shown: features of all examples once, then the part that learns, and answers at any time.
import { type Executor, type Fit, Predictor, type Tensor, Trainer } from "simdgrad";
import { stopAt } from "simdgrad/callbacks";
import type { NumericArray } from "simdgrad/data";
import { type Context, crossEntropy, forward, type Layer, Sequential } from "simdgrad/nn";
import { adamW } from "simdgrad/optim";
import type { Metadata } from "../shared/tools.ts";
import { BATCH, type Body, type Sample, type Taught, type TeachSettings } from "./lesson.ts";

/** Examples whose features are made at once. */
const AT_ONCE = 4;
const ENDLESS = 100_000;

/** Versions of examples as the body sees them, and the class of each. */
export interface Features {
  readonly x: NumericArray & { readonly data: Float32Array };
  readonly y: NumericArray & { readonly data: Int32Array };
}

const product = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** Makes features of all versions of examples. Its weights stay on the executor until it is disposed of. */
function makerOf({ layer, state, shape, features, variants }: Body, seed: number, executor: Executor): Predictor {
  const versions = variants.layer(seed);
  const model = {
    body: layer,
    forward(x: Tensor, context: Context) {
      const rows = versions(x).reshape([x.shape[0] * variants.count, ...shape]);
      return forward(layer, rows, context, "body").reshape([x.shape[0], variants.count * product(features)]);
    },
  };
  if (state === undefined) return new Predictor(model, { executor });
  const named = Object.fromEntries(Object.entries(state).map(([name, value]) => [`body.${name}`, value]));
  return new Predictor(model, { executor, state: named });
}

/** The features of all versions of all examples, example by example. */
async function featuresOf(
  { variants, features, dtype }: Body,
  taught: readonly Taught[],
  maker: Predictor,
  onProgress: (share: number) => void,
): Promise<Features> {
  const all = taught.flatMap(({ examples }, label) => examples.map((sample) => ({ sample, label })));
  const width = variants.count * product(features);
  const made = new Float32Array(all.length * width);
  const size = product(variants.shape);
  for (let first = 0; first < all.length; first += AT_ONCE) {
    const some = all.slice(first, first + AT_ONCE);
    // As many rows each time: one program does for all.
    const data = dtype === "u8" ? new Uint8Array(AT_ONCE * size) : new Float32Array(AT_ONCE * size);
    for (const [i, { sample }] of some.entries()) data.set(sample, i * size);
    const given = await maker.predict({ data, shape: [AT_ONCE, ...variants.shape] });
    made.set((given.data as Float32Array).subarray(0, some.length * width), first * width);
    onProgress(Math.min(1, (first + AT_ONCE) / all.length));
  }
  const rows = all.length * variants.count;
  const labels = Int32Array.from({ length: rows }, (_, i) => all[Math.floor(i / variants.count)].label);
  return { x: { data: made, shape: [rows, ...features] }, y: { data: labels, shape: [rows] } };
}

/** What a training is made of. */
interface Parts {
  readonly body: Body;
  readonly names: readonly string[];
  readonly settings: TeachSettings;
  readonly executor: Executor;
}

/** One training: it begins with new weights. */
export class Teacher {
  readonly names: readonly string[];
  readonly settings: TeachSettings;
  readonly features: Features;
  readonly body: Body;
  readonly #executor: Executor;
  readonly #maker: Predictor;
  readonly #trained: Sequential;
  readonly #trainer: Trainer;
  readonly #answers: Predictor;

  private constructor({ body, names, settings, executor }: Parts, maker: Predictor, features: Features) {
    this.names = names;
    this.settings = settings;
    this.features = features;
    this.body = body;
    this.#executor = executor;
    this.#maker = maker;
    this.#trained = body.trained(names.length);
    const { rate, seed } = settings;
    this.#trainer = new Trainer(this.#trained, { loss: crossEntropy, optimizer: adamW(rate), executor, seed });
    this.#answers = new Predictor(this.#whole(), { executor });
  }

  /** Everything ready for a fit; `onProgress` hears how many of the features are made. */
  static async create(
    body: Body,
    taught: readonly Taught[],
    settings: TeachSettings,
    { executor, onProgress }: { readonly executor: Executor; readonly onProgress: (share: number) => void },
  ): Promise<Teacher> {
    const maker = makerOf(body, settings.seed, executor);
    const features = await featuresOf(body, taught, maker, onProgress);
    const teacher = new Teacher({ body, names: taught.map(({ name }) => name), settings, executor }, maker, features);
    await teacher.#trainer.loadStateDict(body.start, { strict: false });
    await teacher.#trainer.load(features);
    return teacher;
  }

  /** It begins when the first report is asked for. */
  fit(): Fit {
    const { steps } = this.settings;
    const epochs = steps === 0 ? ENDLESS : Math.ceil(steps / Math.ceil(this.features.y.data.length / BATCH));
    return this.#trainer.fit({ batch: BATCH, epochs, callbacks: steps === 0 ? [] : [stopAt({ steps })] });
  }

  /** Probabilities of the classes for a sample, also in the middle of the training. */
  async answer(sample: Sample): Promise<Float32Array> {
    const { data } = await this.#answers.predict({ data: sample, shape: [1, ...this.body.shape] }, { as: "softmax" });
    return data as Float32Array;
  }

  /** Weights of body and head, by their names in the whole network. */
  weights(): Promise<Record<string, NumericArray>> {
    return this.#answers.stateDict();
  }

  /** The whole network, from f32 samples to logits. */
  async onnx(metadata: Metadata): Promise<Uint8Array> {
    const { toOnnx } = await import("simdgrad/onnx");
    const signature = { input: ["batch", ...this.body.shape], outputNames: ["logits"] };
    return toOnnx(this.#whole(), signature, { executor: this.#executor, metadata });
  }

  /** The whole network as a file for simdgrad/predictor, from samples to probabilities. */
  async bundle(): Promise<Uint8Array> {
    const { toInference } = await import("simdgrad/inference");
    const { shape, dtype } = this.body;
    const whole = new Sequential(this.#whole(), (x: Tensor) => x.softmax());
    return toInference(whole, { input: { shape: ["batch", ...shape], dtype } }, { executor: this.#executor, batch: 1 });
  }

  async dispose(): Promise<void> {
    await this.#answers.dispose();
    await this.#trainer.dispose();
    await this.#maker.dispose();
  }

  #whole(): Sequential {
    return new Sequential(this.body.layer as Layer, this.#trained);
  }
}
