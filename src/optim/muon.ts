// Muon: momentum made orthogonal, for matrices.

import { aBoolean, aWholeNumber } from "../check.ts";
import type { Tensor } from "../tensor.ts";
import type { Variable } from "../variable.ts";
import { adamW } from "./adam.ts";
import { runningMean } from "./bias-correction.ts";
import { aDecay, decayLinks } from "./decay.ts";
import { checkOptimizerOptions, descent, type OptimizerOptions } from "./descent.ts";
import { parameterGroups } from "./groups.ts";
import { byLearningRate } from "./learning-rate.ts";
import { aMomentum, momentumAt } from "./momentum.ts";
import type { Schedule } from "./schedules.ts";
import { anOptimizer, assign, filledLike, type Optimizer, type Transform } from "./transform.ts";

/** What Muon takes besides its rate. */
export interface MuonOptions extends OptimizerOptions {
  /** A number or a schedule; default 0.95. */
  readonly momentum?: Schedule;
  /** Looks ahead; default true. */
  readonly nesterov?: boolean;
  /** Decoupled decay; default 0.1. */
  readonly weightDecay?: number;
  /** Newton-Schulz iterations; default 5. */
  readonly nsSteps?: number;
  /** Trains what is no matrix, in its own direction. Default: adamW(1e-3). */
  readonly others?: Optimizer;
}

/** Jordan's quintic: largest slope at 0 for which singular values of 0 to 1 end between about 0.7 and 1.2. */
const [A, B, C] = [3.4445, -4.775, 2.0315];

/** About U V^T for G = U S V^T [m, n], by X <- a X + (b X X^T + c (X X^T)^2) X, on the side where X X^T is smaller. */
function orthogonalized(gradient: Tensor, nsSteps: number): Tensor {
  const [m, n] = gradient.shape;
  let x = m > n ? gradient.transpose() : gradient;
  x = x.div(gradient.norm().maximum(1e-7));
  for (let i = 0; i < nsSteps; i++) {
    const gram = x.matmul(x, { transposeB: true });
    x = gram.mul(B).add(gram.matmul(gram).mul(C)).matmul(x).add(x.mul(A));
  }
  return m > n ? x.transpose() : x;
}

function orthogonalize(momentum: Schedule, nesterov: boolean, nsSteps: number): Transform<Variable[]> {
  return {
    init: (parameters) => filledLike(parameters, "muon.momentum"),
    update(updates, buffers, _, step) {
      const kept = momentumAt(momentum, step);
      const next = updates.map((update, i) => runningMean(buffers[i], update, kept));
      const ahead = nesterov ? next.map((buffer, i) => runningMean(buffer, updates[i], kept)) : next;
      return {
        updates: ahead.map((update) => {
          const [m, n] = update.shape;
          return orthogonalized(update, nsSteps).mul(Math.sqrt(Math.max(1, m / n)));
        }),
        assignments: assign(buffers, next),
      };
    },
  };
}

/**
 * Muon for parameters of two axes, whose momentum is replaced by the nearest matrix with orthogonal rows or columns, by five steps of
 * Newton and Schulz; AdamW for the others (Jordan et al. 2024; torch.optim.Muon). Its usual rate is 0.002 to 0.02.
 * @throws ArgumentError for momentum outside [0, 1), a negative weightDecay, nsSteps below 1
 *
 * @example
 * import { Variable } from "simdgrad";
 * import { adamW, muon } from "simdgrad/optim";
 * const parameters = [new Variable([3, 2], 0), new Variable([3], 0)];
 * muon(0.002, { others: adamW(0.002) }).init(parameters).links.length; // => 2
 */
export function muon(learningRate: Schedule, options: MuonOptions = {}): Optimizer {
  checkOptimizerOptions(learningRate, options, "muon", {
    momentum: aMomentum,
    nesterov: aBoolean,
    weightDecay: aDecay,
    nsSteps: aWholeNumber(1),
    others: anOptimizer,
  });
  const { momentum = 0.95, nesterov = true, weightDecay = 0.1, nsSteps = 5, maximize } = options;
  const { others = adamW(1e-3, { maximize }) } = options;
  const matrices = descent(
    options,
    orthogonalize(momentum, nesterov, nsSteps),
    ...decayLinks(weightDecay),
    byLearningRate(learningRate),
  );
  return parameterGroups([
    { parameters: ({ shape }) => shape.length === 2, optimizer: matrices },
    { optimizer: others },
  ]);
}
