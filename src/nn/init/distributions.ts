// Initialisers that are one number or one distribution, whatever the shape.
import { aFiniteNumber, aNumber, aNumberWithin, aPositiveNumber } from "../../check.ts";
import { ArgumentError } from "../../errors.ts";
import * as random from "../../ops/random.ts";
import { scalar, type Tensor } from "../../tensor.ts";
import type { Initializer } from "../../variable.ts";

/**
 * One value everywhere, as torch.nn.init.constant_.
 *
 * @example
 * import { evaluate, randomKey } from "simdgrad";
 * import { init } from "simdgrad/nn";
 * await evaluate(init.constant(0.5)([2], randomKey(0, "bias"))); // => [0.5, 0.5]
 */
export function constant(value: number): Initializer {
  aFiniteNumber(value, "init.constant: value");
  return (shape) => scalar(value).broadcastTo(shape);
}

/**
 * 0 everywhere.
 *
 * @example
 * import { evaluate, randomKey } from "simdgrad";
 * import { init } from "simdgrad/nn";
 * await evaluate(init.zeros()([2], randomKey(0, "bias"))); // => [0, 0]
 */
export function zeros(): Initializer {
  return constant(0);
}

/**
 * 1 everywhere.
 *
 * @example
 * import { evaluate, randomKey } from "simdgrad";
 * import { init } from "simdgrad/nn";
 * await evaluate(init.ones()([2], randomKey(0, "bias"))); // => [1, 1]
 */
export function ones(): Initializer {
  return constant(1);
}

/**
 * Uniform in [low, high), as torch.nn.init.uniform_; [0, 1) by default.
 * @throws ArgumentError unless low <= high
 *
 * @example
 * import { evaluate, randomKey } from "simdgrad";
 * import { init } from "simdgrad/nn";
 * const values = await evaluate(init.uniform(-1, 1)([100], randomKey(0, "w")));
 * values.every((value) => value >= -1 && value < 1); // => true
 */
export function uniform(low = 0, high = 1): Initializer {
  aFiniteNumber(low, "init.uniform: low");
  aFiniteNumber(high, "init.uniform: high");
  if (!(low <= high)) throw new ArgumentError(`init.uniform: low ${low} must not be above high ${high}`);
  return (shape, key) => random.uniform(key, shape, low, high);
}

/**
 * Normal with a mean and a deviation, as torch.nn.init.normal_; 0 and 1 by default.
 * @throws ArgumentError for a deviation below 0
 *
 * @example
 * import { randomKey } from "simdgrad";
 * import { init } from "simdgrad/nn";
 * init.normal(0, 0.02)([100, 8], randomKey(0, "w")).shape; // => [100, 8]
 */
export function normal(mean = 0, deviation = 1): Initializer {
  aFiniteNumber(mean, "init.normal: mean");
  aNumberWithin(0)(deviation, "init.normal: deviation");
  return (shape, key) => random.normal(key, shape, mean, deviation);
}

/**
 * Normal with a mean and a deviation, kept within low..high (values, not deviations), as torch.nn.init.trunc_normal_; 0, 1, -2 and 2 by
 * default. Drawn by inverting the distribution function, of which float32 has little left in a tail.
 * @throws ArgumentError for a deviation that is not positive, unless low < high, or where all of it is more than 4 deviations from the mean
 *
 * @example
 * import { evaluate, randomKey } from "simdgrad";
 * import { init } from "simdgrad/nn";
 * const values = await evaluate(init.truncatedNormal(0, 1, -1, 1)([100], randomKey(0, "w")));
 * values.every((value) => Math.abs(value) <= 1); // => true
 */
export function truncatedNormal(mean = 0, deviation = 1, low = -2, high = 2): Initializer {
  aFiniteNumber(mean, "init.truncatedNormal: mean");
  aPositiveNumber(deviation, "init.truncatedNormal: deviation");
  aNumber(low, "init.truncatedNormal: low");
  aNumber(high, "init.truncatedNormal: high");
  if (!(low < high)) throw new ArgumentError(`init.truncatedNormal: low ${low} must be below high ${high}`);
  const tail = Math.max((low - mean) / deviation, (mean - high) / deviation);
  if (tail > FARTHEST_TAIL)
    throw new ArgumentError(
      `init.truncatedNormal: ${low}..${high} lies ${tail} deviations from the mean ${mean}: at most ${FARTHEST_TAIL} can be drawn`,
    );
  return (shape, key) => {
    const at = (bound: number) => scalar(((bound - mean) / deviation) * Math.SQRT1_2).erf();
    const [from, to] = [at(low), at(high)];
    const inverse = inverseErf(random.uniform(key, shape).mul(to.sub(from)).add(from));
    const values = inverse.mul(deviation * Math.SQRT2).add(mean);
    return values.maximum(low).minimum(high);
  };
}

/** Deviations beyond which float32 has but a few hundred probabilities left for a tail. */
const FARTHEST_TAIL = 4;

// Giles, "Approximating the erfinv function" (GPU Computing Gems 2, 2011), single precision: polynomials in w = -ln(1 - x^2).
const CENTRE = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503, -0.00417768164,
  0.246640727, 1.50140941,
];
const TAIL = [
  -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047,
  1.00167406, 2.83297682,
];

/** The x whose error function this is, to 3e-7 of it. */
function inverseErf(value: Tensor): Tensor {
  const x = value.minimum(1 - 2 ** -24).maximum(2 ** -24 - 1);
  const w = x.neg().log1p().add(x.log1p()).neg();
  const polynomial = (coefficients: readonly number[], at: Tensor) =>
    coefficients.slice(1).reduce((sum, next) => sum.mul(at).add(next), at.like(coefficients[0]));
  return w
    .less(5)
    .select(polynomial(CENTRE, w.sub(2.5)), polynomial(TAIL, w.sqrt().sub(3)))
    .mul(x);
}
