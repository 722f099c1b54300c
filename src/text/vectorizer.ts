// Texts as tokens of a vocabulary that was learned, and back: what was learned is plain data, which JSON holds.
import { aBoolean, aListOf, aText, aWholeNumber, checkOptions, must, nullOr, oneOf } from "../check.ts";
import type { ArrayLikeData } from "../data/array.ts";
import { beforeFit } from "../data/before-fit.ts";
import { ArgumentError, DataError } from "../errors.ts";
import { show } from "../show.ts";
import { BYTES, BytePairs, faultOf, learnedPairs, MOST_TOKENS, type Pair } from "./byte-pairs.ts";
import {
  aPattern,
  everywhere,
  matchesOf,
  PIECES,
  partsOf,
  patternOf,
  type SavedPattern,
  savedPattern,
  WORDS,
} from "./patterns.ts";
import { checkTokens, type EncodeAllOptions, type Framed, rowsOf, type TokenRows, tokenRows } from "./rows.ts";
import { savedAs, VERSION } from "./saved.ts";
import { type Texts, textsOf } from "./texts.ts";
import { Listed, mostFrequent, type Units } from "./units.ts";

/** What tokens are, and which there are. */
export interface TextVectorizerOptions {
  /** What tokens are: characters, words and signs, or byte pairs, which are learned. Default "words". */
  readonly units?: "characters" | "words" | "bytePairs";
  /** The most tokens, those of padding and so on included. Default: 8192 of byte pairs, all that occur of others. */
  readonly size?: number;
  /** Units, or pairs, that occur less often in the texts of `fit` are not known. Default 1, of byte pairs 2. */
  readonly minFrequency?: number;
  /** Whether texts are written in small letters first. Default: true of words, else false. */
  readonly lowercase?: boolean;
  /** What words are; of byte pairs, parts that no pair goes across. Default: words and single signs; those of GPT-2. */
  readonly pattern?: RegExp;
  /** Name of the token that fills rows up, number 0; null: there is none. Default "<pad>". */
  readonly padding?: string | null;
  /** Name of the token for units that are not known; null: they are errors. Byte pairs know all. Default "<unk>". */
  readonly unknown?: string | null;
  /** Name of a token before each text, such as "<s>". Default: none. */
  readonly begin?: string | null;
  /** Name of a token behind each text, such as "</s>". Default: none. */
  readonly end?: string | null;
}

const SPECIAL = ["padding", "unknown", "begin", "end"] as const;

type Special = (typeof SPECIAL)[number];

/** All that distinguishes a vectorizer but what it learned. */
interface Settings {
  readonly units: NonNullable<TextVectorizerOptions["units"]>;
  readonly lowercase: boolean;
  /** Of words and byte pairs. */
  readonly pattern: RegExp;
  /** Names of special tokens, in the order of their numbers. */
  readonly special: Readonly<Partial<Record<Special, string>>>;
}

const aName = nullOr((value, what) => must(typeof value === "string" && value !== "", value, what, "a name or null"));
const CHECKS = {
  units: oneOf("characters", "words", "bytePairs"),
  size: aWholeNumber(1, MOST_TOKENS),
  minFrequency: aWholeNumber(1),
  lowercase: aBoolean,
  pattern: aPattern,
  padding: aName,
  unknown: aName,
  begin: aName,
  end: aName,
};

const FORMAT = "text vectorizer";

/**
 * Texts as tokens, numbers of a vocabulary that it learns from the texts to train on alone. Special tokens come first, then what is most
 * frequent; the same texts give the same vocabulary in any order. Byte pairs are GPT-2's: any text comes back as it was,
 * half a character, which is none, as U+FFFD.
 * Source: Sennrich et al., "Neural machine translation of rare words with subword units", 2016.
 * @throws ArgumentError for an option that is none, or that means nothing beside the others
 *
 * @example
 * import { textVectorizer, textVectorizerFromJSON } from "simdgrad/text";
 * const words = textVectorizer({ end: "</s>" }).fit(["The sea, the sun.", "The sea!"]);
 * words.tokens; // => ["<pad>", "<unk>", "</s>", "the", "sea", "!", ",", ".", "sun"]
 * words.encode("The moon, the sea"); // => [3, 1, 6, 3, 4, 2]
 * words.decode([3, 4, 2, 0, 0]); // => "the sea"
 * const { tokens, lengths } = words.encodeAll(["Sun!", "The sun, the sea"]); // x of a Trainer: Embedding(words.size, ...)
 * tokens.shape; // => [2, 6]
 * lengths.data; // => [3, 6]
 * textVectorizerFromJSON(JSON.stringify(words)).encode("sun"); // => [8, 2]
 */
export function textVectorizer(options: TextVectorizerOptions = {}): TextVectorizer {
  checkOptions(options, "textVectorizer", CHECKS);
  const { units = "words", lowercase = units === "words", pattern, padding = "<pad>", unknown, begin, end } = options;
  if (units === "bytePairs" && (unknown ?? null) !== null)
    throw new ArgumentError("textVectorizer: unknown means nothing for byte pairs, which know all texts");
  if (units === "characters" && pattern !== undefined)
    throw new ArgumentError("textVectorizer: pattern means nothing for characters");
  const rest = units === "bytePairs" ? null : unknown === undefined ? "<unk>" : unknown;
  const special = specialOf({ padding, unknown: rest, begin, end }, "textVectorizer");
  const own = pattern === undefined ? defaultOf(units) : everywhere(pattern);
  const { size = units === "bytePairs" ? 8192 : MOST_TOKENS, minFrequency = units === "bytePairs" ? 2 : 1 } = options;
  const least = Object.keys(special).length + (units === "bytePairs" ? BYTES : 1);
  must(size >= least, size, "textVectorizer: size", `at least ${least}`);
  return new TextVectorizer({ units, lowercase, pattern: own, special }, size, minFrequency);
}

function defaultOf(units: Settings["units"]): RegExp {
  return units === "bytePairs" ? PIECES : WORDS;
}

/** The names that are given, in the order of their numbers. @throws ArgumentError for one that is given twice */
function specialOf(names: Readonly<Partial<Record<Special, string | null>>>, what: string): Settings["special"] {
  const entries = SPECIAL.flatMap((each) => (typeof names[each] === "string" ? [[each, names[each]] as const] : []));
  const twice = entries.find(([, name], i) => entries.some(([, other], j) => j < i && other === name));
  if (twice !== undefined)
    throw new ArgumentError(`${what}: ${twice[0]} has the name of another token, ${show(twice[1])}`);
  return Object.fromEntries(entries);
}

function cased(text: string, { lowercase }: Settings): string {
  return lowercase ? text.toLowerCase() : text;
}

/** How a text becomes characters or words. */
function splitterOf({ units, pattern }: Settings): (text: string) => Iterable<string> {
  return units === "characters" ? (text) => text : (text) => matchesOf(text, pattern);
}

/** Units of a list, none of which is taken for a special token. */
function listed(names: readonly string[], settings: Settings): Units {
  return new Listed(names, splitterOf(settings), settings.units === "words" ? " " : "");
}

/**
 * A vectorizer that has learned nothing yet: what `textVectorizer` makes.
 *
 * @example
 * import { textVectorizer } from "simdgrad/text";
 * textVectorizer({ units: "characters", unknown: null }).fit(["abba"]).encode("bab"); // => [2, 1, 2]
 */
export class TextVectorizer {
  readonly #settings: Settings;
  readonly #size: number;
  readonly #least: number;

  constructor(settings: Settings, size: number, least: number) {
    this.#settings = settings;
    this.#size = size;
    this.#least = least;
    beforeFit(this, "textVectorizer", FittedTextVectorizer);
  }

  /**
   * Learns a vocabulary from the texts to train on: none of those to test with may be among them.
   * @throws ArgumentError for what is no list of texts; DataError where nothing occurs as often as `minFrequency`
   */
  fit(texts: Texts): FittedTextVectorizer {
    const settings = this.#settings;
    const special = Object.values(settings.special);
    if (settings.units === "bytePairs") {
      const pieces = counted(texts, settings, (text) => partsOf(text, settings.pattern));
      const pairs = learnedPairs(pieces, this.#size - special.length - BYTES, this.#least);
      return new FittedTextVectorizer(settings, new BytePairs(pairs, settings.pattern));
    }
    const counts = counted(texts, settings, splitterOf(settings));
    for (const name of special) counts.delete(name);
    const names = mostFrequent(counts, this.#size - special.length, this.#least);
    if (names.length === 0)
      throw new DataError(`fit: of ${counts.size} different ${settings.units} none occurs ${this.#least} times`);
    return new FittedTextVectorizer(settings, listed(names, settings));
  }
}

/** How often each unit occurs. */
function counted(texts: Texts, settings: Settings, split: (text: string) => Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of textsOf(texts, "fit: texts"))
    for (const unit of split(cased(text, settings))) counts.set(unit, (counts.get(unit) ?? 0) + 1);
  return counts;
}

/**
 * A vectorizer that has learned a vocabulary: what `fit` gives.
 *
 * @example
 * import { textVectorizer } from "simdgrad/text";
 * const pairs = textVectorizer({ units: "bytePairs", size: 260 }).fit(["low lower lowest", "low"]);
 * pairs.tokens.slice(257); // => ["lo", "low", " low"]
 * pairs.encode("lower"); // => [258, 102, 115]
 * pairs.decode(pairs.encode("Ein Löwe 🦁")); // => "Ein Löwe 🦁"
 */
export class FittedTextVectorizer {
  readonly #settings: Settings;
  readonly #units: Units;
  readonly #special: readonly string[];
  readonly #before: readonly number[];
  readonly #after: readonly number[];

  constructor(settings: Settings, units: Units) {
    this.#settings = settings;
    this.#units = units;
    this.#special = Object.values(settings.special);
    const numbers = (each: Special) => (settings.special[each] === undefined ? [] : [this.#numberOf(each) as number]);
    this.#before = numbers("begin");
    this.#after = numbers("end");
  }

  /** Number of tokens: that of rows of an Embedding. */
  get size(): number {
    return this.#special.length + this.#units.size;
  }

  /** What each token stands for: names of special ones, then characters, words, or texts of byte pairs, where U+FFFD is a part of a character. */
  get tokens(): string[] {
    return [...this.#special, ...this.#units.names];
  }

  /** The token of padding: `paddingIdx` of an Embedding. */
  get padding(): number | undefined {
    return this.#numberOf("padding");
  }

  /** The token for what is not known. */
  get unknown(): number | undefined {
    return this.#numberOf("unknown");
  }

  /** The token before each text. */
  get begin(): number | undefined {
    return this.#numberOf("begin");
  }

  /** The token behind each text. */
  get end(): number | undefined {
    return this.#numberOf("end");
  }

  #numberOf(each: Special): number | undefined {
    const name = this.#settings.special[each];
    return name === undefined ? undefined : this.#special.indexOf(name);
  }

  /**
   * The tokens of a text, with those of its beginning and its end.
   * @throws DataError for what is not known, if there is no token for that
   */
  encode(text: string): Int32Array {
    aText(text, "encode: text");
    const { before, own, after } = this.#framed(text, "encode");
    return Int32Array.from([...before, ...own, ...after]);
  }

  #framed(text: string, name: string): Framed {
    const units = this.#units.encode(cased(text, this.#settings));
    const { unknown } = this;
    const shift = this.#special.length;
    if (unknown === undefined && units.includes(-1))
      throw new DataError(
        `${name}: ${this.#strange(text)} in ${show(text)} is not known, and there is no token for that`,
      );
    const own = units.map((unit) => (unit < 0 ? (unknown as number) : unit + shift));
    return { before: this.#before, own, after: this.#after };
  }

  /** The first unit that is not known. */
  #strange(text: string): string {
    const known = new Set(this.#units.names);
    return show([...splitterOf(this.#settings)(cased(text, this.#settings))].find((unit) => !known.has(unit)));
  }

  /**
   * The tokens of texts as rows of one length, i32 [texts, length], and how many there are of each, i32 [texts].
   * @throws DataError where there are no texts, and for what is not known; ArgumentError where padding is needed and there is none
   */
  encodeAll(texts: Texts, options: EncodeAllOptions = {}): TokenRows {
    const framed = Array.from(textsOf(texts, "encodeAll: texts"), (text) => this.#framed(text, "encodeAll"));
    return rowsOf(framed, options, this.padding);
  }

  /**
   * The text of tokens, without padding, beginning and end: of characters and byte pairs as it was, of words with blanks between them.
   * @throws ArgumentError for what are no tokens
   */
  decode(tokens: ArrayLike<number>): string {
    checkTokens(tokens, this.size, "decode");
    return this.#decode(tokens);
  }

  #decode(tokens: ArrayLike<number>): string {
    const { unknown } = this;
    const shift = this.#special.length;
    const units = Array.from(tokens).filter((token) => token >= shift || token === unknown);
    return this.#units.decode(
      units.map((token) => Math.max(-1, token - shift)),
      this.#settings.special.unknown ?? "",
    );
  }

  /**
   * The texts of rows of tokens [texts, length].
   * @throws ShapeError for another shape, DTypeError for what are no whole numbers, ArgumentError for what are no tokens
   */
  decodeAll(tokens: ArrayLikeData): string[] {
    const rows = tokenRows(tokens);
    for (const row of rows) checkTokens(row, this.size, "decodeAll");
    return rows.map((row) => this.#decode(row));
  }

  /** What JSON.stringify writes, and `textVectorizerFromJSON` reads. */
  toJSON(): object {
    const { units, lowercase, pattern, special } = this.#settings;
    const learned = this.#units instanceof BytePairs ? { pairs: this.#units.pairs } : { names: this.#units.names };
    const own = units === "characters" ? {} : { pattern: savedPattern(pattern) };
    return { format: `simdgrad ${FORMAT}`, version: VERSION, units, lowercase, ...own, special, ...learned };
  }
}

/** What JSON holds of one. */
interface Saved {
  readonly units: Settings["units"];
  readonly lowercase: boolean;
  readonly pattern?: SavedPattern;
  readonly special: Settings["special"];
  readonly pairs?: readonly Pair[];
  readonly names?: readonly string[];
}

const aToken = aWholeNumber(0, MOST_TOKENS - 1);

function aPair(value: unknown, what: string): void {
  must(Array.isArray(value) && value.length === 2, value, what, "[left, right]");
  aListOf(aToken)(value, what);
}

function aSpecial(value: unknown, what: string): void {
  checkOptions(value as Settings["special"], what, { padding: aText, unknown: aText, begin: aText, end: aText });
  for (const name of Object.values(value as Settings["special"])) aName(name ?? null, what);
}

function aSavedPattern(value: unknown, what: string): void {
  checkOptions(value as SavedPattern, what, { source: aText, flags: aText }, "source", "flags");
  patternOf(value as SavedPattern, what);
}

/**
 * The vectorizer that `JSON.stringify` has written, or what `JSON.parse` made of that. A pattern of the file's is run: read your own files.
 * @throws DataError for what is no JSON, of another format, or of a version that is not known; ArgumentError, with its place, for anything in it
 * that no vectorizer has
 *
 * @example
 * import { textVectorizer, textVectorizerFromJSON } from "simdgrad/text";
 * const text = JSON.stringify(textVectorizer({ units: "characters" }).fit(["sun"]));
 * textVectorizerFromJSON(text).tokens; // => ["<pad>", "<unk>", "n", "s", "u"]
 * textVectorizerFromJSON("{}"); // => throws DataError: textVectorizerFromJSON: this is no text vectorizer
 */
export function textVectorizerFromJSON(json: unknown): FittedTextVectorizer {
  const name = "textVectorizerFromJSON";
  const saved = savedAs(json, FORMAT, name) as unknown as Saved;
  CHECKS.units(saved.units, `${name}: units`);
  const { units } = saved;
  const [learned, check] = units === "bytePairs" ? (["pairs", aPair] as const) : (["names", aText] as const);
  const checks = { units: CHECKS.units, lowercase: aBoolean, special: aSpecial, [learned]: aListOf(check) };
  const own = units === "characters" ? checks : { ...checks, pattern: aSavedPattern };
  checkOptions(saved as object, name, own as never, ...(Object.keys(own) as never[]));
  const settings: Settings = {
    units,
    lowercase: saved.lowercase,
    pattern: saved.pattern === undefined ? WORDS : patternOf(saved.pattern, `${name}: pattern`),
    special: specialOf(saved.special, name),
  };
  const made =
    units === "bytePairs" ? pairsOf(saved.pairs ?? [], settings, name) : listOf(saved.names ?? [], settings, name);
  return new FittedTextVectorizer(settings, made);
}

function pairsOf(pairs: readonly Pair[], { pattern, special }: Settings, name: string): Units {
  if (special.unknown !== undefined)
    throw new ArgumentError(`${name}: special: byte pairs know all texts, unknown means nothing`);
  const fault = pairs.length > MOST_TOKENS - BYTES ? `there are ${pairs.length}` : faultOf(pairs);
  if (fault !== undefined) throw new ArgumentError(`${name}: pairs: ${fault}`);
  return new BytePairs(pairs, pattern);
}

function listOf(names: readonly string[], settings: Settings, name: string): Units {
  must(names.length > 0, names, `${name}: names`, `a list of ${settings.units}`);
  const known = new Set(Object.values(settings.special));
  for (const [i, each] of names.entries()) {
    if (known.has(each)) throw new ArgumentError(`${name}: names.${i}: ${show(each)} was there before`);
    known.add(each);
    const isUnit = settings.units === "words" ? each !== "" : [...each].length === 1;
    must(isUnit, each, `${name}: names.${i}`, settings.units === "words" ? "a word" : "a character");
  }
  return listed(names, settings);
}
