// Terms of texts as a fixed number of features, by their hashes: nothing is learned or kept.
import { aBoolean, aWholeNumber, checkOptions } from "../check.ts";
import type { TypedData } from "../data/array.ts";
import { hashedPlace } from "../data/preprocessing/murmur3.ts";
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
import { aNorm, ruleOf, type TermOptions, termChecks, termsBy } from "./terms.ts";
import type { Texts } from "./texts.ts";

/** What terms are, and how many features they share. */
export interface HashedWordsOptions extends TermOptions {
  /** Number of features that are made. */
  readonly features: number;
  /** Whether half of the terms count -1, so that terms of one feature cancel out. Default true. */
  readonly signed?: boolean;
  /** Whether a term counts once, however often it occurs. Default false. */
  readonly binary?: boolean;
  /** What each row is divided by: its Euclidean length, the sum of its sizes, or nothing. Default "l2". */
  readonly norm?: Norm;
}

const CHECKS = {
  ...termChecks,
  features: aWholeNumber(1, 2 ** 24),
  signed: aBoolean,
  binary: aBoolean,
  norm: aNorm,
};

/** Terms whose places are remembered. */
const REMEMBERED = 2 ** 18;

/**
 * Terms of texts, words or runs of words, as a fixed number of features: each adds 1 or -1 to the one that its hash names, as scikit-learn's
 * HashingVectorizer. It learns nothing: its options are all that there is to keep. Texts do not come back.
 * Source: Weinberger et al., "Feature hashing for large scale multitask learning", 2009.
 * @throws ArgumentError for an option that is none, or without `features`
 *
 * @example
 * import { hashedWords } from "simdgrad/text";
 * const hashed = hashedWords({ features: 8, ngrams: [1, 2], norm: "none" });
 * hashed.transform(["sun and sea"]).data; // => [0, 0, -1, 1, 1, -1, 0, 1]
 * hashed.rows(["sun and sea", "sun"]).index.shape; // => [2, 5]
 */
export function hashedWords(options: HashedWordsOptions): HashedWords {
  checkOptions(options, "hashedWords", CHECKS, "features");
  return new HashedWords(weighingOf(options));
}

/**
 * Terms as features by their hashes: what `hashedWords` makes.
 *
 * @example
 * import { hashedWords } from "simdgrad/text";
 * const { index, offsets, perSampleWeights } = hashedWords({ features: 1000 }).bags(["sun sun", "", "sea"]);
 * index.data; // => [115, 626]
 * offsets.data; // => [0, 1, 1]
 * perSampleWeights.data; // => [1, -1]
 */
export class HashedWords {
  readonly #weighing: Weighing;

  constructor(weighing: Weighing) {
    this.#weighing = weighing;
  }

  /** Number of features. */
  get size(): number {
    return this.#weighing.size;
  }

  /**
   * Weights of all features, f32 [texts, features].
   * @throws ArgumentError for what is no list of texts, DataError for more numbers than an array holds
   */
  transform(texts: Texts): TypedData {
    return dense(this.#weighing, texts);
  }

  /**
   * The features that are there, all in one list, as EmbeddingBag takes them with `mode: "sum"`: index i32 [all], offsets i32 [texts],
   * perSampleWeights f32 [all].
   * @throws ArgumentError for what is no list of texts
   */
  bags(texts: Texts): Bags {
    return inOne(this.#weighing, texts);
  }

  /**
   * The features that are there in rows of one length, as EmbeddingBag takes them with `mode: "sum"`, and a Trainer in batches: index
   * i32 [texts, length], perSampleWeights f32 [texts, length].
   * @throws ArgumentError for what is no list of texts, DataError where there are none
   */
  rows(texts: Texts, options: BagsOptions = {}): BagRows {
    return inRows(this.#weighing, texts, options);
  }
}

function weighingOf({
  features,
  signed = true,
  binary = false,
  norm = "l2",
  ...options
}: HashedWordsOptions): Weighing {
  const terms = termsBy(ruleOf(options));
  const known = new Map<string, number>();
  /** The place of a term, below 0 for one that counts -1; 0 has both. */
  const placeOf = (term: string): number => {
    const seen = known.get(term);
    if (seen !== undefined) return seen;
    const { place, sign } = hashedPlace(term, features);
    if (known.size === REMEMBERED) known.clear();
    const made = sign < 0 ? -1 - place : place;
    known.set(term, made);
    return made;
  };
  return {
    size: features,
    bagOf(text) {
      const sums = new Map<number, number>();
      for (const term of terms(text)) {
        const made = placeOf(term);
        const place = made < 0 ? -1 - made : made;
        sums.set(place, (sums.get(place) ?? 0) + (signed && made < 0 ? -1 : 1));
      }
      const sorted = [...sums].sort(([a], [b]) => a - b);
      return normalized(binary ? sorted.map(([place]) => [place, 1] as const) : sorted, norm);
    },
  };
}
