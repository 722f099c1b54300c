// A network in training: its executor, its trainer, its data. What changes on the way is made anew; the weights go on.
import { type Callback, type Executor, type Fit, type Predictor, type Tensor, Trainer } from "simdgrad";
import { stopAt } from "simdgrad/callbacks";
import type { NumericArray } from "simdgrad/data";
import { type Context, crossEntropy, type Module, type Sequential } from "simdgrad/nn";
import { hyperparameter, sgd } from "simdgrad/optim";
import { open } from "../shared/places.ts";
import type { Metadata } from "../shared/tools.ts";
import { type DigitSet, PIXELS } from "./data.ts";
import { CLASSES, dense, optimizers, preprocess } from "./model.ts";
import { softmaxRows } from "./probabilities.ts";
import { type Settings, sameTraining } from "./settings.ts";

export type Weights = Readonly<Record<string, NumericArray>>;

/** What a network says of one digit. */
export interface Said {
  /** Of the ten digits. */
  readonly probabilities: Float32Array;
  /** How strongly each filter of its first layer answers in each place: [filters, 28, 28]; undefined without filters. */
  readonly maps: Float32Array | undefined;
}

/** A network with random weights, and what stands before and beside it. */
interface Built {
  readonly network: Sequential;
  readonly preprocess: (x: Tensor) => Tensor;
  readonly watcher?: (network: Sequential, executor: Executor) => Watcher;
}

type Watcher = Predictor<Tensor, { readonly scores: Tensor; readonly maps: Tensor }>;
type Transform = ReturnType<typeof import("./shifting.ts")["shifting"]>;

/** What one fit is to do. */
export interface Stretch {
  readonly test: DigitSet;
  readonly steps: number;
  /** Told of the weights after each epoch, which the next step waits for. */
  readonly onEpoch: (weights: Weights) => void;
}

export class Session {
  readonly executor: Executor;
  #settings: Settings;
  readonly #trainer: Trainer;
  readonly #watcher: Watcher | undefined;
  #replayer: Promise<Trainer> | undefined;
  #loaded: DigitSet | undefined;

  private constructor(settings: Settings, executor: Executor, built: Built, transform: Transform | undefined) {
    const { optimizer, learningRate, weightDecay, seed } = settings;
    const { network, preprocess, watcher } = built;
    const rate = hyperparameter(learningRate);
    this.#settings = settings;
    this.executor = executor;
    this.#watcher = watcher?.(network, executor);
    this.#trainer = new Trainer(network, {
      loss: crossEntropy,
      optimizer: optimizers[optimizer].make(rate, weightDecay),
      hyperparameters: { learningRate: rate },
      preprocess,
      ...(transform && { transform }),
      seed,
      executor,
    });
  }

  get settings(): Settings {
    return this.#settings;
  }

  /** A network with new random weights. */
  static async create(settings: Settings): Promise<Session> {
    return Session.#on(await open(settings.place, settings.build), settings);
  }

  static async #on(executor: Executor, settings: Settings): Promise<Session> {
    const transform = settings.shift > 0 ? (await import("./shifting.ts")).shifting(settings.shift) : undefined;
    return new Session(settings, executor, await build(settings), transform);
  }

  /** The same weights under other settings of the same network; this session is over then. The optimizer's state goes on, too, if it can. */
  async continued(settings: Settings): Promise<Session> {
    const whole = sameTraining(settings, this.settings);
    const state = await (whole ? this.#trainer.snapshot() : this.weights());
    const moves = settings.place !== this.settings.place || settings.build !== this.settings.build;
    const executor = moves ? await open(settings.place, settings.build) : this.executor;
    const next = await Session.#on(executor, settings);
    if (whole) {
      await next.#trainer.restore(state);
      await next.setLearningRate(settings.learningRate);
    } else await next.load(state);
    await this.#letGo();
    if (moves) await this.executor.dispose();
    return next;
  }

  /** Loads digits, unless they are there already. */
  async bring(train: DigitSet): Promise<void> {
    if (this.#loaded !== train) await this.#trainer.load(train);
    this.#loaded = train;
  }

  /** Makes steps on the digits that are there, and tests after every epoch; it begins when the first report is asked for. */
  fit({ test, steps, onEpoch }: Stretch): Fit {
    const { batch } = this.settings;
    const epochs = Math.ceil((steps * batch) / (this.#loaded?.rows ?? 1)) + 1; // one may have begun
    const each: Callback = { onEpochEnd: async (_, { trainer }) => onEpoch(await trainer.stateDict()) };
    return this.#trainer.fit({ batch, epochs, validation: test, callbacks: [stopAt({ steps }), each] });
  }

  /** Goes once through the digits that are there. @returns steps made, and the loss of the last one */
  async practise(): Promise<{ readonly steps: number; readonly loss: number }> {
    let made = { steps: 0, loss: Number.NaN };
    for await (const { step, loss } of this.#trainer.fit({ batch: this.settings.batch })) made = { steps: step, loss };
    return made;
  }

  /** Share of a set's digits that it reads right. */
  async accuracy(set: DigitSet): Promise<number> {
    return (await this.#trainer.evaluate(set)).accuracy;
  }

  /** Probabilities [rows, 10] for rows of 784 bytes, also while it trains. */
  async probabilities(images: Uint8Array): Promise<Float32Array> {
    const { data } = await this.#trainer.predict({ data: images, shape: [images.length / PIXELS, PIXELS] });
    return softmaxRows(data, CLASSES);
  }

  /** What it says of the 784 bytes of one digit, also while it trains. */
  async said(image: Uint8Array): Promise<Said> {
    if (this.#watcher === undefined) return { probabilities: await this.probabilities(image), maps: undefined };
    const { scores, maps } = await this.#watcher.predict({ data: image, shape: [1, PIXELS] });
    return { probabilities: softmaxRows(scores.data, CLASSES), maps: maps.data as Float32Array };
  }

  /** What it would have said of one digit with weights that it once had. */
  async wouldHaveSaid(image: Uint8Array, weights: Weights): Promise<Float32Array> {
    this.#replayer ??= this.#newReplayer();
    const replayer = await this.#replayer;
    await replayer.loadStateDict(weights);
    const { data } = await replayer.predict({ data: image, shape: [1, PIXELS] });
    return softmaxRows(data, CLASSES);
  }

  /** A network like this one, with variables of its own. */
  async #newReplayer(): Promise<Trainer> {
    const { network, preprocess } = await build(this.settings);
    return new Trainer(network, { loss: crossEntropy, optimizer: sgd(0), preprocess, executor: this.executor });
  }

  async setLearningRate(learningRate: number): Promise<void> {
    await this.#trainer.setHyperparameters({ learningRate });
    this.#settings = { ...this.#settings, learningRate };
  }

  weights(): Promise<Record<string, NumericArray>> {
    return this.#trainer.stateDict();
  }

  async load(weights: Weights): Promise<void> {
    await this.#trainer.loadStateDict(weights);
  }

  /** Remembers this moment, and gives the way back to it. */
  async mark(): Promise<() => Promise<void>> {
    const snapshot = await this.#trainer.snapshot();
    return async () => {
      this.#loaded = undefined;
      await this.#trainer.restore(snapshot);
    };
  }

  /** The network as a file of ONNX: bytes as numbers from 0 to 255 go in, scores of the ten digits come out. */
  async onnx(metadata: Metadata): Promise<Uint8Array> {
    const [{ toOnnx }, { network, preprocess }] = await Promise.all([import("simdgrad/onnx"), build(this.settings)]);
    const whole = new Predicting(network, preprocess);
    const state = Object.fromEntries(
      Object.entries(await this.weights()).map(([name, value]) => [`network.${name}`, value]),
    );
    const signature = { input: ["batch", PIXELS], inputNames: ["pixels"], outputNames: ["scores"] };
    return toOnnx(whole, signature, { state, metadata });
  }

  async dispose(): Promise<void> {
    await this.#letGo();
    await this.executor.dispose();
  }

  async #letGo(): Promise<void> {
    await this.#watcher?.dispose();
    await (await this.#replayer?.catch(() => undefined))?.dispose();
    await this.#trainer.dispose();
  }
}

async function build(settings: Settings): Promise<Built> {
  if (settings.kind === "dense") return { network: dense(settings), preprocess };
  const { asImages, convolutional, watcher } = await import("./convolutional.ts");
  return { network: convolutional(settings.dropout), preprocess: asImages, watcher };
}

/** A network with what is done to its input. */
class Predicting implements Module {
  readonly network: Sequential;
  readonly #preprocess: (x: Tensor) => Tensor;

  constructor(network: Sequential, preprocess: (x: Tensor) => Tensor) {
    this.network = network;
    this.#preprocess = preprocess;
  }

  forward(x: Tensor, context: Context): Tensor {
    return this.network.forward(this.#preprocess(x), context);
  }
}
