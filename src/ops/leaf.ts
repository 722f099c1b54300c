// Ops without a computation: where values come from, and markers that only autodiff sees.
import { must } from "../check.ts";
import { GradientError } from "../errors.ts";
import { exactly, nondifferentiable, type Op, type Vjp } from "../op.ts";
import { type Aval, checkShape, sameShape, showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

/** Given by the caller before each run. */
export const input: Op<Aval> = {
  name: "input",
  infer: (_, { shape, dtype }) => ({ shape: checkShape(shape, "input"), dtype }),
  vjp: nondifferentiable,
  lowering: { kind: "leaf", place: "input" },
  key: () => undefined,
};

/** State that outlives a run. */
export const variable: Op<Aval> = {
  name: "variable",
  infer: (_, { shape, dtype }) => ({ shape: checkShape(shape, "variable"), dtype }),
  vjp: nondifferentiable,
  lowering: { kind: "leaf", place: "variable" },
  key: () => undefined,
};

export interface ConstantAttrs extends Aval {
  readonly data: Float64Array | Int32Array | Uint8Array;
  /** The value, where there is only one. */
  readonly scalar?: number;
  /** The value where numbers are float32, if it is not the one next to `scalar`: of a sum of constants, each operation is rounded there. */
  readonly rounded?: number;
}

/** Known when the program is made. */
export const constant: Op<ConstantAttrs> = {
  name: "constant",
  infer: (_, { shape, dtype }) => ({ shape: checkShape(shape, "constant"), dtype }),
  vjp: nondifferentiable,
  lowering: { kind: "leaf", place: "constant" },
  key({ scalar, rounded, dtype, shape }) {
    if (scalar === undefined) return undefined;
    const value = rounded === undefined ? exactly(scalar) : `${exactly(scalar)}~${exactly(rounded)}`;
    return `${value} ${dtype} ${shape.length}`;
  },
};

/** A scalar constant's value in Float64, and the one where numbers are float32. */
export interface Scalar {
  readonly exact: number;
  readonly rounded: number;
}

/** The value of a scalar constant, seen through broadcasts; undefined for anything else. */
export function scalarOf(tensor: Tensor): Scalar | undefined {
  let node = tensor;
  while (node.op.lowering.kind === "broadcast") node = node.inputs[0];
  if (node.op.lowering.kind !== "leaf" || node.op.lowering.place !== "constant") return undefined;
  const { scalar, rounded, dtype } = node.attrs as ConstantAttrs;
  if (scalar === undefined) return undefined;
  return { exact: scalar, rounded: rounded ?? (dtype === "f32" ? Math.fround(scalar) : scalar) };
}

/** A value from outside a loop's body, or what the loop hands its body. */
export const captured: Op<Aval> = {
  name: "captured",
  infer: (_, aval) => aval,
  vjp: nondifferentiable,
  lowering: { kind: "leaf", place: "captured" },
  key: () => undefined,
};

/** The same value; no gradient passes. */
export const stopGradient: Op<undefined> = {
  name: "stopGradient",
  infer: ([aval]) => aval,
  vjp: nondifferentiable,
  lowering: { kind: "view" },
  simplify: ([a]) => a,
};

export interface CustomGradientAttrs {
  readonly vjp: (cotangent: Tensor, inputs: readonly Tensor[], output: Tensor) => readonly (Tensor | undefined)[];
}

const customVjp: Vjp<CustomGradientAttrs> = ({ attrs, cotangent, inputs, output }) => {
  const given = inputs.slice(1);
  const shares = attrs.vjp(cotangent, given, output);
  const holds = Array.isArray(shares) && shares.every((share) => share === undefined || share?.op);
  must(holds, shares, "customGradient: what the rule gives", "an array of tensors");
  if (shares.length !== given.length)
    throw new GradientError(`customGradient: the rule gives ${shares.length} cotangents for ${given.length} inputs`);
  for (const [i, { shape }] of given.entries()) {
    const share = shares[i];
    if (share !== undefined && !sameShape(share.shape, shape))
      throw new GradientError(
        `customGradient: the rule gives input ${i} of shape ${showShape(shape)} a cotangent of ${showShape(share.shape)}`,
      );
  }
  return [undefined, ...shares];
};

/** The value of the first input, with a gradient rule of the user's own for the others. */
export const customGradient: Op<CustomGradientAttrs> = {
  name: "customGradient",
  infer: ([aval]) => aval,
  vjp: customVjp,
  lowering: { kind: "view" },
  simplify: ([value]) => value,
  key: () => undefined,
};
