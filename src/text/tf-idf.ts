// How much terms say about a text: how often they occur in it, and in how few others. Figures are scikit-learn's.
import { aBoolean, aListOf, aNumberWithin, aText, aWholeNumber, checkOptions, must } from "../check.ts";
import type { TypedData } from "../data/array.ts";
import { beforeFit } from "../data/before-fit.ts";
import { ArgumentError, DataError } from "../errors.ts";
import { show } from "../show.ts";
import {
  type BagRows,
  type Bags,
  type BagsOptions,
  dense,
  inOne,
  inRows,
  type Norm,
  normalized,
  type Weighing,
} from "./bags.ts";
import { logarithm } from "./logarithm.ts";
import { patternOf, type SavedPattern, savedPattern } from "./patterns.ts";
import { savedAs, VERSION } from "./saved.ts";
import { aNorm, ruleOf, type TermOptions, type TermRule, termChecks, termsBy } from "./terms.ts";
import { byCharacters, type Texts, textsOf } from "./texts.ts";

/** What terms are, which of them are kept, and how they weigh. */
export interface TfIdfOptions extends TermOptions {
  /** Terms in fewer texts are left out: a number of texts, or below 1 a share of them. Default 1. */
  readonly minDocuments?: number;
  /** Terms in more texts are left out: a number of texts, or below 1 a share of them. Default: none. */
  readonly maxDocuments?: number;
  /** The most terms: those that occur most often. Default: all. */
  readonly maxFeatures?: number;
  /** Whether a term that occurs n times counts 1 + log(n). Default false: n. */
  readonly sublinear?: boolean;
  /** Whether a term counts 1 in a text, however often it occurs there, also where the most frequent are chosen. Default false. */
  readonly binary?: boolean;
  /** Whether rare terms weigh more. Default true. */
  readonly idf?: boolean;
  /** Whether each term counts as if it were in one text more. Default true. */
  readonly smooth?: boolean;
  /** What each row is divided by: its Euclidean length, the sum of its weights, or nothing. Default "l2". */
  readonly norm?: Norm;
}

/** How terms are counted and weighed. */
interface Settings extends TermRule {
  readonly sublinear: boolean;
  readonly binary: boolean;
  readonly norm: Norm;
}

interface Limits {
  readonly minDocuments: number;
  readonly maxDocuments: number;
  readonly maxFeatures: number;
  readonly idf: boolean;
  readonly smooth: boolean;
}

/** A number of texts, or a share of them. */
function documents(value: unknown, what: string): void {
  const isShare = typeof value === "number" && value > 0 && value < 1;
  must(
    isShare || (Number.isInteger(value) && Number(value) >= 1),
    value,
    what,
    "a whole number >= 1, or a share below 1",
  );
}

const CHECKS = {
  ...termChecks,
  minDocuments: documents,
  maxDocuments: documents,
  maxFeatures: aWholeNumber(1),
  sublinear: aBoolean,
  binary: aBoolean,
  idf: aBoolean,
  smooth: aBoolean,
  norm: aNorm,
};

/** 1, and the logarithm of a number of texts at the most. */
const aWeight = aNumberWithin(1, 64);

const FORMAT = "tf-idf";

/**
 * Terms of texts, words or runs of words, weighed by how often they occur in a text and by how few texts they are in, as scikit-learn's
 * TfidfVectorizer: what a logistic regression needs to tell texts apart.
 * @throws ArgumentError for an option that is none
 *
 * @example
 * import { tfIdf, tfIdfFromJSON } from "simdgrad/text";
 * const weights = tfIdf({ ngrams: [1, 2] }).fit(["the sea", "the sun", "sea and sun"]);
 * weights.names; // => ["and", "and sun", "sea", "sea and", "sun", "the", "the sea", "the sun"]
 * weights.transform(["sun and sun"]).data; // => [0.4815, 0.4815, 0, 0, 0.7324, 0, 0, 0]
 * const { index, perSampleWeights } = weights.rows(["the moon", "sea and sun"]); // for EmbeddingBag(weights.size, ..., { mode: "sum" })
 * index.data; // => [5, 0, 0, 0, 0, 0, 1, 2, 3, 4]
 * tfIdfFromJSON(JSON.stringify(weights)).transform(["the"]).data; // => [0, 0, 0, 0, 0, 1, 0, 0]
 */
export function tfIdf(options: TfIdfOptions = {}): TfIdf {
  checkOptions(options, "tfIdf", CHECKS);
  const { sublinear = false, binary = false, norm = "l2", idf = true, smooth = true } = options;
  const { minDocuments = 1, maxDocuments = Number.POSITIVE_INFINITY, maxFeatures = Number.POSITIVE_INFINITY } = options;
  const limits = { minDocuments, maxDocuments, maxFeatures, idf, smooth };
  return new TfIdf({ ...ruleOf(options), sublinear, binary, norm }, limits);
}

/**
 * Weights that are not learned yet: what `tfIdf` makes.
 *
 * @example
 * import { tfIdf } from "simdgrad/text";
 * tfIdf({ minDocuments: 2 }).fit(["the sea", "the sun"]).names; // => ["the"]
 */
export class TfIdf {
  readonly #settings: Settings;
  readonly #limits: Limits;

  constructor(settings: Settings, limits: Limits) {
    this.#settings = settings;
    this.#limits = limits;
    beforeFit(this, "tfIdf", FittedTfIdf);
  }

  /**
   * Learns terms and their weights from the texts to train on: none of those to test with may be among them.
   * @throws ArgumentError for what is no list of texts; DataError where there are none, or no term is in as many of them as asked
   */
  fit(texts: Texts): FittedTfIdf {
    const terms = termsBy(this.#settings);
    const found = new Map<string, Found>();
    let count = 0;
    for (const text of textsOf(texts, "fit: texts")) {
      for (const term of terms(text)) {
        const seen = found.get(term) ?? { times: 0, documents: 0, last: -1 };
        if (seen.times === 0) found.set(term, seen);
        const isFirst = seen.last !== count;
        if (isFirst) seen.documents++;
        if (isFirst || !this.#settings.binary) seen.times++;
        seen.last = count;
      }
      count++;
    }
    if (count === 0) throw new DataError("fit: there are no texts");
    const known = chosen(found, count, this.#limits);
    if (known.length === 0)
      throw new DataError(`fit: of ${found.size} terms none is in as many of ${count} texts as asked`);
    const weights = known.map(([, { documents }]) => weightOf(documents, count, this.#limits));
    const names = known.map(([term]) => term);
    return new FittedTfIdf(this.#settings, names, weights);
  }
}

/** What is counted of a term. */
interface Found {
  times: number;
  documents: number;
  /** The last text that it was in. */
  last: number;
}

/** The terms that are kept, in their order. */
function chosen(found: ReadonlyMap<string, Found>, count: number, limits: Limits): (readonly [string, Found])[] {
  const [least, most] = [limits.minDocuments, limits.maxDocuments].map((each) => (each < 1 ? each * count : each));
  const known = [...found].filter(([, { documents }]) => documents >= least && documents <= most);
  known.sort(([a], [b]) => byCharacters(a, b));
  if (known.length <= limits.maxFeatures) return known;
  const byTimes = [...known].sort(([, a], [, b]) => b.times - a.times);
  return byTimes.slice(0, limits.maxFeatures).sort(([a], [b]) => byCharacters(a, b));
}

function weightOf(documents: number, count: number, { idf, smooth }: Limits): number {
  const more = Number(smooth);
  return idf ? logarithm((count + more) / (documents + more)) + 1 : 1;
}

/**
 * Terms and their weights: what `fit` of `tfIdf` gives.
 *
 * @example
 * import { tfIdf } from "simdgrad/text";
 * const fitted = tfIdf({ norm: "none" }).fit(["sea", "sea sun", "sea sun moon"]);
 * fitted.names; // => ["moon", "sea", "sun"]
 * fitted.weights; // => [1.6931, 1, 1.2877]
 * fitted.transform(["sun sun wind"]); // => { data: [0, 0, 2.5754], shape: [1, 3], dtype: "f32" }
 */
export class FittedTfIdf {
  readonly #settings: Settings;
  readonly #names: readonly string[];
  readonly #weights: readonly number[];
  readonly #weighing: Weighing;

  constructor(settings: Settings, names: readonly string[], weights: readonly number[]) {
    this.#settings = settings;
    this.#names = names;
    this.#weights = weights;
    this.#weighing = weighingOf(settings, names, weights);
  }

  /** Number of terms. */
  get size(): number {
    return this.#names.length;
  }

  /** The terms, in the order of the features. */
  get names(): string[] {
    return [...this.#names];
  }

  /** What each term weighs: its inverse document frequency, or 1. */
  get weights(): number[] {
    return [...this.#weights];
  }

  /**
   * Weights of all terms, f32 [texts, terms].
   * @throws ArgumentError for what is no list of texts, DataError for more numbers than an array holds
   */
  transform(texts: Texts): TypedData {
    return dense(this.#weighing, texts);
  }

  /**
   * The terms that are there, all in one list, as EmbeddingBag takes them with `mode: "sum"`: index i32 [all], offsets i32 [texts],
   * perSampleWeights f32 [all].
   * @throws ArgumentError for what is no list of texts
   */
  bags(texts: Texts): Bags {
    return inOne(this.#weighing, texts);
  }

  /**
   * The terms that are there in rows of one length, as EmbeddingBag takes them with `mode: "sum"`, and a Trainer in batches: index
   * i32 [texts, length], perSampleWeights f32 [texts, length].
   * @throws ArgumentError for what is no list of texts, DataError where there are none
   */
  rows(texts: Texts, options: BagsOptions = {}): BagRows {
    return inRows(this.#weighing, texts, options);
  }

  /** What JSON.stringify writes, and `tfIdfFromJSON` reads. */
  toJSON(): object {
    const { pattern, ...rest } = this.#settings;
    const learned = { names: this.#names, weights: this.#weights };
    return { format: `simdgrad ${FORMAT}`, version: VERSION, ...rest, pattern: savedPattern(pattern), ...learned };
  }
}

function weighingOf(settings: Settings, names: readonly string[], weights: readonly number[]): Weighing {
  const terms = termsBy(settings);
  const places = new Map(names.map((name, i) => [name, i]));
  const { sublinear, binary, norm } = settings;
  return {
    size: names.length,
    bagOf(text) {
      const counts = new Map<number, number>();
      for (const term of terms(text)) {
        const place = places.get(term);
        if (place !== undefined) counts.set(place, (counts.get(place) ?? 0) + 1);
      }
      const sorted = [...counts].sort(([a], [b]) => a - b);
      const weighed = sorted.map(([place, count]) => {
        const times = binary ? 1 : count;
        return [place, (sublinear ? 1 + logarithm(times) : times) * weights[place]] as const;
      });
      return normalized(weighed, norm);
    },
  };
}

interface Saved extends Omit<Settings, "pattern"> {
  readonly pattern: SavedPattern;
  readonly names: readonly string[];
  readonly weights: readonly number[];
}

/**
 * The weights that `JSON.stringify` has written, or what `JSON.parse` made of that: the same numbers, to the last bit. A pattern of the file's is
 * run: read your own files.
 * @throws DataError for what is no JSON, of another format, or of a version that is not known; ArgumentError, with its place, for anything else
 *
 * @example
 * import { tfIdf, tfIdfFromJSON } from "simdgrad/text";
 * tfIdfFromJSON(JSON.stringify(tfIdf().fit(["sea and sun"]))).names; // => ["and", "sea", "sun"]
 * tfIdfFromJSON("[]"); // => throws DataError: tfIdfFromJSON: this is no tf-idf
 */
export function tfIdfFromJSON(json: unknown): FittedTfIdf {
  const name = "tfIdfFromJSON";
  const saved = savedAs(json, FORMAT, name) as unknown as Saved;
  const { maxDocuments: _, minDocuments: __, maxFeatures: ___, idf: ____, smooth: _____, ...own } = CHECKS;
  const checks = {
    ...own,
    pattern: (value: unknown, what: string) => void patternOf(Object(value) as SavedPattern, what),
    names: aListOf(aText),
    weights: aListOf(aWeight),
  };
  checkOptions(saved, name, checks, ...(Object.keys(checks) as never[]));
  const { names, weights, ...settings } = saved;
  must(names.length > 0, names, `${name}: names`, "a list of terms");
  must(weights.length === names.length, weights, `${name}: weights`, `${names.length} numbers, one of each term`);
  const known = new Set<string>();
  const twice = names.find((each) => known.size === known.add(each).size);
  if (twice !== undefined) throw new ArgumentError(`${name}: names: ${show(twice)} is there twice`);
  return new FittedTfIdf({ ...settings, pattern: patternOf(saved.pattern, `${name}: pattern`) }, names, weights);
}
