// What of a graph is known before any row is: what is made of weights alone, such as the scales of a batch norm. It is computed once, when a
// bundle is written, and becomes a weight itself: to the same bits as in each run, since it is the same instructions that compute it.
import { topological } from "../graph.ts";
import { type Shape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { Variable } from "../variable.ts";

/** Elements that are worth their place in the file however few they are made of. */
const FEW = 1024;

/** The outermost tensors under some that depend on weights and constants alone, and are no larger than what they are made of. */
export function knownUnder(roots: readonly Tensor[]): Tensor[] {
  const nodes = topological(roots);
  const fixed = new Set<Tensor>();
  for (const node of nodes) {
    const { lowering } = node.op;
    const isFixed =
      lowering.kind === "leaf"
        ? lowering.place === "variable" || lowering.place === "constant"
        : node.inputs.every((each) => fixed.has(each));
    if (isFixed) fixed.add(node);
  }
  const found = new Set<Tensor>();
  const visit = (node: Tensor): void => {
    let at = node;
    while (isRead(at)) at = at.inputs[0];
    if (fixed.has(at) && at.op.lowering.kind !== "leaf" && isWorthIt(at)) found.add(at);
  };
  for (const node of nodes) if (!fixed.has(node)) for (const each of node.inputs) if (fixed.has(each)) visit(each);
  for (const root of roots) if (fixed.has(root)) visit(root);
  return [...found];
}

/** Whether it costs nothing where its first input lies. */
function isRead({ op }: Tensor): boolean {
  const { kind } = op.lowering;
  return kind === "view" || kind === "window" || kind === "broadcast";
}

function isWorthIt(node: Tensor): boolean {
  const elements = (shape: Shape) => sizeOf(shape);
  const under = topological([node]).filter((each) => each instanceof Variable);
  return (
    elements(node.shape) <=
    Math.max(
      FEW,
      under.reduce((sum, { shape }) => sum + elements(shape), 0),
    )
  );
}
