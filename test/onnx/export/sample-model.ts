// A sample of an op as a model, for whoever writes models in another format.
import { constant } from "../../../src/create.ts";
import { topological } from "../../../src/graph.ts";
import type { Tensor } from "../../../src/tensor.ts";
import { Variable } from "../../../src/variable.ts";
import type { Value } from "../../golden.ts";
import type { Sample } from "../../ops/sample.ts";

/** Goes in where a sample takes nothing. */
const NOTHING: Value = { shape: [1], dtype: "f32", data: [0] };

/** The model, what goes in, and the result for it as a graph. */
export function modelOfSample({ build }: Sample, inputs: readonly Value[]) {
  const all = inputs.length === 0 ? [NOTHING] : inputs;
  const result = build(...inputs.map((each) => constant(each)));
  const own = topological([result]).filter((node) => node instanceof Variable);
  // Variables are those of the graph that is looked at: a sample makes new ones each time.
  const model = {
    forward: (given: readonly Tensor[]) => (own.length > 0 ? result : build(...given.slice(0, inputs.length))),
    children: () => own.map((variable, i) => [`weight${i}`, variable] as const),
  };
  const signature = { input: all.map(({ shape, dtype }) => ({ shape, dtype })) };
  return { all, result, model: model as never, signature };
}
