// Saved vectorizers and weights that went wrong on their way are read, or refused in words; what is read works.
import { SimdgradError } from "simdgrad";
import { huggingFaceTokenizer, textVectorizer, textVectorizerFromJSON, tfIdf, tfIdfFromJSON } from "simdgrad/text";
import { expect, test } from "vitest";
import { numbers } from "../random.ts";
import { drawnText } from "./drawn.ts";

const MUTATIONS = process.env.SOAK ? 20_000 : 1000;

const texts = Array.from({ length: 12 }, (_, seed) => drawnText(seed));
const [text] = texts;

const PIECES = ["", "0", '"', "null", "}", "[]", "-1", "{}", "1e9", "true", '""', ","];

/** A text with up to three changes: pieces cut out, put in, or put in the place of others. */
function changed(json: string, seed: number): string {
  const random = numbers(seed);
  const below = (n: number) => Math.floor(random() * n);
  let made = json;
  for (let count = 1 + below(3); count > 0; count--) {
    const at = below(made.length);
    made = made.slice(0, at) + PIECES[below(PIECES.length)] + made.slice(at + below(5));
  }
  return made;
}

/** A file with one value in the place of another: it stays JSON, so that what is behind the parser is tried. */
function exchanged(json: string, seed: number): string {
  const random = numbers(seed);
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)];
  const values = [null, true, -1, 0.5, 1e12, "", "x", "<pad>", [], {}, [1, 2], ["x"], { source: "(", flags: "" }];
  const file = JSON.parse(json);
  let [place, key]: [Record<string, unknown>, string] = [file, pick(Object.keys(file))];
  while (typeof place[key] === "object" && place[key] !== null && random() < 0.7) {
    const inner = Object.keys(place[key] as object);
    if (inner.length === 0) break;
    [place, key] = [place[key] as Record<string, unknown>, pick(inner)];
  }
  if (random() < 0.2) delete place[key];
  else place[key] = pick(values);
  return JSON.stringify(file);
}

const readers: Readonly<Record<string, readonly [json: object, use: (json: string) => void]>> = {
  ...Object.fromEntries(
    (["characters", "words", "bytePairs"] as const).map((units) => [
      units,
      [
        textVectorizer({ units, end: "</s>", ...(units === "bytePairs" && { size: 300 }) }).fit(texts),
        (json: string) => {
          const made = textVectorizerFromJSON(json);
          expect(made.tokens.length).toBe(made.size);
          made.decode(made.encode(text));
          made.decodeAll(made.encodeAll(texts).tokens);
          JSON.stringify(made);
        },
      ] as const,
    ]),
  ),
  "tf-idf": [
    tfIdf({ ngrams: [1, 2], stopWords: ["sea"] }).fit(texts),
    (json) => {
      const made = tfIdfFromJSON(json);
      expect(made.transform(texts).shape).toEqual([texts.length, made.size]);
      made.rows(texts);
      JSON.stringify(made);
    },
  ],
  "a tokenizer.json": [
    {
      added_tokens: [{ id: 0, content: "[PAD]", special: true, lstrip: false, rstrip: false }],
      normalizer: { type: "Lowercase" },
      pre_tokenizer: { type: "Whitespace" },
      post_processor: null,
      decoder: { type: "WordPiece", prefix: "##", cleanup: true },
      model: { type: "WordPiece", vocab: { "[PAD]": 0, "[UNK]": 1, the: 2, sea: 3, "##s": 4 }, unk_token: "[UNK]" },
      padding: { pad_id: 0 },
    },
    (json) => {
      const made = huggingFaceTokenizer(json);
      made.decode(made.encode(text));
      made.decodeAll(made.encodeAll(texts).tokens);
    },
  ],
};

test.each(Object.keys(readers))(
  `${MUTATIONS} mutated files of %s`,
  (name) => {
    const [saved, use] = readers[name];
    const json = JSON.stringify(saved);
    let refused = 0;
    for (let seed = 0; seed < MUTATIONS; seed++) {
      const file = seed % 2 === 0 ? changed(json, seed) : exchanged(json, seed);
      try {
        use(file);
      } catch (error) {
        if (!(error instanceof SimdgradError) || error.message.length < 11)
          throw new Error(`seed ${seed}: ${file}`, { cause: error });
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(MUTATIONS / 4);
  },
  300_000,
);
