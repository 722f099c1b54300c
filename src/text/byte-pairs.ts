// Byte-pair encoding: tokens are bytes, and pairs of tokens that stood side by side most often when it was learned. Nothing is unknown.
// Source: Sennrich et al., "Neural machine translation of rare words with subword units", 2016; of bytes as in GPT-2.
import { joined } from "../data/bytes.ts";
import { Heap } from "./heap.ts";
import { partsOf } from "./patterns.ts";
import type { Units } from "./units.ts";

/** Two tokens that become one. */
export type Pair = readonly [left: number, right: number];

/** Tokens that are single bytes. */
export const BYTES = 256;

/** More tokens than anybody has: pairs of them are exact numbers. */
export const MOST_TOKENS = 2 ** 20;

/** Bytes of the longest token: longer pieces are cut, so that no text takes long. */
const LONGEST = 256;

/** Pieces whose tokens are remembered. */
const REMEMBERED = 2 ** 16;

const encoder = new TextEncoder();

function keyOf(left: number, right: number): number {
  return left * MOST_TOKENS + right;
}

/** The bytes of pieces, none of which is too long. */
function* bytesOf(piece: string): Generator<Uint8Array> {
  const bytes = encoder.encode(piece);
  for (let at = 0; at < bytes.length; at += LONGEST) yield bytes.subarray(at, at + LONGEST);
}

/** A pair that was seen: how often, and in which words. */
interface Seen {
  count: number;
  readonly words: Set<number>;
}

interface Candidate {
  readonly key: number;
  readonly count: number;
}

/** Words as tokens with how often each occurs, and the pairs in them. */
class Corpus {
  readonly #words: number[][] = [];
  readonly #counts: number[] = [];
  readonly #pairs = new Map<number, Seen>();
  /** The most frequent first, of those the one of the earlier tokens; entries whose count is another by now are stale. */
  readonly #heap = new Heap<Candidate>((a, b) => a.count > b.count || (a.count === b.count && a.key < b.key));

  constructor(pieces: ReadonlyMap<string, number>) {
    for (const [piece, count] of pieces)
      for (const bytes of bytesOf(piece)) {
        const word = this.#words.push([...bytes]) - 1;
        this.#counts.push(count);
        this.#count(word, 1, (key, change) => (this.#seen(key).count += change));
      }
    for (const [key, { count }] of this.#pairs) this.#heap.push({ key, count });
  }

  #seen(key: number): Seen {
    const seen = this.#pairs.get(key) ?? { count: 0, words: new Set() };
    this.#pairs.set(key, seen);
    return seen;
  }

  /** Tells the pairs of a word, and what they change; when they are added, the word is among theirs. */
  #count(word: number, sign: 1 | -1, tell: (key: number, change: number) => void): void {
    const tokens = this.#words[word];
    for (let i = 1; i < tokens.length; i++) {
      const key = keyOf(tokens[i - 1], tokens[i]);
      if (sign > 0) this.#seen(key).words.add(word);
      tell(key, sign * this.#counts[word]);
    }
  }

  /** The most frequent pair, if it occurs so often. */
  most(least: number): Pair | undefined {
    for (let best = this.#heap.pop(); best !== undefined; best = this.#heap.pop()) {
      const { key } = best;
      const { count } = this.#seen(key);
      if (count === best.count) return count < least ? undefined : [Math.floor(key / MOST_TOKENS), key % MOST_TOKENS];
      if (count > 0) this.#heap.push({ key, count });
    }
    return undefined;
  }

  /** Writes a new token for a pair, wherever it stands. */
  merge(pair: Pair, token: number): void {
    const key = keyOf(...pair);
    const changes = new Map<number, number>();
    const tell = (each: number, change: number) => changes.set(each, (changes.get(each) ?? 0) + change);
    for (const word of this.#seen(key).words) {
      this.#count(word, -1, tell);
      this.#words[word] = merged(this.#words[word], pair, token);
      this.#count(word, 1, tell);
    }
    this.#pairs.delete(key);
    changes.delete(key);
    for (const [each, change] of changes) {
      if (change === 0) continue;
      const seen = this.#seen(each);
      seen.count += change;
      if (change > 0) this.#heap.push({ key: each, count: seen.count });
    }
  }
}

/** Tokens with one for each such pair, from the first on. */
function merged(tokens: readonly number[], [left, right]: Pair, token: number): number[] {
  const made: number[] = [];
  for (let i = 0; i < tokens.length; i++)
    if (tokens[i] === left && tokens[i + 1] === right) {
      made.push(token);
      i++;
    } else made.push(tokens[i]);
  return made;
}

/** At most so many pairs, in the order in which they are merged, of pieces with how often each occurs; the same for any order of these. */
export function learnedPairs(pieces: ReadonlyMap<string, number>, most: number, least: number): Pair[] {
  const corpus = new Corpus(pieces);
  const pairs: Pair[] = [];
  while (pairs.length < most) {
    const pair = corpus.most(least);
    if (pair === undefined) break;
    corpus.merge(pair, BYTES + pairs.length);
    pairs.push(pair);
  }
  return pairs;
}

/** What is wrong with pairs of a file, or undefined. */
export function faultOf(pairs: readonly Pair[]): string | undefined {
  const lengths = Array<number>(BYTES).fill(1);
  const known = new Set<number>();
  for (const [i, [left, right]] of pairs.entries()) {
    if (left >= lengths.length || right >= lengths.length) return `pair ${i} is of tokens that come after it`;
    if (known.has(keyOf(left, right))) return `pair ${i} was there before`;
    known.add(keyOf(left, right));
    const length = lengths[left] + lengths[right];
    if (length > LONGEST) return `pair ${i} is of ${length} bytes, more than ${LONGEST}`;
    lengths.push(length);
  }
  return undefined;
}

/** Bytes and pairs as units of texts. */
export class BytePairs implements Units {
  readonly pairs: readonly Pair[];
  readonly #pattern: RegExp;
  readonly #tokens = new Map<number, number>();
  readonly #bytes: Uint8Array[];
  readonly #known = new Map<string, readonly number[]>();

  constructor(pairs: readonly Pair[], pattern: RegExp) {
    this.pairs = pairs;
    this.#pattern = pattern;
    this.#bytes = Array.from({ length: BYTES }, (_, byte) => Uint8Array.of(byte));
    for (const [left, right] of pairs)
      this.#tokens.set(keyOf(left, right), this.#bytes.push(joined([this.#bytes[left], this.#bytes[right]])) - 1);
  }

  get size(): number {
    return this.#bytes.length;
  }

  /** What tokens stand for; bytes that are no whole character by themselves are U+FFFD. */
  get names(): string[] {
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    return this.#bytes.map((bytes) => decoder.decode(bytes));
  }

  encode(text: string): number[] {
    const tokens: number[] = [];
    for (const piece of partsOf(text, this.#pattern)) for (const token of this.#ofPiece(piece)) tokens.push(token);
    return tokens;
  }

  decode(tokens: readonly number[]): string {
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(joined(tokens.map((token) => this.#bytes[token])));
  }

  #ofPiece(piece: string): readonly number[] {
    const known = this.#known.get(piece);
    if (known !== undefined) return known;
    const tokens: number[] = [];
    for (const bytes of bytesOf(piece)) tokens.push(...this.#ofBytes(bytes));
    if (piece.length > LONGEST) return tokens;
    if (this.#known.size === REMEMBERED) this.#known.clear();
    this.#known.set(piece, tokens);
    return tokens;
  }

  /** The pair that was learned first is merged first. */
  #ofBytes(bytes: Uint8Array): readonly number[] {
    let tokens: readonly number[] = [...bytes];
    while (true) {
      let first = Number.POSITIVE_INFINITY;
      for (let i = 1; i < tokens.length; i++)
        first = Math.min(first, this.#tokens.get(keyOf(tokens[i - 1], tokens[i])) ?? first);
      if (first === Number.POSITIVE_INFINITY) return tokens;
      tokens = merged(tokens, this.pairs[first - BYTES], first);
    }
  }
}
