// Lookahead: fast steps, and slow ones towards where they led.
import { aFiniteNumber, aWholeNumber, checkOptions, must } from "../check.ts";
import { scalar } from "../tensor.ts";
import { Variable } from "../variable.ts";
import { around } from "./around.ts";
import { anOptimizer, assign, filledLike, type Optimizer } from "./transform.ts";

/**
 * The optimizer with slow weights: every `every` steps these go the share `alpha` of the way to where the parameters are, and the
 * parameters go on from there (Zhang et al. 2019).
 * @throws ArgumentError unless every is a whole number >= 1 and alpha above 0 and at most 1
 *
 * @example
 * import { grad, Variable } from "simdgrad";
 * import { lookahead, sgd } from "simdgrad/optim";
 * const w = new Variable([2], [1, 2]);
 * const optimizer = lookahead(sgd(0.1), { every: 5, alpha: 0.5 });
 * optimizer.update(grad(w.square().sum(), [w]), optimizer.init([w]), [w]).length; // => 4
 */
export function lookahead(
  optimizer: Optimizer,
  options: { readonly every?: number; readonly alpha?: number } = {},
): Optimizer {
  anOptimizer(optimizer, "lookahead: optimizer");
  checkOptions(options, "lookahead", { every: aWholeNumber(1), alpha: aFiniteNumber });
  const { every = 5, alpha = 0.5 } = options;
  must(alpha > 0 && alpha <= 1, alpha, "lookahead: alpha", "above 0 and at most 1");
  return around(optimizer, {
    init: (parameters) => ({
      count: new Variable([], 0, { dtype: "i32", label: "lookahead.count" }),
      slow: filledLike(parameters, "lookahead.slow"),
    }),
    update(values, { count, slow }, parameters, updates) {
      const meets = updates.add(1).remainder(every).equal(0);
      const share = meets.mul(scalar(alpha));
      const next = values.map((value, i) => {
        const from = count.equal(0).select(parameters[i], slow[i]); // they begin where the parameters do
        return value.sub(from).mul(share).add(from);
      });
      return {
        values: values.map((value, i) => meets.select(next[i], value)),
        assignments: [...assign(slow, next), [count, count.add(1)]],
      };
    },
    restarts: ({ count }) => [count],
  });
}
