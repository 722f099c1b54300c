// Trigonometric functions beyond sin and cos. All the inverse ones are angles of points: atan2 loses no digits anywhere.
import { atan2 as atan2Op } from "../ops/functions.ts";
import { broadcastShapes } from "../shape.ts";
import { apply, aTensor, type Tensor } from "../tensor.ts";
import { smooth } from "./smooth.ts";

/**
 * Tangent of an angle in radians.
 * @throws DTypeError unless f32
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { tan } from "simdgrad/functions";
 * await evaluate(tan(constant([0, Math.PI / 4]))); // => [0, 1.00000]
 */
export function tan(x: Tensor): Tensor {
  return smooth(
    "tan",
    x,
    (a) => a.sin().div(a.cos()),
    (cotangent, _, output) => cotangent.mul(output.square().add(1)),
  );
}

/**
 * The angle of the points (x, y) in radians, from -pi to pi, as C's atan2, broadcast; at (0, 0) its slope is 0.
 * @throws ShapeError where the shapes do not broadcast, DTypeError unless f32
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { atan2 } from "simdgrad/functions";
 * await evaluate(atan2(constant([1, -1]), constant([0, -1]))); // => [1.57080, -2.35619]
 */
export function atan2(y: Tensor, x: Tensor): Tensor {
  aTensor(y, "atan2: y");
  aTensor(x, "atan2: x");
  const shape = broadcastShapes(y.shape, x.shape, "atan2");
  return apply(atan2Op, [y.broadcastTo(shape), x.broadcastTo(shape)]);
}

/**
 * The inverse of tan, from -pi / 2 to pi / 2.
 * @throws DTypeError unless f32
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { atan } from "simdgrad/functions";
 * await evaluate(atan(constant([0, 1]))); // => [0, 0.78540]
 */
export function atan(x: Tensor): Tensor {
  return smooth(
    "atan",
    x,
    (a) => atan2(a, a.like(1)),
    (cotangent, a) => cotangent.div(a.square().add(1)),
  );
}

/** The other leg of a right triangle of hypotenuse 1: sqrt(1 - x^2) without loss near 1; NaN beyond. */
function otherLeg(x: Tensor): Tensor {
  return x.neg().add(1).mul(x.add(1)).sqrt();
}

/**
 * The inverse of sin, from -pi / 2 to pi / 2; NaN beyond -1 and 1.
 * @throws DTypeError unless f32
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { asin } from "simdgrad/functions";
 * await evaluate(asin(constant([0, 1]))); // => [0, 1.57080]
 */
export function asin(x: Tensor): Tensor {
  return smooth(
    "asin",
    x,
    (a) => atan2(a, otherLeg(a)),
    (cotangent, a) => cotangent.div(otherLeg(a)),
  );
}

/**
 * The inverse of cos, from 0 to pi; NaN beyond -1 and 1.
 * @throws DTypeError unless f32
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { acos } from "simdgrad/functions";
 * await evaluate(acos(constant([1, 0]))); // => [0, 1.57080]
 */
export function acos(x: Tensor): Tensor {
  return smooth(
    "acos",
    x,
    (a) => atan2(otherLeg(a), a),
    (cotangent, a) => cotangent.div(otherLeg(a)).neg(),
  );
}
