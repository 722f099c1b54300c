// Initialisers: functions of shape and random key. Sources stand at each.
import { uniform } from "../ops/random.ts";
import type { Initializer } from "../variable.ts";

/**
 * Uniform within 1 / sqrt(fanIn): what torch.nn.Linear starts its weights (kaiming_uniform_ with a = sqrt(5)) and biases with.
 *
 * @example
 * import { evaluate, randomKey } from "simdgrad";
 * import { linearUniform } from "simdgrad/nn";
 * const weights = await evaluate(linearUniform(100)([8, 100], randomKey(0, "weight")));
 * weights.every((weight) => Math.abs(weight) <= 0.1); // => true
 */
export function linearUniform(fanIn: number): Initializer {
  const bound = 1 / Math.sqrt(fanIn);
  return (shape, key) => uniform(key, shape, -bound, bound);
}
