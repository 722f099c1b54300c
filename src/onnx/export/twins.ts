// Graphs of one model at several batches, side by side: of each tensor its twins. Where graphs differ in more than sizes, nothing that holds
// for all batches can be written of them.
import { ArgumentError } from "../../errors.ts";
import { topological } from "../../graph.ts";
import { showShape } from "../../shape.ts";
import type { Tensor } from "../../tensor.ts";

/** The tensors that stand in the place of one, a graph each, the first one's own first. */
export type Twins = readonly Tensor[];

/** Adds the twins of all tensors under some, one list of roots a graph. @throws ArgumentError where graphs differ */
export function findTwins(roots: readonly (readonly Tensor[])[], found: Map<Tensor, Twins>): void {
  const orders = roots.map((each) => topological(each));
  const places = orders.map((order) => new Map(order.map((node, i) => [node, i])));
  for (const [i, first] of orders[0].entries()) {
    const twins = orders.map((order) => order[i]);
    const isSame = twins.every(
      (node, g) =>
        node?.op === first.op &&
        node.dtype === first.dtype &&
        node.shape.length === first.shape.length &&
        node.inputs.length === first.inputs.length &&
        node.inputs.every((input, k) => places[g].get(input) === places[0].get(first.inputs[k])),
    );
    if (!isSame) throw apart(first, twins.find((node) => node?.op !== first.op) ?? twins[1]);
    found.set(first, twins);
  }
  const longer = orders.find(({ length }) => length !== orders[0].length);
  if (longer !== undefined) throw apart(undefined, longer[orders[0].length]);
}

function apart(a: Tensor | undefined, b: Tensor | undefined): ArgumentError {
  const shown = (node: Tensor | undefined) => (node ? `${node.op.name} ${showShape(node.shape)}` : "nothing more");
  return new ArgumentError(
    `toOnnx: what the model computes depends on its batch: ${shown(a)} for one, ${shown(b)} for another; sizes that are all numbers are written for that batch alone`,
  );
}
