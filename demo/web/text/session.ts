// A network that learns a text: its executor, its trainer, and what asks it while it trains.
import { type Executor, type Fit, Predictor, type Tensor, Trainer } from "simdgrad";
import { stopAt } from "simdgrad/callbacks";
import type { NumericArray } from "simdgrad/data";
import { TokenGenerator } from "simdgrad/generate";
import { type Context, crossEntropy, variables } from "simdgrad/nn";
import { adam, chain, clipByGlobalNorm, hyperparameter } from "simdgrad/optim";
import { open } from "../shared/places.ts";
import type { Metadata } from "../shared/tools.ts";
import { Gpt, LENGTH, type Lstm, network } from "./model.ts";
import type { RateChange, Settings } from "./settings.ts";
import { Alphabet, type Windows, windowsOf } from "./windows.ts";

/** Windows of a step. */
export const BATCH = 8;
/** Passes over the text after which it ends at the latest. */
export const EPOCHS = 1000;

type State = Readonly<Record<string, NumericArray>>;

/** Steps that were made when a snapshot was. */
export function stepsOf(state: State): number {
  return Number(state["optimizer.step"].data[0]);
}

/** How much each character of a text looked at each one before it: of layer after layer, head after head, [T, T]. */
export interface Looks {
  readonly text: string;
  readonly layers: readonly Float32Array[];
}

export class Session {
  /** Those that it began with. */
  readonly settings: Settings;
  readonly executor: Executor;
  readonly alphabet: Alphabet;
  readonly weightCount: number;
  readonly #model: Gpt | Lstm;
  readonly #trainer: Trainer;
  readonly #tested: Windows;
  readonly #generator: TokenGenerator;
  readonly #watcher: Predictor<Tensor, Tensor[]> | undefined;
  #rates: readonly RateChange[] = [];

  private constructor(settings: Settings, executor: Executor, alphabet: Alphabet, tested: Windows) {
    const model = network(settings.network, settings.size, alphabet.characters.length);
    this.settings = settings;
    this.executor = executor;
    this.alphabet = alphabet;
    this.#model = model;
    this.#tested = tested;
    const rate = hyperparameter(settings.rate);
    this.#trainer = new Trainer(model, {
      loss: crossEntropy,
      optimizer: chain(clipByGlobalNorm(1), adam(rate)),
      hyperparameters: { rate },
      executor,
      seed: settings.seed,
    });
    this.#generator = new TokenGenerator(model, { executor, capacity: LENGTH });
    this.#watcher = model instanceof Gpt ? new Predictor(new Watched(model), { executor }) : undefined;
    this.weightCount = [...variables(model).values()].reduce(
      (sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1),
      0,
    );
  }

  /** A network with first weights, and the text where it trains. */
  static async create(settings: Settings, text: string): Promise<Session> {
    const alphabet = new Alphabet(text);
    const { learned, tested } = windowsOf(alphabet.encode(text), LENGTH);
    const session = new Session(settings, await open("threads", "portable"), alphabet, tested);
    await session.#trainer.load(learned);
    return session;
  }

  /** The learning rate of the next step. */
  get rate(): number {
    return this.#rates.at(-1)?.rate ?? this.settings.rate;
  }

  /** The rates that took the place of the first one, each after its step. */
  get rates(): readonly RateChange[] {
    return this.#rates;
  }

  /** Another learning rate from this step on. */
  async setRate(rate: number, step: number): Promise<void> {
    await this.#trainer.setHyperparameters({ rate });
    this.#rates = [...this.#rates.filter((change) => change.step < step), { step, rate }];
  }

  /** Trains on, for so many steps; 0: without an end. */
  fit(steps: number): Fit {
    const callbacks = steps > 0 ? [stopAt({ steps })] : [];
    return this.#trainer.fit({ batch: BATCH, epochs: EPOCHS, callbacks });
  }

  /** Goes on with a text, also while it trains: `count` characters behind the prompt. Each stretch sees the half of a window before it. */
  async write(prompt: Int32Array, count: number, temperature: number, seed: number): Promise<string> {
    const codes = [...prompt];
    const end = codes.length + count;
    while (codes.length < end) {
      const seen = codes.slice(-LENGTH / 2);
      const maxNewTokens = Math.min(end - codes.length, LENGTH - seen.length);
      const draw = { prompt: [Int32Array.from(seen)], maxNewTokens, temperature, seed: seed + codes.length };
      const { sequences } = await this.#generator.generate(draw);
      codes.push(...sequences[0].subarray(seen.length));
    }
    return this.alphabet.decode(codes);
  }

  /** Where the characters of a text look; undefined for a network that does not. */
  async looks(text: string): Promise<Looks | undefined> {
    if (this.#watcher === undefined) return undefined;
    const codes = this.alphabet.encode(text).subarray(0, LENGTH);
    const data = new Int32Array(LENGTH); // what stands behind the text is not seen by it
    data.set(codes);
    const made = await this.#watcher.predict({ data, shape: [1, LENGTH] });
    return { text: this.alphabet.decode(codes), layers: made.map((layer) => layer.data as Float32Array) };
  }

  /** The loss on the part of the text that it does not learn from. */
  async tested(): Promise<number> {
    return (await this.#trainer.evaluate(this.#tested)).loss;
  }

  snapshot(): Promise<State> {
    return this.#trainer.snapshot();
  }

  /** Goes on where a snapshot was made, after these changes of the rate. */
  async restore(state: State, rates: readonly RateChange[]): Promise<void> {
    await this.#trainer.restore(state);
    this.#rates = rates;
    await this.#trainer.setHyperparameters({ rate: this.rate });
  }

  weights(): Promise<Record<string, NumericArray>> {
    return this.#trainer.stateDict();
  }

  async onnx(metadata: Metadata): Promise<Uint8Array> {
    const { toOnnx } = await import("simdgrad/onnx");
    const signature = {
      input: { shape: ["batch", LENGTH], dtype: "i32" as const },
      inputNames: ["characters"],
      outputNames: ["logits"],
    };
    return toOnnx(this.#model, signature, { state: await this.weights(), metadata });
  }

  async dispose(): Promise<void> {
    await this.executor.dispose();
  }
}

/** A GPT, for what it looks at. */
class Watched {
  readonly gpt: Gpt;

  constructor(gpt: Gpt) {
    this.gpt = gpt;
  }

  forward(tokens: Tensor, context: Context): Tensor[] {
    return this.gpt.attention(tokens, context);
  }
}
