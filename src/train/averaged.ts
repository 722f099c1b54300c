// Predicting with averages of parameters, where the optimizer keeps some.
import { topological } from "../graph.ts";
import { Tensor } from "../tensor.ts";
import { averagesOf, type Trained } from "./programs.ts";

/** The same outputs, with each parameter's average in its place once there is one. */
export function withAverages(recipe: Trained, outputs: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  const stands = new Map<Tensor, Tensor>();
  for (const { count, values } of averagesOf(recipe))
    for (const [parameter, mean] of values) stands.set(parameter, count.greater(0).select(mean, parameter));
  return replaced(outputs, stands);
}

/** The same outputs, with other tensors in the place of some. Adds to these what depends on them. */
export function replaced(
  outputs: Readonly<Record<string, Tensor>>,
  stands: Map<Tensor, Tensor>,
): Record<string, Tensor> {
  for (const node of stands.size > 0 ? topological(Object.values(outputs)) : []) {
    if (stands.has(node) || !node.inputs.some((input) => stands.has(input))) continue;
    const inputs = node.inputs.map((input) => stands.get(input) ?? input);
    stands.set(node, new Tensor(node.op, inputs, node.attrs, node, node.label));
  }
  return Object.fromEntries(Object.entries(outputs).map(([name, output]) => [name, stands.get(output) ?? output]));
}
