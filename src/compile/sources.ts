// Variables whose first values are made of other variables'. Loaded when tensors are evaluated.
import { topological } from "../graph.ts";
import { randomKey } from "../ops/random.ts";
import type { Tensor } from "../tensor.ts";
import { Variable } from "../variable.ts";

/**
 * The variables under tensors; with those that first values are made of, if there are such, in the order in which all were made, so that they
 * are called as where they are evaluated by themselves, and are equal.
 */
export function withSources(tensors: readonly Tensor[]): Variable[] {
  const under = (roots: readonly Tensor[]) => topological(roots).filter((node) => node instanceof Variable);
  const found = under(tensors);
  const all = new Set(found);
  for (const { initial, shape } of all) for (const each of under([initial(shape, randomKey(0, ""))])) all.add(each);
  const made = ({ key }: Variable) => Number.parseInt(key.slice(1), 10);
  return all.size === found.length ? found : [...all].sort((a, b) => made(a) - made(b));
}
