// One element of a result against what PyTorch says: NaN meets NaN, infinities their sign, numbers their bound.
import { type Allowance, allowed } from "./bounds.ts";

/** Infinity stands for 2^128 where float32 overflows. */
const OVERFLOW = 2 ** 128;

export type Fault = "NaN" | "no NaN" | "infinite" | "finite" | "other sign" | "sign of zero" | "far" | "length";

/** How much of its bound an error takes, infinitely much for what no bound allows. */
export interface Verdict {
  readonly share: number;
  readonly fault?: Fault;
}

const fine: Verdict = { share: 0 };
const wrong = (fault: Fault): Verdict => ({ share: Number.POSITIVE_INFINITY, fault });

export function judge(got: number, expected: number, allowance: Allowance, signedZeros = false): Verdict {
  if (Number.isNaN(expected)) return Number.isNaN(got) ? fine : wrong("no NaN");
  if (Number.isNaN(got)) return wrong("NaN");
  if (got === expected) return signedZeros && !Object.is(got, expected) ? wrong("sign of zero") : fine;
  if (!Number.isFinite(expected)) return wrong(Number.isFinite(got) ? "finite" : "other sign");
  const narrow = allowance.precision === "float32";
  if (!Number.isFinite(got) && (!narrow || Math.sign(got) !== Math.sign(expected))) return wrong("infinite");
  const error = narrow ? Math.abs(clamped(got) - clamped(expected)) : Math.abs(got - expected);
  const share = error === 0 ? 0 : error / allowed(expected, allowance);
  if (share <= 1) return { share };
  return { share, fault: Number.isFinite(got) ? "far" : "infinite" };
}

function clamped(x: number): number {
  return Math.sign(x) * Math.min(Math.abs(x), OVERFLOW);
}
