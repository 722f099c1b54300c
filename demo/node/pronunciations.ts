// Words and how they sound, from the npm package cmu-pronouncing-dictionary, without the marks of stress.
import { dictionary } from "cmu-pronouncing-dictionary";
import { editDistance } from "./edit-distance.ts";

/** A word of small letters, and its pronunciations, the usual one first. */
export interface Entry {
  readonly word: string;
  readonly sounds: readonly (readonly string[])[];
}

/** The phonemes of a line of the dictionary: `AH0 B AW1 T # note` is AH B AW T. */
function phonemesOf(line: string): string[] {
  return line.split(" #")[0].trim().replaceAll(/\d/g, "").split(/\s+/);
}

/** Words of letters alone that have at most so many, as their pronunciations have phonemes; `word(2)` is another of `word`. */
export function entries(most: number): Entry[] {
  const found = new Map<string, string[][]>();
  for (const [key, line] of Object.entries(dictionary)) {
    const [, word] = /^([a-z]+)(\(\d+\))?$/.exec(key) ?? [];
    if (word === undefined || word.length > most) continue;
    const sounds = phonemesOf(line);
    if (sounds.length <= most) found.set(word, [...(found.get(word) ?? []), sounds]);
  }
  return Array.from(found, ([word, sounds]) => ({ word, sounds }));
}

/** The shares of phonemes that are wrong, and of words with such, each word beside that of its pronunciations which is the nearest. */
export function errorsOf(found: readonly (readonly string[])[], wanted: readonly Entry[]) {
  let [wrong, phonemes, words] = [0, 0, 0];
  for (const [i, { sounds }] of wanted.entries()) {
    const distances = sounds.map((each) => editDistance(found[i], each));
    const least = Math.min(...distances);
    wrong += least;
    phonemes += sounds[distances.indexOf(least)].length;
    if (least > 0) words++;
  }
  return { phonemes: wrong / phonemes, words: words / wanted.length };
}

/** Phonemes of a letter at the most. */
const LONGEST = 2;
/** How often letters are laid beside phonemes anew. */
const ROUNDS = 5;

/** Counts by a letter, a colon and its phonemes: `x:K S`. */
type Counts = ReadonlyMap<string, number>;

/**
 * A sound for each letter, whatever stands around it: that which it has most often, where the letters of known words are laid beside their
 * phonemes so that each sounds as it mostly does (expectation maximisation of single best alignments).
 */
export function lettersAlone(known: readonly Entry[]): (word: string) => string[] {
  let counts: Counts = new Map();
  for (let round = 0; round < ROUNDS; round++) counts = countsOf(known, costsOf(counts));
  const best = new Map<string, readonly [key: string, count: number]>();
  for (const [key, count] of counts) if (count > (best.get(key[0])?.[1] ?? 0)) best.set(key[0], [key, count]);
  return (word) => Array.from(word, (letter) => best.get(letter)?.[0].slice(2) ?? "").flatMap(phonemesIn);
}

function phonemesIn(text: string): string[] {
  return text === "" ? [] : text.split(" ");
}

function countsOf(known: readonly Entry[], costs: Counts): Counts {
  const counts = new Map<string, number>();
  for (const { word, sounds } of known)
    for (const key of aligned(word, sounds[0], costs)) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

/** What it costs that a letter has certain phonemes: minus the logarithm of their share. */
function costsOf(counts: Counts): Counts {
  const totals = new Map<string, number>();
  for (const [key, count] of counts) totals.set(key[0], (totals.get(key[0]) ?? 0) + count);
  return new Map(Array.from(counts, ([key, count]) => [key, Math.log((totals.get(key[0]) ?? count) / count)]));
}

/** The cost of what was never seen; and what each phoneme more or less than one costs then. */
const UNSEEN = 12;
const UNEVEN = 1;

/** The cheapest way to give the letters of a word none to two of its phonemes each, in their order; nothing if there are too many. */
function aligned(word: string, sounds: readonly string[], costs: Counts): string[] {
  const keyOf = (letter: number, from: number, to: number) => `${word[letter]}:${sounds.slice(from, to).join(" ")}`;
  // By letters and phonemes that are given away: what this costs, and the phonemes of the last letter.
  const ways = [sounds.map(() => ({ cost: Number.POSITIVE_INFINITY, last: 0 }))];
  ways[0].unshift({ cost: 0, last: 0 });
  for (let i = 0; i < word.length; i++) {
    ways.push(
      Array.from({ length: sounds.length + 1 }, (_, j) => {
        let best = { cost: Number.POSITIVE_INFINITY, last: 0 };
        for (let last = 0; last <= Math.min(LONGEST, j); last++) {
          const own = costs.get(keyOf(i, j - last, j)) ?? UNSEEN + UNEVEN * Math.abs(last - 1);
          const cost = ways[i][j - last].cost + own;
          if (cost < best.cost) best = { cost, last };
        }
        return best;
      }),
    );
  }
  if (sounds.length > LONGEST * word.length) return [];
  let end = sounds.length;
  const keys: string[] = [];
  for (let i = word.length; i > 0; i--) {
    const { last } = ways[i][end];
    keys.push(keyOf(i - 1, end - last, end));
    end -= last;
  }
  return keys.reverse();
}
