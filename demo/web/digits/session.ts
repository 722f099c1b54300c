// A network in training: its executor, its trainer, its data. What changes on the way is made anew; the weights go on.
import { type Executor, type Fit, type Predictor, type Tensor, Trainer } from "simdgrad";
import type { NumericArray } from "simdgrad/data";
import { crossEntropy, type Sequential } from "simdgrad/nn";
import { hyperparameter } from "simdgrad/optim";
import { open } from "../shared/places.ts";
import { type DigitSet, type Digits, PIXELS } from "./data.ts";
import { type Architecture, CLASSES, dense, optimizers, preprocess } from "./model.ts";
import { softmaxRows } from "./probabilities.ts";
import type { Settings } from "./settings.ts";

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

export class Session {
  readonly settings: Settings;
  readonly executor: Executor;
  readonly #trainer: Trainer;
  readonly #watcher: Watcher | undefined;
  #loaded: DigitSet | undefined;

  private constructor(settings: Settings, executor: Executor, { network, preprocess, watcher }: Built) {
    const { optimizer, learningRate, weightDecay } = settings;
    const rate = hyperparameter(learningRate);
    this.settings = settings;
    this.executor = executor;
    this.#watcher = watcher?.(network, executor);
    this.#trainer = new Trainer(network, {
      loss: crossEntropy,
      optimizer: optimizers[optimizer].make(rate, weightDecay),
      hyperparameters: { learningRate: rate },
      preprocess,
      executor,
    });
  }

  /** A network with new random weights. */
  static async create(settings: Settings): Promise<Session> {
    const built = await build(settings);
    return new Session(settings, await open(settings.place), built);
  }

  /** The same weights under other settings of the same network; this session is over then. The optimizer's state goes on, too, if it can. */
  async continued(settings: Settings): Promise<Session> {
    const whole = sameTraining(settings, this.settings);
    const state = await (whole ? this.#trainer.snapshot() : this.weights());
    const moves = settings.place !== this.settings.place;
    const executor = moves ? await open(settings.place) : this.executor;
    const next = new Session(settings, executor, await build(settings));
    if (whole) {
      await next.#trainer.restore(state);
      await next.setLearningRate(settings.learningRate);
    } else await next.load(state);
    await this.#letGo();
    if (moves) await this.executor.dispose();
    return next;
  }

  /** Loads digits, unless they are there already. */
  async bring({ train }: Digits): Promise<void> {
    if (this.#loaded !== train) await this.#trainer.load(train);
    this.#loaded = train;
  }

  /** Trains on the digits that are there, and tests after every epoch; it begins when the first report is asked for. */
  fit({ test }: Digits): Fit {
    const { batch, epochs } = this.settings;
    return this.#trainer.fit({ batch, epochs, validation: test });
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

  setLearningRate(learningRate: number): Promise<void> {
    return this.#trainer.setHyperparameters({ learningRate });
  }

  weights(): Promise<Record<string, NumericArray>> {
    return this.#trainer.stateDict();
  }

  async load(weights: Readonly<Record<string, NumericArray>>): Promise<void> {
    await this.#trainer.loadStateDict(weights);
  }

  async dispose(): Promise<void> {
    await this.#letGo();
    await this.executor.dispose();
  }

  async #letGo(): Promise<void> {
    await this.#watcher?.dispose();
    await this.#trainer.dispose();
  }
}

async function build(architecture: Architecture): Promise<Built> {
  if (architecture.kind === "dense") return { network: dense(architecture), preprocess };
  const { asImages, convolutional, watcher } = await import("./convolutional.ts");
  return { network: convolutional(), preprocess: asImages, watcher };
}

/** Whether one training can go on in the middle of the other's epoch. */
function sameTraining(a: Settings, b: Settings): boolean {
  const names = ["optimizer", "weightDecay", "batch", "amount"] as const;
  return names.every((name) => a[name] === b[name]);
}
