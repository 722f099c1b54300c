// What layers, activations and losses take: checked in their own names before anything is made, not in that of an op inside.
import { checkDType } from "../shape.ts";
import { aTensor, type Tensor } from "../tensor.ts";

/** @throws ArgumentError, DTypeError unless a value is a tensor of f32; `what`: which, where there are several */
export function aFloat(value: unknown, name: string, what = ""): void {
  aTensor(value, `${name}: ${what || "x"}`);
  checkDType(value as Tensor, ["f32"], what === "" ? name : `${name}: ${what}`);
}
