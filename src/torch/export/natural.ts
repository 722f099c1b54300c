// Gradients that a model says itself are mostly those that torch finds by itself, written so that they take less or overflow later. Which of them
// are, is found by numbers that are drawn: these need no lines.
import { grad } from "../../autodiff.ts";
import { constant } from "../../create.ts";
import { evaluateAll } from "../../evaluate.ts";
import { topological } from "../../graph.ts";
import { orderOf } from "../../onnx/export/known.ts";
import { type CustomGradientAttrs, customGradient } from "../../ops/leaf.ts";
import { type Shape, sizeOf } from "../../shape.ts";
import { Tensor } from "../../tensor.ts";

/** Sizes of drawn numbers: usual ones, and those that make functions overflow. */
const SCALES = [2, 200];

/** Elements of what is compared, at the most. */
const MOST = 2 ** 21;

/** How far the largest usual numbers may be apart, as a share of the largest. */
const NEAR = 1e-3;

/** Numbers between minus this and this, scattered by the sines of their places. */
function drawn(shape: Shape, scale: number, seed: number): Tensor {
  const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => {
    const x = Math.sin(12.9898 * (i + 1) + 78.233 * seed) * 43758.5453;
    return scale * (2 * (x - Math.floor(x)) - 1);
  });
  return constant(data, { shape });
}

/** A value made of other tensors than those it was made of; undefined where it reads anything beside them. */
function madeOf(value: Tensor, given: readonly Tensor[], others: readonly Tensor[]): Tensor | undefined {
  const copies = new Map(given.map((tensor, i) => [tensor, others[i]]));
  for (const node of topological([value], (each) => copies.has(each))) {
    if (copies.has(node)) continue;
    const { lowering } = node.op;
    const isLeaf = lowering.kind === "leaf";
    if (lowering.kind === "loop" || (isLeaf && lowering.place !== "constant")) return undefined;
    const inputs = node.inputs.map((each) => copies.get(each) as Tensor);
    copies.set(node, isLeaf ? node : new Tensor(node.op, inputs, node.attrs, node));
  }
  return copies.get(value);
}

/** Slopes by the rule, and by all that the value is made of; undefined where they cannot be compared. */
function slopesOf({ inputs: [value, ...given], attrs }: Tensor, scale: number): [Tensor[], Tensor[]] | undefined {
  const all = [value, ...given];
  if (all.some(({ dtype, shape }) => dtype !== "f32" || sizeOf(shape) > MOST)) return undefined;
  const places = given.map(({ shape }, i) => drawn(shape, scale, i));
  const made = madeOf(value, given, places);
  if (made === undefined) return undefined;
  const cotangent = drawn(value.shape, 2, given.length);
  const own = (attrs as CustomGradientAttrs).vjp(cotangent, places, made);
  if (own.some((each) => each === undefined)) return undefined;
  return [own as Tensor[], grad(made, places, { cotangent })];
}

/** Those of some tensors with gradients of their own whose gradients torch finds by itself. */
export async function naturalOf(tensors: readonly Tensor[]): Promise<Set<Tensor>> {
  const found = new Set<Tensor>();
  for (const tensor of tensors) {
    const pairs = SCALES.map((scale) => slopesOf(tensor, scale));
    if (pairs.some((pair) => pair === undefined)) continue;
    const lists = await evaluateAll((pairs as [Tensor[], Tensor[]][]).flat(2));
    const count = tensor.inputs.length - 1;
    const isSame = SCALES.every((_, scale) =>
      Array.from({ length: count }, (_, i) => 2 * count * scale + i).every((at) =>
        isNear(lists[at], lists[at + count], scale > 0),
      ),
    );
    if (isSame) found.add(tensor);
  }
  return found;
}

/** Whether numbers are the same but for roundings; far ones need only be numbers where the others are. */
function isNear(own: ArrayLike<number>, other: ArrayLike<number>, isFar: boolean): boolean {
  let largest = 1;
  for (let i = 0; i < own.length; i++) if (Number.isFinite(own[i])) largest = Math.max(largest, Math.abs(own[i]));
  for (let i = 0; i < own.length; i++) {
    if (!Number.isFinite(other[i])) {
      if (Number.isFinite(own[i])) return false;
    } else if (!isFar && !(Math.abs(own[i] - other[i]) <= NEAR * largest)) return false;
  }
  return true;
}

/** Tensors with gradients of their own under some, in bodies of loops, too. */
export function customsUnder(
  roots: readonly Tensor[],
  needsOf: (tensor: Tensor) => readonly Tensor[] | undefined,
): Tensor[] {
  return orderOf(roots, (node) => needsOf(node) ?? node.inputs).flatMap((node) => {
    const { lowering } = node.op;
    if (needsOf(node) !== undefined) return [];
    if (lowering.kind === "loop") return customsUnder(lowering.body(node.attrs).results, needsOf);
    return node.op === customGradient ? [node] : [];
  });
}
