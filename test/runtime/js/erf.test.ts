// The double-precision error function against values computed with 50 digits (mpmath 1.3).
import { expect, it } from "vitest";
import { erf } from "../../../src/runtime/js/erf.ts";

const VALUES: readonly (readonly [x: number, erf: number])[] = [
  [1e-300, 1.1283791670955126e-300],
  [1e-10, 1.1283791670955126e-10],
  [0.001, 0.0011283787909692365],
  [0.1, 0.1124629160182849],
  [0.25, 0.27632639016823696],
  [0.5, 0.5204998778130465],
  [0.75, 0.7111556336535151],
  [0.9, 0.7969082124228322],
  [0.999, 0.8422852702064969],
  [1, 0.8427007929497149],
  [1.001, 0.8431154854780762],
  [1.25, 0.9229001282564583],
  [1.5, 0.9661051464753108],
  [2, 0.9953222650189527],
  [2.5, 0.999593047982555],
  [3, 0.9999779095030014],
  [3.5, 0.9999992569016276],
  [4, 0.9999999845827421],
  [4.5, 0.9999999998033839],
  [5, 0.9999999999984626],
  [5.5, 0.9999999999999927],
  [5.9, 0.9999999999999999],
  [6, 1.0],
  [6.5, 1.0],
];

it("has a relative error below 3e-16 on either side of zero", () => {
  for (const [x, value] of VALUES) {
    expect(Math.abs(erf(x) / value - 1)).toBeLessThan(3e-16);
    expect(erf(-x)).toBe(-erf(x));
  }
});

it("keeps the sign of zero, saturates and passes NaN on", () => {
  expect(erf(-0)).toBe(-0);
  expect(erf(Number.POSITIVE_INFINITY)).toBe(1);
  expect(erf(Number.NEGATIVE_INFINITY)).toBe(-1);
  expect(erf(Number.NaN)).toBeNaN();
});

it("does not jump where its two formulas meet", () => {
  const step = 2 ** -52;
  expect(erf(1) - erf(1 - step)).toBeLessThan(4e-16);
  expect(erf(1) - erf(1 - step)).toBeGreaterThan(-2e-16);
});
