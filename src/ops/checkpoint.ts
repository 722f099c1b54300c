// checkpoint: values that backward computes again in place of keeping them. Forward it is nothing; reverse mode (autodiff.ts) asks
// the op for copies of what lies inside. A copy reads its inputs through `recompute`, which waits for the cotangent: so it is no node
// of the forward pass, merges with none, and is scheduled when backward gets there (Chen et al. 2016).
import { aFunction } from "../check.ts";
import { ArgumentError } from "../errors.ts";
import { topological } from "../graph.ts";
import { type Op, perInput, type Recomputed } from "../op.ts";
import { apply, Tensor, tensors } from "../tensor.ts";

/** The value of the first input, computed again for backward from the others. Attributes: which checkpoint it belongs to. */
export const checkpointOp: Op<object> = {
  name: "checkpoint",
  infer: ([aval]) => aval,
  vjp: perInput(({ cotangent }) => cotangent),
  lowering: { kind: "view" },
  simplify: ([value]) => value,
  key: () => undefined,
  recompute: ({ inputs: [value, ...given], attrs }, cotangent, copies) => {
    const starts = new Set(given);
    for (const [node, copy] of copiesOf(value, starts, attrs as object, cotangent, copies))
      if (node !== value && !starts.has(node)) copies.set(node, { copy, of: attrs as object });
  },
};

/** The value of the first input, for what is computed again once the second, the cotangent, is known. */
export const recompute: Op<undefined> = {
  name: "recompute",
  infer: ([aval]) => aval,
  vjp: perInput(
    ({ cotangent }) => cotangent,
    () => undefined,
  ),
  lowering: { kind: "view" },
  linear: true,
  waits: true,
};

// What is copied for f(x, w) = relu(dropout(x) w + 1), of which `x` and `w` are given, and what the copy reads in place of them:
//
//   forward    x, w --> dropout --> matmul --> add --> relu           all but x and w forgotten
//   backward   recompute(x, d), recompute(w, d) --> dropout' --> ...  the same once more; `recompute` waits for the cotangent d
//
// So a copy equals no node of the forward pass, merges with none and is scheduled when d is there. Copied is what depends on the given
// tensors, and what is cheaper made again than kept: random masks, and what is made of copies and constants.

/** Copies of what `value` is made of from `starts` on. `before` holds the copies that checkpoints around this one have made. */
function copiesOf(
  value: Tensor,
  starts: ReadonlySet<Tensor>,
  of: object,
  cotangent: Tensor,
  before: ReadonlyMap<Tensor, Recomputed>,
): Map<Tensor, Tensor> {
  const copies = new Map<Tensor, Tensor>();
  const inside = new Set<Tensor>(); // starts, and what depends on them
  /** Inside another checkpoint, this one begins with that one's copies. */
  const outer = (node: Tensor) => before.get(node)?.copy ?? node;
  const keep = (node: Tensor, copy: Tensor): Tensor => {
    copies.set(node, copy);
    return copy;
  };
  const copied = (node: Tensor, inputs: readonly Tensor[]) =>
    keep(node, new Tensor(node.op, inputs, node.attrs, node, node.label));
  /** What copies read in place of a tensor that is not copied. */
  const begin = (node: Tensor): Tensor => {
    // Broadcasts stay operand modes of the maps that read them: what is repeated waits, not the repetition.
    const isRepeated = node.op.lowering.kind === "broadcast";
    return (
      copies.get(node) ??
      (isRepeated ? copied(node, node.inputs.map(begin)) : keep(node, apply(recompute, [outer(node), cotangent])))
    );
  };
  const isCheap = (node: Tensor): boolean => {
    const { kind } = node.op.lowering;
    return copies.has(node) || kind === "leaf" || (kind === "broadcast" && isCheap(node.inputs[0]));
  };
  for (const node of topological([value], (inner) => starts.has(inner))) {
    const { op, inputs } = node;
    const known = before.get(node);
    const isStart = starts.has(node);
    if (isStart || inputs.some((input) => inside.has(input))) inside.add(node);
    if (known?.of === of) copies.set(node, known.copy);
    else if (isStart) begin(node);
    // Masks depend on nothing but a key: drawn again, they are the same.
    else if (op.lowering.kind === "map" && op.lowering.indexed) copied(node, inputs.map(begin));
    else if (inside.has(node) || (inputs.some((input) => copies.has(input)) && inputs.every(isCheap)))
      copied(
        node,
        inputs.map((input) => copies.get(input) ?? outer(input)),
      );
  }
  return copies;
}

/**
 * The function, with what it computes inside not kept for backward but computed again there: less memory for more time, the same
 * numbers. Random numbers drawn inside are the same ones again. What it reads from outside is kept as ever. Bits are the same, too; only
 * where other values being kept lets the compiler draw a product into a sum may the relaxed build round once less.
 * Source: Chen et al., Training Deep Nets with Sublinear Memory Cost (2016).
 * @param fn takes tensors and gives one, or a list
 * @throws ArgumentError where it is given no tensors: there would be nothing to begin from
 *
 * @example
 * import { constant, evaluate, grad } from "simdgrad";
 * import { checkpoint } from "simdgrad/autodiff";
 * const x = constant([1, 2]);
 * const block = checkpoint((a) => a.square().exp());
 * await evaluate(grad(block(x).sum(), [x])[0]); // => [5.43656, 218.393]
 */
export function checkpoint<R extends Tensor | readonly Tensor[]>(
  fn: (...inputs: Tensor[]) => R,
): (...inputs: Tensor[]) => R {
  aFunction(fn, "checkpoint: fn");
  return (...inputs) => {
    tensors(inputs, "checkpoint: inputs");
    if (inputs.length === 0) throw new ArgumentError("checkpoint: the function is given no tensors");
    const own = {};
    const wrap = (value: Tensor) => apply(checkpointOp, [value, ...inputs], own);
    const result = fn(...inputs);
    if (!(result instanceof Tensor)) tensors(result, "checkpoint: the result of fn");
    return (result instanceof Tensor ? wrap(result) : result.map(wrap)) as R;
  };
}
