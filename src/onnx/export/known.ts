// What of a model's graphs depends on constants alone: its numbers are computed beforehand.
import { evaluateAll } from "../../evaluate.ts";
import type { Op } from "../../op.ts";
import type { ConstantAttrs } from "../../ops/leaf.ts";
import { sizeOf } from "../../shape.ts";
import type { Tensor } from "../../tensor.ts";
import type { Known } from "./counted.ts";
import { findTwins, type Twins } from "./twins.ts";

/** Elements of a tensor that is computed beforehand, at the most: a larger one is made when the model runs. */
const MOST_KNOWN = 2 ** 22;

/** Whether a tensor's numbers are known beforehand, given what is known of its inputs. */
function isKnown({ op, inputs }: Tensor, known: ReadonlySet<Tensor>): boolean {
  const { lowering } = op;
  if (lowering.kind === "leaf") return lowering.place === "constant";
  return inputs.every((input) => known.has(input));
}

/** Whether tensors that depend on constants alone are too large to be computed. */
export function computesMuch(roots: readonly Tensor[]): boolean {
  const known = new Set<Tensor>();
  const order = orderOf(roots, ({ inputs }) => inputs);
  for (const node of order) if (isKnown(node, known)) known.add(node);
  return [...known].some((node) => {
    const { op, shape } = core(node);
    return op.lowering.kind !== "leaf" && sizeOf(shape) > MOST_KNOWN;
  });
}

/** Under views and broadcasts, which are cheap. */
function core(tensor: Tensor): Tensor {
  let node = tensor;
  while (node.op.lowering.kind === "view" || node.op.lowering.kind === "broadcast") node = node.inputs[0];
  return node;
}

/** The numbers of all tensors that others read and that depend on constants alone, at each batch. */
export async function knownUnder(
  roots: readonly Tensor[],
  twins: Map<Tensor, Twins>,
  plans: ReadonlyMap<Tensor, { readonly needs: readonly Tensor[] }>,
  name: string,
): Promise<Map<Tensor, Known>> {
  const known = new Set<Tensor>();
  const read = new Set<Tensor>();
  const visit = (outputs: readonly Tensor[]) => {
    const order = orderOf(outputs, (node) => plans.get(node)?.needs ?? node.inputs);
    for (const node of order) {
      if (isKnown(node, known)) known.add(node);
      else for (const input of plans.get(node)?.needs ?? node.inputs) if (known.has(input)) read.add(core(input));
      if (known.has(node) || node.op.lowering.kind !== "loop" || plans.has(node)) continue;
      const bodies = (twins.get(node) ?? [node]).map(({ op, attrs }) => bodyOf(op, attrs));
      findTwins(
        bodies.map(({ results, parameters }) => [...results, ...parameters]),
        twins,
        name,
      );
      visit(bodies[0].results);
    }
    for (const output of outputs) if (known.has(output)) read.add(core(output));
  };
  visit(roots);
  const numbers = new Map<Tensor, Known>();
  const computed: Tensor[] = [];
  for (const tensor of read) {
    const all = twins.get(tensor) ?? [tensor];
    if (tensor.op.lowering.kind === "leaf")
      numbers.set(
        tensor,
        all.map(({ attrs }) => numbersOf(attrs as ConstantAttrs)),
      );
    else if (tensor.op.lowering.kind !== "loop" && all.every(({ shape }) => sizeOf(shape) <= MOST_KNOWN))
      computed.push(tensor);
  }
  const graphs = Math.max(1, ...computed.map((tensor) => twins.get(tensor)?.length ?? 1));
  const values = await Promise.all(
    Array.from({ length: computed.length === 0 ? 0 : graphs }, (_, g) =>
      evaluateAll(computed.map((tensor) => (twins.get(tensor) ?? [])[g] ?? tensor)),
    ),
  );
  for (const [i, tensor] of computed.entries())
    numbers.set(
      tensor,
      values.map((list) => list[i]),
    );
  return numbers;
}

function bodyOf({ lowering }: Op, attrs: unknown) {
  if (lowering.kind !== "loop") throw new Error("not a loop");
  return lowering.body(attrs);
}

/** All elements of a constant. */
export function numbersOf({ data, scalar, shape }: ConstantAttrs): ArrayLike<number> {
  return scalar === undefined ? data : new Float64Array(sizeOf(shape)).fill(scalar);
}

/** What roots depend on, inputs before users. */
export function orderOf(roots: readonly Tensor[], inputsOf: (node: Tensor) => readonly Tensor[]): Tensor[] {
  const order: Tensor[] = [];
  const placed = new Set<Tensor>();
  const path: { readonly node: Tensor; readonly inputs: readonly Tensor[]; next: number }[] = [];
  const enter = (node: Tensor) => {
    if (!placed.has(node)) path.push({ node, inputs: inputsOf(node), next: 0 });
  };
  for (const root of roots) {
    enter(root);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      if (placed.has(top.node)) path.pop();
      else if (top.next < top.inputs.length) enter(top.inputs[top.next++]);
      else {
        path.pop();
        placed.add(top.node);
        order.push(top.node);
      }
    }
  }
  return order;
}

/** One array a graph; what lies under no input is the same in all. */
export function allOf(numbers: Known, count: number): Known {
  return numbers.length === count ? numbers : Array.from({ length: count }, () => numbers[0]);
}
