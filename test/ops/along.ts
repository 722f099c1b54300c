// Functions along an axis: samples of those with kernels of their own, and right arguments.
import { cumulativeMax, cumulativeMin, unfold } from "../../src/functions/index.ts";
import { constant } from "../../src/index.ts";
import { cumulativeSum } from "../../src/ops/cumulative.ts";
import { argsort, sort, topK } from "../../src/ops/sort.ts";
import { type Call, call } from "../bad-input/harness.ts";
import * as a from "../bad-input/kinds.ts";
import { real, whole } from "./inputs.ts";
import type { Sample, Samples } from "./sample.ts";

const matrix = constant([
  [1, 2],
  [3, 4],
]);

function extremes(found: typeof cumulativeMax): [Sample, ...Sample[]] {
  const { name } = found;
  return [
    {
      golden: `along/${name}`,
      build: (x) => found(x, -1).values,
      larger: ["1", "5x333", "33x1", "3x5x17", "9000", "2x8193"].map((shape) => [real(shape)]),
    },
    {
      golden: `along/${name} 0`,
      build: (x) => found(x, 0).values,
      larger: ["33x17", "8200x3", "17x2x5", "40x65", "7x16", "300x77"].map((shape) => [real(shape)]),
    },
    { golden: `along/${name} i32`, build: (x) => found(x, 1).values, larger: [[whole("3x33x18", -9, 9)]] },
    { golden: `along/${name} indices`, build: (x) => found(x, 1).indices, larger: [[whole("5x333", -9, 9)]] },
  ];
}

/** By the names of their ops. */
export const alongSamples: Record<"cumulativeSum" | "sort" | "cumulativeMax", Samples> = {
  cumulativeMax: [...extremes(cumulativeMax), ...extremes(cumulativeMin)],
  cumulativeSum: [
    {
      golden: "along/cumulativeSum",
      build: (x) => cumulativeSum(x, -1),
      larger: ["1", "5x333", "33x1", "3x5x17", "9000", "2x8193", "300x77"].map((shape) => [real(shape)]),
    },
    {
      golden: "along/cumulativeSum 0",
      build: (x) => cumulativeSum(x, 0),
      larger: ["33x17", "8200x3", "17x2x5", "40x65", "7x16", "1x5", "300x77"].map((shape) => [real(shape)]),
    },
    {
      golden: "along/cumulativeSum 1 reversed",
      build: (x) => cumulativeSum(x, 1, { reverse: true }),
      larger: ["5x333", "3x33x18"].map((shape) => [real(shape)]),
    },
    {
      golden: "along/cumulativeSum 1 exclusive",
      build: (x) => cumulativeSum(x, 1, { exclusive: true }),
      larger: ["5x333", "3x33x18"].map((shape) => [real(shape)]),
    },
    {
      golden: "along/cumulativeSum 0 both",
      build: (x) => cumulativeSum(x, 0, { reverse: true, exclusive: true }),
      larger: ["333", "33x19"].map((shape) => [real(shape)]),
    },
    {
      golden: "along/cumulativeSum i32",
      build: (x) => cumulativeSum(x, 1),
      larger: [[whole("5x333", -1e9, 1e9)], [whole("3x33x18", -1e9, 1e9)]],
    },
  ],

  sort: [
    {
      golden: "along/sort",
      build: (x) => sort(x).values,
      larger: ["1", "333", "5x13", "7x12", "33x65", "3x1025", "9001", "2x8193", "1x20000", "300x77"].map((shape) => [
        real(shape),
      ]),
    },
    {
      golden: "along/sort 0 descending",
      build: (x) => sort(x, 0, { descending: true }).values,
      larger: ["333", "33x17", "17x2x5", "8193x2"].map((shape) => [real(shape)]),
    },
    { golden: "along/sort i32", build: (x) => sort(x, 1).values, larger: [[whole("5x333", -1e9, 1e9)]] },
    {
      golden: "along/sort i32 descending",
      build: (x) => sort(x, 1, { descending: true }).values,
      larger: [[whole("5x333", -9, 9)]],
    },
    {
      golden: "along/argsort",
      build: (x) => argsort(x, 1),
      larger: [[whole("5x333", -9, 9)], [whole("2x9001", -9, 9)], [real("5x333")]],
    },
    {
      golden: "along/argsort 0 descending",
      build: (x) => argsort(x, 0, { descending: true }),
      larger: [[whole("333x3", -9, 9)], [whole("9001x2", -9, 9)]],
    },
    { golden: "along/topK", build: (x) => topK(x, 3, 1).values, larger: [[real("5x333")]] },
    { golden: "along/topK smallest", build: (x) => topK(x, 2, 0, { largest: false }).values },
  ],
};

export const alongCalls: Readonly<Record<string, Call>> = {
  cumulativeMax: call(cumulativeMax, a.fitting(matrix), a.place(0)),
  cumulativeMin: call(cumulativeMin, a.fitting(matrix), a.place(0)),
  unfold: call(unfold, a.fitting(matrix), a.place(0), a.whole(2), a.optional(a.whole(1))),
};
