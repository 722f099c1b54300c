// What a model that writes is given and what it is asked for, checked before anything runs.
import {
  aBoolean,
  aFiniteNumber,
  aFunction,
  anInteger,
  aWholeNumber,
  type Checks,
  checkOptions,
  must,
} from "../check.ts";
import type { ArrayLikeData, TypedData } from "../data/array.ts";
import { ArgumentError, DataError } from "../errors.ts";
import type { KeyValueCache } from "../nn/cache.ts";
import type { Context } from "../nn/module.ts";
import { showShape } from "../shape.ts";
import { show } from "../show.ts";
import type { Tensor } from "../tensor.ts";
import { ownArray } from "../train/own-array.ts";
import type { Way } from "./draw.ts";

/** What a model is given that writes: the next tokens, and what is kept of those before. */
export interface TokensInput<Memory = undefined> {
  /** i32 [N, T]: one of each sequence, or several of prompts. */
  readonly tokens: Tensor;
  /** For every attention of the model; `cache.position` is where the first token stands. */
  readonly cache: KeyValueCache;
  /** What `encode` gave for the source, if the model has one. */
  readonly memory: Memory;
}

/** A model that writes. */
export interface Generative<Memory = undefined> {
  /** Logits [N, T, vocabulary] of the tokens that come next. */
  forward(x: TokensInput<Memory>, context: Context): Tensor;
  /** Encodes a source [N, ...] to a tensor, or to a record of tensors. */
  encode?(source: Tensor, context: Context): Memory;
}

/** What is to be written. Without `sample` and `beams`: the likeliest token each time. */
export interface GenerateOptions {
  /** Tokens that each sequence begins with, at least one. */
  readonly prompt: readonly ArrayLike<number>[];
  /** Tokens that are written behind the prompt. */
  readonly maxNewTokens: number;
  /** Draw tokens by their probabilities. Default false, but true where temperature, topK or topP are given. */
  readonly sample?: boolean;
  /** Logits are divided by it, 1e-6 at the least; without it, topK, topP and sample: the likeliest token each time. Default 1. */
  readonly temperature?: number;
  /** Draw among so many of the likeliest tokens. Default: all. */
  readonly topK?: number;
  /** Draw among the fewest tokens whose probabilities sum up to it, of those that topK leaves. Default 1: all. */
  readonly topP?: number;
  /** Of the random numbers: the same seed, the same tokens. With sampling alone. Default 0. */
  readonly seed?: number;
  /** The token that ends a sequence. Default: none does. */
  readonly endToken?: number;
  /** Sequences that a beam search goes on with at each step. Default 1: no search. */
  readonly beams?: number;
  /** A beam's score is the sum of its log probabilities by its new tokens to this power. Default 1; for beams alone. */
  readonly lengthPenalty?: number;
  /** What the model's `encode` is given: rows, one a prompt. */
  readonly source?: ArrayLikeData;
  /** Told of the new tokens of each sequence, some at a time, while others are written. */
  readonly onTokens?: (tokens: readonly Int32Array[]) => void;
}

/** What was written. */
export interface Generated {
  /** Prompts with what follows them, up to the token that ends them. */
  readonly sequences: Int32Array[];
  /** Of a beam search: the score of each sequence. */
  readonly scores?: number[];
}

const aShare = (value: unknown, what: string) =>
  must(Number.isFinite(value) && Number(value) > 0 && Number(value) <= 1, value, what, "above 0 and at most 1");

const optionChecks: Checks<GenerateOptions> = {
  prompt: (value: unknown, what: string) => {
    const isList = Array.isArray(value) && value.length > 0 && Array.from(value).every(isTokens);
    must(isList, value, what, "a list of lists of tokens, such as [[1, 2, 3]]");
  },
  maxNewTokens: aWholeNumber(1),
  sample: aBoolean,
  temperature: (value: unknown, what: string) => {
    // Logits divided by less might not be finite.
    const holds = Number.isFinite(value) && Number(value) >= 1e-6;
    must(holds, value, what, "a number >= 0.000001, or left out for the likeliest token each time");
  },
  topK: aWholeNumber(1),
  topP: aShare,
  seed: anInteger,
  endToken: aWholeNumber(0),
  beams: aWholeNumber(1, 256),
  lengthPenalty: aFiniteNumber,
  source: (value: unknown, what: string) => must(typeof value === "object" && value !== null, value, what, "an array"),
  onTokens: aFunction,
};

/** What other libraries call options. */
const ELSEWHERE: readonly (readonly [RegExp, string])[] = [
  [/^(input_?ids|inputs)$/i, "prompt"],
  [/^max_?(length|tokens)$/i, "maxNewTokens, without the prompt"],
  [/^do_?sample$/i, "sample"],
  [/^num_?beams$/i, "beams"],
  [/^(eos|stop)_?token(_?id)?$/i, "endToken"],
  [/^encoder_?input_?ids$/i, "source"],
  [/^streamer$/, "onTokens"],
];

/** @throws ArgumentError for an option that is called otherwise here, or is none; `more`: what else there may be */
export function checkOrder<T extends GenerateOptions>(options: T, more: Checks<Omit<T, keyof GenerateOptions>>): void {
  for (const key of Object.keys(options ?? {})) {
    const [, meant] = ELSEWHERE.find(([pattern]) => pattern.test(key)) ?? [];
    if (meant !== undefined) throw new ArgumentError(`generate: unknown option ${key}; here it is ${meant}`);
  }
  checkOptions<GenerateOptions>(options, "generate", { ...optionChecks, ...more }, "prompt", "maxNewTokens");
}

function isTokens(value: unknown): boolean {
  const isList = Array.isArray(value) || value instanceof Int32Array || value instanceof Uint8Array;
  return isList && (value as ArrayLike<number>).length > 0;
}

/** What is asked for, checked, and nothing of it the caller's. */
export interface Order {
  readonly prompts: readonly Int32Array[];
  readonly longest: number;
  readonly count: number;
  readonly way: Way;
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly seed: number;
  readonly end: number;
  readonly beams: number;
  readonly lengthPenalty: number;
  readonly source: TypedData | undefined;
  readonly onTokens: GenerateOptions["onTokens"];
}

/** @throws ArgumentError, DataError for options that are none, or contradict one another */
export function orderOf(options: GenerateOptions, capacity: number, encodes: boolean): Order {
  checkOrder(options, {});
  const { prompt, maxNewTokens, temperature = 1, topK = 2 ** 31 - 1, topP = 1, seed = 0 } = options;
  const { beams = 1, lengthPenalty = 1, source, endToken = -1 } = options;
  const isDrawn = options.temperature !== undefined || options.topK !== undefined || options.topP !== undefined;
  const sample = options.sample ?? isDrawn;
  if (isDrawn && !sample) throw new ArgumentError("generate: temperature, topK and topP are for sample: true");
  if (options.seed !== undefined && !sample)
    throw new ArgumentError("generate: seed is for sample: true: else nothing is drawn");
  if (sample && beams > 1)
    throw new ArgumentError(
      "generate: beams are searched, not drawn: sample, temperature, topK and topP do not go with them",
    );
  if (options.lengthPenalty !== undefined && beams === 1)
    throw new ArgumentError("generate: lengthPenalty is for beams, of which there must be two");
  const prompts = prompt.map((tokens, row) => tokensOf(tokens, row));
  const longest = Math.max(...prompts.map(({ length }) => length));
  if (longest + maxNewTokens > capacity)
    throw new ArgumentError(
      `generate: ${longest} tokens of a prompt and ${maxNewTokens} new ones do not fit a cache of ${capacity}: capacity is an option of new TokenGenerator`,
    );
  if (beams > 1 && prompts.some(({ length }) => length !== longest))
    throw new ArgumentError("generate: prompts of a beam search must have the same length");
  if (encodes !== (source !== undefined))
    throw new ArgumentError(
      `generate: source must be ${encodes ? "given" : "left out"} where the model has ${encodes ? "an" : "no"} encode`,
    );
  const own = source === undefined ? undefined : ownArray(source, undefined, "generate: source");
  if (own !== undefined && own.shape[0] !== prompts.length)
    throw new ArgumentError(
      `generate: source ${showShape(own.shape)} has no row for each of ${prompts.length} prompts`,
    );
  const isAny = topK === 2 ** 31 - 1 && topP === 1;
  return {
    prompts,
    longest,
    count: maxNewTokens,
    way: sample ? (isAny ? "any" : "likely") : "greedy",
    temperature,
    topK,
    topP: topP === 1 ? 2 : topP, // sums of all may be rounded up to 1
    seed,
    end: endToken,
    beams,
    lengthPenalty,
    source: own,
    onTokens: options.onTokens,
  };
}

function tokensOf(tokens: ArrayLike<number>, row: number): Int32Array {
  const own = Int32Array.from(tokens);
  for (const [i, token] of own.entries())
    if (token !== tokens[i] || token < 0)
      throw new DataError(`generate: prompt ${row} holds ${show(tokens[i])} at ${i}, which is no token`);
  return own;
}

/** @throws DataError for tokens that a model has no logits for */
export function checkVocabulary({ prompts, end }: Order, vocabulary: number): void {
  for (const [row, prompt] of prompts.entries())
    for (const [i, token] of prompt.entries())
      if (token >= vocabulary)
        throw new DataError(
          `generate: prompt ${row} holds token ${token} at ${i}, outside the vocabulary 0..${vocabulary - 1}`,
        );
  if (end >= vocabulary)
    throw new DataError(`generate: endToken ${end} is outside the vocabulary 0..${vocabulary - 1}`);
}
