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

test("a change beyond the norm is cut to it", () => {
  const weights = vector([0, 0]);
  const anchor = { round: 0, weights, momentum: {} };
  const changes = [{ samples: 1, values: vector([-30, -40]) }];
  const after = outerStep(anchor, changes, { learningRate: 1, momentum: 0, maxNorm: 5 });
  expect([...after.weights.w.data]).toEqual([3, 4]);
});

test("what is not trained is the members' mean, whatever the outer step, which no norm cuts", () => {
  const weights = {
    w: { data: Float32Array.of(0), shape: [1] },
    running_var: { data: Float32Array.of(1000), shape: [1] },
    num_batches_tracked: { data: Int32Array.of(100), shape: [] },
  };
  const averaged = new Set(["running_var", "num_batches_tracked"]);
  const change = (variance: number, batches: number) =>
    changeOf(
      weights,
      {
        w: { data: Float32Array.of(-2), shape: [1] },
        running_var: { data: Float32Array.of(variance), shape: [1] },
        num_batches_tracked: { data: Int32Array.of(batches), shape: [] },
      },
      averaged,
    );
  const changes = [
    { samples: 3, values: change(1e-7, 2 ** 24 + 1) },
    { samples: 1, values: change(5e-7, 2 ** 24 + 1) },
  ];
  const options = { learningRate: 0.75, momentum: 0.5, maxNorm: 1 };
  const after = outerStep({ round: 0, weights, momentum: {} }, changes, options, averaged);
  expect([...after.weights.w.data]).toEqual([-0.75 * (1 + 0.5 * 1)]);
  expect(after.weights.running_var.data[0]).toBeCloseTo(2e-7, 12);
  expect([...after.weights.num_batches_tracked.data]).toEqual([2 ** 24 + 1]);
  expect(Object.keys(after.momentum)).toEqual(["w"]);

  const halves = unpackChange(packChange(change(1e-7, 2 ** 24 + 1), "f16", averaged));
  expect([...halves.running_var.data]).toEqual([Math.fround(1e-7)]);
  expect([...halves.num_batches_tracked.data]).toEqual([2 ** 24 + 1]);
});

test("what does not fit is said", () => {
  const weights = vector([1, 2]);
  expect(unfit(vector([1, 2]), weights)).toBeUndefined();
  expect(unfit(vector([1, 2, 3]), weights)).toBe("w has shape [3]");
  expect(unfit(vector([1, Number.NaN]), weights)).toBe("w holds NaN or an infinity");
  expect(unfit({ w: { data: Float32Array.of(1), shape: [2] } }, weights)).toBe("w is 1 numbers of another dtype");
  expect(unfit({ w: { data: Float64Array.of(1, 2), shape: [2] } }, weights)).toBe("w is 2 numbers of another dtype");
  expect(unfit(vector([1, 3e38]), weights)).toMatch(/^w holds 3[.0-9]*e\+38$/);
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
