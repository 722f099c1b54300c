// Random numbers as pure functions of a key: counter-based Philox4x32-10, and a keyed permutation. No state, so replays are exact.
import { PERMUTE_INDEX, UNIFORM } from "../../assembly/isa/map-code.ts";
import { scalar } from "../create.ts";
import { ShapeError } from "../errors.ts";
import { checkArity, nondifferentiable, type Op } from "../op.ts";
import { checkDType, checkShape, type Shape, sameShape, showShape } from "../shape.ts";
import { apply, type Tensor } from "../tensor.ts";
import type { RandomKey } from "../variable.ts";

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

/** A number and a text, hashed to 32 bits (FNV-1a, then the finisher of MurmurHash3). */
function hash(text: string, start: number): number {
  let h = start ^ 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/**
 * The key of the random stream that a seed and a path name: the same pair gives the same numbers everywhere.
 *
 * @example
 * import { evaluate, randomKey, uniform } from "simdgrad";
 * const [a, b] = await evaluate(uniform(randomKey(0, "dropout"), [2]));
 * a !== b && a >= 0 && a < 1; // => true
 */
export function randomKey(seed: number, path: string): RandomKey {
  const low = hash(path, seed | 0);
  return [scalar(low, "i32"), scalar(hash(path, low ^ Math.floor(seed / 2 ** 32)), "i32")];
}

/**
 * The key of sub-stream `index` (i32 scalar: a step, an epoch) of a stream.
 *
 * @example
 * import { evaluateAll, foldIn, randomKey, uniform } from "simdgrad";
 * const key = randomKey(0, "noise");
 * const [a, b] = await evaluateAll([0, 1].map((step) => uniform(foldIn(key, step), [])));
 * a[0] === b[0]; // => false
 */
export function foldIn([a, b]: RandomKey, index: Tensor | number): RandomKey {
  return [a.add(index), b];
}

/**
 * Uniform random f32 in [low, high): 24 random bits each (Philox4x32-10, Salmon et al. 2011).
 * @throws ShapeError for a key that is not two scalars
 *
 * @example
 * import { randomKey, uniform } from "simdgrad";
 * uniform(randomKey(0, "weights"), [3, 2], -1, 1).shape; // => [3, 2]
 */
export function uniform([a, b]: RandomKey, shape: Shape, low = 0, high = 1): Tensor {
  checkShape(shape, "uniform");
  // One key a tensor: the block machine reads it once.
  for (const { shape: own } of [a, b])
    if (own.length > 0) throw new ShapeError(`uniform: a key is two scalars, not ${showShape(own)}`);
  const unit = apply(uniformOp, [a.broadcastTo(shape), b.broadcastTo(shape)]);
  return low === 0 && high === 1 ? unit : unit.mul(high - low).add(low);
}

/**
 * Normal random f32 (Box and Muller 1958).
 *
 * @example
 * import { normal, randomKey } from "simdgrad";
 * normal(randomKey(0, "noise"), [100], 0, 0.5).shape; // => [100]
 */
export function normal(key: RandomKey, shape: Shape, mean = 0, deviation = 1): Tensor {
  const [a, b] = key;
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
  const [a, b] = key;
  const mixed = a.mul(0x2c1b3c6d).add(b).broadcastTo(index.shape);
  return apply(permuteIndexOp, [index, mixed, scalar(size, "i32").broadcastTo(index.shape)]);
}
