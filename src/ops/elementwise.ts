// Elementwise ops: one step of the block machine each. Meaning, gradient and code side by side; broadcasting happens before (tensor.ts).
import * as code from "../../assembly/isa/map-code.ts";
import { DTypeError, ShapeError } from "../errors.ts";
import { checkArity, nondifferentiable, type Op, perInput, type VjpContext } from "../op.ts";
import { type Aval, checkDType, type DType, sameShape, showAval, showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { scalarOf } from "./leaf.ts";
import { sum } from "./reduction.ts";

type Rule = (context: VjpContext<undefined>) => Tensor | undefined;
type Simplify = (inputs: readonly Tensor[]) => Tensor | undefined;

interface Codes {
  readonly f32?: number;
  readonly i32?: number;
}

/** No gradient flows: the function is piecewise constant in this input. */
const zero: Rule = () => undefined;

/** An op of one step. */
export function elementwise(
  name: string,
  codes: Codes,
  rules: readonly Rule[],
  options: Pick<Op<undefined>, "fold" | "linear"> & { readonly result?: DType; readonly simplify?: Simplify } = {},
): Op<undefined> {
  const allowed = (["f32", "i32"] as const).filter((dtype) => codes[dtype] !== undefined);
  const { result, simplify, fold, linear } = options;
  return {
    name,
    infer(inputs) {
      checkArity(inputs, rules.length, name);
      for (const aval of inputs) checkDType(aval, allowed, name);
      if (inputs.some(({ dtype }) => dtype !== inputs[0].dtype))
        throw new DTypeError(`${name}: dtypes differ: ${inputs.map(showAval).join(" and ")}`);
      return { shape: commonShape(inputs, name), dtype: result ?? inputs[0].dtype };
    },
    vjp: perInput(...rules),
    lowering: { kind: "map", code: ([{ dtype }]) => codes[dtype as "f32" | "i32"] as number },
    simplify: simplify && ((inputs) => simplify(inputs)),
    fold,
    linear,
  };
}

function commonShape(inputs: readonly Aval[], name: string): readonly number[] {
  for (const { shape } of inputs)
    if (!sameShape(shape, inputs[0].shape))
      throw new ShapeError(`${name}: shapes ${showShape(inputs[0].shape)} and ${showShape(shape)} differ`);
  return inputs[0].shape;
}

function firstOf(...rules: Simplify[]): Simplify {
  return (inputs) => {
    for (const rule of rules) {
      const simpler = rule(inputs);
      if (simpler !== undefined) return simpler;
    }
    return undefined;
  };
}

/** Whether it is the scalar `value` (of any dtype), on every executor. */
function isScalar(tensor: Tensor, value: number): boolean {
  const scalar = scalarOf(tensor);
  return scalar !== undefined && Object.is(scalar.exact, value) && Object.is(scalar.rounded, value);
}

/** a where b is the scalar `value`. */
function rightIdentity(value: number): Simplify {
  return ([a, b]) => (isScalar(b, value) ? a : undefined);
}

function leftIdentity(value: number): Simplify {
  return ([a, b]) => (isScalar(a, value) ? b : undefined);
}

// d(a + b) = da + db. Adding +0 turns -0 into +0, so only -0 is an identity; subtracting +0 is exact.
export const add = elementwise(
  "add",
  { f32: code.ADD, i32: code.ADD_I },
  [({ cotangent }) => cotangent, ({ cotangent }) => cotangent],
  { fold: (a, b) => a + b, linear: true },
);

// d(a - b) = da - db
export const sub = elementwise(
  "sub",
  { f32: code.SUB, i32: code.SUB_I },
  [({ cotangent }) => cotangent, ({ cotangent }) => cotangent.neg()],
  { simplify: rightIdentity(0), fold: (a, b) => a - b, linear: true },
);

// d(a b) = b da + a db
export const mul = elementwise(
  "mul",
  { f32: code.MUL, i32: code.MUL_I },
  [({ cotangent, inputs }) => cotangent.mul(inputs[1]), ({ cotangent, inputs }) => cotangent.mul(inputs[0])],
  { simplify: firstOf(rightIdentity(1), leftIdentity(1)), fold: (a, b) => a * b },
);

// d(a / b) = da / b - (a / b) / b db. i32: floor division, by zero 0.
export const div = elementwise(
  "div",
  { f32: code.DIV, i32: code.DIV_I },
  [
    ({ cotangent, inputs }) => cotangent.div(inputs[1]),
    ({ cotangent, inputs, output }) => cotangent.mul(output).div(inputs[1]).neg(),
  ],
  { simplify: rightIdentity(1), fold: (a, b) => a / b },
);

// r = a - b q for the whole number q = floor(a / b); dr = da - q db
export const remainder = elementwise("remainder", { f32: code.REMAINDER, i32: code.REMAINDER_I }, [
  ({ cotangent }) => cotangent,
  ({ cotangent, inputs: [a, b], output }) => cotangent.mul(wholeQuotient(a, b, output)).neg(),
]);

/**
 * floor(a / b), given the remainder: a / b rounded may be the next whole number, (a - remainder) / b is that number but for roundings.
 * By an infinite b it is 0, or -1 where the signs differ.
 */
function wholeQuotient(a: Tensor, b: Tensor, remainder: Tensor): Tensor {
  const quotient = a.sub(remainder).div(b);
  const below = quotient.floor();
  const nearest = quotient.sub(below).greater(0.5).select(below.add(1), below);
  return a.equal(remainder).select(0, remainder.equal(b).select(-1, nearest));
}

/** The cotangent where a wins, half of it at a tie (as PyTorch), nothing where b wins. */
function winner({ cotangent }: VjpContext<undefined>, loses: Tensor, ties: Tensor): Tensor {
  return loses.select(0, ties.select(cotangent.mul(0.5), cotangent));
}

export const maximum = elementwise("maximum", { f32: code.MAX, i32: code.MAX_I }, [
  (c) => winner(c, c.inputs[0].less(c.inputs[1]), c.inputs[0].equal(c.inputs[1])),
  (c) => winner(c, c.inputs[1].less(c.inputs[0]), c.inputs[0].equal(c.inputs[1])),
]);

export const minimum = elementwise("minimum", { f32: code.MIN, i32: code.MIN_I }, [
  (c) => winner(c, c.inputs[1].less(c.inputs[0]), c.inputs[0].equal(c.inputs[1])),
  (c) => winner(c, c.inputs[0].less(c.inputs[1]), c.inputs[0].equal(c.inputs[1])),
]);

export const neg = elementwise("neg", { f32: code.NEG, i32: code.NEG_I }, [({ cotangent }) => cotangent.neg()], {
  simplify: ([a]) => (a.op === neg ? a.inputs[0] : undefined),
  fold: (a) => -a,
  linear: true,
});

// d|a| = sign(a) da, which is 0 at 0 whatever the cotangent: an infinite one, of a root for example, must not make NaN of it.
export const abs = elementwise("abs", { f32: code.ABS, i32: code.ABS_I }, [
  ({ cotangent, inputs: [a] }) => a.equal(0).select(0, cotangent.mul(a.sign())),
]);

export const sign = elementwise("sign", { f32: code.SIGN, i32: code.SIGN_I }, [zero]);
export const floor = elementwise("floor", { f32: code.FLOOR }, [zero]);
export const round = elementwise("round", { f32: code.ROUND }, [zero]);

// d e^a = e^a da
export const exp = elementwise("exp", { f32: code.EXP }, [({ cotangent, output }) => cotangent.mul(output)]);

// d (e^a - 1) = e^a da, which the result plus 1 would lose where a is far below 0
export const expm1 = elementwise("expm1", { f32: code.EXPM1 }, [
  ({ cotangent, inputs: [a] }) => cotangent.mul(a.exp()),
]);

// d ln a = da / a
export const log = elementwise("log", { f32: code.LOG }, [({ cotangent, inputs }) => cotangent.div(inputs[0])]);

// d ln(1 + a) = da / (1 + a)
export const log1p = elementwise("log1p", { f32: code.LOG1P }, [
  ({ cotangent, inputs }) => cotangent.div(inputs[0].add(1)),
]);

// d sqrt(a) = da / (2 sqrt(a)). The root of a sum of squares is a length: its slope at 0 is taken for 0 (a subgradient), since what
// is infinite here would meet the squares' slopes of 0, which makes NaN.
export const sqrt = elementwise("sqrt", { f32: code.SQRT }, [
  ({ cotangent, inputs: [a], output }) => {
    if (!isFlatAtZero(a)) return cotangent.div(output.mul(2));
    const atZero = output.equal(0);
    return atZero.select(0, cotangent.div(atZero.select(1, output).mul(2)));
  },
]);

/** Whether it is a sum of squares (or of their multiples), by what it is computed from: wherever it is 0, so are its slopes. */
export function isFlatAtZero(tensor: Tensor): boolean {
  const parts = new Set([tensor]);
  for (const part of parts) {
    if (isSquare(part)) continue;
    const summands = summandsOf(part);
    if (summands.length === 0) return false;
    for (const summand of summands) parts.add(summand); // which the loop goes on to
  }
  return true;
}

function isSquare({ op, inputs: [a, b] }: Tensor): boolean {
  return op === mul && a === b;
}

/** What a tensor is a sum or a multiple of. */
function summandsOf({ op, inputs }: Tensor): readonly Tensor[] {
  const [a, b] = inputs;
  if (op === add) return inputs;
  if (op === mul) return scalarOf(b) !== undefined ? [a] : scalarOf(a) !== undefined ? [b] : [];
  const { kind } = op.lowering;
  return kind === "view" || kind === "broadcast" || op === div || op === sum ? [a] : [];
}

// d a^(-1/2) = -1/2 a^(-3/2) da
export const rsqrt = elementwise("rsqrt", { f32: code.RSQRT }, [
  ({ cotangent, output }) => cotangent.mul(-0.5).mul(output.mul(output).mul(output)),
]);

// d sin a = cos a da; d cos a = -sin a da
export const sin = elementwise("sin", { f32: code.SIN }, [({ cotangent, inputs }) => cotangent.mul(inputs[0].cos())]);
export const cos = elementwise("cos", { f32: code.COS }, [
  ({ cotangent, inputs }) => cotangent.mul(inputs[0].sin()).neg(),
]);

// d tanh a = (1 - tanh^2 a) da
export const tanh = elementwise("tanh", { f32: code.TANH }, [
  ({ cotangent, output }) => cotangent.mul(output.mul(output).neg().add(1)),
]);

// s = 1 / (1 + e^-a); ds = s (1 - s) da
export const sigmoid = elementwise("sigmoid", { f32: code.SIGMOID }, [
  ({ cotangent, output }) => cotangent.mul(output.mul(output.neg().add(1))),
]);

// d erf a = 2 / sqrt(pi) e^(-a^2) da
export const erf = elementwise("erf", { f32: code.ERF }, [
  ({ cotangent, inputs: [a] }) =>
    cotangent.mul(
      a
        .mul(a)
        .neg()
        .exp()
        .mul(2 / Math.sqrt(Math.PI)),
    ),
]);

// d a^b = b a^(b-1) da + a^b ln a db, with PyTorch's zeros: none for b = 0, none in b where a = 0 and b >= 0. What is not selected must
// be finite, too, since it has a gradient of its own: so a^-1 stands nowhere where b = 0.
export const pow = elementwise("pow", { f32: code.POW }, [
  ({ cotangent, inputs: [a, b] }) => {
    const isConstant = b.equal(0);
    return isConstant.select(0, cotangent.mul(b.mul(a.pow(isConstant.select(1, b.sub(1))))));
  },
  ({ cotangent, inputs: [a, b], output }) => {
    const atZero = a.equal(0).mul(b.greater(0).add(b.equal(0)));
    return atZero.select(0, cotangent.mul(output).mul(atZero.select(1, a).log()));
  },
]);

// 1 where it holds, else 0, in f32; with NaN nothing holds.
export const less = elementwise("less", { f32: code.LESS, i32: code.LESS_I }, [zero, zero], { result: "f32" });
export const equal = elementwise("equal", { f32: code.EQUAL, i32: code.EQUAL_I }, [zero, zero], { result: "f32" });

// y = max(a, 0); the gradient at 0 is 0, as PyTorch's. It asks y, which others read, too, so that a need not be kept.
export const relu = elementwise("relu", { f32: code.RELU }, [
  ({ cotangent, output }) => output.like(0).less(output).select(cotangent, 0),
]);

/** Condition (f32, not 0 means true), then two values of one dtype. */
export const select: Op<undefined> = {
  name: "select",
  infer(inputs) {
    checkArity(inputs, 3, "select");
    const [condition, a, b] = inputs;
    checkDType(condition, ["f32"], "select: the condition");
    checkDType(a, ["f32", "i32"], "select");
    if (a.dtype !== b.dtype) throw new DTypeError(`select: dtypes differ: ${showAval(a)} and ${showAval(b)}`);
    return { shape: commonShape(inputs, "select"), dtype: a.dtype };
  },
  vjp: perInput(
    zero,
    ({ cotangent, inputs: [condition] }) => condition.select(cotangent, 0),
    ({ cotangent, inputs: [condition] }) => condition.select(0, cotangent),
  ),
  lowering: { kind: "map", code: () => code.SELECT },
};

/** Another dtype: f32 to i32 towards zero (saturating, NaN to 0); nothing turns into u8. Between f32 and f32 there is no cast. */
export const cast: Op<{ readonly dtype: DType }> = {
  name: "cast",
  infer(inputs, { dtype }) {
    checkArity(inputs, 1, "cast");
    if (dtype === "u8") throw new DTypeError(`cast: ${showAval(inputs[0])} to u8, which is for data alone`);
    return { shape: inputs[0].shape, dtype };
  },
  vjp: nondifferentiable,
  lowering: {
    kind: "map",
    code([{ dtype: from }], { dtype: to }) {
      if (from === "f32") return to === "f32" ? code.COPY_BITS : code.TO_I32;
      return to === "f32" ? code.FROM_I32 : code.COPY_BITS;
    },
  },
  simplify: ([a], { dtype }) => (a.dtype === dtype ? a : undefined),
  key: ({ dtype }) => dtype,
};
