// What is known of data before a program runs: the numbers of constants.
import type { ConstantAttrs } from "../ops/leaf.ts";
import type { Tensor } from "../tensor.ts";

/** The elements of a constant, by whatever shape it is seen; undefined for what is known only when it runs. */
export function knownNumbers(tensor: Tensor): ConstantAttrs["data"] | undefined {
  let node = tensor;
  while (node.op.lowering.kind === "view") node = node.inputs[0];
  const { lowering } = node.op;
  return lowering.kind === "leaf" && lowering.place === "constant" ? (node.attrs as ConstantAttrs).data : undefined;
}
