// Functions made of steps whose own gradients would be long, or infinite where they are not taken: with a rule for the whole.
import { customGradient } from "../autodiff.ts";
import { checkDType } from "../shape.ts";
import { aTensor, type Tensor } from "../tensor.ts";

/** A function of one f32 tensor, and what it hands a cotangent on as, given its input and its output. */
export function smooth(
  name: string,
  x: Tensor,
  f: (x: Tensor) => Tensor,
  rule: (cotangent: Tensor, x: Tensor, output: Tensor) => Tensor,
): Tensor {
  aTensor(x, `${name}: x`);
  checkDType(x, ["f32"], name);
  return customGradient(f, (cotangent, [a], output) => [rule(cotangent, a, output)])(x);
}
