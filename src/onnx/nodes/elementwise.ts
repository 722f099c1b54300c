// Arithmetic and functions of one element.
import type { Tensor } from "../../tensor.ts";
import type { Build, Rules } from "../rule.ts";

/** A function of one tensor, of the same type. */
function unary(apply: (x: Tensor) => Tensor): Build {
  return (node) => node.like(0, apply(node.tensor(0)));
}

export const elementwise: Rules = {
  Relu: unary((x) => x.relu()),
};
