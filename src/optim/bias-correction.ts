// Running means begin at zero and are too small by 1 - beta^t after t steps: that factor, exactly enough.
import type { Tensor } from "../tensor.ts";

/**
 * ln x for 0 <= x < 1 by 2 artanh((x - 1) / (x + 1)): sums and quotients alone, which every engine rounds alike; Math.log may differ.
 */
export function naturalLog(x: number): number {
  if (x === 0) return Number.NEGATIVE_INFINITY;
  const z = (x - 1) / (x + 1);
  let power = z;
  let sum = 0;
  for (let k = 1; Math.abs(power) > 1e-18 * Math.abs(z); k += 2) {
    sum += power / k;
    power *= z * z;
  }
  return 2 * sum;
}

/** t, the number of steps with this one, as f32. */
export function stepsWithThis(step: Tensor): Tensor {
  return step.add(1).cast("f32");
}

/** 1 - beta^t as -expm1(t ln beta): in float32 the plain form is off by 2e-5 in the first steps. */
export function biasCorrection(beta: number, t: Tensor): Tensor {
  return t.mul(naturalLog(beta)).expm1().neg();
}

/** beta * mean + (1 - beta) * value. */
export function runningMean(mean: Tensor, value: Tensor, beta: number): Tensor {
  return mean.mul(beta).add(value.mul(1 - beta));
}
