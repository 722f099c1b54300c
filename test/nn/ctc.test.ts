// CTC against PyTorch over a table of sizes, targets and lengths; what is impossible, or wrong; lengths that float32 has no digits for.
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { grad } from "../../src/autodiff.ts";
import { compile } from "../../src/compile/compile.ts";
import { constant, input } from "../../src/create.ts";
import { checkGradients } from "../../src/debug/check-gradients.ts";
import { ArgumentError, DTypeError, ShapeError } from "../../src/errors.ts";
import { evaluate, evaluateAll } from "../../src/evaluate.ts";
import { type CtcLossOptions, ctcLoss } from "../../src/nn/losses/sequences.ts";
import { verifyProgram } from "../../src/program/verify-program.ts";
import type { Tensor } from "../../src/tensor.ts";
import { float32, oracle } from "../executors.ts";
import { runOn } from "../run.ts";
import { teamOf } from "../team.ts";
import { drawn } from "./sums.ts";

interface Row {
  readonly shape: readonly [times: number, n: number, classes: number];
  readonly targets: readonly (readonly number[])[];
  readonly inputLengths: readonly number[];
  readonly targetLengths: readonly number[];
  readonly options: CtcLossOptions;
  readonly value: readonly (number | string)[];
  readonly sums: readonly (readonly (number | string)[])[];
}

const rows: readonly Row[] = JSON.parse(readFileSync(new URL("../golden/ctc-cases.json", import.meta.url), "utf8"));

const executors = [
  { name: "oracle", executor: oracle({ poison: true }), tolerance: 1e-10 },
  // Float32 rounds at 6e-8; a loss is up to 40, the sum of some twenty logarithms.
  ...Object.entries(float32).map(([name, create]) => ({ name, executor: create({ poison: true }), tolerance: 1e-5 })),
];
const team = teamOf(1, "portable");
const teams = [2, 4].map((threads) => teamOf(threads, "portable"));
afterAll(() =>
  Promise.all([...executors.map(({ executor }) => executor), team, ...teams].map((each) => each.dispose())),
);

/** The loss of a row, and the gradient of its weighted sum by logits. */
function graphOf({ shape, targets, inputLengths, targetLengths, options }: Row, seed: number) {
  const x = input(shape);
  const index = constant(targets, { dtype: "i32" });
  const loss = ctcLoss(x.logSoftmax(), index, inputLengths, targetLengths, options);
  const weights = constant(drawn(loss.shape, seed + 1000), { shape: loss.shape });
  const logits = drawn(shape, seed).map((each) => 3 * each);
  return { outputs: { loss, slope: grad(loss.mul(weights).sum(), [x])[0] }, inputs: [[x, logits] as const] };
}

test("the table has alignments that are impossible, with infinity and without", () => {
  const impossible = rows.filter(({ value }) => value.includes("Infinity"));
  expect(rows.length).toBeGreaterThanOrEqual(100);
  expect(impossible.length).toBeGreaterThan(5);
  expect(rows.filter(({ options, value }) => options.zeroInfinity && value.includes(0)).length).toBeGreaterThan(2);
});

test.each(executors)("$name has PyTorch's losses and gradients", async ({ executor, tolerance }) => {
  for (const [i, row] of rows.entries()) {
    const { loss, slope } = await runOn(executor, graphOf(row, i + 1));
    const near = (found: number, expected: number | string, what: string) => {
      const wanted = Number(expected);
      const isNear = Math.abs(found - wanted) <= tolerance * Math.max(1, Math.abs(wanted));
      expect(isNear || Object.is(found, wanted), `${what} of ${JSON.stringify(row)}: ${found}`).toBe(true);
    };
    row.value.forEach((value, k) => {
      near(loss[k], value, "value");
    });
    const [, n, classes] = row.shape;
    for (const [which, seed] of [2000, 3000].entries()) {
      const weights = drawn(row.shape, i + 1 + seed);
      const sums = Array<number>(n).fill(0);
      slope.forEach((each, k) => {
        sums[Math.floor(k / classes) % n] += each * weights[k];
      });
      sums.forEach((sum, k) => {
        near(sum, row.sums[k][which], "gradient");
      });
    }
  }
});

test("any number of threads gives the bits of one", async () => {
  const [T, N, C, S] = [40, 13, 7, 9];
  const x = input([T, N, C]);
  const targets = Array.from({ length: N }, (_, n) => Array.from({ length: S }, (_, s) => 1 + ((n * s + s) % (C - 1))));
  const counts = Array.from({ length: N }, (_, n) => n % (S + 1));
  const steps = Array.from({ length: N }, (_, n) => T - n);
  const loss = ctcLoss(x.logSoftmax(), constant(targets, { dtype: "i32" }), steps, counts, { reduction: "none" });
  const graph = {
    outputs: { loss, slope: grad(loss.sum(), [x])[0] },
    inputs: [[x, drawn([T, N, C], 1).map((each) => 3 * each)] as const],
  };
  const expected = await runOn(team, graph);
  expect(expected.loss.every(Number.isFinite)).toBe(true);
  for (const each of teams) expect(await runOn(each, graph)).toEqual(expected);
});

const logs = constant(drawn([6, 3, 4], 5), { shape: [6, 3, 4] });
const padded = constant(
  [
    [1, 1, 2],
    [3, 9, 9],
    [2, 3, -1],
  ],
  { dtype: "i32" },
);
const args = [
  [6, 5, 4],
  [3, 1, 2],
] as const;

test("the same of batches first, of targets in a row, of lengths as tensors, and of sequences by themselves", async () => {
  const plain = (x: Tensor, first = false) => ctcLoss(x, padded, ...args, { reduction: "none", batchFirst: first });
  const row = constant(Int32Array.of(1, 1, 2, 3, 2, 3));
  const tensors = args.map((list) => constant(Int32Array.from(list)));
  const losses = [
    plain(logs),
    plain(logs.transpose(0, 1), true),
    ctcLoss(logs, row, ...args, { reduction: "none" }),
    ctcLoss(logs, row, tensors[0], tensors[1], { reduction: "none" }),
    ctcLoss(logs, padded, tensors[0], tensors[1], { reduction: "none" }),
  ];
  const slopes = losses.map((each) => grad(each.sum(), [logs])[0]);
  const found = await evaluateAll([...losses, ...slopes]);
  for (const i of [1, 2, 3, 4]) {
    expect(found[i]).toEqual(found[0]);
    expect(found[5 + i]).toEqual(found[5]);
  }
  const one = ctcLoss(logs.narrow(1, 2, 1).squeeze(1), constant(Int32Array.of(2, 3)), 4, 2, { reduction: "none" });
  expect(await evaluate(one)).toEqual(found[0].slice(2));
  expect(one.shape).toEqual([]);
});

test("one number is the length of all", async () => {
  const given = [
    [6, 6, 6],
    [2, 2, 2],
    [6, 2],
  ] as const;
  const full = padded.narrow(1, 1, 2).maximum(1).minimum(3);
  const [each, all] = await evaluateAll([ctcLoss(logs, full, given[0], given[1]), ctcLoss(logs, full, ...given[2])]);
  expect(all).toEqual(each);
});

test("gradients of any order equal differences, of log-probabilities that are none, too", async () => {
  const build = (x: Tensor) => ctcLoss(x.sin(), padded, ...args, { reduction: "none" }).square();
  expect(await checkGradients(build, [logs], { order: 2, tolerance: 1e-6 })).toBeLessThan(1e-6);
  const third = (x: Tensor) => grad(grad(build(x).sum(), [x])[0].square().sum(), [x])[0];
  expect(await checkGradients(third, [logs], { tolerance: 1e-5 })).toBeLessThan(1e-5);
});

describe("a sequence too short for its labels", () => {
  const short = (options: CtcLossOptions) => ctcLoss(logs, padded, [3, 5, 4], [3, 1, 2], options);
  const slope = (options: CtcLossOptions) => grad(short(options).sum(), [logs])[0];
  const rowsOf = (values: ArrayLike<number>, n: number) =>
    Array.from(values).filter((_, i) => Math.floor(i / 4) % 3 === n);

  test("costs infinity, and its gradient is NaN as far as it goes; the others' are theirs", async () => {
    const [loss, own] = await evaluateAll([short({ reduction: "none" }), slope({ reduction: "none" })]);
    expect(loss[0]).toBe(Number.POSITIVE_INFINITY);
    expect([...loss.slice(1)].every(Number.isFinite)).toBe(true);
    expect(rowsOf(own, 0)).toEqual([...Array(12).fill(Number.NaN), ...Array(12).fill(0)]);
    expect([...rowsOf(own, 1), ...rowsOf(own, 2)].every(Number.isFinite)).toBe(true);
  });

  test("counts nothing with zeroInfinity, of any order", async () => {
    const options = { reduction: "none", zeroInfinity: true } as const;
    const own = slope(options);
    const [loss, first, second] = await evaluateAll([short(options), own, grad(own.square().sum(), [logs])[0]]);
    expect(loss[0]).toBe(0);
    for (const values of [first, second]) {
      expect(rowsOf(values, 0).map(Math.abs)).toEqual(Array(24).fill(0));
      expect(Array.from(values).every(Number.isFinite)).toBe(true);
    }
  });

  test("counts nothing where its weight is 0", async () => {
    const loss = short({ sampleWeight: [0, 1, 1] });
    const [value, own] = await evaluateAll([loss, grad(loss, [logs])[0]]);
    expect([...value, ...own].every(Number.isFinite)).toBe(true);
  });
});

test("classes of probability 0 pass no gradient but that of the ways that are left", async () => {
  const x = constant([
    [-1, -Infinity],
    [-2, -3],
    [-Infinity, -0.5],
  ]);
  const loss = ctcLoss(x, constant(Int32Array.of(1)), 3, 1);
  const [value, slope] = await evaluateAll([loss, grad(loss, [x])[0]]);
  expect(value[0]).toBeCloseTo(-Math.log(Math.exp(-1 - 2 - 0.5) + Math.exp(-1 - 3 - 0.5)), 5);
  const share = 1 / (1 + Math.exp(-1));
  expect([...slope].map((each) => each + 0)).toEqual(
    [-1, 0, -share, share - 1, 0, -1].map((each) => expect.closeTo(each, 5)),
  );
});

const none: readonly (readonly [targets: readonly number[], steps: number, count: number])[] = [
  [[1, 0, 2], 5, 3],
  [[1, 4, 2], 5, 3],
  [[-1, 1, 2], 5, 1],
  [[1, 2, 3], 7, 3],
  [[1, 2, 3], -1, 3],
  [[1, 2, 3], 5, 4],
  [[1, 2, 3], 5, -1],
];

test.each(none)(
  "of %j with lengths %i and %i one is none: as data it gives NaN, its gradient, too",
  async (...given) => {
    const x = logs.narrow(1, 0, 1);
    const data = given.map((each) => [each].flat());
    const [targets, steps, count] = data.map(({ length }, i) => input(i === 0 ? [1, length] : [1], "i32"));
    const loss = ctcLoss(x, targets, steps, count);
    const outputs = { loss, slope: grad(loss, [x])[0] };
    const inputs = [targets, steps, count].map((each, i) => [each, data[i]] as const);
    const found = await runOn(executors[0].executor, { outputs, inputs });
    expect([...found.loss, ...found.slope].every(Number.isNaN)).toBe(true);
  },
);

test.each(none)("of %j with lengths %i and %i one is none: constants are refused", (targets, ...lengths) => {
  const x = logs.narrow(1, 0, 1);
  const row = constant(targets, { dtype: "i32" });
  const tensors = lengths.map((each) => constant(Int32Array.of(each)));
  expect(() => ctcLoss(x, row.unsqueeze(0), tensors[0], tensors[1])).toThrow(ArgumentError);
  expect(() => ctcLoss(x, row.unsqueeze(0), ...lengths)).toThrow(ArgumentError);
  // The same of one sequence by itself.
  expect(() => ctcLoss(x.squeeze(1), row, tensors[0], tensors[1])).toThrow(ArgumentError);
});

test("targets in a row that lengths do not make up are refused as constants, NaN as data", async () => {
  const x = logs.narrow(1, 0, 2);
  const steps = [6, 6];
  for (const counts of [
    [2, 2],
    [1, 1],
  ]) {
    const row = constant(Int32Array.of(1, 2, 3));
    const given = input([2], "i32");
    expect(() => ctcLoss(x, row, steps, constant(Int32Array.from(counts)))).toThrow(ShapeError);
    const loss = ctcLoss(x, row, steps, given, { reduction: "none" });
    const run = (data: readonly number[]) =>
      runOn(executors[0].executor, { outputs: { loss }, inputs: [[given, data]] });
    expect([...(await run(counts)).loss]).toEqual([Number.NaN, Number.NaN]);
    expect((await run([1, 2])).loss.every(Number.isFinite)).toBe(true);
  }
});

test("nothing to say costs the blanks, and of no time nothing", async () => {
  const empty = constant(new Int32Array(0), { shape: [2, 0] });
  const x = constant([
    [
      [-1, -2],
      [-3, -4],
    ],
    [
      [-5, -6],
      [-7, -8],
    ],
  ]);
  expect([...(await evaluate(ctcLoss(x, empty, [2, 0], [0, 0], { reduction: "none" })))].map(Math.abs)).toEqual([6, 0]);
  const labels = constant([[1], [1]], { dtype: "i32" });
  const none = await evaluate(ctcLoss(x, labels, [0, 1], [1, 1], { reduction: "none" }));
  expect([...none]).toEqual([Number.POSITIVE_INFINITY, 4]);
});

test("two thousand steps keep their digits: float32 is as near as for a few", async () => {
  const [T, C, S] = [2000, 12, 1100];
  const x = input([T, 1, C]);
  const targets = constant([Array.from({ length: S }, (_, s) => 1 + ((7 * s) % (C - 1)))], { dtype: "i32" });
  const loss = ctcLoss(x.logSoftmax(), targets, [T], [S], { reduction: "sum" });
  const outputs = { loss, slope: grad(loss, [x])[0] };
  const program = compile({ inputs: { x }, outputs });
  verifyProgram(program);
  const inputs = [[x, drawn([T, 1, C], 3).map((each) => 4 * each)] as const];
  const [exact, ...others] = await Promise.all(executors.map(({ executor }) => runOn(executor, { outputs, inputs })));
  for (const { loss, slope } of others) {
    expect(Math.abs(loss[0] - exact.loss[0]) / exact.loss[0]).toBeLessThan(1e-6);
    // Errors of 1e-7 a step add up to some 1e-7 sqrt(2000), before and behind.
    slope.forEach((each, i) => {
      expect(Math.abs(each - exact.slope[i])).toBeLessThan(3e-5);
    });
  }
});

test("memory grows as the times do, and the program not at all", () => {
  const programOf = (times: number) => {
    const x = input([times, 2, 5]);
    const labels = input([2, 20], "i32");
    const loss = ctcLoss(x.logSoftmax(), labels, times, 20);
    return compile({ inputs: { x, labels }, outputs: { slope: grad(loss, [x])[0] } });
  };
  const [short, long] = [programOf(256), programOf(2048)];
  expect(long.arenaWords / short.arenaWords).toBeLessThan(8.01);
  expect(long.code.length).toBe(short.code.length);
});

const targets = input([3, 3], "i32");
const steps = input([3], "i32");
test.each<[string, () => Tensor, new (...args: never[]) => Error, RegExp]>([
  [
    "log-probabilities of four axes",
    () => ctcLoss(input([1, 2, 3, 4]), targets, steps, steps),
    ShapeError,
    /\[T, N, C\]/,
  ],
  ["targets of f32", () => ctcLoss(logs, input([3, 3]), steps, steps), DTypeError, /targets/],
  ["log-probabilities of i32", () => ctcLoss(input([6, 3, 4], "i32"), targets, steps, steps), DTypeError, /log-prob/],
  ["targets of other sequences", () => ctcLoss(logs, input([2, 3], "i32"), steps, steps), ShapeError, /\[2, 3\]/],
  ["lengths of other sequences", () => ctcLoss(logs, targets, input([2], "i32"), steps), ShapeError, /inputLengths/],
  ["lengths of f32", () => ctcLoss(logs, targets, steps, input([3])), DTypeError, /targetLengths/],
  ["a number for all that is too large", () => ctcLoss(logs, targets, 7, steps), ArgumentError, /inputLengths/],
  ["too few lengths", () => ctcLoss(logs, targets, [6, 6], steps), ShapeError, /2 lengths for 3/],
  ["an input longer than there are times", () => ctcLoss(logs, targets, [6, 7, 6], steps), ArgumentError, /\[1\]/],
  ["a target longer than there are labels", () => ctcLoss(logs, targets, steps, [4, 1, 1]), ArgumentError, /\[0\]/],
  ["a negative length", () => ctcLoss(logs, targets, steps, [1, 1, -1]), ArgumentError, /\[2\]/],
  ["lengths that do not add up", () => ctcLoss(logs, input([5], "i32"), steps, [1, 1, 1]), ShapeError, /add up to 3/],
  ["a blank that is no class", () => ctcLoss(logs, targets, steps, steps, { blank: 4 }), ArgumentError, /blank 4/],
  [
    "a label that is the blank",
    () => ctcLoss(logs, padded, ...args, { blank: 3 }),
    ArgumentError,
    /1 hold 3, the blank/,
  ],
  ["a label that is no class", () => ctcLoss(logs, padded, args[0], [3, 2, 2]), ArgumentError, /1 hold 9, none/],
])("%s: a typed error before anything runs", (_, make, type, message) => {
  expect(make).toThrow(type);
  expect(make).toThrow(message);
});
