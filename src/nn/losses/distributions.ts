// Losses that are negative log-likelihoods, or divergences, of distributions of values.
import { customGradient } from "../../autodiff.ts";
import { aBoolean, aPositiveNumber, checkOptions, oneOf } from "../../check.ts";
import { type EpsilonOptions, epsilonChecks, epsilonOf } from "../../epsilon.ts";
import { ArgumentError, ShapeError } from "../../errors.ts";
import { sameShape, showShape } from "../../shape.ts";
import type { Tensor } from "../../tensor.ts";
import { aFloat } from "../takes.ts";
import { checkLossOptions, checkSame, type LossOptions, type Reduction, reduced, weights } from "./loss.ts";

/** ln(2 pi) / 2, as a literal: Math.log differs between engines. */
const HALF_LOG_2PI = 0.9189385332046727;

/** Options of klDivLoss. */
export interface KlDivLossOptions {
  /** Default "mean", over all elements; "batchmean", the sum over the first axis's size, is the divergence itself. */
  readonly reduction?: Reduction | "batchmean";
  /** Targets are logarithms of probabilities. */
  readonly logTarget?: boolean;
  /** As every loss's. */
  readonly sampleWeight?: LossOptions["sampleWeight"];
}

/**
 * target (ln target - input), averaged over all elements, for input = logarithms of probabilities and targets = probabilities of one shape:
 * the divergence of Kullback and Leibler (1951) of the targets from the input. Targets of 0 count 0, whatever the input.
 * @throws ShapeError where the shapes differ, ArgumentError for a "batchmean" of scalars
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { klDivLoss } from "simdgrad/nn";
 * const input = constant([[0.5, 0.5]]).log();
 * await evaluate(klDivLoss(input, constant([[1, 0]]), { reduction: "batchmean" })); // => [0.693147]
 */
export function klDivLoss(input: Tensor, target: Tensor, options: KlDivLossOptions = {}): Tensor {
  checkSame(input, target, "klDivLoss");
  checkOptions(options, "klDivLoss", {
    reduction: oneOf("mean", "batchmean", "sum", "none"),
    logTarget: aBoolean,
    sampleWeight: weights,
  });
  const { reduction = "mean", logTarget = false, sampleWeight } = options;
  const p = logTarget ? target.exp() : target;
  const logs = logTarget ? target : p.equal(0).select(1, p).log();
  const difference = logs.sub(input);
  const isNone = p.equal(0).mul(difference.abs().equal(Number.POSITIVE_INFINITY));
  const losses = p.mul(isNone.select(0, difference));
  if (reduction !== "batchmean") return reduced(losses, { reduction, sampleWeight }, "klDivLoss");
  if (input.shape.length === 0) throw new ArgumentError("klDivLoss: a scalar has no batch for batchmean");
  return reduced(losses, { sampleWeight }, "klDivLoss", input.shape[0]);
}

/** Options of poissonNllLoss; eps, added to a rate before its logarithm is taken, is 1e-8 by default. */
export interface PoissonNllLossOptions extends LossOptions, EpsilonOptions {
  /** The input is the logarithm of the rate; default true. */
  readonly logInput?: boolean;
  /** Add Stirling's approximation of ln target!, for targets above 1. */
  readonly full?: boolean;
}

/**
 * Of counts under a Poisson distribution, averaged: e^input - target input, or input - target ln(input + eps) for `logInput: false`. Input
 * and target have one shape.
 * @throws ShapeError where the shapes differ, ArgumentError for an eps below 0
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { poissonNllLoss } from "simdgrad/nn";
 * await evaluate(poissonNllLoss(constant([0, 1]), constant([1, 2]))); // => [0.859141]
 */
export function poissonNllLoss(input: Tensor, target: Tensor, options: PoissonNllLossOptions = {}): Tensor {
  checkSame(input, target, "poissonNllLoss");
  checkLossOptions(options, "poissonNllLoss", { logInput: aBoolean, full: aBoolean, ...epsilonChecks });
  const { logInput = true, full = false } = options;
  const eps = epsilonOf(options, 1e-8, "poissonNllLoss");
  const losses = logInput ? input.exp().sub(target.mul(input)) : input.sub(target.mul(input.add(eps).log()));
  return reduced(full ? losses.add(stirling(target)) : losses, options, "poissonNllLoss");
}

/** t ln t - t + ln(2 pi t) / 2 for t above 1, else 0. */
function stirling(target: Tensor): Tensor {
  const large = target.greater(1);
  const t = large.select(target, 1);
  const approximation = t.mul(t.log()).sub(t).add(t.log().mul(0.5).add(HALF_LOG_2PI));
  return large.select(approximation, 0);
}

/** Options of gaussianNllLoss; eps, the smallest variance, is 1e-6 by default and above 0. */
export interface GaussianNllLossOptions extends LossOptions, EpsilonOptions {
  /** Add the constant ln(2 pi) / 2. */
  readonly full?: boolean;
}

/**
 * (ln v + (input - target)^2 / v) / 2, averaged, for v = max(variance, eps): of values under normal distributions (Nix and Weigend 1994).
 * Input and target have one shape, the variance too, or it has size 1 for or lacks the last axis. The gradient passes by the bound eps.
 * @throws ShapeError for other shapes, ArgumentError unless eps is positive
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { gaussianNllLoss } from "simdgrad/nn";
 * await evaluate(gaussianNllLoss(constant([[1, 3]]), constant([[1, 1]]), constant([[1, 2]]))); // => [0.673287]
 */
export function gaussianNllLoss(
  input: Tensor,
  target: Tensor,
  variance: Tensor,
  options: GaussianNllLossOptions = {},
): Tensor {
  checkSame(input, target, "gaussianNllLoss");
  aFloat(variance, "gaussianNllLoss", "variance");
  checkLossOptions(options, "gaussianNllLoss", { full: aBoolean, ...epsilonChecks });
  const { full = false } = options;
  const eps = epsilonOf(options, 1e-6, "gaussianNllLoss");
  aPositiveNumber(eps, "gaussianNllLoss: eps");
  const lead = input.shape.slice(0, -1);
  const lacking = input.shape.length > 0 && sameShape(variance.shape, lead);
  if (!lacking && !sameShape(variance.shape, input.shape) && !sameShape(variance.shape, [...lead, 1]))
    throw new ShapeError(
      `gaussianNllLoss: variance ${showShape(variance.shape)} does not fit input ${showShape(input.shape)}`,
    );
  const bounded = customGradient(
    (v) => v.maximum(eps),
    (cotangent) => [cotangent],
  );
  const v = bounded(lacking ? variance.unsqueeze(-1) : variance);
  const losses = v.log().add(input.sub(target).square().div(v)).mul(0.5);
  return reduced(full ? losses.add(HALF_LOG_2PI) : losses, options, "gaussianNllLoss");
}
