// Outputs of ops that have several: a node for the op itself, which nobody reads but its items, and an item for each output.
import type { Op } from "../op.ts";
import { Tensor } from "../tensor.ts";

/** One output of an op of several: of a scan, of a sort. */
export const item: Op<{ readonly index: number }> = {
  name: "item",
  infer: ([aval]) => aval,
  vjp: ({ cotangent }) => [cotangent],
  lowering: { kind: "item", index: ({ index }) => index },
  key: ({ index }) => `${index}`,
};

/** All outputs of a node whose op has several. */
export function itemsOf(node: Tensor): Tensor[] {
  const avals = node.op.outputs?.(node.inputs, node.attrs) ?? [];
  return avals.map((aval, index) => new Tensor(item as Op, [node], { index }, aval));
}
