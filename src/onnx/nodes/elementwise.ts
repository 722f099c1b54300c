// Arithmetic, comparisons, logic and functions of one element.

import { constant } from "../../create.ts";
import { DataError } from "../../errors.ts";
import { acosh, asinh, atanh, cosh, sinh } from "../../functions/hyperbolic.ts";
import { isNaN as isNotANumber, logicalAnd, logicalNot, logicalOr, logicalXor } from "../../functions/logic.ts";
import { acos, asin, atan, tan } from "../../functions/trigonometry.ts";
import { broadcastShapes, type Shape, sizeOf } from "../../shape.ts";
import type { Tensor } from "../../tensor.ts";
import { type ElementType, elementTypes } from "../element-types.ts";
import type { Node } from "../node.ts";
import { Refusal } from "../refusal.ts";
import type { Build, Rules } from "../rule.ts";
import { Value } from "../value.ts";

/** A function of one tensor, of the same type. */
export function unary(apply: (x: Tensor) => Tensor): Build {
  return (node) => node.like(0, apply(node.tensor(0)));
}

/** Whole numbers of few bits, which go on at the other end. Those of 32 bits do so by themselves; of 64 bits there are 32 here. */
export function wrapped(tensor: Tensor, type: ElementType): Tensor {
  const { bytes, range } = elementTypes[type];
  if (range === undefined || bytes > 2) return tensor;
  const [least] = range;
  const rest = tensor.sub(least).remainder(2 ** (8 * bytes));
  return least === 0 ? rest : rest.add(least);
}

/**
 * The two operands of a node, the second one, in models of the first versions, put beside the axes of the first from `axis` on.
 * @throws DataError where the types differ
 */
function operands(node: Node): readonly [Tensor, Tensor] {
  const [a, b] = [node.tensor(0), node.tensor(1)];
  if (node.type(0) !== node.type(1)) throw new DataError(`${node.type(0)} and ${node.type(1)} differ`);
  return [a, node.version < 7 ? beside(b, a.shape, node) : b];
}

/** Before version 7 a node says from which axis of the first operand on the second one lies. */
function beside(b: Tensor, shape: Shape, node: Node): Tensor {
  if (!node.hasAttribute("axis")) return b;
  const axis = node.int("axis");
  const first = axis < 0 ? axis + shape.length : axis;
  return b.reshape([...b.shape, ...Array<number>(Math.max(0, shape.length - first - b.shape.length)).fill(1)]);
}

function binary(apply: (a: Tensor, b: Tensor) => Tensor): Build {
  return (node) => {
    const [a, b] = operands(node);
    return node.like(0, wrapped(apply(a, b), node.type(0)));
  };
}

function comparison(apply: (a: Tensor, b: Tensor) => Tensor): Build {
  return (node) => Value.of(apply(...operands(node)), "bool");
}

function variadic(apply: (all: readonly Tensor[]) => Tensor): Build {
  return (node) => {
    if (node.inputs.length === 0) throw new DataError("takes an input at least");
    return node.like(0, apply(node.inputs.map((_, i) => node.tensor(i))));
  };
}

function reduced(apply: (a: Tensor, b: Tensor) => Tensor): (all: readonly Tensor[]) => Tensor {
  return ([first, ...others]) => others.reduce(apply, first);
}

/** a / b; of whole numbers without what is behind the point. */
export function quotient(a: Tensor, b: Tensor): Tensor {
  if (a.dtype === "f32") return a.div(b);
  // The least whole number has no absolute value: what is rounded down is put up by 1 where signs differ and something is left.
  const down = a.div(b);
  const isLess = a.less(0).notEqual(b.less(0)).mul(down.mul(b).notEqual(a)).mul(b.notEqual(0));
  return down.add(isLess.cast("i32"));
}

/** By fmod the rest has the sign of a, else that of b. */
function modulo(node: Node): Value {
  const [a, b] = operands(node);
  if (!node.flag("fmod")) return node.like(0, a.remainder(b));
  if (a.dtype === "i32") return node.like(0, a.sub(quotient(a, b).mul(b)));
  const rest = a.abs().remainder(b.abs());
  return node.like(0, a.less(0).select(rest.neg(), rest));
}

/** Powers that are made without logarithms. */
const simplePowers = new Map<number, (x: Tensor) => Tensor>([
  [1, (x) => x],
  [2, (x) => x.square()],
  [3, (x) => x.square().mul(x)],
  [0.5, (x) => x.sqrt()],
  [-1, (x) => x.like(1).div(x)],
]);

/** Whole numbers to the power of whole ones, exactly, going on at the other end of 32 bits; by exponents below 0 without what is behind the point. */
function wholePower(a: Tensor, b: Tensor, most: number): Tensor {
  let result: Tensor = a.like(1);
  let square = a;
  for (let rest = most, bit = 1; rest > 0; rest = Math.floor(rest / 2), bit *= 2) {
    result = b.div(bit).remainder(2).notEqual(0).select(result.mul(square), result);
    if (rest > 1) square = square.mul(square);
  }
  // 1 / a: of 1 and -1 the same, of all others 0.
  const isOne = a.abs().equal(1);
  return b.less(0).select(isOne.select(b.remainder(2).notEqual(0).select(a, a.like(1)), 0), result);
}

/** Base and exponent may differ in type; the base says that of the result. */
function power(node: Node): Value {
  const a = node.tensor(0);
  const given = node.value(1);
  const simple = given.isKnown && given.shape.length === 0 ? simplePowers.get(given.numbers()[0]) : undefined;
  if (simple !== undefined && a.dtype === "f32") return node.like(0, simple(a));
  const b = node.tensor(1);
  const exponent = node.version < 7 ? beside(b, a.shape, node) : b;
  if (a.dtype === "i32" && exponent.dtype === "i32") {
    const known = given.isKnown ? Array.from(given.numbers()) : [2 ** 31 - 1];
    const most = Math.min(
      2 ** 31 - 1,
      known.reduce((a, b) => Math.max(a, b), 0),
    );
    return node.like(0, wrapped(wholePower(a, exponent, most), node.type(0)));
  }
  const result = a.cast("f32").pow(exponent.cast("f32"));
  return node.like(0, a.dtype === "i32" ? result.round().cast("i32") : result);
}

/** Multiplied or divided by powers of 2, which a table holds. */
function shifted(node: Node): Value {
  const type = node.type(0);
  if (elementTypes[type].bytes > 2) throw new Refusal(`shifts of ${type} need more bits than there are`);
  const [a, by] = operands(node);
  const table = constant(Int32Array.from({ length: 16 }, (_, i) => 2 ** i));
  const factor = table.gather(by.clamp(0, 15));
  const isFar = by.greater(15);
  if (node.text("direction") === "RIGHT") return node.like(0, isFar.select(0, a.div(factor)));
  return node.like(0, isFar.select(0, wrapped(a.mul(factor), type)));
}

/** Bounds are attributes before version 11; those that are left out are none. */
function clipped(node: Node): Value {
  const x = node.tensor(0);
  const bound = (i: number, name: string) => {
    if (node.version < 11) return node.hasAttribute(name) ? node.float(name) : undefined;
    if (!node.has(i)) return undefined;
    const value = node.value(i);
    return value.isKnown && sizeOf(value.shape) === 1 ? value.numbers()[0] : node.tensor(i);
  };
  const whole = (limit: number | Tensor | undefined) =>
    typeof limit === "number" && x.dtype === "i32" ? Math.min(Math.max(limit, -(2 ** 31)), 2 ** 31 - 1) : limit;
  const [low, high] = [whole(bound(1, "min")), whole(bound(2, "max"))];
  return node.like(0, low === undefined && high === undefined ? x : x.clamp(low, high));
}

function isInfinite(node: Node): Value {
  const x = node.tensor(0);
  const [up, down] = [node.flag("detect_positive", true), node.flag("detect_negative", true)];
  const above = x.equal(Number.POSITIVE_INFINITY);
  const below = x.equal(Number.NEGATIVE_INFINITY);
  const found = up && down ? above.add(below) : up ? above : down ? below : x.like(0);
  return Value.of(found, "bool");
}

function selected(node: Node): Value {
  return node.like(1, node.tensor(0).select(node.tensor(1), node.tensor(2)));
}

/** The mean of tensors that broadcast. */
function mean(all: readonly Tensor[]): Tensor {
  return reduced((a, b) => a.add(b))(all).div(all.length);
}

/** Larger or smaller ones: of one tensor itself. */
function largest(all: readonly Tensor[]): Tensor {
  return reduced((a, b) => a.maximum(b))(all);
}

function sameShapes(all: readonly Tensor[]): readonly Tensor[] {
  const shape = all.map((each) => each.shape).reduce((a, b) => broadcastShapes(a, b, "Sum"));
  return all.map((each) => each.broadcastTo(shape));
}

/** Of floats and whole numbers alike. */
function whereWhole(apply: (x: Tensor) => Tensor): Build {
  return unary((x) => (x.dtype === "i32" ? x : apply(x)));
}

export const elementwise: Rules = {
  Abs: unary((x) => x.abs()),
  Acos: unary(acos),
  Acosh: unary(acosh),
  Add: binary((a, b) => a.add(b)),
  And: comparison(logicalAnd),
  Asin: unary(asin),
  Asinh: unary(asinh),
  Atan: unary(atan),
  Atanh: unary(atanh),
  BitShift: shifted,
  BitwiseNot: (node) => node.like(0, wrapped(node.tensor(0).neg().sub(1), node.type(0))),
  Ceil: whereWhole((x) => x.ceil()),
  Clip: { decides: [1, 2], build: clipped },
  Cos: unary((x) => x.cos()),
  Cosh: unary(cosh),
  Div: binary(quotient),
  Equal: comparison((a, b) => a.equal(b)),
  Erf: unary((x) => x.erf()),
  Exp: unary((x) => x.exp()),
  Floor: whereWhole((x) => x.floor()),
  Greater: comparison((a, b) => a.greater(b)),
  GreaterOrEqual: comparison((a, b) => a.greaterEqual(b)),
  IsInf: isInfinite,
  IsNaN: (node) => Value.of(isNotANumber(node.tensor(0)), "bool"),
  Less: comparison((a, b) => a.less(b)),
  LessOrEqual: comparison((a, b) => a.lessEqual(b)),
  Log: unary((x) => x.log()),
  Max: variadic(largest),
  Mean: variadic(mean),
  Min: variadic(reduced((a, b) => a.minimum(b))),
  Mod: modulo,
  Mul: binary((a, b) => a.mul(b)),
  Neg: unary((x) => x.neg()),
  Not: (node) => Value.of(logicalNot(node.tensor(0)), "bool"),
  Or: comparison(logicalOr),
  Pow: { decides: [1], build: power },
  Reciprocal: unary((x) => x.like(1).div(x)),
  Round: unary((x) => x.round()),
  Sign: unary((x) => x.sign()),
  Sin: unary((x) => x.sin()),
  Sinh: unary(sinh),
  Sqrt: unary((x) => x.sqrt()),
  Sub: binary((a, b) => a.sub(b)),
  Sum: variadic((all) => reduced((a, b) => a.add(b))(sameShapes(all))),
  Tan: unary(tan),
  Tanh: unary((x) => x.tanh()),
  Where: selected,
  Xor: comparison(logicalXor),
};
