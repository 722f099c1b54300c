// Running means begin at zero and are too small by 1 - beta^t after t steps: that factor, exactly enough.
import type { Tensor } from "../tensor.ts";
import { restOf } from "./momentum.ts";
import { naturalLog } from "./powers.ts";

/** t, the number of steps with this one, as f32. */
export function stepsWithThis(step: Tensor): Tensor {
  return step.add(1).cast("f32");
}

/** 1 - beta^t as -expm1(t ln beta): in float32 the plain form is off by 2e-5 in the first steps. */
export function biasCorrection(beta: number | Tensor, t: Tensor): Tensor {
  const log = typeof beta === "number" ? naturalLog(beta) : beta.log();
  return t.mul(log).expm1().neg();
}

/** beta * mean + (1 - beta) * value. */
export function runningMean(mean: Tensor, value: Tensor, beta: number | Tensor): Tensor {
  return mean.mul(beta).add(value.mul(restOf(beta)));
}
