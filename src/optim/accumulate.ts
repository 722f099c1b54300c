// Gradient accumulation: large batches in small memory.
import { aWholeNumber, checkOptions } from "../check.ts";
import type { Tensor } from "../tensor.ts";
import { Variable } from "../variable.ts";
import { anOptimizer, filledLike, newStep, type Optimizer, type OptimizerState } from "./transform.ts";

/**
 * The optimizer, once every `steps` steps, with the mean of their gradients; in between nothing changes. Its schedules count updates. Where
 * losses are means of different counts (ignored targets, weights), the mean of their gradients is not the gradient of the mean of all.
 * @throws ArgumentError unless steps is a whole number >= 1
 *
 * @example
 * import { grad, Variable } from "simdgrad";
 * import { accumulate, sgd } from "simdgrad/optim";
 * const w = new Variable([2], [1, 2]);
 * const optimizer = accumulate(sgd(0.1), { steps: 4 });
 * optimizer.update(grad(w.square().sum(), [w]), optimizer.init([w]), [w]).length; // => 4
 */
export function accumulate(optimizer: Optimizer, options: { readonly steps: number }): Optimizer {
  anOptimizer(optimizer, "accumulate: optimizer");
  checkOptions(options, "accumulate", { steps: aWholeNumber(1) }, "steps");
  const { steps } = options;
  const completes = (step: Tensor) => step.add(1).remainder(steps).equal(0);
  return {
    init: (parameters, step = newStep()) => ({
      step,
      links: [
        optimizer.init(parameters, new Variable([], 0, { dtype: "i32", label: "optimizer.update" })),
        filledLike(parameters, "accumulated"),
      ],
    }),
    update(gradients, { step, links: [inner, sums] }, parameters) {
      const complete = completes(step);
      const totals = (sums as Variable[]).map((sum, i) => sum.add(gradients[i]));
      const updates = optimizer.update(
        totals.map((total) => total.mul(1 / steps)),
        inner as OptimizerState,
        parameters,
      );
      return [
        ...updates.map(([variable, value]) => [variable, complete.select(value, variable)] as const),
        ...totals.map((total, i) => [(sums as Variable[])[i], complete.select(0, total)] as const),
        [step, step.add(1)],
      ];
    },
    progress({ step, links }) {
      const inner = links[0] as OptimizerState;
      const progress = optimizer.progress?.(inner);
      const complete = completes(step);
      return { changes: progress?.changes.mul(complete) ?? complete, before: progress?.before ?? inner.step };
    },
    restarts: ({ links }, parameters) => optimizer.restarts?.(links[0] as OptimizerState, parameters) ?? [],
    averages: ({ links }, parameters) => optimizer.averages?.(links[0] as OptimizerState, parameters) ?? [],
  };
}
