// Losses of distances and similarities between embeddings: what belongs together should lie together.
import { aBoolean, aboveZero, aFiniteNumber, aPositiveNumber } from "../../check.ts";
import { type EpsilonOptions, epsilonChecks, epsilonOf } from "../../epsilon.ts";
import { ShapeError } from "../../errors.ts";
import { checkDType, sameShape, showShape } from "../../shape.ts";
import { arange, aTensor, type Tensor } from "../../tensor.ts";
import { checkLossOptions, checkSame, type LossOptions, lacking, reduced } from "./loss.ts";
import type { MarginLossOptions } from "./margins.ts";

/**
 * 1 - cos(input1, input2) where the target is 1, max(0, cos - margin) where it is -1, for inputs [N, D] and targets [N] (or [D] and []),
 * averaged; margin 0 by default.
 * @throws ShapeError where the shapes do not fit
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { cosineEmbeddingLoss } from "simdgrad/nn";
 * await evaluate(cosineEmbeddingLoss(constant([[1, 0]]), constant([[1, 1]]), constant([1]))); // => [0.292893]
 */
export function cosineEmbeddingLoss(
  input1: Tensor,
  input2: Tensor,
  target: Tensor,
  options: MarginLossOptions = {},
): Tensor {
  checkSame(input1, input2, "cosineEmbeddingLoss");
  aTensor(target, "cosineEmbeddingLoss: target");
  checkDType(target, ["f32", "i32"], "cosineEmbeddingLoss: target");
  checkLossOptions(options, "cosineEmbeddingLoss", { margin: aFiniteNumber });
  const { margin = 0 } = options;
  const { shape } = input1;
  if (shape.length === 0 || !sameShape(target.shape, shape.slice(0, -1)))
    throw new ShapeError(
      `cosineEmbeddingLoss: inputs ${showShape(shape)} and target ${showShape(target.shape)} do not fit`,
    );
  // PyTorch's smallest squared length. The product of two squared lengths could overflow where that of lengths does not.
  const length = (x: Tensor) => x.square().sum(-1).add(1e-12).sqrt();
  const cosine = input1
    .mul(input2)
    .sum(-1)
    .div(length(input1).mul(length(input2)));
  const near = target.equal(1).select(cosine.neg().add(1), 0);
  const far = target.equal(-1).select(lacking(cosine.sub(margin)), 0);
  return reduced(near.add(far), options, "cosineEmbeddingLoss");
}

/** Options of tripletMarginLoss; eps, added to every difference so that no distance is 0, is 1e-6 by default. */
export interface TripletMarginLossOptions extends LossOptions, EpsilonOptions {
  /** Default 1. */
  readonly margin?: number;
  /** Distances are the p-th root of the sum of p-th powers, for Infinity the largest difference; default 2. */
  readonly p?: number;
  /** Take the negative's distance from the positive where that is smaller (Balntas et al. 2016). */
  readonly swap?: boolean;
}

/**
 * max(0, d(anchor, positive) - d(anchor, negative) + margin) with distances over the last axis of embeddings [N, D] (or [D]) of one shape,
 * averaged (Schroff et al. 2015).
 * @throws ShapeError where the shapes differ or are [], ArgumentError unless p is positive
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { tripletMarginLoss } from "simdgrad/nn";
 * const [anchor, positive, negative] = [constant([[0, 0]]), constant([[3, 4]]), constant([[0, 5]])];
 * await evaluate(tripletMarginLoss(anchor, positive, negative)); // => [1.00000]
 */
export function tripletMarginLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options: TripletMarginLossOptions = {},
): Tensor {
  checkSame(anchor, positive, "tripletMarginLoss");
  checkSame(anchor, negative, "tripletMarginLoss");
  const checks = { margin: aFiniteNumber, p: aboveZero, swap: aBoolean };
  checkLossOptions(options, "tripletMarginLoss", { ...checks, ...epsilonChecks });
  const { margin = 1, p = 2, swap = false } = options;
  const eps = epsilonOf(options, 1e-6, "tripletMarginLoss");
  if (anchor.shape.length === 0) throw new ShapeError("tripletMarginLoss: takes [..., D], got []");
  const far = distance(anchor, negative, p, eps);
  const nearest = swap ? far.minimum(distance(positive, negative, p, eps)) : far;
  return reduced(lacking(distance(anchor, positive, p, eps).sub(nearest).add(margin)), options, "tripletMarginLoss");
}

/** Of torch.pairwise_distance. */
function distance(a: Tensor, b: Tensor, p: number, eps: number): Tensor {
  return a.sub(b).add(eps).norm(-1, { p });
}

/** Options of infoNce. */
export interface InfoNceOptions extends LossOptions {
  /** Similarities are divided by it; default 0.1. */
  readonly temperature?: number;
}

/**
 * Cross-entropy that finds each query's key among the keys of all, by their cosines over a temperature: queries and keys [N, D], row by row
 * belonging together; averaged over the queries (van den Oord et al. 2018, with the cosines of Chen et al. 2020).
 * @throws ShapeError for other shapes, ArgumentError unless the temperature is positive
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { infoNce } from "simdgrad/nn";
 * const queries = constant([[1, 0], [0, 1]]);
 * await evaluate(infoNce(queries, constant([[2, 0], [0, 3]]), { temperature: 1 })); // => [0.313262]
 */
export function infoNce(query: Tensor, key: Tensor, options: InfoNceOptions = {}): Tensor {
  checkSame(query, key, "infoNce");
  checkLossOptions(options, "infoNce", { temperature: aPositiveNumber });
  const { temperature = 0.1 } = options;
  if (query.shape.length !== 2) throw new ShapeError(`infoNce: takes [N, D], got ${showShape(query.shape)}`);
  const similarities = unit(query).matmul(unit(key), { transposeB: true }).div(temperature);
  return reduced(similarities.crossEntropy(arange(query.shape[0])), options, "infoNce");
}

/** Rows of length 1; those of length 0 stay. */
function unit(rows: Tensor): Tensor {
  return rows.div(rows.norm(-1, { keepDims: true }).maximum(1e-12));
}
