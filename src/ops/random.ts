// Random numbers as pure functions of a key: counter-based Philox4x32-10, and a keyed permutation. No state, so replays are exact.
import { PERMUTE_INDEX, UNIFORM } from "../../assembly/isa/map-code.ts";
import { ShapeError } from "../errors.ts";
import { checkArity, nondifferentiable, type Op } from "../op.ts";
import { checkDType, sameShape, showShape } from "../shape.ts";

/** Uniform f32 in [0, 1) from a key of two i32 tensors of the result's shape (in practice broadcast scalars). */
export const uniform: Op<undefined> = {
  name: "uniform",
  infer(inputs) {
    checkArity(inputs, 2, "uniform");
    const [a, b] = inputs;
    for (const { dtype } of inputs) checkDType(dtype, ["i32"], "uniform: the key");
    if (!sameShape(a.shape, b.shape)) throw new ShapeError(`uniform: key shapes ${showShape(a.shape)} and ${showShape(b.shape)} differ`);
    return { shape: a.shape, dtype: "f32" };
  },
  vjp: nondifferentiable,
  lowering: { kind: "map", indexed: true, code: () => UNIFORM },
};

/** Where i32 index i of 0..size-1 goes in the permutation that `key` names: index, key, size, all i32. */
export const permuteIndex: Op<undefined> = {
  name: "permuteIndex",
  infer(inputs) {
    checkArity(inputs, 3, "permuteIndex");
    for (const { dtype, shape } of inputs) {
      checkDType(dtype, ["i32"], "permuteIndex");
      if (!sameShape(shape, inputs[0].shape)) throw new ShapeError("permuteIndex: shapes differ");
    }
    return inputs[0];
  },
  vjp: nondifferentiable,
  lowering: { kind: "map", code: () => PERMUTE_INDEX },
};
