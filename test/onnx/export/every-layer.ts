// Rows of the table of every layer, as models that are written to files.
import { constant } from "../../../src/create.ts";
import { topological } from "../../../src/graph.ts";
import { sizeOf } from "../../../src/shape.ts";
import type { Tensor } from "../../../src/tensor.ts";
import { Variable } from "../../../src/variable.ts";
import { type Name, table } from "../../nn/every-layer.ts";
import { type Case, tensorsIn } from "./compare.ts";

/** Layers whose rows hold numbers of their own for each row of the batch: lengths, classes, signs. They are written for one batch. */
export const OF_ONE_BATCH: readonly Name[] = [
  "cosineEmbeddingLoss",
  "crossEntropy",
  "ctcLoss",
  "GRU",
  "LSTM",
  "multiMarginLoss",
  "nllLoss",
  "Stateful",
];

/** Draws its own numbers, which nothing that predicts does. */
export const RANDOM: readonly Name[] = ["rrelu"];

/** A row of the table as a case, the batch as a name, or of a size. */
export function caseOf(name: Name, batch: string | number): Case {
  const { shapes, make, scale = 1, batch: axis = 0 } = table[name];
  const run = make();
  const zeros = shapes.map((shape) => constant(new Float32Array(sizeOf(shape)), { shape }));
  const own = topological(tensorsIn(run(...zeros))).filter((node) => node instanceof Variable);
  const model = {
    forward: (given: readonly Tensor[]) => run(...given.slice(0, shapes.length)),
    children: () => own.map((variable, i) => [`weight${i}`, variable] as const),
  };
  const input = shapes.map((shape) => shape.map((size, i) => (shape.length > 1 && i === axis ? batch : size)));
  return { model: model as never, signature: { input: input.length === 0 ? [["batch"]] : input }, scale };
}
