// Tokens drawn from logits inside a program. What is asked for is data: one program serves every temperature, k and p.

import { takeAlongAxis } from "../ops/along.ts";
import { cumulativeSum } from "../ops/cumulative.ts";
import { foldIn, randomKey, uniform } from "../ops/random.ts";
import { sort } from "../ops/sort.ts";
import { arange, type Tensor } from "../tensor.ts";

/** How tokens are drawn: the likeliest, any by its probability, or one of the likeliest by its probability. */
export type Way = "greedy" | "any" | "likely";

/** What tokens are drawn by: scalars. */
export interface Choice {
  /** f32. */
  readonly temperature: Tensor;
  /** i32: so many of the likeliest. */
  readonly topK: Tensor;
  /** f32: the fewest of the likeliest whose probabilities sum up to it. */
  readonly topP: Tensor;
  /** Two i32 that name a stream of random numbers. */
  readonly seeds: readonly [Tensor, Tensor];
}

/** Below all logits, and finite. */
const LOWEST = -3e38;

/** An i32 token a row of logits [N, V], the same for the same seeds and position: [N]. */
export function draw(logits: Tensor, way: Way, { temperature, topK, topP, seeds }: Choice, position: Tensor): Tensor {
  if (way === "greedy") return logits.argmax(-1);
  const [rows, vocabulary] = logits.shape;
  const [low, high] = seeds;
  const key = foldIn(foldIn(foldIn(randomKey(0, "generate"), low), high), position);
  const share = uniform(key, [rows]).unsqueeze(-1);
  const scaled = logits.div(temperature);
  if (way === "any") return placeOf(cumulativeSum(scaled.softmax(-1), 1), share);
  const { values, indices } = sort(scaled, 1, { descending: true });
  const probabilities = arange(vocabulary).less(topK).select(values, LOWEST).softmax(-1);
  const before = cumulativeSum(probabilities, 1, { exclusive: true });
  const kept = before.less(topP).select(probabilities, 0);
  const place = placeOf(cumulativeSum(kept, 1), share);
  return takeAlongAxis(indices, place.unsqueeze(-1), 1).reshape([rows]);
}

/** The first place of each row whose running sum is more than a share of the whole, so its own part of it is more than 0: i32 [N]. */
function placeOf(sums: Tensor, share: Tensor): Tensor {
  const [, columns] = sums.shape;
  const wanted = sums.narrow(1, columns - 1, 1).mul(share);
  return wanted.less(sums).argmax(-1);
}
