// Sums over the steps of a loop, made after it where they can be. Every step back adds its share to the cotangent of what all steps read:
// of a weight a product dW = A^T B, of a bias the sum of G over its rows. To carry such a sum through the loop takes a thin product and a
// pass over all of dW in every step. Instead A, B and G of all steps are stacked, and after the loop
//
//     A_1^T B_1 + A_2^T B_2 + ... = [A_1; A_2; ...]^T [B_1; B_2; ...]
//
// is one product, as deep as all steps together, and the rows of all G are summed at once. An op that can go on summing over steps says how
// (`Op.total`), one through which sums pass says so (`Op.linear`). The rest of this file knows no op.
import { topological } from "../graph.ts";
import { Tensor } from "../tensor.ts";

type Of = (node: Tensor) => Tensor;

/** How a sum over all steps is made after the loop, of other such sums or of stacks. */
type TotalRule = (sumOf: Of, stackOf: Of) => Tensor;

/** Rules for `shares` of a step and for what they are sums of, inputs first. What has none, the loop must sum. */
export function totalRulesOf(
  shares: readonly Tensor[],
  isStackable: (node: Tensor) => boolean,
): Map<Tensor, TotalRule> {
  const rules = new Map<Tensor, TotalRule>();
  for (const node of topological(shares, ({ op }) => !op.linear)) {
    const { op, inputs, attrs } = node;
    const { linear, total } = op;
    if (linear && inputs.every((input) => rules.has(input)))
      rules.set(node, (sumOf) => new Tensor(op, inputs.map(sumOf), attrs, node));
    else if (total && inputs.every(isStackable)) rules.set(node, (_, stackOf) => total(inputs.map(stackOf), attrs));
  }
  return rules;
}

/** The tensor whose elements a view shows. Views that stop or change gradients are not linear, and not looked through. */
export function shownBy(tensor: Tensor): Tensor {
  let node = tensor;
  while (node.op.linear && node.op.lowering.kind === "view") node = node.inputs[0];
  return node;
}
