// The arithmetic of rounds, beside torch's, and what is refused.
import { expect, test } from "vitest";
import { packChange, unpackChange } from "../../src/nats/parcel.ts";
import { type Anchor, changeOf, outerStep, unfit } from "../../src/nats/round.ts";
import golden from "../golden/rounds.json" with { type: "json" };

const vector = (values: readonly number[]) => ({ w: { data: Float32Array.from(values), shape: [values.length] } });

test.each(golden.runs.map((run) => [run.learningRate, run.momentum, run] as const))(
  "five rounds with rate %d and momentum %d are torch's SGD with Nesterov's momentum",
  (learningRate, momentum, run) => {
    let anchor: Anchor = { round: 0, weights: vector(run.weights), momentum: {} };
    for (const { changes, after } of run.rounds) {
      const given = changes.map(({ samples, values }) => ({ samples, values: vector(values) }));
      anchor = outerStep(anchor, given, { learningRate, momentum, maxNorm: null });
      // Weights and momentum are rounded to f32 once a round: five times half an ulp of numbers below 8.
      anchor.weights.w.data.forEach((value, i) => {
        expect(Math.abs(value - after[i])).toBeLessThan(5 * 2 ** -21);
      });
    }
    expect(anchor.round).toBe(5);
  },
);

test("rate 1 and no momentum give the members' mean weights, weighed by their samples", () => {
  const before = vector([1, 2, 3]);
  const ends = [vector([2, 2, 0]), vector([0, 6, 3])];
  const changes = ends.map((end, i) => ({ samples: [1, 3][i], values: changeOf(before, end) }));
  const anchor = { round: 0, weights: before, momentum: {} };
  const { weights } = outerStep(anchor, changes, { learningRate: 1, momentum: 0, maxNorm: null });
  expect([...weights.w.data]).toEqual([0.5, 5, 2.25]);
});

test("a change beyond the norm is cut to it, and whole numbers stay whole", () => {
  const weights = { w: { data: Float32Array.of(0, 0), shape: [2] }, n: { data: Int32Array.of(4), shape: [1] } };
  const values = { w: { data: Float32Array.of(-30, -40), shape: [2] }, n: { data: Float32Array.of(0), shape: [1] } };
  const anchor = { round: 0, weights, momentum: {} };
  const after = outerStep(anchor, [{ samples: 1, values }], { learningRate: 1, momentum: 0, maxNorm: 5 });
  expect([...after.weights.w.data]).toEqual([3, 4]);
  expect(after.weights.n.data).toEqual(Int32Array.of(4));
});

test("what is not trained is the members' mean, whatever the outer step, and no reason to cut what is", () => {
  const weights = {
    w: { data: Float32Array.of(0), shape: [1] },
    running_var: { data: Float32Array.of(1), shape: [1] },
    num_batches_tracked: { data: Int32Array.of(100), shape: [] },
  };
  const values = (w: number, variance: number) => ({
    w: { data: Float32Array.of(w), shape: [1] },
    running_var: { data: Float32Array.of(1 - variance), shape: [1] },
    num_batches_tracked: { data: Float32Array.of(-100), shape: [] },
  });
  const changes = [
    { samples: 3, values: values(2, 0.125) },
    { samples: 1, values: values(2, 0.375) },
  ];
  const averaged = new Set(["running_var", "num_batches_tracked"]);
  const options = { learningRate: 0.75, momentum: 0.5, maxNorm: 4 };
  const after = outerStep({ round: 0, weights, momentum: {} }, changes, options, averaged);
  expect([...after.weights.w.data]).toEqual([-0.75 * (2 + 0.5 * 2)]);
  expect([...after.weights.running_var.data]).toEqual([0.1875]);
  expect([...after.weights.num_batches_tracked.data]).toEqual([200]);
  expect(Object.keys(after.momentum)).toEqual(["w"]);
  const { weights: cut } = outerStep(after, changes, { ...options, maxNorm: 1 }, averaged);
  expect([...cut.num_batches_tracked.data]).toEqual([300]);
});

test("what does not fit is said", () => {
  const weights = vector([1, 2]);
  expect(unfit(vector([1, 2]), weights)).toBeUndefined();
  expect(unfit(vector([1, 2, 3]), weights)).toBe("w has shape [3]");
  expect(unfit(vector([1, Number.NaN]), weights)).toBe("w holds NaN or an infinity");
  expect(unfit({ v: weights.w }, weights)).toBe("it has other variables");
});

test("halves are the nearest ones, ties to even, and what is too large is refused", () => {
  const values = [
    0,
    -0,
    1,
    -1.5,
    65504,
    65519,
    65520,
    2 ** -24,
    2 ** -25,
    3 * 2 ** -25,
    2 ** -14,
    1 + 2 ** -11,
    1 + 3 * 2 ** -11,
    0.1,
  ];
  const given = unpackChange(packChange(vector(values), "f16")).w;
  const expected = [
    0,
    -0,
    1,
    -1.5,
    65504,
    65504,
    Number.POSITIVE_INFINITY,
    2 ** -24,
    0,
    2 ** -23,
    2 ** -14,
    1,
    1 + 2 ** -9,
    0.0999755859375,
  ];
  expect([...given.data]).toEqual(expected);
  expect(given.shape).toEqual([values.length]);
  expect(unfit({ w: given }, vector(values))).toBe("w holds NaN or an infinity");
});
