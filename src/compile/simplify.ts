// Simplify: the graph with equal nodes merged and each op's own identities applied. A pure function; it knows no op by name.
import { topological } from "../graph.ts";
import type { LoopBody, Op } from "../op.ts";
import { Tensor } from "../tensor.ts";

/** Equal, simpler tensors for `roots`, in their order. */
export function simplify(roots: readonly Tensor[]): Tensor[] {
  const simplifier = new Simplifier();
  for (const node of topological(roots)) simplifier.settle(node);
  return roots.map((root) => simplifier.settle(root));
}

class Simplifier {
  readonly #settled = new Map<Tensor, Tensor>();
  readonly #known = new Map<string, Tensor>();
  readonly #ids = new Map<Tensor, number>();
  readonly #ops = new Map<Op, number>();

  /** Inputs are settled before users, so this recursion is as deep as what one rule makes. */
  settle(node: Tensor): Tensor {
    const before = this.#settled.get(node);
    if (before !== undefined) return before;
    let inputs: readonly Tensor[] = node.inputs;
    for (let i = 0; i < node.inputs.length; i++) {
      const input = this.settle(node.inputs[i]);
      if (input !== inputs[i]) inputs = inputs.with(i, input);
    }
    const current = inputs === node.inputs ? node : new Tensor(node.op, inputs, node.attrs, node, node.label);
    const simpler = current.op.simplify?.(inputs, current.attrs, current);
    const result = simpler === undefined ? this.#merge(withBody(current)) : this.settle(simpler);
    this.#settled.set(node, result);
    this.#settled.set(result, result);
    return result;
  }

  /** The node that already stands for this value, or this one. */
  #merge(node: Tensor): Tensor {
    const { op, attrs, inputs } = node;
    const text = op.key === undefined ? "" : op.key(attrs);
    if (text === undefined) return node;
    let key = `${number(this.#ops, op)}`;
    for (const input of inputs) key += ` ${number(this.#ids, input)}`;
    if (text !== "") key += `;${text}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#known.set(key, node);
    return node;
  }
}

function number<K>(numbers: Map<K, number>, key: K): number {
  let found = numbers.get(key);
  if (found === undefined) {
    found = numbers.size;
    numbers.set(key, found);
  }
  return found;
}

/** A loop with its body simplified. */
function withBody(node: Tensor): Tensor {
  const { lowering } = node.op;
  if (lowering.kind !== "loop") return node;
  const body: LoopBody = { ...lowering.body(node.attrs), results: simplify(lowering.body(node.attrs).results) };
  return new Tensor(node.op, node.inputs, body, node, node.label);
}
