// A case's results against PyTorch's answer: every element of every output on every executor.
import type { TypedArray } from "../../src/runtime/executor.ts";
import { type Bound, ulp, within } from "./bounds.ts";
import { type Case, isValue, outputNames } from "./cases.ts";
import { type Fault, judge } from "./compare.ts";
import { differenceOf } from "./differences.ts";
import type { Answer, Expected } from "./reference.ts";

/** One element that is outside its bound. */
export interface Failure {
  readonly from: Case;
  readonly executor: string;
  readonly output: string;
  readonly fault: Fault | "refused" | "not refused" | "broken";
  readonly element: number;
  readonly got: number | string;
  readonly expected: number | string;
  readonly share: number;
}

/** What comparing a case found. */
export interface Finding {
  readonly comparisons: number;
  readonly worst: number;
  readonly failures: readonly Failure[];
  /** How often a documented difference was met, by its reason. */
  readonly excused: ReadonlyMap<string, number>;
}

/** Where the library and PyTorch do not both refuse a case, or both take it. */
export function refusal(from: Case, answer: Answer): Failure | undefined {
  const { refused } = from;
  const throws = "throws" in answer ? answer.throws : undefined;
  if ((refused === undefined) === (throws === undefined)) return undefined;
  const common = { from, executor: "all", output: "value", element: 0, share: Number.POSITIVE_INFINITY };
  return refused === undefined
    ? { ...common, fault: "not refused", got: "values", expected: throws ?? "" }
    : { ...common, fault: "refused", got: refused, expected: "values" };
}

export function check(from: Case, answer: Answer, results: ReadonlyMap<string, readonly TypedArray[]>): Finding {
  const excused = new Map<string, number>();
  const failures: Failure[] = [];
  let comparisons = 0;
  let worst = 0;
  if ("throws" in answer) return { comparisons, worst, failures, excused };
  const names = outputNames(from);
  for (const [executor, arrays] of results)
    for (const [i, output] of names.entries()) {
      const verdicts = elements(from, executor, output, arrays[i], answer.outputs[i]);
      comparisons += answer.outputs[i].expected.length;
      for (const failure of verdicts) {
        const reason = failure.fault === undefined ? undefined : differenceOf({ ...failure, fault: failure.fault });
        if (reason !== undefined) excused.set(reason, (excused.get(reason) ?? 0) + 1);
        else if (failure.fault === undefined) worst = Math.max(worst, failure.share);
        else failures.push({ ...failure, fault: failure.fault });
      }
    }
  return { comparisons, worst, failures, excused };
}

type Compared = Omit<Failure, "fault"> & { readonly fault?: Failure["fault"] };

/** Elements with an error, whether within their bound or not. */
function elements(from: Case, executor: string, output: string, got: TypedArray, answer: Expected): Compared[] {
  const { subject, options } = from;
  const { expected, overflows = [], undefined: none = [] } = answer;
  const [moved, single, double] = [answer.moved, answer.single, answer.double].map((each) => pooled(from, each));
  const common = { from, executor, output };
  const count = expected.length;
  if (got.length !== count)
    return [{ ...common, element: 0, got: `${got.length} elements`, expected: `${count}`, share: 0, fault: "length" }];
  const bound = boundOf(from, output, answer);
  const scale = bound.scale?.(options as Readonly<Record<string, unknown>>) ?? 0;
  const precision = executor === "float64" ? "float64" : "float32";
  const signed = subject.signedZeros === true && isValue(output);
  const excusable = new Set(precision === "float32" ? overflows : none);
  const found: Compared[] = [];
  for (let i = 0; i < count; i++) {
    const e = Number(expected[i]);
    if (Object.is(got[i], e)) continue;
    // PyTorch has no number of this precision here either: an intermediate result is beyond its range.
    if (excusable.has(i) && !Number.isFinite(got[i])) continue;
    const allowance = { bound, moved: moved(i), single: single(i), double: double(i), scale, precision } as const;
    const { share, fault } = judge(got[i], e, allowance, signed);
    if (share > 0) found.push({ ...common, element: i, got: got[i], expected: e, share, fault });
  }
  return found;
}

/** An ulp of the product of a cotangent and a direction, which are at most 2. */
const COTANGENTS = ulp(4);

/**
 * What was measured of an element. Where elements mix, a rounding of one reaches the others: the largest counts for all; among values of
 * very different sizes no more of it than a rounding of the cotangents.
 */
function pooled({ subject, mood }: Case, measured: readonly number[] = []): (i: number) => number {
  if (subject.elementwise) return (i) => measured[i] ?? 0;
  const largest = measured.reduce((most, each) => Math.max(most, each), 0);
  const shared = mood === "wide" || mood === "special" ? Math.min(largest, COTANGENTS) : largest;
  return (i) => Math.max(measured[i] ?? 0, shared);
}

/** Whole numbers are exact. */
function boundOf({ subject }: Case, output: string, { moved }: Expected): Bound {
  if (moved === undefined) return within(0);
  return isValue(output) ? subject.bounds.value : subject.bounds.derivatives;
}
