// The product of elements.
import { aBoolean, checkOptions } from "../check.ts";
import { concat } from "../create.ts";
import { checkDType, normalizeAxes, sizeOf } from "../shape.ts";
import { aTensor, type KeepDims, scalar, type Tensor } from "../tensor.ts";

/**
 * Product over axes, by default over all; of nothing 1. Half of the factors is multiplied by the other half, and so on, so each gradient is
 * a product of the other factors, whichever are 0, and roundings are few.
 * @throws ShapeError for an axis outside the shape, DTypeError for u8
 *
 * @example
 * import { constant, evaluate, grad } from "simdgrad";
 * import { prod } from "simdgrad/functions";
 * await evaluate(prod(constant([[1, 2], [3, 4]]), 1)); // => [2, 12]
 * const x = constant([0, 2, 3]);
 * await evaluate(grad(prod(x), [x])[0]); // => [6, 0, 0]
 */
export function prod(x: Tensor, axes?: number | readonly number[], options: KeepDims = {}): Tensor {
  aTensor(x, "prod: x");
  checkDType(x, ["f32", "i32"], "prod");
  checkOptions(options, "prod", { keepDims: aBoolean });
  const { shape, dtype } = x;
  const all = normalizeAxes(axes, shape, "prod");
  const kept = [...shape.keys()].filter((axis) => !all.includes(axis));
  const result = options.keepDims
    ? shape.map((size, axis) => (all.includes(axis) ? 1 : size))
    : kept.map((axis) => shape[axis]);
  const rows = sizeOf(all.map((axis) => shape[axis]));
  if (rows === 0) return scalar(1, dtype).broadcastTo(result);
  const factors = x.permute([...all, ...kept]).reshape([rows, sizeOf(result)]);
  return productOfRows(factors, rows).reshape(result);
}

function productOfRows(factors: Tensor, rows: number): Tensor {
  if (rows === 1) return factors;
  const half = Math.floor(rows / 2);
  const product = factors.narrow(0, 0, half).mul(factors.narrow(0, half, half));
  if (rows % 2 === 0) return productOfRows(product, half);
  return productOfRows(concat([product, factors.narrow(0, rows - 1, 1)]), half + 1);
}
