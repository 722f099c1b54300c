// Gradient descent with momentum.
import { aBoolean, aFraction, type Checks, checkNeeds, checkOptions } from "../check.ts";
import { ArgumentError } from "../errors.ts";
import { scalar } from "../tensor.ts";
import type { Variable } from "../variable.ts";
import { aDecay, decayLinks } from "./decay.ts";
import { checkOptimizerOptions, descent, type OptimizerOptions } from "./descent.ts";
import { byLearningRate } from "./learning-rate.ts";
import { aMomentum, momentumAt } from "./momentum.ts";
import type { Schedule } from "./schedules.ts";
import { assign, filledLike, type Optimizer, type Transform } from "./transform.ts";

/** How momentum adds up. */
export interface TraceOptions {
  /** Looks ahead: g + momentum b instead of b. */
  readonly nesterov?: boolean;
  /** Share of the gradient that is left out of all steps but the first; default 0. */
  readonly dampening?: number;
}

const traceChecks: Checks<TraceOptions> = { nesterov: aBoolean, dampening: aFraction };

/**
 * Momentum: b = momentum b + (1 - dampening) g, giving b, or g + momentum b with Nesterov's look ahead (Sutskever et al. 2013). The
 * momentum may be a schedule.
 * @throws ArgumentError for momentum or dampening outside [0, 1)
 *
 * @example
 * import { constant, evaluate, scalar, Variable } from "simdgrad";
 * import { trace } from "simdgrad/optim";
 * const [w, b] = [new Variable([1], [2]), new Variable([1], [4])];
 * const { updates } = trace(0.5).update([constant([1])], [b], [w], scalar(0, "i32"));
 * await evaluate(updates[0]); // => [3]
 */
export function trace(momentum: Schedule, options: TraceOptions = {}): Transform<Variable[]> {
  aMomentum(momentum, "trace: momentum");
  checkOptions(options, "trace", traceChecks);
  const { nesterov = false, dampening = 0 } = options;
  return {
    init: (parameters) => filledLike(parameters, "momentum"),
    update: (updates, buffers, _, step) => {
      const share = dampening > 0 ? step.equal(0).select(1, scalar(1 - dampening)) : 1; // PyTorch begins with the whole gradient
      const kept = momentumAt(momentum, step);
      const next = updates.map((update, i) => buffers[i].mul(kept).add(share === 1 ? update : update.mul(share)));
      return {
        updates: nesterov ? next.map((buffer, i) => buffer.mul(kept).add(updates[i])) : next,
        assignments: assign(buffers, next),
      };
    },
  };
}

/** What plain gradient descent may have besides its rate. */
export interface SgdOptions extends OptimizerOptions, TraceOptions {
  /** A number or a schedule; default 0: none. */
  readonly momentum?: Schedule;
  /** L2 penalty added to the gradients; default 0. */
  readonly weightDecay?: number;
}

/**
 * Gradient descent with momentum (torch.optim.SGD).
 * @throws ArgumentError for momentum or dampening outside [0, 1), Nesterov without momentum or with dampening, dampening without momentum,
 * negative decay
 *
 * @example
 * import { grad, Variable } from "simdgrad";
 * import { sgd } from "simdgrad/optim";
 * const w = new Variable([2], [1, 2]);
 * const optimizer = sgd(0.1, { momentum: 0.9 });
 * optimizer.update(grad(w.square().sum(), [w]), optimizer.init([w]), [w]).length; // => 3
 */
export function sgd(learningRate: Schedule, options: SgdOptions = {}): Optimizer {
  checkOptimizerOptions(learningRate, options, "sgd", { ...traceChecks, momentum: aMomentum, weightDecay: aDecay });
  checkNeeds(options, "sgd", { dampening: "momentum" });
  const { momentum = 0, nesterov = false, dampening = 0, weightDecay = 0 } = options;
  if (nesterov && momentum === 0) throw new ArgumentError("sgd: nesterov needs a momentum");
  if (nesterov && dampening > 0) throw new ArgumentError("sgd: nesterov allows no dampening");
  return descent(
    options,
    ...decayLinks(weightDecay),
    ...(momentum !== 0 ? [trace(momentum, { nesterov, dampening })] : []),
    byLearningRate(learningRate),
  );
}
