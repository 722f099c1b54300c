// Simplify: the graph with equal nodes merged and each op's own identities applied. A pure function; it knows no op by name.
import { topological } from "../graph.ts";
import type { LoopBody, Op } from "../op.ts";
import { type ConstantAttrs, constant, scalarOf } from "../ops/leaf.ts";
import { Tensor } from "../tensor.ts";

/** Equal, simpler tensors for `roots`, in their order; what `known` names is replaced. */
export function simplify(roots: readonly Tensor[], known?: ReadonlyMap<Tensor, Tensor>): Tensor[] {
  const simplifier = new Simplifier(known);
  for (const node of topological(roots)) simplifier.settle(node);
  return roots.map((root) => simplifier.settle(root));
}

class Simplifier {
  readonly #settled: Map<Tensor, Tensor>;
  readonly #known = new Map<string, Tensor>();
  readonly #ids = new Map<Tensor, number>();
  readonly #ops = new Map<Op, number>();

  constructor(known?: ReadonlyMap<Tensor, Tensor>) {
    this.#settled = new Map(known);
  }

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
    const simpler = folded(current) ?? current.op.simplify?.(inputs, current.attrs, current);
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

/** What an exactly rounded op makes of scalar constants: in Float64, and with each operation rounded to float32. */
function folded({ op, inputs, dtype, shape }: Tensor): Tensor | undefined {
  if (op.fold === undefined || dtype !== "f32") return undefined;
  const values = inputs.flatMap((input) => scalarOf(input) ?? []);
  if (values.length < inputs.length) return undefined;
  const exact = op.fold(...values.map((value) => value.exact));
  const rounded = Math.fround(op.fold(...values.map((value) => value.rounded)));
  const attrs: ConstantAttrs = {
    shape: [],
    dtype,
    data: Float64Array.of(exact),
    scalar: exact,
    rounded: Object.is(rounded, Math.fround(exact)) ? undefined : rounded,
  };
  return new Tensor(constant as Op, [], attrs, attrs).broadcastTo(shape);
}

function number<K>(numbers: Map<K, number>, key: K): number {
  let found = numbers.get(key);
  if (found === undefined) {
    found = numbers.size;
    numbers.set(key, found);
  }
  return found;
}

/** A loop with its body simplified, captured numbers in their places. */
function withBody(node: Tensor): Tensor {
  const { op, inputs } = node;
  if (op.lowering.kind !== "loop") return node;
  const body = op.lowering.body(node.attrs);
  const { parameters, carries, sequences } = body;
  const isNumber = (i: number) =>
    i >= carries + sequences && inputs[i].shape.length === 0 && scalarOf(inputs[i]) !== undefined;
  const numbers = new Map(parameters.flatMap((parameter, i) => (isNumber(i) ? [[parameter, inputs[i]]] : [])));
  const kept = <T>(list: readonly T[]) => list.filter((_, i) => !isNumber(i));
  const simpler: LoopBody = { ...body, parameters: kept(parameters), results: simplify(body.results, numbers) };
  return new Tensor(op, kept(inputs), simpler, node, node.label);
}
