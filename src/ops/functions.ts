// Elementwise ops that only functions of simdgrad/functions make: here, so that pages without these do not load them.
import * as code from "../../assembly/isa/map-code.ts";
import type { VjpContext } from "../op.ts";
import type { Tensor } from "../tensor.ts";
import { elementwise } from "./elementwise.ts";
import { stopGradient } from "./leaf.ts";

// d log2 a = da / (a ln 2)
export const log2 = elementwise("log2", { f32: code.LOG2 }, [
  ({ cotangent, inputs: [a] }) => cotangent.div(a.mul(Math.LN2)),
]);

// d log10 a = da / (a ln 10)
export const log10 = elementwise("log10", { f32: code.LOG10 }, [
  ({ cotangent, inputs: [a] }) => cotangent.div(a.mul(Math.LN10)),
]);

/**
 * y / (y^2 + x^2), x / (y^2 + x^2) by way of the larger size of the two, so that no square overflows or vanishes; 0 at (0, 0). The size
 * divides out, so no gradient passes to it.
 */
function slopes({ inputs: [y, x], apply }: VjpContext<undefined>): { readonly ofX: Tensor; readonly ofY: Tensor } {
  const size = apply(stopGradient, [y.abs().maximum(x.abs())]);
  const isZero = size.equal(0);
  const scale = isZero.add(size.equal(Number.POSITIVE_INFINITY)).select(1, size);
  const [v, u] = [y.div(scale), x.div(scale)];
  const square = isZero.select(1, v.square().add(u.square())).mul(scale);
  return { ofX: v.div(square), ofY: u.div(square) };
}

// d atan2(y, x) = (x dy - y dx) / (y^2 + x^2)
export const atan2 = elementwise("atan2", { f32: code.ATAN2 }, [
  (context) => context.cotangent.mul(slopes(context).ofY),
  (context) => context.cotangent.mul(slopes(context).ofX).neg(),
]);
