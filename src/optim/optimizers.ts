// Optimizers by name: chains of transforms, with PyTorch's options, defaults and order of operations.
import { ArgumentError } from "../errors.ts";
import type { Schedule } from "./schedules.ts";
import {
  type AdamOptions,
  addDecayedWeights,
  chain,
  type Optimizer,
  scaleByAdam,
  scaleByLearningRate,
  type Transform,
  trace,
} from "./transform.ts";

function checkDecay(decay: number, name: string): void {
  if (!(decay >= 0)) throw new ArgumentError(`${name}: weightDecay must be >= 0, got ${decay}`);
}

function checkFraction(value: number, name: string): void {
  if (!(value >= 0 && value < 1)) throw new ArgumentError(`${name} must be at least 0 and below 1, got ${value}`);
}

/** What plain gradient descent may have besides its rate. */
export interface SgdOptions {
  /** Default 0: none. */
  readonly momentum?: number;
  readonly nesterov?: boolean;
  /** L2 penalty added to the gradients; default 0. */
  readonly weightDecay?: number;
}

/**
 * Gradient descent with momentum (torch.optim.SGD).
 * @throws ArgumentError for momentum outside [0, 1), Nesterov without momentum, negative decay
 *
 * @example
 * import { grad, Variable } from "simdgrad";
 * import { sgd } from "simdgrad/optim";
 * const w = new Variable([2], [1, 2]);
 * const optimizer = sgd(0.1, { momentum: 0.9 });
 * optimizer.update(grad(w.square().sum(), [w]), optimizer.init([w]), [w]).length; // => 3
 */
export function sgd(learningRate: Schedule, options: SgdOptions = {}): Optimizer {
  const { momentum = 0, nesterov = false, weightDecay = 0 } = options;
  checkFraction(momentum, "sgd: momentum");
  checkDecay(weightDecay, "sgd");
  if (nesterov && momentum === 0) throw new ArgumentError("sgd: nesterov needs a momentum");
  const links: Transform[] = [];
  if (weightDecay > 0) links.push(addDecayedWeights(weightDecay));
  if (momentum > 0) links.push(trace(momentum, { nesterov }));
  return chain(...links, scaleByLearningRate(learningRate));
}

function checkAdam({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions, name: string): void {
  checkFraction(beta1, `${name}: beta1`);
  checkFraction(beta2, `${name}: beta2`);
  if (!(epsilon >= 0)) throw new ArgumentError(`${name}: epsilon must be >= 0, got ${epsilon}`);
}

/**
 * Adam (Kingma and Ba 2015; torch.optim.Adam, weight decay as an L2 penalty).
 *
 * @example
 * import { adam } from "simdgrad/optim";
 * adam(1e-3).init([]).links.length; // => 2
 */
export function adam(learningRate: Schedule, options: AdamOptions & { readonly weightDecay?: number } = {}): Optimizer {
  const { weightDecay = 0 } = options;
  checkAdam(options, "adam");
  checkDecay(weightDecay, "adam");
  const links: Transform[] = weightDecay > 0 ? [addDecayedWeights(weightDecay)] : [];
  return chain(...links, scaleByAdam(options), scaleByLearningRate(learningRate));
}

/**
 * Adam with decoupled weight decay, 0.01 by default (Loshchilov and Hutter 2019; torch.optim.AdamW).
 *
 * @example
 * import { adamW } from "simdgrad/optim";
 * adamW(1e-3, { weightDecay: 0.1 }).init([]).links.length; // => 3
 */
export function adamW(
  learningRate: Schedule,
  options: AdamOptions & { readonly weightDecay?: number } = {},
): Optimizer {
  const { weightDecay = 0.01 } = options;
  checkAdam(options, "adamW");
  checkDecay(weightDecay, "adamW");
  return chain(scaleByAdam(options), addDecayedWeights(weightDecay), scaleByLearningRate(learningRate));
}
