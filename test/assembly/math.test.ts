// The transcendental functions against double precision: more than 10^6 arguments each over all bit patterns of float32, dense
// where something changes. The stated bounds hold and are not vacuous.
import { beforeAll, describe, expect, it } from "vitest";
import * as code from "../../assembly/isa/map-code.ts";
import { erf } from "../../src/runtime/js/erf.ts";
import { ACCURACY } from "../../src/runtime/wasm/accuracy.ts";
import { builds, Machine, random } from "./machine.ts";
import { full, mapInstruction, operand, output } from "./map-program.ts";
import { expectBound, sweep, worstOf } from "./sweep.ts";

const PIECE = 1 << 16; // arguments the machine does at a time
const inf = Number.POSITIVE_INFINITY;

interface Tested {
  readonly name: keyof typeof ACCURACY;
  readonly step: number;
  readonly exact: (x: number) => number;
  /** Where the formula changes or the result leaves the range: all floats around are tried, of either sign. */
  readonly spots: readonly number[];
}

const FUNCTIONS: readonly Tested[] = [
  { name: "exp", step: code.EXP, exact: Math.exp, spots: [1e-8, 0.34657, 1.03972, 87.336, 88.7228, 89, 103.972, 104] },
  { name: "expm1", step: code.EXPM1, exact: Math.expm1, spots: [2 ** -25, 0.34657, 1.03972, 17.32, 18, 88.7228, 89] },
  { name: "log", step: code.LOG, exact: Math.log, spots: [2 ** -126, 2 / 3, 1, 4 / 3, 8 / 3, 3.4e38] },
  { name: "log1p", step: code.LOG1P, exact: Math.log1p, spots: [2 ** -25, 1 / 3, 1, 5 / 3, 2 ** 24, 1.7e38, 3.4e38] },
  { name: "log2", step: code.LOG2, exact: Math.log2, spots: [2 ** -126, Math.SQRT1_2, 1, Math.SQRT2, 3.4e38] },
  { name: "log10", step: code.LOG10, exact: Math.log10, spots: [2 ** -126, Math.SQRT1_2, 1, Math.SQRT2, 10, 3.4e38] },
  { name: "rsqrt", step: code.RSQRT, exact: (x) => 1 / Math.sqrt(x), spots: [2 ** -126, 1, 2, 4] },
  { name: "sin", step: code.SIN, exact: Math.sin, spots: [2 ** -12, 0.785398, 200, 2 ** 24, 3.4e38] },
  { name: "cos", step: code.COS, exact: Math.cos, spots: [2 ** -12, 0.785398, 200, 2 ** 24, 3.4e38] },
  { name: "tanh", step: code.TANH, exact: Math.tanh, spots: [2 ** -12, 0.01, 0.5, 1, 8.66, 9.01, 9.02] },
  {
    name: "sigmoid",
    step: code.SIGMOID,
    exact: (x) => 1 / (1 + Math.exp(-x)),
    spots: [0.34657, 16.6, 87.336, 103.972, 104],
  },
  { name: "erf", step: code.ERF, exact: erf, spots: [1e-3, 0.02, 0.5, 1, 3.83, 3.92, 3.93] },
];

/** The results of a step for arguments of any number. */
function results(machine: Machine, step: number, ...from: readonly Float32Array[]): Float32Array {
  machine.clear();
  const places = from.map(() => machine.f32(PIECE));
  const to = machine.f32(PIECE);
  const all = new Float32Array(from[0].length);
  for (let start = 0; start < all.length; start += PIECE) {
    const n = Math.min(PIECE, all.length - start);
    places.forEach((place, k) => {
      place.data.set(from[k].subarray(start, start + n));
    });
    const program = {
      n,
      operands: places.map(full),
      outputs: [to],
      steps: [[step, output(0), ...places.map((_, k) => operand(k))] as const],
    };
    machine.exports.run(machine.load([mapInstruction(program)]), 1, 0, 0, 0, 0, 0);
    all.set(to.data.subarray(0, n), start);
  }
  machine.check();
  return all;
}

const machines = { relaxed: new Machine("relaxed"), portable: new Machine("portable") };

describe.each(FUNCTIONS)("$name", ({ name, step, exact, spots }) => {
  let x: Float32Array = new Float32Array();
  let want = new Float64Array();

  beforeAll(() => {
    x = sweep(spots);
    want = new Float64Array(x.length);
    for (let i = 0; i < x.length; i++) want[i] = exact(x[i]);
  });

  it.each(builds)("stays within its bound in the %s build", (build) => {
    const got = results(machines[build], step, x);
    expectBound(worstOf(got, want, x), ACCURACY[name][build]);
    const most = ["tanh", "erf", "sigmoid", "sin", "cos"].includes(name) ? 1 : inf;
    let largest = 0;
    for (let i = 0; i < got.length; i++) if (Math.abs(got[i]) > largest) largest = Math.abs(got[i]);
    expect(largest).toBeLessThanOrEqual(most);
  });
});

/** C's pow, which gives 1 for 1 to any power and for -1 to an infinite one. */
function cPow(x: number, y: number): number {
  return x === 1 || (x === -1 && Math.abs(y) === inf) ? 1 : x ** y;
}

describe("pow", () => {
  const count = 1_200_000;
  const base = new Float32Array(count);
  const exponent = new Float32Array(count);
  const want = new Float64Array(count);

  beforeAll(() => {
    const next = random(5);
    for (let i = 0; i < count; i++) {
      // Bases of every exponent, or near 1; powers that fill the range of results, or small integers, then also of negative bases.
      base[i] = i % 2 === 0 ? 2 ** (next() * 149) : 1 + next() * 2 ** (-12 + 12 * next());
      exponent[i] = i % 3 === 0 ? Math.round(next() * 20) : (next() * 155) / Math.log2(base[i]);
      if (i % 3 === 0 && next() < 0) base[i] *= -1;
      want[i] = cPow(base[i], exponent[i]);
    }
  });

  it.each(builds)("stays within its bound in the %s build", (build) => {
    const got = results(machines[build], code.POW, base, exponent);
    expectBound(worstOf(got, want, base, exponent), ACCURACY.pow[build]);
  });

  it.each(builds)("has C's special cases in the %s build", (build) => {
    const special = [
      ...[0, 1, 2, 3, 4, 0.5, 1.5, 2.5, 1e-45, 2 ** -126, 0.999, 1.001, 1e10, 2 ** 23 - 0.5, 2 ** 24 - 1, 2 ** 24],
      ...[2 ** 31, 2 ** 31 + 256, 3e38, inf],
    ].flatMap((x) => [x, -x]);
    special.push(Number.NaN);
    const x = Float32Array.from(special.flatMap((value) => special.map(() => value)));
    const y = Float32Array.from(special.flatMap(() => special));
    const got = results(machines[build], code.POW, x, y);
    const exact = Float64Array.from(x, (value, i) => {
      const power = cPow(value, y[i]);
      // Far beyond the range the result is that of rounding.
      return Math.abs(power) > 2 ** 129 ? Math.sign(power) * inf : Math.abs(power) < 2 ** -151 ? 0 * power : power;
    });
    const { ulps: error, at } = worstOf(got, exact, x, y);
    expect(error, `at ${at}`).toBeLessThanOrEqual(ACCURACY.pow[build]);
  });
});

describe("atan2", () => {
  const count = 1_200_000;
  const y = new Float32Array(count);
  const x = new Float32Array(count);
  const want = new Float64Array(count);

  beforeAll(() => {
    const next = random(7);
    for (let i = 0; i < count; i++) {
      // Ratios of every size, or around 1; sizes up to the ends of the range.
      const size = i % 3 === 0 ? 2 ** (126 * next()) : 1;
      y[i] = size * (i % 2 === 0 ? Math.sign(next()) * 2 ** (24 * next()) : next());
      x[i] = size * next();
      want[i] = Math.atan2(y[i], x[i]);
    }
  });

  it.each(builds)("stays within its bound in the %s build", (build) => {
    const got = results(machines[build], code.ATAN2, y, x);
    expectBound(worstOf(got, want, y, x), ACCURACY.atan2[build]);
  });

  it.each(builds)("has C's special cases in the %s build", (build) => {
    const special = [0, 1, 0.5, 1e-45, 2 ** -126, 3e38, inf].flatMap((value) => [value, -value]);
    special.push(Number.NaN);
    const a = Float32Array.from(special.flatMap((value) => special.map(() => value)));
    const b = Float32Array.from(special.flatMap(() => special));
    const got = results(machines[build], code.ATAN2, a, b);
    const exact = Float64Array.from(a, (value, i) => Math.atan2(value, b[i]));
    // What is below the least number is a zero of its sign.
    const { ulps: error, at } = worstOf(
      got,
      exact.map((value) => (Math.abs(value) < 2 ** -150 ? 0 * value : value)),
      a,
      b,
    );
    expect(error, `at ${at}`).toBeLessThanOrEqual(1);
  });
});
