// How far a result may be from PyTorch's Float64. A bound has three terms, each measured or counted, none guessed for a single case:
//   ulps         roundings of the result itself, in units in the last place: counted from the formula and the kernels' stated bounds;
//   conditioned  times what moving the inputs to neighbouring float32 numbers changes: an answer to a question so near is as good;
//   torch        times the error of PyTorch's own float32 for the same question: what intermediate results of that precision cost.
// The last two are maxima over a few samples, so small factors stand for the samples that were not drawn. In Float64 the same terms are
// taken 2^-29 times as large (53 bits in place of 24), with PyTorch's own error there beside them, and the first is 1e-12: some thousand
// roundings, with functions of another library.
import { ACCURACY } from "../../src/runtime/wasm/accuracy.ts";

export interface Bound {
  readonly ulps: number;
  readonly conditioned: number;
  readonly torch: number;
  /** Beside them, units in the last place of a size given by the options: where terms of that size cancel by nature. */
  readonly scale?: (options: Readonly<Record<string, unknown>>) => number;
}

/** Bounds of the value, its gradients and theirs. */
export interface Bounds {
  readonly value: Bound;
  readonly derivatives: Bound;
}

/** Correctly rounded: the nearest float32 of the Float64 result. */
export const EXACT: Bound = { ulps: 0.5, conditioned: 0, torch: 0 };

/** Of `ulps` units in the last place for every input. */
export function within(ulps: number): Bound {
  return { ulps, conditioned: 0, torch: 0 };
}

/**
 * Of formulas: `roundings` of the last operations, and four times what the samples show. Seven samples of a few random roundings see a
 * third of the worst case at least.
 */
export function composed(roundings: number): Bound {
  return { ulps: roundings, conditioned: 4, torch: 4 };
}

/** A gradient is a product of a few factors, each a kernel within 4 ulp and some roundings; twice differentiated, twice as many. */
export const CHAIN = composed(16);

/**
 * The stated bound of a kernel, the larger of both builds', and its gradients' chains: where these take differences, such as 1 - tanh^2,
 * PyTorch's error is that of functions within half an ulp.
 */
export function kernel(name: keyof typeof ACCURACY): Bounds {
  return { value: within(ulpsOf(name)), derivatives: amplified(CHAIN, name) };
}

/** A bound where the error of a kernel stands for PyTorch's half an ulp. */
export function amplified(bound: Bound, name: keyof typeof ACCURACY): Bound {
  return { ...bound, torch: bound.torch * Math.max(1, 2 * ulpsOf(name)) };
}

/** Of a function with a turning point, where the terms of the second derivative, of about this size, cancel. */
export function turning(bounds: Bounds): Bounds {
  return { ...bounds, derivatives: { ...bounds.derivatives, scale: () => 1 / 8 } };
}

function ulpsOf(name: keyof typeof ACCURACY): number {
  return Math.max(ACCURACY[name].relaxed, ACCURACY[name].portable);
}

export const exact: Bounds = { value: EXACT, derivatives: CHAIN };
/** Terms of a gradient that cancel, perhaps to 0, have about the size of the cotangents. */
export const formula: Bounds = { value: composed(16), derivatives: { ...composed(32), scale: () => 1 / 8 } };

/** What one element may differ by, and what is known of it. */
export interface Allowance {
  readonly bound: Bound;
  readonly moved: number;
  readonly single: number;
  readonly double: number;
  readonly scale: number;
  readonly precision: "float32" | "float64";
}

/** Float64 has 29 bits more. */
const FINER = 2 ** -29;
const RELATIVE_64 = 1e-12;
/** About where Float64 begins to lose digits. */
const SMALLEST_64 = 1e-300;

/** The largest difference that is no fault. */
export function allowed(expected: number, { bound, moved, single, double, scale, precision }: Allowance): number {
  const measured = bound.conditioned * moved + bound.torch * single;
  if (precision === "float32") return bound.ulps * (ulp(expected) + (scale === 0 ? 0 : ulp(scale))) + measured;
  return RELATIVE_64 * (Math.abs(expected) + scale) + FINER * measured + bound.torch * double + SMALLEST_64;
}

/** The unit in the last place of float32 at a number; beyond its range that of the largest. */
export function ulp(x: number): number {
  const exponent = Math.floor(Math.log2(Math.min(Math.abs(x), 2 ** 127)));
  return 2 ** (Math.max(exponent, -126) - 23);
}
