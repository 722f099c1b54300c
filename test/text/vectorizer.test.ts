// Tokens of texts: vocabularies in an order that the texts alone decide, byte pairs as a slow count finds them, texts that come back, rows of one
// length, and what does not fit refused by its place.
import { JsExecutor, SimdgradError, type Tensor, Trainer } from "simdgrad";
import { type Context, crossEntropy, Embedding, GRU, Linear } from "simdgrad/nn";
import { adam } from "simdgrad/optim";
import { type FittedTextVectorizer, textVectorizer, textVectorizerFromJSON } from "simdgrad/text";
import { describe, expect, test } from "vitest";
import { BytePairs, learnedPairs } from "../../src/text/byte-pairs.ts";
import { Heap } from "../../src/text/heap.ts";
import { PIECES, partsOf } from "../../src/text/patterns.ts";
import { byCharacters } from "../../src/text/texts.ts";
import { numbers } from "../random.ts";
import { drawnText } from "./drawn.ts";

const texts = Array.from({ length: 60 }, (_, seed) => drawnText(seed));

const KINDS = ["characters", "words", "bytePairs"] as const;

const fitted = Object.fromEntries(
  KINDS.map((units) => [
    units,
    textVectorizer({ units, begin: "<s>", end: "</s>", ...(units === "bytePairs" && { size: 400 }) }).fit(texts),
  ]),
) as Record<(typeof KINDS)[number], FittedTextVectorizer>;

describe.each(KINDS)("%s", (units) => {
  const made = fitted[units];

  test("are the same for any order of texts", () => {
    const size = units === "bytePairs" ? 400 : undefined;
    const again = textVectorizer({ units, begin: "<s>", end: "</s>", size }).fit(new Set([...texts].reverse()));
    expect(JSON.stringify(again)).toBe(JSON.stringify(made));
  });

  test("are the same from JSON", () => {
    const text = JSON.stringify(made);
    const again = textVectorizerFromJSON(text);
    expect(JSON.stringify(again)).toBe(text);
    expect(again.tokens).toEqual(made.tokens);
    for (const each of texts) expect(again.encode(each)).toEqual(made.encode(each));
    expect(textVectorizerFromJSON(JSON.parse(text)).size).toBe(made.size);
  });

  test("begin and end, are below the size, and come back", () => {
    expect([made.padding, made.begin, made.tokens[made.end as number]]).toEqual([
      0,
      units === "bytePairs" ? 1 : 2,
      "</s>",
    ]);
    expect(made.tokens.length).toBe(made.size);
    for (const text of texts) {
      const tokens = made.encode(text);
      expect([tokens[0], tokens.at(-1)]).toEqual([made.begin, made.end]);
      expect(Math.max(...tokens)).toBeLessThan(made.size);
      const back = made.decode(tokens);
      if (units === "words") expect(back.split(" ").join("")).toBe(text.toLowerCase().replaceAll(/\s/gu, ""));
      else expect(back).toBe(text);
    }
    const { tokens } = made.encodeAll(texts);
    expect(made.decodeAll(tokens)).toEqual(texts.map((text) => made.decode(made.encode(text))));
  });
});

test("frequent units come first, equal ones in the order of their characters, rare ones are not known", () => {
  const { tokens } = textVectorizer({ units: "characters", minFrequency: 2, padding: null }).fit([
    "bbb aa cc",
    "d 𝒳\uffee𝒳\uffee",
  ]);
  expect(tokens).toEqual(["<unk>", " ", "b", "a", "c", "\uffee", "𝒳"]);
  expect(textVectorizer({ size: 4 }).fit(["c a b a"]).tokens).toEqual(["<pad>", "<unk>", "a", "b"]);
});

test("words keep apostrophes and hyphens, signs stand alone, patterns are the caller's", () => {
  const words = textVectorizer().fit(["It's a well-known thing, isn’t it?!"]);
  expect(words.decode(words.encode("It's a well-known thing, isn’t it?!"))).toBe(
    "it's a well-known thing , isn’t it ? !",
  );
  const letters = textVectorizer({ pattern: /[a-z]+|/i, lowercase: false }).fit(["Ab ab 1 x"]);
  expect(letters.tokens).toEqual(["<pad>", "<unk>", "Ab", "ab", "x"]);
});

test("names of special tokens in a text are no special tokens", () => {
  const made = textVectorizer({ units: "characters", padding: "_" }).fit(["a_b_"]);
  expect([...made.encode("a_")]).toEqual([2, made.unknown]);
  const pairs = textVectorizer({ units: "bytePairs", end: "</s>" }).fit(["</s> </s> </s>"]);
  expect([...pairs.encode("</s>")].filter((token) => token === pairs.end).length).toBe(1);
  expect(pairs.decode(pairs.encode("</s>"))).toBe("</s>");
});

/** Pairs by counting all of them anew for each. */
function slowly(pieces: ReadonlyMap<string, number>, most: number, least: number): [number, number][] {
  const words = Array.from(pieces, ([piece, count]) => ({ tokens: [...new TextEncoder().encode(piece)], count }));
  const pairs: [number, number][] = [];
  while (pairs.length < most) {
    const counts = new Map<string, number>();
    for (const { tokens, count } of words)
      for (let i = 1; i < tokens.length; i++) {
        const key = `${tokens[i - 1]} ${tokens[i]}`;
        counts.set(key, (counts.get(key) ?? 0) + count);
      }
    const all = Array.from(counts, ([key, count]) => ({ pair: key.split(" ").map(Number) as [number, number], count }));
    all.sort((a, b) => b.count - a.count || a.pair[0] - b.pair[0] || a.pair[1] - b.pair[1]);
    if (all.length === 0 || all[0].count < least) break;
    const [left, right] = all[0].pair;
    for (const word of words)
      for (let i = 0; i + 1 < word.tokens.length; i++)
        if (word.tokens[i] === left && word.tokens[i + 1] === right) word.tokens.splice(i, 2, 256 + pairs.length);
    pairs.push([left, right]);
  }
  return pairs;
}

test.each([0, 1, 2])("byte pairs are those of a slow count: %d", (seed) => {
  const pieces = new Map<string, number>();
  for (let i = 0; i < 12; i++)
    for (const piece of partsOf(drawnText(1000 * seed + i), PIECES)) pieces.set(piece, (pieces.get(piece) ?? 0) + 1);
  pieces.set("aaaaaaa", 3).set("ababababa", 2);
  const pairs = learnedPairs(pieces, 150, 2);
  expect(pairs).toEqual(slowly(pieces, 150, 2));
  expect(pairs.length).toBeGreaterThan(60);
  // Pieces that were learned from become the tokens that learning made of them.
  const coder = new BytePairs(pairs, PIECES);
  for (const piece of pieces.keys()) expect(coder.decode(coder.encode(piece))).toBe(piece);
});

test("any text comes back from byte pairs, however long its pieces are", () => {
  const made = fitted.bytePairs;
  const texts = [
    "",
    " ",
    "\n\n  \t",
    "\uFEFFa\uFEFF",
    "👩‍👩‍👧 flags 🇩🇪",
    "e\u0301\u0000\u{10FFFF}",
    "ж".repeat(5000),
    "a".repeat(100_000),
  ];
  for (const text of texts) expect(made.decode(made.encode(text))).toBe(text);
  expect(made.decode(made.encode("half a \ud83d character"))).toBe("half a \uFFFD character");
});

test("a megabyte is learned and encoded within a test's time", () => {
  const random = numbers(5);
  const words = Array.from({ length: 30_000 }, (_, i) =>
    i.toString(27).replaceAll(/\d/g, (digit) => "qrstuvwxyz"[Number(digit)]),
  );
  const parts: string[] = [];
  for (let length = 0; length < 1_000_000; length += parts.at(-1)?.length ?? 0)
    parts.push(`${words[Math.floor(words.length * random() ** 4)]} `);
  const text = parts.join("");
  const made = textVectorizer({ units: "bytePairs", size: 8192 }).fit([text]);
  expect(made.size).toBe(8192);
  expect(made.decode(made.encode(text)) === text).toBe(true);
});

test("a heap gives what it was given, in order", () => {
  const random = numbers(3);
  const heap = new Heap<number>((a, b) => a < b);
  const given = Array.from({ length: 500 }, () => Math.floor(100 * random()));
  for (const each of given) heap.push(each);
  expect(given.map(() => heap.pop())).toEqual(given.toSorted((a, b) => a - b));
  expect(heap.pop()).toBeUndefined();
});

test("texts are in the order of their characters", () => {
  const all = ["", "a", "aa", "b", "é", "\u{10000}", "\uFFFD", "a\u{1F600}", "a\uFFFD", "\uE000"];
  expect([...all].sort(byCharacters)).toEqual([
    "",
    "a",
    "aa",
    "a\uFFFD",
    "a\u{1F600}",
    "b",
    "é",
    "\uE000",
    "\uFFFD",
    "\u{10000}",
  ]);
});

describe("rows", () => {
  const letters = textVectorizer({ units: "characters", begin: "<", end: ">" }).fit(["abcdefgh"]);
  const written = (length: number, options: object) =>
    letters.decodeAll(letters.encodeAll(["abcdefgh", "ab", ""], { length, ...options }).tokens);

  test("have the length of the longest, or what is asked for", () => {
    const { tokens, lengths } = letters.encodeAll(["abc", "a", ""]);
    expect([tokens.shape, tokens.dtype, lengths.shape, lengths.dtype]).toEqual([[3, 5], "i32", [3], "i32"]);
    expect([...tokens.data]).toEqual([2, 4, 5, 6, 3, 2, 4, 3, 0, 0, 2, 3, 0, 0, 0]);
    expect([...lengths.data]).toEqual([5, 3, 2]);
    expect(letters.encodeAll(["a"], { length: 9 }).tokens.shape).toEqual([1, 9]);
    expect(textVectorizer().fit(["a"]).encodeAll(["", ""]).tokens).toEqual({
      data: Int32Array.of(0, 0),
      shape: [2, 1],
      dtype: "i32",
    });
  });

  test("are cut where it is said, between beginning and end, and filled up at either end", () => {
    expect(written(6, {})).toEqual(["abcd", "ab", ""]);
    expect(written(6, { cut: "start" })).toEqual(["efgh", "ab", ""]);
    expect(written(7, { cut: "middle" })).toEqual(["abcgh", "ab", ""]);
    expect([...letters.encodeAll(["ab", "a"], { length: 4, pad: "start" }).tokens.data]).toEqual([
      2, 4, 5, 3, 0, 2, 4, 3,
    ]);
    expect([...letters.encodeAll(["abcd"], { length: 2 }).lengths.data]).toEqual([2]);
  });
});

test("a network learns from rows and their lengths", async () => {
  const list = ["good not bad", "bad not good", "not bad", "not good", "good", "bad"];
  const words = textVectorizer().fit(list);
  interface Rows {
    readonly tokens: Tensor;
    readonly lengths: Tensor;
  }
  class Reader {
    readonly table = new Embedding(words.size, 8, { paddingIdx: words.padding });
    readonly gru = new GRU(8, 8, { batchFirst: true });
    readonly out = new Linear(8, 2);
    forward({ tokens, lengths }: Rows, context: Context): Tensor {
      const { state } = this.gru.forward({ input: this.table.forward(tokens), lengths }, context);
      return this.out.forward(state.squeeze(0));
    }
  }
  const trainer = new Trainer(new Reader(), {
    loss: crossEntropy,
    optimizer: adam(0.03),
    executor: new JsExecutor(),
  });
  const y = Int32Array.of(1, 0, 1, 0, 1, 0);
  await trainer.load({ x: words.encodeAll(list), y: { data: y, shape: [6] } });
  await trainer.fit({ batch: "all", epochs: 80 });
  const { data } = await trainer.predict(words.encodeAll(list), { as: "argmax" });
  expect([...data]).toEqual([...y]);
  await trainer.dispose();
});

const strict = textVectorizer({ units: "characters", unknown: null, padding: null }).fit(["sea"]);
const saved = JSON.parse(JSON.stringify(textVectorizer().fit(["sea sun"])));
const pairs = JSON.parse(JSON.stringify(fitted.bytePairs));

/** As JavaScript sees it, which does not know types. */
const unfitted = textVectorizer() as unknown as FittedTextVectorizer;

test.each<[read: () => unknown, message: string]>([
  [() => unfitted.encode("a"), "textVectorizer: encode is of what fit gives: call fit(...) first"],
  [() => unfitted.size, "textVectorizer: size is of what fit gives"],
  [() => JSON.stringify(unfitted), "textVectorizer: toJSON is of what fit gives"],
  [
    () => textVectorizer({ units: "letters" as never }),
    'textVectorizer: units must be "characters" or "words" or "bytePairs"',
  ],
  [() => textVectorizer({ units: "bytePairs", unknown: "?" }), "textVectorizer: unknown means nothing for byte pairs"],
  [() => textVectorizer({ units: "characters", pattern: /./ }), "textVectorizer: pattern means nothing for characters"],
  [() => textVectorizer({ units: "bytePairs", size: 256 }), "textVectorizer: size must be at least 257, got 256"],
  [() => textVectorizer({ size: 2 }), "textVectorizer: size must be at least 3, got 2"],
  [() => textVectorizer({ begin: "<s>", end: "<s>" }), 'textVectorizer: end has the name of another token, "<s>"'],
  [
    () => textVectorizer({ pattern: /a/y }),
    "textVectorizer: pattern must be a regular expression, such as /\\w+/u, without the flag y",
  ],
  [() => textVectorizer({ end: "" }), 'textVectorizer: end must be a name or null, got ""'],
  [() => textVectorizer().fit("sea" as never), 'fit: texts must be a list of texts, got "sea"'],
  [() => textVectorizer().fit([]), "fit: of 0 different words none occurs 1 times"],
  [() => textVectorizer({ minFrequency: 2 }).fit(["sea sun"]), "fit: of 2 different words none occurs 2 times"],
  [() => strict.encode("seal"), 'encode: "l" in "seal" is not known, and there is no token for that'],
  [() => strict.encodeAll(["sea", "s"]), "encodeAll: text 1 has 1 of 3 tokens, but there is no padding"],
  [() => strict.encodeAll([]), "encodeAll: there are no texts"],
  [
    () => fitted.words.encodeAll(["sea"], { length: 1 }),
    "encodeAll: length must be at least 2, for beginning and end, got 1",
  ],
  [() => strict.decode([0, 3]), "decode: token 1 is 3, none of 0 to 2"],
  [() => strict.decode([0.5]), "decode: token 0 is 0.5, none of 0 to 2"],
  [() => strict.decodeAll([0, 1]), "decodeAll: tokens is [2], not [texts, length]"],
  [() => textVectorizerFromJSON("{"), "textVectorizerFromJSON: this is no JSON"],
  [() => textVectorizerFromJSON([]), "textVectorizerFromJSON: this is no text vectorizer, got []"],
  [() => textVectorizerFromJSON({ ...saved, version: 0 }), "version 0 of the format is not known, only 1"],
  [() => textVectorizerFromJSON({ ...saved, names: [] }), "textVectorizerFromJSON: names must be a list of words"],
  [() => textVectorizerFromJSON({ ...saved, names: ["sea", "sea"] }), 'names.1: "sea" was there before'],
  [() => textVectorizerFromJSON({ ...saved, names: ["<pad>"] }), 'names.0: "<pad>" was there before'],
  [() => textVectorizerFromJSON({ ...saved, pairs: [] }), "textVectorizerFromJSON: unknown option pairs"],
  [() => textVectorizerFromJSON({ ...saved, special: { middle: "" } }), "special: unknown option middle"],
  [() => textVectorizerFromJSON({ ...pairs, pairs: [[0, 256]] }), "pairs: pair 0 is of tokens that come after it"],
  [
    () =>
      textVectorizerFromJSON({
        ...pairs,
        pairs: [
          [1, 2],
          [1, 2],
        ],
      }),
    "pairs: pair 1 was there before",
  ],
  [
    () =>
      textVectorizerFromJSON({
        ...pairs,
        pairs: Array.from({ length: 9 }, (_, i) => (i === 0 ? [1, 1] : [255 + i, 255 + i])),
      }),
    "pairs: pair 8 is of 512 bytes, more than 256",
  ],
])("%#: %2$s", (read, message) => {
  expect(read).toThrow(SimdgradError);
  expect(read).toThrow(message);
});
