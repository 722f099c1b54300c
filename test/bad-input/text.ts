// What simdgrad/text exports, with right arguments, and the methods of what that gives.
import * as library from "@huggingface/tokenizers";
import * as given from "../../src/text/index.ts";
import { type Call, call } from "./harness.ts";
import * as a from "./kinds.ts";

const texts = a.also(a.list(["the sea", "the sun"]), ["a list of digits", "two texts"]);
const pattern = a.instance(/\w+/g);
const token = a.also(a.word("<s>"), ["word", "a name"], ["digits", "a name"], ["null", "no such token"]);

const terms = {
  ngrams: a.also(a.list([1, 2]), ["a list", "words and pairs"]),
  lowercase: a.flag(false),
  pattern,
  stopWords: a.also(a.list(["of"]), ["a list of digits", "words"]),
};
const norm = a.word("l1");

const words = given.textVectorizer().fit(["the sea", "the sun"]);
const weights = given.tfIdf().fit(["the sea", "the sun"]);
const hashed = given.hashedWords({ features: 8 });
const file = {
  model: { type: "WordLevel", vocab: { "[UNK]": 0, the: 1, sea: 2, sun: 3 }, unk_token: "[UNK]" },
  padding: { pad_id: 0 },
};
export const huggingFace = given.huggingFaceTokenizer(file);

export const textCalls: Readonly<Record<string, Call>> = {
  hashedWords: call(
    given.hashedWords,
    a.options({ ...terms, features: a.whole(8), signed: a.flag(false), binary: a.flag(true), norm }, ["features"]),
  ),
  huggingFaceTokenizer: call(
    given.huggingFaceTokenizer,
    a.instance(file),
    a.options({
      config: a.also(
        a.instance({}),
        ["an object", "a config says what it likes"],
        ["an object without a prototype", "an empty config"],
        ["an object with a constructor of its own", "a config says what it likes"],
        ["data and shape", "a config says what it likes"],
      ),
      library: a.instance(library),
    }),
  ),
  textVectorizer: call(
    given.textVectorizer,
    a.options({
      units: a.word("words"),
      size: a.whole(300),
      minFrequency: a.whole(2),
      lowercase: a.flag(true),
      pattern,
      padding: token,
      unknown: token,
      begin: token,
      end: token,
    }),
  ),
  textVectorizerFromJSON: call(given.textVectorizerFromJSON, a.instance(JSON.stringify(words))),
  tfIdf: call(
    given.tfIdf,
    a.options({
      ...terms,
      minDocuments: a.also(a.whole(2), ["half", "a share of the texts"]),
      maxDocuments: a.also(a.whole(2), ["half", "a share of the texts"]),
      maxFeatures: a.whole(9),
      sublinear: a.flag(true),
      binary: a.flag(true),
      idf: a.flag(false),
      smooth: a.flag(false),
      norm,
    }),
  ),
  tfIdfFromJSON: call(given.tfIdfFromJSON, a.instance(JSON.stringify(weights))),
};

const unfitted = given.textVectorizer();
const unweighed = given.tfIdf();

export const unfittedTextCalls: Readonly<Record<string, Call>> = {
  fit: call((list: never) => [unfitted.fit(list), unweighed.fit(list)], texts),
};

const rows = a.options({ length: a.whole(3), cut: a.word("start"), pad: a.word("start") });
const tokens = a.also(a.instance(Int32Array.of(2, 3)), ["a list", "tokens"]);
const tokenRows = a.also(a.instance([[2, 3]]), ["data and shape", "a row of tokens"]);

/** Those of a tokenizer. */
function tokenizerCalls(tokenizer: given.FittedTextVectorizer | given.HuggingFaceTokenizer) {
  return {
    encode: call((text: never) => tokenizer.encode(text), a.text("the sea")),
    encodeAll: call((list: never, options: never) => tokenizer.encodeAll(list, options), texts, rows),
    decode: call((list: never) => tokenizer.decode(list), tokens),
    decodeAll: call((list: never) => tokenizer.decodeAll(list), tokenRows),
  };
}

export const vectorizerCalls: Readonly<Record<string, Call>> = {
  ...tokenizerCalls(words),
  toJSON: call(() => words.toJSON()),
};

export const huggingFaceCalls: Readonly<Record<string, Call>> = tokenizerCalls(huggingFace);

/** Those of what weighs terms. */
function weighingCalls(made: given.FittedTfIdf | given.HashedWords) {
  return {
    transform: call((list: never) => made.transform(list), texts),
    bags: call((list: never) => made.bags(list), texts),
    rows: call((list: never, options: never) => made.rows(list, options), texts, a.options({ length: a.whole(3) })),
  };
}

export const hashedCalls: Readonly<Record<string, Call>> = weighingCalls(hashed);

export const tfIdfCalls: Readonly<Record<string, Call>> = {
  ...weighingCalls(weights),
  toJSON: call(() => weights.toJSON()),
};
