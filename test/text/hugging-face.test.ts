// Tokenizers of Hugging Face's files by its own package, which is the oracle of our byte pairs, too.
import * as library from "@huggingface/tokenizers";
import { ArgumentError, DataError, type SimdgradError } from "simdgrad";
import { huggingFaceTokenizer, textVectorizer } from "simdgrad/text";
import { describe, expect, test, vi } from "vitest";
import { numbers } from "../random.ts";
import { drawnText } from "./drawn.ts";

/** As BERT's, by hand: small letters, parts of words, a token before and one behind. */
const bert = {
  version: "1.0",
  truncation: null,
  padding: { strategy: "BatchLongest", direction: "Right", pad_id: 0, pad_type_id: 0, pad_token: "[PAD]" },
  added_tokens: ["[PAD]", "[UNK]", "[CLS]", "[SEP]"].map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  })),
  normalizer: {
    type: "BertNormalizer",
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: true,
  },
  pre_tokenizer: { type: "BertPreTokenizer" },
  post_processor: {
    type: "TemplateProcessing",
    single: [
      { SpecialToken: { id: "[CLS]", type_id: 0 } },
      { Sequence: { id: "A", type_id: 0 } },
      { SpecialToken: { id: "[SEP]", type_id: 0 } },
    ],
    pair: [],
    special_tokens: {
      "[CLS]": { id: "[CLS]", ids: [2], tokens: ["[CLS]"] },
      "[SEP]": { id: "[SEP]", ids: [3], tokens: ["[SEP]"] },
    },
  },
  decoder: { type: "WordPiece", prefix: "##", cleanup: true },
  model: {
    type: "WordPiece",
    unk_token: "[UNK]",
    continuing_subword_prefix: "##",
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(
      ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "sea", "sun", "##ny", "##s", ",", "."].map((token, id) => [
        token,
        id,
      ]),
    ),
  },
};

describe("a tokenizer.json by hand", () => {
  const tokenizer = huggingFaceTokenizer(JSON.stringify(bert));

  test("makes tokens, and texts again", () => {
    expect([tokenizer.size, tokenizer.padding]).toEqual([11, 0]);
    expect([...tokenizer.encode("The SUNNY séas, moon.")]).toEqual([2, 4, 6, 7, 5, 8, 9, 1, 10, 3]);
    expect(tokenizer.decode(tokenizer.encode("The sunny sea."))).toBe("the sunny sea.");
  });

  test("makes rows that keep beginning and end", () => {
    const { tokens, lengths } = tokenizer.encodeAll(["the sea, the sun", "sun"], { length: 5 });
    expect([...tokens.data]).toEqual([2, 4, 5, 9, 3, 2, 6, 3, 0, 0]);
    expect([...lengths.data]).toEqual([5, 3]);
    expect(tokenizer.decodeAll(tokens)).toEqual(["the sea,", "sun"]);
    expect([...tokenizer.encodeAll(["the sea, the sun"], { length: 4, cut: "start" }).tokens.data]).toEqual([
      2, 4, 6, 3,
    ]);
  });

  test("is told its padding by a config, too, and takes the package where it is given", () => {
    const { padding: _, ...rest } = bert;
    expect(huggingFaceTokenizer(rest).padding).toBeUndefined();
    const config = JSON.stringify({ pad_token: { content: "[SEP]" } });
    expect(huggingFaceTokenizer(rest, { config }).padding).toBe(3);
    expect([...huggingFaceTokenizer(rest, { library, config: { pad_token: "[PAD]" } }).encode("sea")]).toEqual([
      2, 5, 3,
    ]);
  });
});

test("what is not known has the token of the file, and is an error where there is none", () => {
  const model = { type: "WordLevel", vocab: { "?": 0, the: 1, sea: 2 }, unk_token: "?" };
  const words = (model: object) => huggingFaceTokenizer({ model, pre_tokenizer: { type: "Whitespace" } });
  expect([...words(model).encode("the moon sea")]).toEqual([1, 0, 2]);
  const { unk_token: _, ...rest } = model;
  expect([...words(rest).encode("the sea")]).toEqual([1, 2]);
  expect(() => words(rest).encode("the moon")).toThrow(
    'encode: the file has no token for a part of "the moon", and none for what is not known',
  );
});

test.each<[read: () => unknown, kind: typeof SimdgradError, message: string]>([
  [() => huggingFaceTokenizer("{"), DataError, "huggingFaceTokenizer: this is no JSON"],
  [() => huggingFaceTokenizer("[]"), DataError, "huggingFaceTokenizer: this is no file of an object, got []"],
  [() => huggingFaceTokenizer({}), DataError, "huggingFaceTokenizer: this is no tokenizer.json, got {  }"],
  [
    () => huggingFaceTokenizer({ ...bert, model: { type: "Sheet" } }),
    DataError,
    "huggingFaceTokenizer: the package @huggingface/tokenizers cannot do this",
  ],
  [
    () => huggingFaceTokenizer(bert, { library: {} }),
    ArgumentError,
    "huggingFaceTokenizer: library must be the package",
  ],
  [() => huggingFaceTokenizer(bert).decode([11]), ArgumentError, "decode: token 0 is 11, none of 0 to 10"],
  [() => huggingFaceTokenizer(bert).encode(3 as never), ArgumentError, "encode: text must be a string"],
])("%#: %3$s", (read, kind, message) => {
  expect(read).toThrow(kind);
  expect(read).toThrow(message);
});

test("without the package it says which one is needed", () => {
  const spy = vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined as never);
  expect(() => huggingFaceTokenizer(bert)).toThrow(
    "huggingFaceTokenizer: the package @huggingface/tokenizers is needed (npm install @huggingface/tokenizers)",
  );
  spy.mockRestore();
});

/** GPT-2's characters for bytes: those that are printed stand for themselves, the others follow from 256 on. */
function lettersOfBytes(): string[] {
  const isPrinted = (byte: number) => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(isPrinted(byte) ? byte : next++));
}

test("our byte pairs, as a tokenizer.json of GPT-2's kind, are the same tokens there", () => {
  const texts = Array.from({ length: 80 }, (_, seed) => drawnText(seed));
  const own = textVectorizer({ units: "bytePairs", size: 500, padding: null }).fit(texts);
  const names = lettersOfBytes();
  const { pairs } = own.toJSON() as { readonly pairs: readonly (readonly [number, number])[] };
  const merges = pairs.map(([left, right]) => {
    names.push(names[left] + names[right]);
    return `${names[left]} ${names[right]}`;
  });
  expect(new Set(names).size).toBe(names.length);
  const level = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };
  const there = huggingFaceTokenizer({
    pre_tokenizer: level,
    decoder: level,
    model: { type: "BPE", vocab: Object.fromEntries(names.map((name, id) => [name, id])), merges },
  });
  expect(there.size).toBe(own.size);
  const others = Array.from({ length: 120 }, (_, seed) => drawnText(1000 + seed));
  const random = numbers(9);
  const strange = Array.from({ length: 120 }, () =>
    Array.from({ length: 40 }, () => String.fromCodePoint(Math.floor(0x800 * random() ** 2) + 1)).join(""),
  );
  let count = 0;
  for (const text of [...texts, ...others, ...strange]) {
    expect({ text, tokens: [...own.encode(text)] }).toEqual({ text, tokens: [...there.encode(text)] });
    count += own.encode(text).length;
  }
  expect(count).toBeGreaterThan(5000);
});
