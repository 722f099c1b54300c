// Texts in a page: the same tokens and weights as in Node, and tokenizers of Hugging Face by a package that is handed over.
import { UnsupportedError } from "simdgrad";
import { hashedWords, huggingFaceTokenizer, textVectorizer, textVectorizerFromJSON, tfIdf } from "simdgrad/text";
import { expect, test } from "vitest";

const texts = ["low lower lowest, Größe", "the lowest sea, море", "a slow 海 🦁 sea"];

test("tokens and weights are those of Node", () => {
  const pairs = textVectorizer({ units: "bytePairs", size: 262, end: "</s>" }).fit(texts);
  expect(pairs.tokens.slice(258)).toEqual(["lo", "low", " s", " low"]);
  for (const text of texts) expect(textVectorizerFromJSON(JSON.stringify(pairs)).decode(pairs.encode(text))).toBe(text);
  expect([...textVectorizer().fit(texts).encode("The sea, море 🦁 ?")]).toEqual([10, 4, 2, 11, 13, 1]);
  // To the last bit: logarithms are sums and products alone.
  const [once, twice] = [1.6931471805599454, 1.2876820724517808];
  expect(tfIdf().fit(texts).weights).toEqual([once, once, once, twice, twice, once, once, once]);
  expect([...hashedWords({ features: 8, norm: "none" }).transform(["sun and sea"]).data]).toEqual([
    0, 0, -1, 1, 0, -1, 0, 0,
  ]);
});

test("a tokenizer needs its package", () => {
  const model = { type: "WordLevel", vocab: { "?": 0 }, unk_token: "?" };
  expect(() => huggingFaceTokenizer({ model })).toThrow(UnsupportedError);
});
