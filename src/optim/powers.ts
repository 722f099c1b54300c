// Powers of a number that float32 does not hold, such as 0.99999: a million steps multiply its rounding by a million.
import { scalar, type Tensor } from "../tensor.ts";

/**
 * ln x for 0 <= x < 1, of sums and quotients alone, which every engine rounds alike; Math.log may differ. With x = m 2^-e and m within
 * 2/3..4/3 it is 2 artanh((m - 1) / (m + 1)) - e ln 2, whose series gains more than a digit a term.
 */
export function naturalLog(x: number): number {
  if (x === 0) return Number.NEGATIVE_INFINITY;
  let m = x;
  let e = 0;
  for (; m < 2 / 3; e++) m *= 2;
  const z = (m - 1) / (m + 1);
  let power = z;
  let sum = 0;
  for (let k = 1; Math.abs(power) > 1e-18 * Math.abs(z); k += 2) {
    sum += power / k;
    power *= z * z;
  }
  return 2 * sum - e * Math.LN2;
}

/**
 * base^exponent for whole exponents (as f32) of any size: the power of the float32 next to the base, which is rounded once, times what
 * the base's own rounding makes of it, (1 + d)^n = e^(n ln(1 + d)) with d = base / rounded - 1 below 2^-24.
 */
export function wholePower(base: number, exponent: Tensor): Tensor {
  const rounded = Math.fround(base);
  const power = scalar(rounded).pow(exponent);
  const d = (base - rounded) / rounded;
  return d === 0 ? power : power.mul(exponent.mul(d - (d * d) / 2).exp());
}
