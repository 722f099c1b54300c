// Adadelta.
import type { Variable } from "../variable.ts";
import { runningMean } from "./bias-correction.ts";
import { decayLinks } from "./decay.ts";
import { scaleByLearningRate } from "./learning-rate.ts";
import { checkFraction, checkPositive } from "./options.ts";
import type { Schedule } from "./schedules.ts";
import { assign, chain, filledLike, type Optimizer, type Transform } from "./transform.ts";

/** What Adadelta takes besides its rate. */
export interface AdadeltaOptions {
  /** Decay of the means of squares; default 0.9. */
  readonly rho?: number;
  /** Added under both roots; default 1e-6. */
  readonly epsilon?: number;
  /** L2 penalty added to the gradients; default 0. */
  readonly weightDecay?: number;
}

function scaleByAdadelta(rho: number, epsilon: number): Transform<readonly [Variable[], Variable[]]> {
  return {
    init: (parameters) => [filledLike(parameters, "adadelta.squares"), filledLike(parameters, "adadelta.deltas")],
    update(updates, [squares, deltas]) {
      const v = updates.map((update, i) => runningMean(squares[i], update.square(), rho));
      const steps = updates.map((update, i) => deltas[i].add(epsilon).sqrt().div(v[i].add(epsilon).sqrt()).mul(update));
      const d = steps.map((step, i) => runningMean(deltas[i], step.square(), rho));
      return { updates: steps, assignments: [...assign(squares, v), ...assign(deltas, d)] };
    },
  };
}

/**
 * Adadelta: steps as large as earlier steps, by the ratio of their root mean squares to those of gradients (Zeiler 2012;
 * torch.optim.Adadelta). Its usual rate is 1.
 * @throws ArgumentError for rho outside [0, 1), epsilon not above 0, a negative weightDecay
 *
 * @example
 * import { adadelta } from "simdgrad/optim";
 * adadelta(1, { rho: 0.95 }).init([]).links.length; // => 2
 */
export function adadelta(learningRate: Schedule, options: AdadeltaOptions = {}): Optimizer {
  const { rho = 0.9, epsilon = 1e-6, weightDecay = 0 } = options;
  checkFraction(rho, "adadelta: rho");
  checkPositive(epsilon, "adadelta: epsilon");
  return chain(
    ...decayLinks(weightDecay, "adadelta"),
    scaleByAdadelta(rho, epsilon),
    scaleByLearningRate(learningRate),
  );
}
