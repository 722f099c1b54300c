// Random numbers as pure functions of a key: counter-based Philox4x32-10, and a keyed permutation. No state, so replays are exact.
import { PERMUTE_INDEX, UNIFORM } from "../../assembly/isa/map-code.ts";
import { anInteger, must } from "../check.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { checkArity, nondifferentiable, type Op } from "../op.ts";
import { checkDType, checkShape, type Shape, sameShape, showShape } from "../shape.ts";
import { show } from "../show.ts";
import { apply, aTensor, scalar, Tensor } from "../tensor.ts";
import type { RandomKey } from "../variable.ts";
import { streamOf } from "./stream.ts";

/** Uniform f32 in [0, 1) from a key of two i32 scalars, broadcast to the result's shape. */
export const uniformOp: Op<undefined> = {
  name: "uniform",
  infer(inputs) {
    checkArity(inputs, 2, "uniform");
    const [a, b] = inputs;
    for (const aval of inputs) checkDType(aval, ["i32"], "uniform: the key");
    if (!sameShape(a.shape, b.shape))
      throw new ShapeError(`uniform: key shapes ${showShape(a.shape)} and ${showShape(b.shape)} differ`);
    return { shape: a.shape, dtype: "f32" };
  },
  vjp: nondifferentiable,
  lowering: { kind: "map", indexed: true, code: () => UNIFORM },
};

/** Where i32 index i of 0..size-1 goes in the permutation that `key` names: index, key, size, all i32. */
export const permuteIndexOp: Op<undefined> = {
  name: "permuteIndex",
  infer(inputs) {
    checkArity(inputs, 3, "permuteIndex");
    for (const aval of inputs) {
      checkDType(aval, ["i32"], "permuteIndex");
      if (!sameShape(aval.shape, inputs[0].shape))
        throw new ShapeError(`permuteIndex: shapes ${showShape(inputs[0].shape)} and ${showShape(aval.shape)} differ`);
    }
    return inputs[0];
  },
  vjp: nondifferentiable,
  lowering: { kind: "map", code: () => PERMUTE_INDEX },
};

/**
 * The key of the random stream that a seed and a path name: the same pair gives the same numbers everywhere.
 *
 * @example
 * import { evaluate, randomKey, uniform } from "simdgrad";
 * const [a, b] = await evaluate(uniform(randomKey(0, "dropout"), [2]));
 * a !== b && a >= 0 && a < 1; // => true
 */
export function randomKey(seed: number, path: string): RandomKey {
  anInteger(seed, "randomKey: seed");
  must(typeof path === "string", path, "randomKey: path", 'a string that names the stream, such as "noise"');
  const [low, high] = streamOf(seed, path);
  return [scalar(low, "i32"), scalar(high, "i32")];
}

// With x = a + index the next key is (F x + b, G (F x + b) + x): one key for each index and each stream, since the determinant
// of that is -1; and since it is no sum of the indices, an index after another leads elsewhere than the other after the one. Any odd
// multipliers with scattered bits do; these have good spectra (Steele and Vigna 2021).
const F = 0x915f77f5 | 0;
const G = 0x93d765dd | 0;

/**
 * The key of sub-stream `index` (i32 scalar: a step, an epoch) of a stream. The streams of sub-streams, by any path of indices, are others.
 *
 * @example
 * import { evaluateAll, foldIn, randomKey, uniform } from "simdgrad";
 * const key = randomKey(0, "noise");
 * const [a, b] = await evaluateAll([0, 1].map((step) => uniform(foldIn(key, step), [])));
 * a[0] === b[0]; // => false
 */
export function foldIn(key: RandomKey, index: Tensor | number): RandomKey {
  const [a, b] = checkKey(key, "foldIn");
  const x = a.add(index);
  const next = x.mul(F).add(b);
  return [next, next.mul(G).add(x)];
}

function checkKey(key: RandomKey, name: string): RandomKey {
  const isKey = Array.isArray(key) && key.length === 2 && key.every((part) => part instanceof Tensor);
  must(isKey, key, `${name}: key`, "two scalars, such as randomKey() makes");
  return key;
}

/** The largest of the numbers that `uniform` scales: 24 ones behind the point. */
const LARGEST_UNIT = 1 - 2 ** -24;

/** The largest float32 below a number. */
function float32Below(x: number): number {
  const bits = new Int32Array(1);
  const value = new Float32Array(bits.buffer);
  value[0] = x;
  if (value[0] < x) return value[0];
  if (x === 0) return -(2 ** -149);
  bits[0] += x > 0 ? -1 : 1;
  return value[0];
}

/**
 * Uniform random f32 in [low, high): 24 random bits each (Philox4x32-10, Salmon et al. 2011). Also where float32 has few numbers between the
 * two, none is `high`.
 * @throws ShapeError for a key that is not two scalars, ArgumentError unless low and high are finite and low <= high
 *
 * @example
 * import { randomKey, uniform } from "simdgrad";
 * uniform(randomKey(0, "weights"), [3, 2], -1, 1).shape; // => [3, 2]
 */
export function uniform(key: RandomKey, shape: Shape, low = 0, high = 1): Tensor {
  const [a, b] = checkKey(key, "uniform");
  checkShape(shape, "uniform");
  // One key a tensor: the block machine reads it once.
  for (const { shape: own } of [a, b])
    if (own.length > 0) throw new ShapeError(`uniform: a key is two scalars, not ${showShape(own)}`);
  const holds = Number.isFinite(low) && Number.isFinite(high) && low <= high && Number.isFinite(high - low);
  if (!holds)
    throw new ArgumentError(`uniform: low ${show(low)} and high ${show(high)} are not the ends of an interval`);
  const unit = apply(uniformOp, [a.broadcastTo(shape), b.broadcastTo(shape)]);
  if (low === 0 && high === 1) return unit;
  // An interval wider than any float32 is drawn at half its size.
  const isWide = !Number.isFinite(Math.fround(high - low));
  const scaled = isWide
    ? unit
        .mul(high / 2 - low / 2)
        .add(low / 2)
        .mul(2)
    : unit.mul(high - low).add(low);
  // Rounding may close the interval: where the largest unit gets to the end, in one rounding or in two, that is kept out.
  const [width, start] = [Math.fround(high - low), Math.fround(low)];
  const tops = [LARGEST_UNIT * width + start, Math.fround(LARGEST_UNIT * width) + start];
  if (tops.every((top) => Math.fround(top) < high)) return scaled;
  return scaled.minimum(Math.max(start, float32Below(high)));
}

/**
 * Normal random f32 (Box and Muller 1958).
 *
 * @example
 * import { normal, randomKey } from "simdgrad";
 * normal(randomKey(0, "noise"), [100], 0, 0.5).shape; // => [100]
 */
export function normal(key: RandomKey, shape: Shape, mean = 0, deviation = 1): Tensor {
  const [a, b] = checkKey(key, "normal");
  const radius = uniform(key, shape).neg().log1p().mul(-2).sqrt();
  const angle = uniform([a, b.add(0x3c6ef372)], shape).mul(2 * Math.PI);
  return radius.mul(angle.cos()).mul(deviation).add(mean);
}

/**
 * Where each i32 index of 0..size-1 goes in a random permutation: no sort, no state (keyed Feistel network).
 *
 * @example
 * import { arange, evaluate, permuteIndex, randomKey } from "simdgrad";
 * const order = await evaluate(permuteIndex(arange(4), randomKey(0, "epoch 1"), 4));
 * [...order].sort(); // => [0, 1, 2, 3]
 */
export function permuteIndex(index: Tensor, key: RandomKey, size: number): Tensor {
  const [a, b] = checkKey(key, "permuteIndex");
  aTensor(index, "permuteIndex: index");
  const mixed = a.mul(0x2c1b3c6d).add(b).broadcastTo(index.shape);
  return apply(permuteIndexOp, [index, mixed, scalar(size, "i32").broadcastTo(index.shape)]);
}
