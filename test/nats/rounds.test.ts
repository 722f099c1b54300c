// The arithmetic of rounds, beside torch's, and what is refused.
import { expect, test } from "vitest";
import { Frozen } from "../../src/finetune/index.ts";
import { topological } from "../../src/graph.ts";
import { packChange, unpackChange } from "../../src/nats/parcel.ts";
import { type Anchor, asTheyAre, changeOf, outerStep, unfit, unfitChange } from "../../src/nats/round.ts";
import {
  Conv2d,
  ConvTranspose2d,
  Embedding,
  Linear,
  LSTM,
  SpectralNorm,
  Stateful,
  trainingContext,
  variables,
} from "../../src/nn/index.ts";
import { scalar } from "../../src/tensor.ts";
import { type Assignment, Variable } from "../../src/variable.ts";
import golden from "../golden/rounds.json" with { type: "json" };
import { contexts, names, sampleOf, table } from "../nn/every-layer.ts";

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
  const asIs = new Map([
    ["running_var", "mean"],
    ["num_batches_tracked", "mean"],
  ] as const);
  const change = (variance: number, batches: number) =>
    changeOf(
      weights,
      {
        w: { data: Float32Array.of(-2), shape: [1] },
        running_var: { data: Float32Array.of(variance), shape: [1] },
        num_batches_tracked: { data: Int32Array.of(batches), shape: [] },
      },
      asIs,
    );
  const changes = [
    { samples: 3, values: change(1e-7, 2 ** 24 + 1) },
    { samples: 1, values: change(5e-7, 2 ** 24 + 1) },
  ];
  const options = { learningRate: 0.75, momentum: 0.5, maxNorm: 1 };
  const after = outerStep({ round: 0, weights, momentum: {} }, changes, options, asIs);
  expect([...after.weights.w.data]).toEqual([-0.75 * (1 + 0.5 * 1)]);
  expect(after.weights.running_var.data[0]).toBeCloseTo(2e-7, 12);
  expect([...after.weights.num_batches_tracked.data]).toEqual([2 ** 24 + 1]);
  expect(Object.keys(after.momentum)).toEqual(["w"]);

  const halves = unpackChange(packChange(change(1e-7, 2 ** 24 + 1), "f16", asIs), asIs);
  expect([...halves.running_var.data]).toEqual([Math.fround(1e-7)]);
  expect([...halves.num_batches_tracked.data]).toEqual([2 ** 24 + 1]);
});

test("of what no mean can be made, the first change's value is taken whole", () => {
  const asIs = new Map([["u", "first"]] as const);
  const of = (w: number, ...u: readonly number[]) => ({
    ...vector([w]),
    u: { data: Float32Array.from(u), shape: [2] },
  });
  const weights = of(0, 1, 0);
  const changes = [of(2, 0, 1), of(4, -1, 0), of(6, 1, 0)].map((after) => ({
    samples: 1,
    values: changeOf(weights, after, asIs),
  }));
  const options = { learningRate: 0.5, momentum: 0.9, maxNorm: 1e-3 };
  const after = (order: readonly number[]) => {
    const given = order.map((k) => changes[k]);
    return [...outerStep({ round: 0, weights, momentum: {} }, given, options, asIs).weights.u.data];
  };
  expect([after([0, 1, 2]), after([1, 2, 0]), after([2, 0, 1])]).toEqual([
    [0, 1],
    [-1, 0],
    [1, 0], // as it was: its change does not tell it
  ]);
});

test("where the step is the mean of whole changes, values come as they are, and one alone gives back its bits", () => {
  const kinds = new Map([
    ["w", "trained"],
    ["u", "first"],
    ["v", "mean"],
    ["h", "own"],
  ] as const);
  const others = new Map([
    ["u", "first"],
    ["v", "mean"],
  ]);
  const step = { learningRate: 1, momentum: 0, maxNorm: null, precision: "f32" } as const;
  for (const other of [{ learningRate: 0.9 }, { momentum: 0.1 }, { maxNorm: 1 }, { precision: "f16" as const }])
    expect(asTheyAre(kinds, { ...step, ...other })).toEqual(others);
  const asIs = asTheyAre(kinds, step);
  expect(asIs).toEqual(new Map([["w", "mean"], ...others]));
  const [before, after] = [vector([1, 1, 3]), vector([1e-10, -0.1, 1e-30])]; // none is what before minus its change is
  const anchor = { round: 0, weights: before, momentum: {} };
  const given = (map: typeof asIs) => [{ samples: 7, values: changeOf(before, after, map) }];
  expect(outerStep(anchor, given(asIs), step, asIs)).toEqual({ round: 1, weights: after, momentum: {} });
  expect(outerStep(anchor, given(others as typeof asIs), step, others as typeof asIs).weights).not.toEqual(after);
});

test("what is as it was is in no change, and stays, but for its momentum", () => {
  const state = (w: number, frozen: number, mean: number) => ({
    w: { data: Float32Array.of(w), shape: [1] },
    frozen: { data: Float32Array.of(frozen), shape: [1] },
    mean: { data: Float32Array.of(mean), shape: [1] },
  });
  const asIs = new Map([
    ["frozen", "mean"],
    ["mean", "mean"],
  ] as const);
  const [weights, momentum] = [state(1, 0.1, 4), { w: { data: Float32Array.of(2), shape: [1] } }];
  const change = (w: number, mean: number) => changeOf(weights, state(w, 0.1, mean), asIs);
  const all = [change(1, 4), change(0, 4), change(1, 8)];
  expect(all.map(Object.keys)).toEqual([[], ["w"], ["mean"]]);
  for (const each of all) {
    for (const precision of ["f32", "f16"] as const)
      expect(unpackChange(packChange(each, precision, asIs), asIs)).toEqual(each);
    expect(unfitChange(each, weights)).toBeUndefined();
    expect(unfit(each, weights)).toBe("it has other variables");
  }
  expect(unfitChange({ other: weights.w }, weights)).toBe("it has other variables");
  const options = { learningRate: 0.5, momentum: 0.5, maxNorm: 10 };
  const after = (...values: typeof all) => {
    const changes = values.map((each) => ({ samples: 3, values: each }));
    const next = outerStep({ round: 0, weights, momentum }, changes, options, asIs);
    return [next.momentum, next.weights].flatMap((state) => Object.values(state).map(({ data }) => data[0]));
  };
  // 0.5 * 2, of which half is made half a step; to 0.1 as an f32 no mean of three is added.
  expect(after(all[0], all[0], all[0])).toEqual([1, 0.75, Math.fround(0.1), 4]);
  expect(after(all[1], all[2])).toEqual([1.5, 1 - 0.5 * (0.5 + 0.75), Math.fround(0.1), 6]);
});

test("every layer says what becomes of what no optimizer trains", () => {
  const found = new Map<string, Set<string>>();
  const note = (each: Variable) =>
    found.set(each.sharing ?? "mean", (found.get(each.sharing ?? "mean") ?? new Set()).add(each.label));
  const make = contexts.make;
  for (const name of names) {
    const assigned: Assignment[] = [];
    contexts.make = () => trainingContext(0, scalar(0, "i32"), assigned);
    for (const each of topological(sampleOf(table[name]).results))
      if (each instanceof Variable && !each.isParameter) note(each);
    for (const [variable] of assigned) note(variable);
  }
  contexts.make = make;
  for (const layer of [new Linear(2, 3), new Conv2d(2, 3, 3), new ConvTranspose2d(2, 3, 3), new Embedding(3, 2)])
    for (const each of variables(new Frozen(new SpectralNorm(layer as Linear))).values())
      if (!each.isParameter) note(each);
  for (const each of new Stateful(new LSTM(2, 3), 1).state) note(each);
  expect(Object.fromEntries(Array.from(found, ([sharing, labels]) => [sharing, [...labels].sort()]))).toEqual({
    mean: ["num_batches_tracked", "running_mean", "running_var"],
    first: ["weight_u", "weight_v"],
    own: ["c", "h"],
  });
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
