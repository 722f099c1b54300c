// Terms of texts: words, and runs of them.
import { aBoolean, aListOf, aText, aWholeNumber, type Check, inOrder, must, oneOf } from "../check.ts";
import { aPattern, everywhere, matchesOf, TERMS } from "./patterns.ts";

/** What terms are. */
export interface TermOptions {
  /** Least and most words of a term. Default [1, 1]: words alone. */
  readonly ngrams?: readonly [least: number, most: number];
  /** Whether texts are written in small letters first. Default true. */
  readonly lowercase?: boolean;
  /** What words are. Default: two letters or digits at least, as scikit-learn's. */
  readonly pattern?: RegExp;
  /** Words that are left out. Default: none. */
  readonly stopWords?: readonly string[];
}

/** Words of a term are at most so many. */
const LONGEST = 16;

const ngrams: Check = (value, what) => {
  must(Array.isArray(value) && value.length === 2, value, what, "[least, most]");
  aListOf(aWholeNumber(1, LONGEST))(value, what);
  const [least, most] = value as readonly number[];
  inOrder({ least, most }, what);
};

export const termChecks = { ngrams, lowercase: aBoolean, pattern: aPattern, stopWords: aListOf(aText) };

export const aNorm = oneOf("l1", "l2", "none");

/** How texts become terms, with all that was not given. */
export interface TermRule {
  readonly ngrams: readonly [least: number, most: number];
  readonly lowercase: boolean;
  readonly pattern: RegExp;
  readonly stopWords: readonly string[];
}

export function ruleOf({ ngrams = [1, 1], lowercase = true, pattern = TERMS, stopWords = [] }: TermOptions): TermRule {
  return { ngrams, lowercase, pattern: everywhere(pattern), stopWords };
}

/** What makes terms of texts by a rule: words, then pairs, and so on. */
export function termsBy({
  ngrams: [least, most],
  lowercase,
  pattern,
  stopWords,
}: TermRule): (text: string) => string[] {
  const left = new Set(stopWords);
  return (text) => {
    const words = matchesOf(lowercase ? text.toLowerCase() : text, pattern).filter((word) => !left.has(word));
    const terms: string[] = [];
    for (let length = least; length <= most; length++)
      for (let at = 0; at + length <= words.length; at++) terms.push(words.slice(at, at + length).join(" "));
    return terms;
  };
}
