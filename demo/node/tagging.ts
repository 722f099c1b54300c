// Sentences as numbers: words, their ends and how they are written; and tags by counting alone.
import { type Sentence, TAGS, type Tag, type Token } from "./brown.ts";

/** Steps of a sequence: longer sentences go on in the next row. */
export const LENGTH = 32;

/** The tag of steps behind an end: losses and metrics ignore it. */
const IGNORED = -100;

/** Index 0 is padding, 1 what is not known. */
const UNKNOWN = 1;

/** Names by index: those that are as frequent as asked. */
function indexOf(names: Iterable<string>, least: number): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  const known = [...counts].filter(([, count]) => count >= least).map(([name]) => name);
  return new Map(known.map((name, i) => [name, i + UNKNOWN + 1]));
}

/** What of a word's writing is told: digits, capitals, a hyphen. */
const FORMS = [/\d/, /^\p{Lu}+$/u, /^\p{Lu}/u, /-/, /^\P{L}+$/u];

/** Number of forms, padding included. */
export const FORMS_SIZE = 2 ** FORMS.length + 1;

function formOf(word: string): number {
  return 1 + FORMS.reduce((sum, form, i) => sum + (form.test(word) ? 2 ** i : 0), 0);
}

function endingOf(word: string): string {
  return word.toLowerCase().slice(-3);
}

/** Numbers of words and of endings that are known. */
export interface Sizes {
  readonly words: number;
  readonly endings: number;
}

interface Rows {
  readonly data: Int32Array;
  readonly shape: readonly number[];
}

/** Sentences in rows: i32 [rows, LENGTH], lengths [rows], tags [rows, LENGTH]. */
export interface Tagged {
  readonly x: { readonly words: Rows; readonly endings: Rows; readonly forms: Rows; readonly lengths: Rows };
  readonly y: Rows;
}

/** Makes numbers of sentences; words and endings are known that some sentences have at least twice. */
export class Numbering {
  readonly #words: ReadonlyMap<string, number>;
  readonly #endings: ReadonlyMap<string, number>;

  constructor(sentences: readonly Sentence[]) {
    const words = sentences.flatMap((sentence) => sentence.map(({ word }) => word));
    this.#words = indexOf(
      words.map((word) => word.toLowerCase()),
      2,
    );
    this.#endings = indexOf(words.map(endingOf), 2);
  }

  get sizes(): Sizes {
    return { words: this.#words.size + UNKNOWN + 1, endings: this.#endings.size + UNKNOWN + 1 };
  }

  of(sentences: readonly Sentence[]): Tagged {
    const rows = sentences.flatMap(pieces);
    const table = (pad: number, number: (token: Token) => number): Rows => {
      const data = new Int32Array(rows.length * LENGTH).fill(pad);
      for (const [i, row] of rows.entries())
        for (const [j, token] of row.entries()) data[i * LENGTH + j] = number(token);
      return { data, shape: [rows.length, LENGTH] };
    };
    return {
      x: {
        words: table(0, ({ word }) => this.#words.get(word.toLowerCase()) ?? UNKNOWN),
        endings: table(0, ({ word }) => this.#endings.get(endingOf(word)) ?? UNKNOWN),
        forms: table(0, ({ word }) => formOf(word)),
        lengths: { data: Int32Array.from(rows, (row) => row.length), shape: [rows.length] },
      },
      y: table(IGNORED, ({ tag }) => TAGS.indexOf(tag)),
    };
  }
}

function pieces(sentence: Sentence): Sentence[] {
  return Array.from({ length: Math.ceil(sentence.length / LENGTH) }, (_, i) =>
    sentence.slice(i * LENGTH, (i + 1) * LENGTH),
  );
}

/** The share of tags that are right, of those that count. */
export function shareRight(found: ArrayLike<number>, tags: ArrayLike<number>): number {
  let [right, all] = [0, 0];
  for (let i = 0; i < tags.length; i++) {
    if (tags[i] === IGNORED) continue;
    all++;
    if (found[i] === tags[i]) right++;
  }
  return right / all;
}

/**
 * Tags by counting: the tag that a word has most often, as it is written, else in small letters; of a word that was never seen, what words
 * that are seen once have most often.
 */
export function mostFrequentTags(sentences: readonly Sentence[]): (word: string) => Tag {
  const counts = new Map<string, Map<Tag, number>>();
  const count = (key: string, tag: Tag) => {
    const tags = counts.get(key) ?? new Map<Tag, number>();
    counts.set(key, tags.set(tag, (tags.get(tag) ?? 0) + 1));
  };
  const written = (word: string) => `= ${word}`;
  const small = (word: string) => `~ ${word.toLowerCase()}`;
  for (const { word, tag } of sentences.flat()) {
    count(written(word), tag);
    count(small(word), tag);
  }
  const seenOnce = new Map<Tag, number>();
  for (const [key, tags] of counts)
    if (key.startsWith("=") && [...tags.values()].reduce((sum, each) => sum + each, 0) === 1)
      for (const tag of tags.keys()) seenOnce.set(tag, (seenOnce.get(tag) ?? 0) + 1);
  const most = new Map(Array.from(counts, ([key, tags]) => [key, mostOf(tags)]));
  const unseen = mostOf(seenOnce);
  return (word) => most.get(written(word)) ?? most.get(small(word)) ?? unseen;
}

function mostOf(tags: ReadonlyMap<Tag, number>): Tag {
  return [...tags].reduce<readonly [Tag, number]>((best, each) => (each[1] > best[1] ? each : best), ["noun", 0])[0];
}
