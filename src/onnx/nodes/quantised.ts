import { DataError } from "../../errors.ts";
import { normalizeAxis, type Shape, showShape, sizeOf } from "../../shape.ts";
import type { Tensor } from "../../tensor.ts";
import { type ElementType, elementTypeOf, elementTypes } from "../element-types.ts";
import type { Node } from "../node.ts";
import { Refusal } from "../refusal.ts";
import type { Rules } from "../rule.ts";
import { Value } from "../value.ts";
import { convolved } from "./convolutions.ts";

/** One number for all, or one for each place of an axis, in a shape that broadcasts to x's. */
function spread(value: Tensor, shape: Shape, axis: number): Tensor {
  if (sizeOf(value.shape) === 1) return value.reshape([]);
  const at = normalizeAxis(axis, shape, "axis");
  if (value.shape.length !== 1 || value.shape[0] !== shape[at])
    throw new Refusal(`scales or zero points ${showShape(value.shape)} for ${showShape(shape)}`);
  return value.reshape(shape.map((_, i) => (i === at ? -1 : 1)));
}

/** Rounded to whole numbers, half to even, moved to the zero point and bounded by what the type holds. */
function wholeOf(x: Tensor, scale: Tensor, zero: Tensor | undefined, type: ElementType): Value {
  const { range = [0, 0], dtype, bytes } = elementTypes[type];
  if (dtype !== "i32" || bytes > 2) throw new Refusal(`quantised numbers of ${type}`);
  const rounded = x.div(scale).round();
  const moved = zero === undefined ? rounded : rounded.add(zero.cast("f32"));
  return Value.of(moved.clamp(...range).cast("i32"), type);
}

/** The number that a quantised one stands for. */
function real(x: Tensor, scale: Tensor, zero: Tensor | undefined): Tensor {
  return (zero === undefined ? x : x.sub(zero)).cast("f32").mul(scale);
}

function quantizeLinear(node: Node): Value {
  const [given, axis] = [node.tensor(0), node.int("axis", 1)];
  if (node.int("block_size", 0) !== 0) throw new Refusal("block_size");
  const x = given.cast("f32");
  const said = node.int("output_dtype", 0);
  const type = node.has(2) ? node.type(2) : said === 0 ? "uint8" : elementTypeOf(said);
  if (type === undefined) throw new Refusal(`quantised numbers of type ${said}`);
  const zero = node.has(2) ? spread(node.tensor(2), x.shape, axis) : undefined;
  return wholeOf(x, spread(node.tensor(1), x.shape, axis), zero, type);
}

function dequantizeLinear(node: Node): Value {
  const [x, axis] = [node.tensor(0), node.int("axis", 1)];
  if (node.int("block_size", 0) !== 0) throw new Refusal("block_size");
  if (x.dtype !== "i32") throw new Refusal(`quantised numbers of ${node.type(0)}`);
  const zero = node.has(2) ? spread(node.tensor(2), x.shape, axis) : undefined;
  return node.like(1, real(x, spread(node.tensor(1), x.shape, axis), zero));
}

/** With the scale and the zero point that the numbers themselves ask for. */
function dynamicQuantizeLinear(node: Node): Value[] {
  const x = node.tensor(0);
  const [low, high] = [x.min().minimum(0), x.max().maximum(0)];
  const scale = high.sub(low).div(255);
  const zero = low.neg().div(scale).clamp(0, 255).round().cast("i32");
  return [wholeOf(x, scale, zero, "uint8"), Value.of(scale, "float32"), Value.of(zero, "uint8")];
}

/** Products of differences of 8-bit numbers that a float32 adds up without rounding: 255 * 255 * 256 < 2^24. */
const EXACT = 256;

/** Whole numbers less their zero points, f32. */
function centred(node: Node, i: number, zero: number, axis: number): Tensor {
  const x = node.tensor(i);
  if (elementTypes[node.type(i)].bytes !== 1) throw new Refusal(`whole products of ${node.type(i)}`);
  return (node.has(zero) ? x.sub(spread(node.tensor(zero), x.shape, axis)) : x).cast("f32");
}

/** A whole product of whole numbers, i32: summed in parts that are exact. */
function wholeProduct(a: Tensor, b: Tensor): Tensor {
  const inner = a.shape.at(-1) ?? 0;
  if (a.shape.length < 2 || b.shape.length < 2) throw new DataError("takes matrices");
  const parts: Tensor[] = [];
  for (let start = 0; start < inner; start += EXACT) {
    const size = Math.min(EXACT, inner - start);
    parts.push(
      a
        .narrow(-1, start, size)
        .matmul(b.narrow(-2, start, size))
        .cast("i32"),
    );
  }
  if (parts.length === 0) return a.matmul(b).cast("i32");
  return parts.reduce((sum, part) => sum.add(part));
}

function matMulInteger(node: Node): Value {
  return Value.of(wholeProduct(centred(node, 0, 2, -2), centred(node, 1, 3, -1)), "int32");
}

function qLinearMatMul(node: Node): Value {
  const product = wholeProduct(centred(node, 0, 2, -2), centred(node, 3, 5, -1));
  const scale = (i: number, axis: number) => spread(node.tensor(i), product.shape, axis);
  const x = product.cast("f32").mul(scale(1, -2)).mul(scale(4, -1));
  return wholeOf(x, scale(6, -1), spread(node.tensor(7), product.shape, -1), node.type(7));
}

/** Whole sums of windows, i32: channels in parts that are exact. */
function wholeConvolution(node: Node, x: Tensor, w: Tensor): Tensor {
  const taps = sizeOf(w.shape.slice(2));
  const each = Math.floor(EXACT / taps);
  const channels = w.shape[1] ?? 0;
  if (channels <= each) return convolved(node, x, w).cast("i32");
  if (each === 0 || node.int("group", 1) !== 1) throw new Refusal(`whole sums of ${channels * taps} products`);
  const parts = Array.from({ length: Math.ceil(channels / each) }, (_, i) => {
    const size = Math.min(each, channels - i * each);
    return convolved(node, x.narrow(1, i * each, size), w.narrow(1, i * each, size)).cast("i32");
  });
  return parts.reduce((sum, part) => sum.add(part));
}

function convInteger(node: Node): Value {
  return Value.of(wholeConvolution(node, centred(node, 0, 2, 1), centred(node, 1, 3, 0)), "int32");
}

function qLinearConv(node: Node): Value {
  const sums = wholeConvolution(node, centred(node, 0, 2, 1), centred(node, 3, 5, 0));
  const scale = (i: number) => spread(node.tensor(i), sums.shape, 1);
  const whole = node.has(8) ? sums.add(spread(node.tensor(8), sums.shape, 1)) : sums;
  const x = whole.cast("f32").mul(scale(1)).mul(scale(4));
  return wholeOf(x, scale(6), scale(7), node.type(7));
}

export const quantised: Rules = {
  QuantizeLinear: quantizeLinear,
  DequantizeLinear: dequantizeLinear,
  DynamicQuantizeLinear: dynamicQuantizeLinear,
  MatMulInteger: matMulInteger,
  QLinearMatMul: qLinearMatMul,
  ConvInteger: convInteger,
  QLinearConv: qLinearConv,
};
