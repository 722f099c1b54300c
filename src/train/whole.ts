// A measure of all rows, out of their batches. It is a graph, so it is built twice: as it is of a batch, and as it would be of all rows
// in one. Wherever a sum over rows stands in it, the batches' sums are added, and what is above (a division by a count or by a sum of
// weights, a root, a penalty) is what it is for all rows.
import { sum } from "../ops/reduction.ts";
import { sameShape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { replaced } from "./averaged.ts";

/** A scalar as it is of batches of several sizes, and of all rows. */
export interface Measure {
  /** One a size. */
  readonly batches: readonly Tensor[];
  readonly whole: Tensor;
}

/** How a measure of all rows comes out of numbers that are added over batches. */
export interface Summed {
  /** For each size of batches the numbers of one: f32, [n] each. */
  readonly numbers: readonly (readonly Tensor[])[];
  /** The measure, out of the added numbers: those of all tensors, one after the other. */
  readonly of: (totals: (start: number, size: number) => Tensor) => Tensor;
}

/** What is no function of sums over rows is taken for a mean over rows: each batch has the weight of its rows. */
export function summed({ batches, whole }: Measure, rows: readonly number[], all: number): Summed {
  const found = batches.map((batch) => sumsIn(batch, whole));
  const wanted = found[0] && [...found[0].keys()];
  if (!wanted?.length || !found.every((sums) => sums?.size === wanted.length && wanted.every((key) => sums.has(key))))
    return {
      numbers: batches.map((batch, i) => [asNumbers(batch).mul(rows[i])]),
      of: (totals) => totals(0, 1).reshape([]).div(all),
    };
  return {
    numbers: found.map((sums) => wanted.map((key) => asNumbers(sums?.get(key) as Tensor))),
    of(totals) {
      let start = 0;
      const stands = new Map<Tensor, Tensor>();
      for (const key of wanted) {
        const size = sizeOf(key.shape);
        stands.set(key, totals(start, size).reshape(key.shape).cast(key.dtype));
        start += size;
      }
      return replaced({ whole }, stands).whole;
    },
  };
}

function asNumbers(value: Tensor): Tensor {
  return value.cast("f32").reshape([sizeOf(value.shape)]);
}

/**
 * The sums over rows that a measure is a function of: those of all rows, and beside each that of the batch. Undefined if it is none: if it
 * can see a row in another way than through a sum.
 */
function sumsIn(batch: Tensor, whole: Tensor): ReadonlyMap<Tensor, Tensor> | undefined {
  const sums = new Map<Tensor, Tensor>();
  const seen = new Set<Tensor>();
  const open: (readonly [Tensor, Tensor])[] = [[batch, whole]];
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    const [part, all] = pair;
    if (part === all || seen.has(all)) continue; // parameters, and what is made of them
    seen.add(all);
    const isSame = part.op === all.op && part.inputs.length === all.inputs.length && sameShape(part.shape, all.shape);
    if (!isSame) return undefined;
    if (part.op === sum && !sameShape(part.inputs[0].shape, all.inputs[0].shape)) sums.set(all, part);
    else for (const [i, input] of part.inputs.entries()) open.push([input, all.inputs[i]]);
  }
  return sums;
}
