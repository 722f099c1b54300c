// Reverse mode on the graph: gradients are graphs too, so gradients of gradients need nothing more. No recursion, no tape.

import { aFunction, checkOptions, must } from "./check.ts";
import { GradientError } from "./errors.ts";
import { topological } from "./graph.ts";
import { nondifferentiable, type Op, type Recomputed } from "./op.ts";
import { type CustomGradientAttrs, customGradient as customGradientOp } from "./ops/leaf.ts";
import { sameShape, showShape } from "./shape.ts";
import { apply, aTensor, scalar, type Tensor, tensors } from "./tensor.ts";

/** A sum of cotangents: parts of one tensor stay parts. */
function plus(a: Tensor | undefined, b: Tensor): Tensor {
  if (a === undefined) return b;
  const both = a.op === b.op ? a.op.joined?.(a, b) : undefined;
  return both === undefined ? a.add(b) : apply(a.op, both.inputs, both.attrs);
}

/** Cotangents of the inputs of a node, by input and, for ops of several outputs, by output. */
class Cotangents {
  readonly #single = new Map<Tensor, Tensor>();
  readonly #several = new Map<Tensor, (Tensor | undefined)[]>();

  add(node: Tensor, cotangent: Tensor): void {
    const { lowering } = node.op;
    if (lowering.kind === "item") {
      const several = this.#several.get(node.inputs[0]) ?? [];
      const index = lowering.index(node.attrs);
      several[index] = plus(several[index], cotangent);
      this.#several.set(node.inputs[0], several);
    }
    this.#single.set(node, plus(this.#single.get(node), cotangent));
  }

  of(node: Tensor): Tensor | undefined {
    return this.#single.get(node);
  }

  several(node: Tensor): readonly (Tensor | undefined)[] | undefined {
    return this.#several.get(node);
  }
}

/** Nodes that depend on `wrt` through ops that pass gradients. */
function reachedByGradients(order: readonly Tensor[], wrt: readonly Tensor[]): Set<Tensor> {
  const set = new Set(wrt);
  for (const node of order)
    if (node.op.vjp !== nondifferentiable && node.inputs.some((input) => set.has(input))) set.add(node);
  return set;
}

/** Gradients of sum(outputs * cotangents) with respect to `wrt`; undefined where nothing depends on it. */
function pullback(
  outputs: readonly Tensor[],
  cotangents: readonly (Tensor | undefined)[],
  wrt: readonly Tensor[],
): readonly (Tensor | undefined)[] {
  const order = topological(outputs);
  const active = reachedByGradients(order, wrt);
  const found = new Cotangents();
  const copies = new Map<Tensor, Recomputed>();
  const again = (node: Tensor) => copies.get(node)?.copy ?? node;
  outputs.forEach((output, i) => {
    const cotangent = cotangents[i];
    if (cotangent !== undefined && active.has(output)) found.add(output, cotangent);
  });
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i];
    if (!active.has(node) || node.inputs.length === 0) continue;
    const several = found.several(node);
    const cotangent = found.of(node) ?? several?.find((entry) => entry !== undefined);
    const { vjp, lowering } = node.op;
    if (cotangent === undefined || vjp === nondifferentiable || lowering.kind === "item") continue;
    node.op.recompute?.(node, cotangent, copies);
    const needs = node.inputs.map((input) => active.has(input) && input.dtype === "f32");
    const shares = vjp({
      inputs: node.inputs.map(again),
      output: again(node),
      cotangent,
      cotangents: several ?? [cotangent],
      attrs: node.attrs,
      needs,
      pullback,
      apply,
    });
    node.inputs.forEach((input, j) => {
      const share = shares[j];
      if (!needs[j] || share === undefined) return;
      if (!sameShape(share.shape, input.shape))
        throw new GradientError(
          `${node.op.name}: the gradient of input ${j} has shape ${showShape(share.shape)}, the input ${showShape(input.shape)}`,
        );
      found.add(input, share);
    });
  }
  return wrt.map((node) => found.of(node));
}

/** The tensors of `wrt` that `output` depends on through ops that pass gradients. */
export function dependsOn(output: Tensor, wrt: readonly Tensor[]): boolean[] {
  const gradients = pullback([output], [output], wrt);
  return gradients.map((gradient) => gradient !== undefined);
}

/**
 * Gradients of a scalar with respect to tensors: graphs of their shapes, zeros where the scalar does not depend on them.
 * A `cotangent` of the output's shape takes the gradient of sum(output * cotangent) instead.
 * Source: reverse mode, Griewank and Walther, Evaluating Derivatives (2008), chapter 3.
 * @throws GradientError if the output is no f32 scalar and has no cotangent
 *
 * @example
 * import { constant, evaluate, grad } from "simdgrad";
 * const x = constant([1, 2, 3]);
 * const [slope] = grad(x.square().sum(), [x]);
 * await evaluate(slope); // => [2, 4, 6]
 * await evaluate(grad(slope.square().sum(), [x])[0]); // => [8, 16, 24]
 */
export function grad(output: Tensor, wrt: readonly Tensor[], options: { readonly cotangent?: Tensor } = {}): Tensor[] {
  aTensor(output, "grad: output");
  tensors(wrt, "grad: wrt");
  checkOptions(options, "grad", { cotangent: aTensor });
  const { cotangent } = options;
  if (output.dtype !== "f32") throw new GradientError(`grad: an ${output.dtype} output has no gradient`);
  if (cotangent === undefined && output.shape.length > 0)
    throw new GradientError(
      `grad: the output has shape ${showShape(output.shape)}: reduce it to a scalar or give a cotangent`,
    );
  if (cotangent !== undefined && !sameShape(cotangent.shape, output.shape))
    throw new GradientError(
      `grad: cotangent ${showShape(cotangent.shape)} and output ${showShape(output.shape)} differ`,
    );
  for (const { dtype, op } of wrt)
    if (dtype !== "f32") throw new GradientError(`grad: no gradient with respect to ${op.name} of ${dtype}`);
  const gradients = pullback([output], [cotangent ?? scalar(1)], wrt);
  return gradients.map((gradient, i) => gradient ?? scalar(0).broadcastTo(wrt[i].shape));
}

/** The same value as a place of its own in the graph: what a function closes over, or is given twice, is then another place. */
function placeOf(tensor: Tensor): Tensor {
  const same = customGradient(
    (a) => a,
    (cotangent) => [cotangent],
  );
  return same(tensor);
}

/**
 * A function's value at these inputs, with the places of the inputs in it: by those it is differentiated, and nothing else that it reads. One
 * that reads none of what it is given, such as the loss of a model, whose layers read their own variables, is differentiated by the inputs
 * as it closes over them.
 */
export function applied(
  fn: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  name: string,
): { readonly value: Tensor; readonly places: Tensor[] } {
  aFunction(fn, `${name}: fn`);
  tensors(inputs, `${name}: inputs`);
  must(inputs.length > 0 || fn.length === 0, inputs, `${name}: inputs`, "as many tensors as the function takes");
  const places = inputs.map((each) => placeOf(each));
  const value = fn(...places);
  aTensor(value, `${name}: the value of fn`);
  const given = new Set(places);
  const reads = topological([value]).some((node) => given.has(node));
  return { value, places: reads ? places : [...inputs] };
}

/**
 * A function of tensors to a scalar, as a function that also gives the gradients with respect to all of its arguments. What it closes over is
 * constant to it, also where it is one of the arguments; but a function that reads none of its arguments is one of what it closes over.
 * @throws GradientError for a function to no scalar
 *
 * @example
 * import { constant, evaluate, valueAndGrad } from "simdgrad";
 * const { value, gradients } = valueAndGrad((a, b) => a.mul(b).sum())(constant([1, 2]), constant([3, 4]));
 * await evaluate(value); // => [11]
 * await evaluate(gradients[0]); // => [3, 4]
 */
export function valueAndGrad<T extends readonly Tensor[]>(
  fn: (...inputs: T) => Tensor,
): (...inputs: T) => { readonly value: Tensor; readonly gradients: Tensor[] } {
  aFunction(fn, "valueAndGrad: fn");
  return (...inputs) => {
    const { value, places } = applied((...own) => fn(...(own as readonly Tensor[] as T)), inputs, "valueAndGrad");
    return { value, gradients: grad(value, places) };
  };
}

/**
 * A function of tensors with a gradient rule of its own: `vjp` gets the cotangent of the output and gives one for each input.
 *
 * @example
 * import { constant, customGradient, evaluate, grad } from "simdgrad";
 * const clipped = customGradient((x) => x.exp(), (cotangent) => [cotangent.minimum(1)]);
 * const x = constant(2);
 * await evaluate(grad(clipped(x).mul(5), [x])[0]); // => [1]
 */
export function customGradient(
  fn: (...inputs: Tensor[]) => Tensor,
  vjp: CustomGradientAttrs["vjp"],
): (...inputs: Tensor[]) => Tensor {
  aFunction(fn, "customGradient: fn");
  aFunction(vjp, "customGradient: vjp");
  return (...inputs) => apply(customGradientOp as Op<CustomGradientAttrs>, [fn(...inputs), ...inputs], { vjp });
}
