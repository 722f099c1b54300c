// Spectra, windows, mel filters and cepstra are what ONNX's node tests, SciPy, PyTorch, torchaudio and librosa's definitions say.
import { readFileSync } from "node:fs";
import * as audio from "simdgrad/audio";
import { describe, expect, test } from "vitest";

interface Case {
  readonly name: string;
  readonly call: string;
  readonly args: readonly unknown[];
  readonly output: { readonly data: readonly number[]; readonly shape: readonly number[] };
  /** Whether what it gives was computed in float64: it has nine digits then. */
  readonly float64: boolean;
}

const cases: readonly Case[] = JSON.parse(readFileSync(new URL("../golden/audio.json", import.meta.url), "utf8"));

type Call = (...args: readonly unknown[]) => audio.FloatArray;
const calls = { ...audio } as unknown as Readonly<Record<string, Call>>;

/** ONNX 1.12 takes 3.1415 for pi in windows, 9.27e-5 less: the slope of one is 0.66 at the most, the angle up to 2 pi. */
const COARSE = 0.66 * 2 * 9.27e-5;

/**
 * How far a number may be off. Of what is computed in float64 here and there: one rounding to float32 here, one to ten digits there (2^-24 +
 * 5e-10 of the number), and those of sums whose terms are up to the largest number (1e-12 of it). Cepstra are of mel spectra that were
 * rounded to float32, 10 / ln 10 * 2^-24 decibels, of which each takes sqrt(12) at the most, and the lifter up to 12. ONNX's spectra are sums of up
 * to 16 products of float32 numbers: 16 roundings of 2^-24 of what is up to ten times the largest number.
 */
function allowed({ float64, call, args }: Case, value: number, largest: number): number {
  const isWindow = typeof args[0] === "number";
  if (!float64) return isWindow ? COARSE : 160 * 2 ** -24 * largest;
  const decibels = call === "mfcc" ? (10 / Math.LN10) * 2 ** -24 * Math.sqrt(12) : 0;
  const { lifter } = Object(args[1]) as { readonly lifter?: number };
  const terms = 1e-12 * (isWindow ? 1 : largest);
  return (2 ** -24 + 5e-10) * Math.abs(value) + terms + decibels * (lifter === undefined ? 1 : 12);
}

test("there is a case for each function", () => {
  expect(new Set(cases.map(({ call }) => call))).toEqual(new Set(Object.keys(calls)));
});

describe.each(Object.keys(calls))("%s", (name) => {
  test.each(cases.filter(({ call }) => call === name).map((each) => [each.name, each] as const))("%s", (_, each) => {
    const { data, shape } = calls[name](...each.args);
    const { output } = each;
    expect(data).toBeInstanceOf(Float32Array);
    expect(shape).toEqual(output.shape);
    expect(data.length).toBe(output.data.length);
    const largest = Math.max(...output.data.map(Math.abs));
    output.data.forEach((value, i) => {
      const error = Math.abs(data[i] - value);
      if (!(error <= allowed(each, value, largest))) expect.fail(`element ${i} is ${data[i]}, not ${value}`);
    });
  });
});
