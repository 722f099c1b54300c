// Products with Jacobians and Hessians, and the matrices themselves, out of reverse mode alone (autodiff.ts). Graphs, like all else.
import { applied, grad } from "../autodiff.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { scan } from "../ops/loop.ts";
import { sameShape, showShape, sizeOf } from "../shape.ts";
import { arange, scalar, stopGradient, type Tensor, tensors } from "../tensor.ts";

type Differentiable = (...inputs: Tensor[]) => Tensor;

function checkTangents(inputs: readonly Tensor[], tangents: readonly Tensor[], name: string): void {
  tensors(inputs, `${name}: inputs`);
  tensors(tangents, `${name}: tangents`);
  if (inputs.length !== tangents.length)
    throw new ArgumentError(`${name}: ${tangents.length} tangents for ${inputs.length} inputs`);
  for (const [i, { shape }] of inputs.entries())
    if (!sameShape(shape, tangents[i].shape))
      throw new ShapeError(`${name}: tangent ${showShape(tangents[i].shape)} and input ${showShape(shape)} differ`);
}

/** sum_i <a_i, b_i> */
function inner(a: readonly Tensor[], b: readonly Tensor[]): Tensor {
  return a.map((each, i) => each.mul(b[i]).sum()).reduce((sum, each) => sum.add(each), scalar(0));
}

/**
 * The value of a function and J^T cotangent: gradients of sum(value * cotangent) for each input, of its shape. A scalar's cotangent is 1
 * by default. As torch.autograd.functional.vjp.
 * @throws GradientError where the cotangent is missing or has another shape than the value
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { vjp } from "simdgrad/autodiff";
 * const { gradients } = vjp((x) => x.square(), [constant([1, 2, 3])], constant([1, 0, 10]));
 * await evaluate(gradients[0]); // => [2, 0, 60]
 */
export function vjp(
  fn: Differentiable,
  inputs: readonly Tensor[],
  cotangent?: Tensor,
): { readonly value: Tensor; readonly gradients: Tensor[] } {
  const { value, places } = applied(fn, inputs, "vjp");
  return { value, gradients: grad(value, places, { cotangent }) };
}

/**
 * The value of a function and J tangents, its derivative in the direction of the tangents (one an input, of its shape): the gradient,
 * with respect to c, of <J^T c, tangents>, which is linear in c. As torch.autograd.functional.jvp.
 * Source: Townsend, A new trick for calculating Jacobian vector products (2017).
 * @throws ArgumentError, ShapeError for tangents that do not fit the inputs
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { jvp } from "simdgrad/autodiff";
 * const { value, tangent } = jvp((a, b) => a.mul(b), [constant([1, 2]), constant([3, 4])], [constant([1, 0]), constant([0, 1])]);
 * await evaluate(value); // => [3, 8]
 * await evaluate(tangent); // => [3, 2]
 */
export function jvp(
  fn: Differentiable,
  inputs: readonly Tensor[],
  tangents: readonly Tensor[],
): { readonly value: Tensor; readonly tangent: Tensor } {
  checkTangents(inputs, tangents, "jvp");
  const { value, places } = applied(fn, inputs, "jvp");
  const cotangent = scalar(0).broadcastTo(value.shape);
  return { value, tangent: grad(inner(grad(value, places, { cotangent }), tangents), [cotangent])[0] };
}

/**
 * The value of a function to a scalar and H tangents, its Hessian times a direction (one tangent an input, of its shape): one product
 * an input, at the cost of a gradient or two. As torch.autograd.functional.hvp; of a model's loss `hvp(() => loss, parameters, tangents)`.
 * Source: Pearlmutter 1994.
 * @throws GradientError for a function to no scalar; ArgumentError, ShapeError for tangents that do not fit the inputs
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { hvp } from "simdgrad/autodiff";
 * const { products } = hvp((x) => x.pow(3).sum(), [constant([1, 2])], [constant([1, 1])]);
 * await evaluate(products[0]); // => [6, 12]
 */
export function hvp(
  fn: Differentiable,
  inputs: readonly Tensor[],
  tangents: readonly Tensor[],
): { readonly value: Tensor; readonly products: Tensor[] } {
  checkTangents(inputs, tangents, "hvp");
  const { value, places } = applied(fn, inputs, "hvp");
  // Tangents are constant, also those that were computed from the inputs; where these are the places, that has to be said.
  const fixed = places.some((place, i) => place === inputs[i]) ? tangents.map(stopGradient) : tangents;
  return { value, products: grad(inner(grad(value, places), fixed), places) };
}

/** d value / d input for each input, [...value, ...input]: a loop over the elements of the value, so the program stays small. */
function rows(value: Tensor, inputs: readonly Tensor[]): Tensor[] {
  const count = sizeOf(value.shape);
  const { outputs } = scan(
    (_, [row]) => ({ carries: [], outputs: grad(value, inputs, { cotangent: row.reshape(value.shape) }) }),
    [],
    [arange(count).oneHot(count)],
  );
  return outputs.map((stacked, i) => stacked.reshape([...value.shape, ...inputs[i].shape]));
}

/**
 * The Jacobian of a function for each input: d value / d input, of shape [...value, ...input]. A backward pass for each element of
 * the value: for small functions. As torch.autograd.functional.jacobian.
 * @throws GradientError for values and inputs that are not f32
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { jacobian } from "simdgrad/autodiff";
 * const [derivative] = jacobian((x) => x.square(), [constant([1, 2])]);
 * derivative.shape; // => [2, 2]
 * await evaluate(derivative); // => [2, 0, 0, 4]
 */
export function jacobian(fn: Differentiable, inputs: readonly Tensor[]): Tensor[] {
  const { value, places } = applied(fn, inputs, "jacobian");
  return rows(value, places);
}

/**
 * The Hessian of a function to a scalar: d2 value / d input i d input j at [i][j], of shape [...input i, ...input j]. A backward pass
 * for each element of the inputs: for small functions. As torch.autograd.functional.hessian.
 * @throws GradientError for a function to no scalar
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { hessian } from "simdgrad/autodiff";
 * const [[second]] = hessian((x) => x.pow(3).sum(), [constant([1, 2])]);
 * await evaluate(second); // => [6, 0, 0, 12]
 */
export function hessian(fn: Differentiable, inputs: readonly Tensor[]): Tensor[][] {
  const { value, places } = applied(fn, inputs, "hessian");
  return grad(value, places).map((gradient) => rows(gradient, places));
}
