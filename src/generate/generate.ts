// What a decoder writes: programs of one step over a cache of keys and values, run for as many tokens as are wanted. Tokens, and what is
// drawn by, are data, so a program is compiled once for a batch and a capacity; one message to the executor makes many tokens.
import { aWholeNumber, checkOptions, isRecord, must } from "../check.ts";
import { type ArrayLikeData, array, type NumericArray } from "../data/array.ts";
import { ArgumentError, DisposedError } from "../errors.ts";
import { variables } from "../nn/module.ts";
import { anExecutor } from "../runtime/arguments.ts";
import { createExecutor } from "../runtime/create.ts";
import type { Executor } from "../runtime/executor.ts";
import { LISTED } from "../shape.ts";
import { begin } from "../train/begin.ts";
import type { Hold } from "../train/hold.ts";
import { freeing } from "../train/load.ts";
import { ownState } from "../train/own-state.ts";
import type { Variable } from "../variable.ts";
import { searched } from "./beams.ts";
import { checkOrder, type Generated, type GenerateOptions, type Generative, type Order, orderOf } from "./order.ts";
import { Programs } from "./programs.ts";

/** Options of a TokenGenerator. */
export interface TokenGeneratorOptions {
  /** Tokens that a sequence may have, its prompt included: caches have this size. Default 256. */
  readonly capacity?: number;
  /** Where it runs. Default: one of its own. */
  readonly executor?: Executor;
  /** The model's variables by path, as `loadStateDict` takes them. Default: the values that are there, else first ones. */
  readonly state?: Readonly<Record<string, ArrayLikeData>>;
}

/** Options of generate. */
export interface GenerateOptionsOnce extends GenerateOptions, Omit<TokenGeneratorOptions, "capacity"> {}

const aState = (value: unknown, what: string) => must(isRecord(value), value, what, "an object of arrays by paths");

/** New tokens of a message to the executor while somebody waits for them, or where a sequence may end. */
const TOKENS = 16;

/** Runs a decoder over a cache of keys and values, as often as it is asked. */
export class TokenGenerator<Memory = undefined> {
  readonly executor: Executor;
  readonly capacity: number;
  readonly #ownsExecutor: boolean;
  readonly #encodes: boolean;
  readonly #variables: ReadonlyMap<string, Variable>;
  readonly #model: unknown;
  readonly #state: Readonly<Record<string, NumericArray>> | undefined;
  readonly #programs: Programs;
  #ready: Promise<void> | undefined;
  #hold: Hold | undefined;
  #busy: Promise<unknown> = Promise.resolve();
  #disposal: Promise<void> | undefined;

  /**
   * The model takes { tokens, cache, memory } and gives logits [N, T, vocabulary]; `memory` is what its `encode` gave for a source, if it has one.
   * @throws ArgumentError for what is no model, and for a capacity below 1
   *
   * @example
   * import { TokenGenerator } from "simdgrad/generate";
   * import { Embedding } from "simdgrad/nn";
   * const after = { table: new Embedding(3, 3), forward: ({ tokens }) => after.table.forward(tokens) };
   * const state = { "table.weight": [[0, 1, 0], [0, 0, 1], [1, 0, 0]] }; // what follows 0, 1 and 2
   * const generator = new TokenGenerator(after, { capacity: 8, state });
   * const { sequences } = await generator.generate({ prompt: [[0], [2, 0]], maxNewTokens: 3 });
   * sequences.map((tokens) => [...tokens]); // => [[0, 1, 2, 0], [2, 0, 1, 2, 0]]
   * await generator.dispose();
   */
  constructor(model: Generative<Memory>, options: TokenGeneratorOptions = {}) {
    const isModel = typeof model === "object" && model !== null && typeof model.forward === "function";
    must(isModel, model, "TokenGenerator: model", "a model with a method forward of { tokens, cache }");
    checkOptions(options, "TokenGenerator", { capacity: aWholeNumber(1, LISTED), executor: anExecutor, state: aState });
    const { capacity = 256, executor, state } = options;
    this.capacity = capacity;
    this.#encodes = typeof model.encode === "function";
    this.#model = model;
    this.#variables = variables(model);
    this.#state = state && ownState("TokenGenerator", state, this.#variables);
    this.#ownsExecutor = executor === undefined;
    this.executor = executor ?? createExecutor();
    const names = new Map(Array.from(this.#variables, ([path, variable]) => [variable, path]));
    this.#programs = new Programs(this.executor, model as Generative<unknown>, capacity, names);
  }

  /**
   * Sequences from their prompts on. Sampling, and the search for what is likeliest, happen in the program; a beam search goes back and forth with
   * each token (scores as Hugging Face's: the sum of log probabilities by the number of new tokens to the power of `lengthPenalty`).
   * @throws ArgumentError for options that do not fit together or a cache that is too small, DataError for tokens outside the vocabulary, both
   * before anything runs; NonFiniteError where the model's logits are
   *
   * @example
   * import { TokenGenerator } from "simdgrad/generate";
   * import { Embedding } from "simdgrad/nn";
   * const after = { table: new Embedding(3, 3), forward: ({ tokens }) => after.table.forward(tokens) };
   * const generator = new TokenGenerator(after, { capacity: 8 });
   * const draw = (seed) => generator.generate({ prompt: [[0]], maxNewTokens: 7, temperature: 0.8, topK: 2, seed });
   * const [a, b] = [await draw(1), await draw(1)];
   * a.sequences[0].join() === b.sequences[0].join(); // => true
   * await generator.generate({ prompt: [[0, 1]], maxNewTokens: 7 }); // => throws ArgumentError: generate: 2 tokens of a prompt and 7 new ones
   */
  async generate(options: GenerateOptions): Promise<Generated> {
    this.#check();
    const order = orderOf(options, this.capacity, this.#encodes);
    const result = this.#busy.then(async () => {
      this.#check();
      this.#ready ??= this.#begin().catch((error: unknown) => {
        this.#ready = undefined; // to be tried again
        throw error;
      });
      await this.#ready;
      return order.beams > 1 ? searched(this.#programs, order) : written(this.#programs, order);
    });
    this.#busy = result.catch(() => undefined);
    return result;
  }

  /**
   * Frees what it holds on its executor, and the executor if it made it itself, once nobody else uses that for a model.
   *
   * @example
   * import { TokenGenerator } from "simdgrad/generate";
   * import { Embedding } from "simdgrad/nn";
   * const after = { table: new Embedding(3, 3), forward: ({ tokens }) => after.table.forward(tokens) };
   * const generator = new TokenGenerator(after);
   * await generator.dispose();
   * await generator.generate({ prompt: [[0]], maxNewTokens: 1 }); // => throws DisposedError: the generator was disposed
   */
  dispose(): Promise<void> {
    const isAlone = this.#hold?.isAlone ?? true;
    this.#disposal ??= this.#ownsExecutor && isAlone ? this.executor.dispose() : this.#free();
    return this.#disposal;
  }

  #free(): Promise<void> {
    return freeing(
      () => this.#busy,
      () => this.#programs.dispose(),
      async () => this.#hold?.letGo(this.#ownsExecutor),
    );
  }

  #check(): void {
    if (this.#disposal !== undefined) throw new DisposedError("the generator was disposed");
  }

  async #begin(): Promise<void> {
    const { executor } = this;
    const [variables, state, model] = [this.#variables, this.#state, this.#model];
    this.#hold = await begin({ name: "TokenGenerator", executor, variables, state, model }, array);
  }
}

/** All tokens, by runs of as many steps as there is no need to look. */
async function written(programs: Programs, order: Order): Promise<Generated> {
  const { prompts, longest, count, end, onTokens } = order;
  const run = await programs.of(order);
  const rows = prompts.length;
  const ends = prompts.map(({ length }) => length + count);
  const told = prompts.map(({ length }) => length);
  const last = longest + count - 1; // steps: each reads a token and writes the next
  const chunk = end < 0 && onTokens === undefined ? last : TOKENS;
  for (let made = 0; ; ) {
    const steps = Math.min(last - made, made === 0 ? Math.min(...told) - 1 + chunk : chunk);
    const { tokens, ended } = await run(steps, made === 0);
    made += steps;
    const sequences = prompts.map((_, row) => {
      const length = Math.min(ends[row], made + 1);
      const own = Int32Array.from({ length }, (_, at) => tokens[at * rows + row]);
      const at = ended[row] === 0 ? -1 : own.indexOf(end, prompts[row].length);
      return at < 0 ? own : own.slice(0, at + 1);
    });
    onTokens?.(sequences.map((own, row) => own.slice(told[row])));
    for (const [row, { length }] of sequences.entries()) told[row] = Math.max(told[row], length);
    const isDone = sequences.every(({ length }, row) => ended[row] !== 0 || length === ends[row]);
    if (isDone || made === last) return { sequences };
  }
}

/**
 * What a decoder writes behind prompts: a TokenGenerator that is made for this and disposed of after it. Who generates more than once keeps one,
 * with its programs.
 * @throws ArgumentError for options that do not fit together, DataError for tokens outside the vocabulary, before anything runs; NonFiniteError
 * where the model's logits are
 *
 * @example
 * import { generate } from "simdgrad/generate";
 * import { Embedding } from "simdgrad/nn";
 * const after = { table: new Embedding(3, 3), forward: ({ tokens }) => after.table.forward(tokens) };
 * const state = { "table.weight": [[0, 1, 0], [0, 0, 1], [1, 0, 0]] }; // what follows 0, 1 and 2
 * const { sequences } = await generate(after, { prompt: [[0]], maxNewTokens: 9, endToken: 2, state });
 * [...sequences[0]]; // => [0, 1, 2]
 */
export async function generate<Memory = undefined>(
  model: Generative<Memory>,
  options: GenerateOptionsOnce,
): Promise<Generated> {
  checkOrder(options, { executor: anExecutor, state: aState });
  const { executor, state, ...order } = options;
  const longest = Math.max(...order.prompt.map(({ length }) => length));
  const capacity = Math.ceil((longest + order.maxNewTokens) / 16) * 16; // rows of whole vectors
  if (capacity > LISTED)
    throw new ArgumentError(
      `generate: ${longest} tokens of a prompt and ${order.maxNewTokens} new ones are more than 2^26`,
    );
  const generator = new TokenGenerator(model, { executor, state, capacity });
  try {
    return await generator.generate(order);
  } finally {
    await generator.dispose();
  }
}
