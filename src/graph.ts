// The graph as a whole: topological order without recursion, and printing. It computes nothing.
import { must } from "./check.ts";
import { showShape } from "./shape.ts";
import type { Tensor } from "./tensor.ts";

/** Every node that `roots` depend on, inputs before users; the order depends on the graph alone. `stop` nodes are entered but not passed. */
export function topological(roots: readonly Tensor[], stop?: (node: Tensor) => boolean): Tensor[] {
  const order: Tensor[] = [];
  const placed = new Set<Tensor>();
  const path: Tensor[] = []; // from a root down to the node being visited
  const next: number[] = []; // beside it: the input to visit next
  const enter = (node: Tensor) => {
    if (placed.has(node)) return;
    path.push(node);
    next.push(stop?.(node) ? node.inputs.length : 0);
  };
  for (const root of roots) {
    enter(root);
    while (path.length > 0) {
      const top = path.length - 1;
      const node = path[top];
      if (next[top] < node.inputs.length) {
        enter(node.inputs[next[top]++]);
        continue;
      }
      path.pop();
      next.pop();
      placed.add(node);
      order.push(node);
    }
  }
  return order;
}

/** `from`, and the nodes of an order that depend on any of it. */
export function dependents(order: readonly Tensor[], from: Iterable<Tensor>): Set<Tensor> {
  const set = new Set(from);
  for (const node of order) if (node.inputs.some((input) => set.has(input))) set.add(node);
  return set;
}

/**
 * The graph under `roots` as text, a line a node: `%2 = mul(%0, %1) f32[3]`.
 *
 * @example
 * import { constant } from "simdgrad";
 * import { printGraph } from "simdgrad/debug";
 * printGraph(constant([1, 2]).exp()); // => "%0 = constant() f32[2]\n%1 = exp(%0) f32[2]"
 */
export function printGraph(roots: Tensor | readonly Tensor[], names?: ReadonlyMap<Tensor, string>): string {
  const all: readonly Tensor[] = Array.isArray(roots) ? roots : [roots as Tensor];
  for (const each of all) must(each?.op?.name !== undefined, each, "printGraph: a root", "a tensor");
  must(names === undefined || names instanceof Map, names, "printGraph: names", "a Map");
  const order = topological(all);
  const number = new Map(order.map((node, i) => [node, i]));
  return order
    .map((node, i) => {
      const inputs = node.inputs.map((input) => `%${number.get(input)}`).join(", ");
      const key = node.op.key?.(node.attrs);
      const attrs = key ? ` {${key}}` : "";
      const name = names?.get(node) ?? node.label;
      return `%${i} = ${node.op.name}(${inputs})${attrs} ${node.dtype}${showShape(node.shape)}${name ? ` # ${name}` : ""}`;
    })
    .join("\n");
}
