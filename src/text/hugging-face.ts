// Tokenizers of Hugging Face's files, by the package @huggingface/tokenizers, where that is there.
import { aText, checkOptions, isRecord, must } from "../check.ts";
import type { ArrayLikeData } from "../data/array.ts";
import { DataError, UnsupportedError } from "../errors.ts";
import { show } from "../show.ts";
import { checkTokens, type EncodeAllOptions, type Framed, rowsOf, type TokenRows, tokenRows } from "./rows.ts";
import { parsed } from "./saved.ts";
import { type Texts, textsOf } from "./texts.ts";

/** What of the package is used. */
interface Library {
  readonly Tokenizer: new (json: object, config: object) => Found;
}

/** A tokenizer of the package. */
interface Found {
  encode(text: string, options: { readonly add_special_tokens: boolean }): { readonly ids: readonly number[] };
  decode(ids: number[], options: { readonly skip_special_tokens: boolean }): string;
  token_to_id(token: string): number | undefined;
  get_vocab(): ReadonlyMap<string, number>;
}

/** What else a tokenizer is made of. */
export interface HuggingFaceOptions {
  /** What is in `tokenizer_config.json` beside it, or its text. Default: nothing, as most tokenizers need. */
  readonly config?: string | object;
  /** The package, `await import("@huggingface/tokenizers")`: in pages it has to be given. Default in Node: the one that is installed. */
  readonly library?: object;
}

/** Files of vocabularies are read as texts or as what JSON makes of them. */
function aFile(value: unknown, what: string): void {
  const isPlain = isRecord(value) && [Object.prototype, null].includes(Object.getPrototypeOf(value));
  must(typeof value === "string" || isPlain, value, what, "the text of a file of JSON, or what JSON makes of it");
}

function aLibrary(value: unknown, what: string): void {
  const has = typeof value === "object" && value !== null && typeof (value as Library).Tokenizer === "function";
  must(has, value, what, 'the package, as await import("@huggingface/tokenizers") gives it');
}

/**
 * The tokenizer of a `tokenizer.json`, as models of Hugging Face have it, by the package @huggingface/tokenizers (0.2 or later), which is to be
 * installed beside simdgrad: `npm install @huggingface/tokenizers`.
 * @throws UnsupportedError where the package is not there, DataError for what is no such file, ArgumentError for an option that is none
 *
 * @example
 * import { huggingFaceTokenizer } from "simdgrad/text";
 * const file = {
 *   added_tokens: [{ id: 0, content: "[PAD]", special: true }],
 *   normalizer: { type: "Lowercase" },
 *   pre_tokenizer: { type: "Whitespace" },
 *   model: { type: "WordLevel", vocab: { "[PAD]": 0, "[UNK]": 1, the: 2, sea: 3 }, unk_token: "[UNK]" },
 *   padding: { pad_id: 0 },
 * }; // JSON.parse of tokenizer.json
 * const tokenizer = huggingFaceTokenizer(file);
 * tokenizer.encode("The sea"); // => [2, 3]
 * tokenizer.encodeAll(["the sea", "moon"]).tokens.data; // => [2, 3, 1, 0]
 */
export function huggingFaceTokenizer(json: string | object, options: HuggingFaceOptions = {}): HuggingFaceTokenizer {
  const name = "huggingFaceTokenizer";
  aFile(json, `${name}: json`);
  checkOptions(options, name, { config: aFile, library: aLibrary });
  const [file, config] = [json, options.config ?? {}].map((each) => objectOf(each, name));
  if (!isRecord(file.model)) throw new DataError(`${name}: this is no tokenizer.json, got ${show(file)}`);
  const library = (options.library as Library | undefined) ?? installed();
  if (library === undefined)
    throw new UnsupportedError(
      `${name}: the package @huggingface/tokenizers is needed (npm install @huggingface/tokenizers); in pages it is given as library`,
    );
  const found = told(name, () => new library.Tokenizer(withDefaults(file), withUnknown(file.model as Model, config)));
  return new HuggingFaceTokenizer(
    found,
    told(name, () => paddingOf(file, config, found)),
  );
}

function objectOf(given: string | object, name: string): Readonly<Record<string, unknown>> {
  const found = typeof given === "string" ? parsed(given, name) : given;
  if (!isRecord(found)) throw new DataError(`${name}: this is no file of an object, got ${show(found)}`);
  return found;
}

/** Parts that files may leave out, and the package wants. */
function withDefaults(file: Readonly<Record<string, unknown>>): object {
  const none = { added_tokens: [], normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null };
  return { ...none, ...file };
}

/** What of a model is read here. */
interface Model {
  readonly unk_token?: unknown;
}

/** The package reads the token for what is not known of some models in the config alone. */
function withUnknown({ unk_token }: Model, config: object): object {
  return typeof unk_token === "string" ? { unk_token, ...config } : config;
}

/** What the package says is wrong, as an error of data. */
function told<T>(name: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    throw new DataError(`${name}: the package @huggingface/tokenizers cannot do this: ${(cause as Error)?.message}`, {
      cause,
    });
  }
}

/** The package, if it is there. Not an import, not even a dynamic one: bundlers follow those, and would want it for every page. */
function installed(): Library | undefined {
  const node = typeof process === "object" ? process.getBuiltinModule?.("node:module") : undefined;
  try {
    return node?.createRequire(import.meta.url)("@huggingface/tokenizers") as Library | undefined;
  } catch {
    return undefined;
  }
}

/** The token that rows are filled up with. */
function paddingOf(
  file: Readonly<Record<string, unknown>>,
  config: Readonly<Record<string, unknown>>,
  found: Found,
): number | undefined {
  const { pad_id: id } = Object(file.padding) as { readonly pad_id?: unknown };
  if (Number.isInteger(id)) return id as number;
  const token = isRecord(config.pad_token) ? config.pad_token.content : config.pad_token;
  return typeof token === "string" ? found.token_to_id(token) : undefined;
}

/**
 * A tokenizer of Hugging Face: what `huggingFaceTokenizer` gives.
 *
 * @example
 * import { huggingFaceTokenizer } from "simdgrad/text";
 * const vocab = { "[UNK]": 0, sun: 1, "##ny": 2 };
 * const model = { type: "WordPiece", vocab, unk_token: "[UNK]", continuing_subword_prefix: "##", max_input_chars_per_word: 100 };
 * const tokenizer = huggingFaceTokenizer({ model, pre_tokenizer: { type: "Whitespace" }, decoder: { type: "WordPiece", prefix: "##" } });
 * tokenizer.size; // => 3
 * tokenizer.decode(tokenizer.encode("sunny")); // => "sunny"
 */
export class HuggingFaceTokenizer {
  readonly #found: Found;
  /** Number of tokens: that of rows of an Embedding. */
  readonly size: number;
  /** The token of padding: `paddingIdx` of an Embedding. */
  readonly padding: number | undefined;

  constructor(found: Found, padding: number | undefined) {
    this.#found = found;
    this.size = [...found.get_vocab().values()].reduce((most, id) => Math.max(most, id + 1), 0);
    this.padding = padding;
  }

  /**
   * The tokens of a text, with those that the file puts around it.
   * @throws DataError where the package cannot
   */
  encode(text: string): Int32Array {
    aText(text, "encode: text");
    return Int32Array.from(this.#ids(text, true, "encode"));
  }

  #ids(text: string, special: boolean, name: string): readonly number[] {
    const { ids } = told(name, () => this.#found.encode(text, { add_special_tokens: special }));
    if (!ids.every((id) => Number.isInteger(id)))
      throw new DataError(`${name}: the file has no token for a part of ${show(text)}, and none for what is not known`);
    return ids;
  }

  /** What stands before and behind the text's own tokens stays when these are cut. */
  #framed(text: string): Framed {
    const [own, whole] = [false, true].map((special) => this.#ids(text, special, "encodeAll"));
    for (let at = 0; at + own.length <= whole.length; at++)
      if (own.every((token, i) => whole[at + i] === token))
        return { before: whole.slice(0, at), own, after: whole.slice(at + own.length) };
    return { before: [], own: whole, after: [] };
  }

  /**
   * The tokens of texts as rows of one length, i32 [texts, length], and how many there are of each, i32 [texts].
   * @throws DataError where there are no texts, and where the package cannot; ArgumentError where padding is needed and there is none
   */
  encodeAll(texts: Texts, options: EncodeAllOptions = {}): TokenRows {
    const framed = Array.from(textsOf(texts, "encodeAll: texts"), (text) => this.#framed(text));
    return rowsOf(framed, options, this.padding);
  }

  /**
   * The text of tokens, without special ones.
   * @throws ArgumentError for what are no tokens, DataError where the package cannot
   */
  decode(tokens: ArrayLike<number>): string {
    checkTokens(tokens, this.size, "decode");
    return told("decode", () => this.#found.decode(Array.from(tokens), { skip_special_tokens: true }));
  }

  /**
   * The texts of rows of tokens [texts, length].
   * @throws ShapeError for another shape, DTypeError for what are no whole numbers, ArgumentError for what are no tokens
   */
  decodeAll(tokens: ArrayLikeData): string[] {
    return tokenRows(tokens).map((row) => this.decode(row));
  }
}
