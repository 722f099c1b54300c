// Initialisers that keep the variance of signals from layer to layer: their scale follows from the shape [out, in, ...] of a weight.
import { aFiniteNumber, aPositiveNumber, checkOptions, oneOf } from "../../check.ts";
import { ArgumentError, ShapeError } from "../../errors.ts";
import { type Shape, showShape, sizeOf } from "../../shape.ts";
import type { Initializer } from "../../variable.ts";
import { normal, truncatedNormal, uniform } from "./distributions.ts";

/** What the scale is divided by: inputs or outputs of one unit, or their mean. */
export type FanMode = "fanIn" | "fanOut" | "fanAvg";

/** Inputs and outputs of one unit of a weight [out, in, ...kernel]. @throws ShapeError for fewer than two axes */
function fans(shape: Shape, name: string): Readonly<Record<FanMode, number>> {
  if (shape.length < 2) throw new ShapeError(`${name}: needs a weight [out, in, ...], got ${showShape(shape)}`);
  const kernel = sizeOf(shape.slice(2));
  const [fanOut, fanIn] = [shape[0] * kernel, shape[1] * kernel];
  return { fanIn, fanOut, fanAvg: (fanIn + fanOut) / 2 };
}

function fanOf(shape: Shape, mode: FanMode, name: string): number {
  return Math.max(1, fans(shape, name)[mode]);
}

function aMode(value: unknown, what: string): void {
  oneOf("fanIn", "fanOut", "fanAvg")(value, what);
}

function aNonlinearity(value: unknown, what: string): void {
  oneOf("linear", "sigmoid", "tanh", "relu", "leakyRelu", "selu")(value, what);
}

function uniformOf(variance: number): Initializer {
  const bound = Math.sqrt(3 * variance);
  return uniform(-bound, bound);
}

/**
 * Uniform within 1 / sqrt(fanIn): what torch.nn.Linear starts its weights (kaiming_uniform_ with a = sqrt(5)) and biases with.
 *
 * @example
 * import { evaluate, randomKey } from "simdgrad";
 * import { init } from "simdgrad/nn";
 * const weights = await evaluate(init.linearUniform(100)([8, 100], randomKey(0, "weight")));
 * weights.every((weight) => Math.abs(weight) <= 0.1); // => true
 */
export function linearUniform(fanIn: number): Initializer {
  aPositiveNumber(fanIn, "init.linearUniform: fanIn");
  const bound = 1 / Math.sqrt(fanIn);
  return uniform(-bound, bound);
}

/** Functions that weights feed, by their names in simdgrad/nn. */
export type Nonlinearity = "linear" | "sigmoid" | "tanh" | "relu" | "leakyRelu" | "selu";

/**
 * The factor by which weights in front of a function are larger than in front of none, as torch.nn.init.calculate_gain.
 * @throws ArgumentError for another function
 *
 * @example
 * import { init } from "simdgrad/nn";
 * init.gain("relu"); // => 1.41421
 * init.gain("leakyRelu", 0.2); // => 1.38675
 */
export function gain(nonlinearity: Nonlinearity, slope = 0.01): number {
  aNonlinearity(nonlinearity, "init.gain: nonlinearity");
  aFiniteNumber(slope, "init.gain: slope");
  switch (nonlinearity) {
    case "linear":
    case "sigmoid":
      return 1;
    case "tanh":
      return 5 / 3;
    case "relu":
      return Math.SQRT2;
    case "leakyRelu":
      return Math.sqrt(2 / (1 + slope * slope));
    case "selu":
      return 3 / 4;
  }
}

/**
 * Uniform within gain sqrt(6 / (fanIn + fanOut)) for weights [out, in, ...] (Glorot and Bengio 2010), as torch.nn.init.xavier_uniform_.
 * @throws ShapeError for fewer than two axes
 *
 * @example
 * import { evaluate, randomKey } from "simdgrad";
 * import { init } from "simdgrad/nn";
 * const weights = await evaluate(init.xavierUniform()([10, 14], randomKey(0, "weight")));
 * weights.every((weight) => Math.abs(weight) <= 0.5); // => true
 */
export function xavierUniform(gain = 1): Initializer {
  aFiniteNumber(gain, "init.xavierUniform: gain");
  return (shape, key) => uniformOf((gain * gain) / fanOf(shape, "fanAvg", "init.xavierUniform"))(shape, key);
}

/**
 * Normal with deviation gain sqrt(2 / (fanIn + fanOut)) for weights [out, in, ...] (Glorot and Bengio 2010), as torch.nn.init.xavier_normal_.
 * @throws ShapeError for fewer than two axes
 *
 * @example
 * import { randomKey } from "simdgrad";
 * import { init } from "simdgrad/nn";
 * init.xavierNormal()([10, 14], randomKey(0, "weight")).shape; // => [10, 14]
 */
export function xavierNormal(gain = 1): Initializer {
  aFiniteNumber(gain, "init.xavierNormal: gain");
  return (shape, key) => normal(0, gain / Math.sqrt(fanOf(shape, "fanAvg", "init.xavierNormal")))(shape, key);
}

/** Options of kaimingUniform and kaimingNormal. */
export interface KaimingOptions {
  /** Slope of the leakyRelu behind the weights; default 0, relu's. */
  readonly a?: number;
  /** Default "fanIn": keeps the variance on the way forward; "fanOut" on the way back. */
  readonly mode?: FanMode;
  /** The function behind the weights; default "leakyRelu". */
  readonly nonlinearity?: Nonlinearity;
}

function checkKaiming(options: KaimingOptions, name: string): void {
  checkOptions(options, name, { a: aFiniteNumber, mode: aMode, nonlinearity: aNonlinearity });
  const { a = 0, nonlinearity = "leakyRelu" } = options;
  if (a !== 0 && nonlinearity !== "leakyRelu")
    throw new ArgumentError(`${name}: a is the slope of "leakyRelu", and says nothing of "${nonlinearity}"`);
}

function kaimingDeviation(shape: Shape, options: KaimingOptions, name: string): number {
  const { a = 0, mode = "fanIn", nonlinearity = "leakyRelu" } = options;
  return gain(nonlinearity, a) / Math.sqrt(fanOf(shape, mode, name));
}

/**
 * Uniform with deviation gain / sqrt(fanIn) for weights [out, in, ...] in front of relu and its relatives (He et al. 2015), as
 * torch.nn.init.kaiming_uniform_.
 * @throws ShapeError for fewer than two axes, ArgumentError for another mode or function
 *
 * @example
 * import { evaluate, randomKey } from "simdgrad";
 * import { init } from "simdgrad/nn";
 * const weights = await evaluate(init.kaimingUniform()([10, 24], randomKey(0, "weight")));
 * weights.every((weight) => Math.abs(weight) <= 0.5); // => true
 */
export function kaimingUniform(options: KaimingOptions = {}): Initializer {
  checkKaiming(options, "init.kaimingUniform");
  return (shape, key) => {
    const deviation = kaimingDeviation(shape, options, "init.kaimingUniform");
    return uniformOf(deviation * deviation)(shape, key);
  };
}

/**
 * Normal with deviation gain / sqrt(fanIn) for weights [out, in, ...] in front of relu and its relatives (He et al. 2015), as
 * torch.nn.init.kaiming_normal_.
 * @throws ShapeError for fewer than two axes, ArgumentError for another mode or function
 *
 * @example
 * import { randomKey } from "simdgrad";
 * import { init } from "simdgrad/nn";
 * init.kaimingNormal({ mode: "fanOut" })([10, 24], randomKey(0, "weight")).shape; // => [10, 24]
 */
export function kaimingNormal(options: KaimingOptions = {}): Initializer {
  checkKaiming(options, "init.kaimingNormal");
  return (shape, key) => normal(0, kaimingDeviation(shape, options, "init.kaimingNormal"))(shape, key);
}

/** Options of varianceScaling. */
export interface VarianceScalingOptions {
  /** Default 1. */
  readonly scale?: number;
  /** Default "fanIn". */
  readonly mode?: FanMode;
  /** Default "truncatedNormal", which ends at two deviations. */
  readonly distribution?: "truncatedNormal" | "normal" | "uniform";
}

/** Deviation of a normal distribution of deviation 1 cut off at -2 and 2, by which Keras divides (scipy.stats.truncnorm). */
const CUT_DEVIATION = 0.8796256610342398;

/**
 * Variance scale / fan around 0 for weights [out, in, ...], as Keras's VarianceScaling.
 * @throws ShapeError for fewer than two axes, ArgumentError for a scale that is not positive, another mode or distribution
 *
 * @example
 * import { randomKey } from "simdgrad";
 * import { init } from "simdgrad/nn";
 * init.varianceScaling({ scale: 2, mode: "fanAvg" })([10, 24], randomKey(0, "weight")).shape; // => [10, 24]
 */
export function varianceScaling(options: VarianceScalingOptions = {}): Initializer {
  checkOptions(options, "init.varianceScaling", {
    scale: aPositiveNumber,
    mode: aMode,
    distribution: oneOf("truncatedNormal", "normal", "uniform"),
  });
  const { scale = 1, mode = "fanIn", distribution = "truncatedNormal" } = options;
  return (shape, key) => {
    const variance = scale / fanOf(shape, mode, "init.varianceScaling");
    const deviation = Math.sqrt(variance);
    const cut = deviation / CUT_DEVIATION;
    switch (distribution) {
      case "uniform":
        return uniformOf(variance)(shape, key);
      case "normal":
        return normal(0, deviation)(shape, key);
      case "truncatedNormal":
        return truncatedNormal(0, cut, -2 * cut, 2 * cut)(shape, key);
    }
  };
}

/**
 * Keras's GlorotUniform: xavierUniform.
 *
 * @example
 * import { randomKey } from "simdgrad";
 * import { init } from "simdgrad/nn";
 * init.glorotUniform()([10, 24], randomKey(0, "weight")).shape; // => [10, 24]
 */
export function glorotUniform(): Initializer {
  return varianceScaling({ mode: "fanAvg", distribution: "uniform" });
}

/**
 * Keras's GlorotNormal: xavierNormal's deviation, but ending at two deviations.
 *
 * @example
 * import { randomKey } from "simdgrad";
 * import { init } from "simdgrad/nn";
 * init.glorotNormal()([10, 24], randomKey(0, "weight")).shape; // => [10, 24]
 */
export function glorotNormal(): Initializer {
  return varianceScaling({ mode: "fanAvg" });
}

/**
 * Keras's HeUniform: kaimingUniform.
 *
 * @example
 * import { randomKey } from "simdgrad";
 * import { init } from "simdgrad/nn";
 * init.heUniform()([10, 24], randomKey(0, "weight")).shape; // => [10, 24]
 */
export function heUniform(): Initializer {
  return varianceScaling({ scale: 2, distribution: "uniform" });
}

/**
 * Keras's HeNormal: kaimingNormal's deviation, but ending at two deviations.
 *
 * @example
 * import { randomKey } from "simdgrad";
 * import { init } from "simdgrad/nn";
 * init.heNormal()([10, 24], randomKey(0, "weight")).shape; // => [10, 24]
 */
export function heNormal(): Initializer {
  return varianceScaling({ scale: 2 });
}

/**
 * Keras's LecunUniform: uniform with variance 1 / fanIn (LeCun et al. 1998).
 *
 * @example
 * import { randomKey } from "simdgrad";
 * import { init } from "simdgrad/nn";
 * init.lecunUniform()([10, 24], randomKey(0, "weight")).shape; // => [10, 24]
 */
export function lecunUniform(): Initializer {
  return varianceScaling({ distribution: "uniform" });
}

/**
 * Keras's LecunNormal: normal with variance 1 / fanIn, ending at two deviations; for selu (Klambauer et al. 2017).
 *
 * @example
 * import { randomKey } from "simdgrad";
 * import { init } from "simdgrad/nn";
 * init.lecunNormal()([10, 24], randomKey(0, "weight")).shape; // => [10, 24]
 */
export function lecunNormal(): Initializer {
  return varianceScaling();
}
