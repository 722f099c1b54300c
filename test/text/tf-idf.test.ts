// Weights of words: figures are scikit-learn's, sparse and dense ones are the same, and what was fitted is the same again from JSON.
import { readFileSync } from "node:fs";
import { evaluateAll, JsExecutor, SimdgradError, type Tensor, Trainer, Variable } from "simdgrad";
import { EmbeddingBag, mseLoss } from "simdgrad/nn";
import { sgd } from "simdgrad/optim";
import { type FittedTfIdf, type HashedWords, hashedWords, tfIdf, tfIdfFromJSON } from "simdgrad/text";
import { describe, expect, test } from "vitest";
import { logarithm } from "../../src/text/logarithm.ts";

interface Golden {
  readonly fit: readonly string[];
  readonly new: readonly string[];
  readonly cases: readonly {
    readonly kind: "tfIdf" | "hashedWords";
    readonly options: object;
    readonly names: readonly string[] | null;
    readonly weights: readonly number[] | null;
    readonly rows: readonly (readonly (readonly [feature: number, weight: number])[])[];
  }[];
}

const golden: Golden = JSON.parse(readFileSync(new URL("../golden/text.json", import.meta.url), "utf8"));

/** 1e-6 of the number, or of 1: weights are f32, whose digits end at 6e-8 of it. */
function isNear(found: number, expected: number): boolean {
  return Math.abs(found - expected) <= 1e-6 * Math.max(1, Math.abs(expected));
}

describe.each(golden.cases.map((each, i) => [`${i}: ${each.kind} ${JSON.stringify(each.options)}`, each] as const))(
  "%s",
  (_, { kind, options, names, weights, rows }) => {
    const made: FittedTfIdf | HashedWords =
      kind === "tfIdf" ? tfIdf(options).fit(golden.fit) : hashedWords(options as { features: number });

    test("has scikit-learn's terms and weights", () => {
      if (!("names" in made) || weights === null) return;
      expect(made.names).toEqual(names);
      // Sums of a few roundings of Float64.
      for (const [i, weight] of weights.entries())
        expect(Math.abs(made.weights[i] - weight)).toBeLessThan(1e-14 * weight);
    });

    test("makes what scikit-learn makes", () => {
      const { index, offsets, perSampleWeights } = made.bags(golden.new);
      for (const [i, row] of rows.entries()) {
        const end = i + 1 < rows.length ? offsets.data[i + 1] : index.data.length;
        // What cancels out is kept as 0, which scikit-learn's hashes keep, too.
        expect([...index.data.slice(offsets.data[i], end)]).toEqual(row.map(([feature]) => feature));
        for (const [at, [, weight]] of row.entries()) {
          const found = perSampleWeights.data[offsets.data[i] + at];
          expect({ i, at, found, weight, near: isNear(found, weight) }).toMatchObject({ near: true });
        }
      }
    });

    test("is the same in rows and dense", () => {
      if (made.size > 10_000) return;
      const { data, shape } = made.transform(golden.new);
      expect(shape).toEqual([golden.new.length, made.size]);
      const { index, perSampleWeights } = made.rows(golden.new);
      const length = index.shape[1];
      expect(length).toBe(Math.max(...rows.map((row) => row.length)));
      const again = new Float32Array(data.length);
      for (let at = 0; at < index.data.length; at++)
        again[Math.floor(at / length) * made.size + index.data[at]] += perSampleWeights.data[at];
      expect(again).toEqual(data);
    });

    test("is the same from JSON, to the bit", () => {
      if (!("toJSON" in made)) return;
      const text = JSON.stringify(made);
      const again = tfIdfFromJSON(text);
      expect(again.transform(golden.new)).toEqual(made.transform(golden.new));
      expect(JSON.stringify(again)).toBe(text);
      expect(tfIdfFromJSON(JSON.parse(text)).names).toEqual(made.names);
    });
  },
);

test("logarithms are those of Float64, but for the last bits", () => {
  for (let x = 1; x < 1e9; x *= 1.0137)
    expect(Math.abs(logarithm(x) - Math.log(x))).toBeLessThan(2e-15 * (1 + Math.log(x)));
  expect([logarithm(1), logarithm(2)]).toEqual([0, Math.LN2]);
});

test("the order of texts is no matter, and none of those to test with is learned from", () => {
  const fitted = tfIdf({ ngrams: [1, 2] }).fit(golden.fit);
  expect(JSON.stringify(tfIdf({ ngrams: [1, 2] }).fit([...golden.fit].reverse()))).toBe(JSON.stringify(fitted));
  const [one] = golden.new;
  expect(fitted.transform([one]).data).toEqual(fitted.transform(golden.new).data.slice(0, fitted.size));
});

test("rows that are too short keep the terms with the largest weights", () => {
  const fitted = tfIdf({ norm: "none" }).fit(["a1 a2 a3", "a1 a2", "a1"]);
  const { index, perSampleWeights } = fitted.rows(["a1 a3 a3 a2"], { length: 2 });
  expect([...index.data]).toEqual([1, 2]);
  expect(perSampleWeights.data[0]).toBe(fitted.transform(["a2"]).data[1]);
});

test("bags and rows are what EmbeddingBag takes: both give what the dense rows times the table give", async () => {
  const fitted = tfIdf({ ngrams: [1, 2], minDocuments: 2 }).fit(golden.fit);
  const layer = new EmbeddingBag(fitted.size, 3, { mode: "sum" });
  const variable = ({ data, shape, dtype }: ReturnType<typeof fitted.transform>) =>
    new Variable(shape, data as Int32Array, { dtype, trainable: false });
  const { index, offsets, perSampleWeights } = fitted.bags(golden.new);
  const rows = fitted.rows(golden.new);
  const [bags, padded, whole] = await evaluateAll([
    layer.forward({ index: variable(index), offsets: variable(offsets), perSampleWeights: variable(perSampleWeights) }),
    layer.forward({ index: variable(rows.index), perSampleWeights: variable(rows.perSampleWeights) }),
    variable(fitted.transform(golden.new)).matmul(layer.weight),
  ]);
  expect(whole.length).toBe(3 * golden.new.length);
  // The three add the same products in other orders: some tens of them, each below 4.
  for (let i = 0; i < whole.length; i++) {
    expect(Math.abs(bags[i] - whole[i])).toBeLessThan(1e-5);
    expect(Math.abs(padded[i] - whole[i])).toBeLessThan(1e-5);
  }
});

test("a Trainer takes rows in batches", async () => {
  const texts = ["good sea", "bad sea", "good sun", "bad moon", "good", "bad"];
  const fitted = tfIdf().fit(texts);
  class Regression {
    readonly table = new EmbeddingBag(fitted.size, 1, { mode: "sum" });
    forward(terms: { readonly index: Tensor; readonly perSampleWeights: Tensor }): Tensor {
      return this.table.forward(terms);
    }
  }
  const trainer = new Trainer(new Regression(), { loss: mseLoss, optimizer: sgd(0.5), executor: new JsExecutor() });
  const y = { data: Float32Array.from(texts, (text) => (text.startsWith("good") ? 1 : -1)), shape: [6, 1] };
  await trainer.load({ x: fitted.rows(texts), y });
  await trainer.fit({ batch: 3, epochs: 60 });
  const { data } = await trainer.predict(fitted.rows(["good moon", "bad sun"]));
  expect(data[0]).toBeGreaterThan(0);
  expect(data[1]).toBeLessThan(0);
  await trainer.dispose();
});

const saved = JSON.parse(JSON.stringify(tfIdf().fit(["sea sun"])));

test.each<[read: () => unknown, message: string]>([
  [() => tfIdf({ minDocuments: 0 }), "tfIdf: minDocuments must be a whole number >= 1, or a share below 1, got 0"],
  [() => tfIdf({ minDocuments: 1.5 }), "tfIdf: minDocuments must be a whole number >= 1"],
  [() => tfIdf({ ngrams: [2, 1] }), "tfIdf: ngrams: most must be at least least 2, got 1"],
  [() => tfIdf({ ngrams: [1, 99] }), "tfIdf: ngrams.1 must be a whole number from 1 to 16"],
  [() => tfIdf({ pattern: "\\w+" as never }), "tfIdf: pattern must be a regular expression"],
  [() => tfIdf({ norm: "max" as never }), 'tfIdf: norm must be "l1" or "l2" or "none"'],
  [() => tfIdf().fit([]), "fit: there are no texts"],
  [() => tfIdf().fit("the sea" as never), 'fit: texts must be a list of texts, got "the sea"'],
  [() => tfIdf().fit(["", "a"]), "fit: of 0 terms none is in as many of 2 texts as asked"],
  [() => tfIdf({ minDocuments: 3 }).fit(["sea", "sea"]), "fit: of 1 terms none is in as many of 2 texts as asked"],
  [() => tfIdf().fit(["sea", 3 as never]), "fit: texts.1 must be a string, got 3"],
  [
    () => (tfIdf() as unknown as FittedTfIdf).transform(["a"]),
    "tfIdf: transform is of what fit gives: call fit(...) first",
  ],
  [() => tfIdfFromJSON(saved).rows([]), "rows: there are no texts"],
  [
    () => hashedWords({ features: 2 ** 24 }).transform(Array(65).fill("sea")),
    "transform: 65 texts of 16777216 features are too many for one array; bags() or rows()",
  ],
  [() => hashedWords({} as never), "hashedWords: features must be a whole number"],
  [() => tfIdfFromJSON("{"), "tfIdfFromJSON: this is no JSON"],
  [() => tfIdfFromJSON({ ...saved, version: 2 }), "tfIdfFromJSON: version 2 of the format is not known, only 1"],
  [() => tfIdfFromJSON({ ...saved, names: ["sea"] }), "tfIdfFromJSON: weights must be 1 numbers, one of each term"],
  [() => tfIdfFromJSON({ ...saved, names: ["sea", "sea"] }), 'tfIdfFromJSON: names: "sea" is there twice'],
  [() => tfIdfFromJSON({ ...saved, weights: [1, null] }), "weights.1 must be a number from 1 to 64, got null"],
  [() => tfIdfFromJSON({ ...saved, weights: [1, -1] }), "weights.1 must be a number from 1 to 64, got -1"],
  [() => tfIdfFromJSON({ ...saved, weights: [1e99, 1] }), "weights.0 must be a number from 1 to 64, got 1e+99"],
  [
    () => tfIdfFromJSON({ ...saved, pattern: { source: "(", flags: "u" } }),
    'tfIdfFromJSON: pattern is no regular expression: "(", flags "u"',
  ],
  [() => tfIdfFromJSON({ ...saved, more: 1 }), "tfIdfFromJSON: unknown option more"],
])("%#: %2$s", (read, message) => {
  expect(read).toThrow(SimdgradError);
  expect(read).toThrow(message);
});
