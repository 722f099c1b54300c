// Models that count, against what is reckoned by hand.
import { describe, expect, test } from "vitest";
import { additive, kneserNey, lossOf } from "../../demo/node/n-grams.ts";
import { drawn } from "../nn/sums.ts";

// a b a c a b, as 0 1 0 2 0 1, of the classes a, b, c and d; before its begin stands ^.
const SEQUENCE = Int32Array.of(0, 1, 0, 2, 0, 1);
const CLASSES = 4;

describe("Kneser-Ney of pairs", () => {
  const model = kneserNey([SEQUENCE], { order: 2, classes: CLASSES });

  // Pairs: ^a 1, ab 2, ba 1, ac 1, ca 1. Seen once 4, twice 1: the discount is 4 / (4 + 2) = 2/3.
  // What stands before: a after ^, b, c: 3; b after a: 1; c after a: 1; in all 5. Once 2, twice 0: the discount is 2 / 2 = 1.
  // Single letters, 3 kinds, a fourth of what is taken each: a (3 - 1) / 5 + 3/5 / 4 = 0.55; b, c and d 0 + 0.15.
  const single = [0.55, 0.15, 0.15, 0.15];
  // After a, seen 3 times before 2 kinds: b (2 - 2/3) / 3, c (1 - 2/3) / 3, and (2/3)(2)/3 = 4/9 of the single letters.
  const afterA = [0, 4 / 9, 1 / 9, 0].map((own, i) => own + (4 / 9) * single[i]);
  // After b, seen once before one kind: a (1 - 2/3), and 2/3 of the single letters.
  const afterB = [1 / 3, 0, 0, 0].map((own, i) => own + (2 / 3) * single[i]);

  test.each([
    ["a", 0, afterA],
    ["b", 1, afterB],
    ["d, which it never saw", 3, single],
  ])("after %s", (_, before, expected) => {
    for (const [next, probability] of expected.entries())
      expect(model.probability([before, next], 1)).toBeCloseTo(probability, 14);
  });

  test("at the begin of a sequence", () => {
    // ^ was seen once, before a.
    expect(model.probability([0], 0)).toBeCloseTo(1 / 3 + (2 / 3) * 0.55, 14);
    expect(model.probability([3], 0)).toBeCloseTo((2 / 3) * 0.15, 14);
  });

  test("over a sequence", () => {
    const heldOut = [0, 1, 3];
    const expected = -Math.log((1 / 3 + (2 / 3) * 0.55) * afterA[1] * afterB[3]) / 3;
    expect(lossOf(model, [heldOut])).toBeCloseTo(expected, 14);
    expect(lossOf(model, [heldOut], 2)).toBeCloseTo(-Math.log(afterB[3]), 14);
  });
});

test("Kneser-Ney of triples goes back to pairs, counted by what stands before them", () => {
  const model = kneserNey([SEQUENCE], { order: 3, classes: CLASSES });
  // Triples: ^^a, ^ab, aba, bac, aca, cab, once each: the discount is 6 / 6 = 1, and all of a triple's share goes to pairs.
  // Pairs by what stands before: ^a after ^; ab after ^, c; ba after a; ac after b; ca after a. As often once, twice as in the text: 2/3.
  expect(model.probability([1, 0, 2], 2)).toBeCloseTo((1 - 2 / 3) / 3 + (4 / 9) * 0.15, 14);
  expect(model.probability([1, 0, 1], 2)).toBeCloseTo((2 - 2 / 3) / 3 + (4 / 9) * 0.15, 14);
});

test.each([1, 2, 3, 5])("probabilities of n-grams of %s add up to 1, and none is 0", (order) => {
  const text = Int32Array.from(drawn([500], 1), (value) => Math.floor(3 * Math.abs(value)));
  for (const model of [
    kneserNey([text], { order, classes: CLASSES }),
    additive([text], { order, classes: CLASSES, added: 0.1 }),
  ])
    for (const before of [[], [0], [0, 1, 2, 0], [3, 3, 3, 3], [2, 2, 1, 3]]) {
      const all = Array.from({ length: CLASSES }, (_, next) => model.probability([...before, next], before.length));
      expect(all.reduce((sum, each) => sum + each)).toBeCloseTo(1, 12);
      expect(Math.min(...all)).toBeGreaterThan(0);
    }
});

test("counts with something added", () => {
  const model = additive([SEQUENCE], { order: 2, classes: CLASSES, added: 0.5 });
  // After a: b twice, c once, of 3 and 4 halves.
  expect(model.probability([0, 1], 1)).toBeCloseTo(2.5 / 5, 14);
  expect(model.probability([0, 3], 1)).toBeCloseTo(0.5 / 5, 14);
  expect(model.probability([3, 0], 1)).toBeCloseTo(1 / CLASSES, 14);
});

test("more n-grams than numbers can tell apart are refused", () => {
  expect(() => kneserNey([SEQUENCE], { order: 9, classes: 100 })).toThrow(
    "9 of 100 classes are more n-grams than can be told apart",
  );
});
