// Every op on every executor that computes in Float32, against the oracle: values, gradients, gradients of gradients; optimised and not.
import { afterAll, describe, expect, test } from "vitest";
import { type OpName, ops } from "../../src/ops/index.ts";
import type { TypedArray } from "../../src/runtime/executor.ts";
import { ACCURACY } from "../../src/runtime/wasm/accuracy.ts";
import { float32, oracle } from "../executors.ts";
import { runOn } from "../run.ts";
import { derivativesAt, disagreements, largest, type Point } from "./derivatives.ts";
import { pointsOf } from "./points.ts";
import type { Sample } from "./sample.ts";
import { samples } from "./samples.ts";

/** Unit of rounding of Float32. */
const UNIT = 2 ** -24;

// Gradients are chains of up to a dozen roundings, some of them of functions that are 3.5 ulp (7 units) off; loops and sums are
// longer, but their errors mostly cancel. The worst found is 16 units of the largest number that takes part, by gradients of
// gradients through a loop. A lane, tail or operand that is wrong is off by millions of units.
const UNITS = 32;

/** Results near the smallest float32 (2^-149) are rounded to multiples of it. */
const SUBNORMAL = 2 ** -145;

/** No arithmetic at all, or none that rounds: the value is the float32 next to the oracle's. */
const EXACT: readonly OpName[] = [
  ...(["input", "variable", "constant", "stopGradient", "customGradient", "max", "argmax"] as const),
  ...(["reshape", "permute", "broadcastTo", "slice", "spread", "concat", "gather", "sort", "maxPool"] as const),
];

/** Steps of maps are exactly rounded, too, but for those with an error bound and this one: its sum may round what fmod gave exactly. */
const ROUNDED_TWICE: OpName = "remainder";

const reference = oracle({ poison: true });
afterAll(() => reference.dispose());

/** Distance from |x| to the next float32 away from zero. */
function ulp(x: number): number {
  return 2 ** (Math.max(-126, Math.floor(Math.log2(Math.abs(x)))) - 23);
}

/** How far the value of an op may be off, in ulp; undefined for ops of several roundings. */
function valueBound(name: OpName, { ulps }: Sample): number | undefined {
  if (ulps !== undefined) return ulps;
  if (name in ACCURACY) return Math.max(...Object.values(ACCURACY[name as keyof typeof ACCURACY]));
  const isStep = ops[name].lowering.kind === "map" && name !== ROUNDED_TWICE;
  return isStep || EXACT.includes(name) ? 0 : undefined;
}

/** What float32 makes of a number that is too large for it; every other number as it is. */
function overflowed(exact: TypedArray): TypedArray {
  return exact instanceof Float64Array
    ? exact.map((e) => (Number.isFinite(Math.fround(e)) ? e : Math.fround(e)))
    : exact;
}

/** A value of one rounding, judged by itself: element by element, with the signs of zeros. */
function valueComplaints(actual: TypedArray, exact: TypedArray, bound: number): string[] {
  const rounded = bound === 0 && exact instanceof Float64Array ? exact.map(Math.fround) : overflowed(exact);
  const signs = Array.from(rounded).flatMap((e, i) =>
    e === 0 && actual[i] === 0 && !Object.is(e, actual[i]) ? [`value at element ${i}: the sign of zero`] : [],
  );
  return [...disagreements("value", actual, rounded, (e) => (bound === 0 ? 0 : bound * ulp(e))), ...signs];
}

/** All results of a point against the oracle's. */
function complaints(
  bound: number | undefined,
  point: Point,
  actual: Readonly<Record<string, TypedArray>>,
  exact: Readonly<Record<string, TypedArray>>,
): string[] {
  // Numbers that take part, by the order of the derivative: a gradient is made of the value, the cotangent and itself.
  let scale = 0;
  return Object.keys(exact).flatMap((output) => {
    if (output === "gradient 0") scale = Math.max(scale, largest(point.weights ?? []));
    if (output === "second 0") scale = Math.max(scale, ...(point.directions ?? []).map(largest));
    scale = Math.max(scale, largest(exact[output]));
    if (output === "value" && bound !== undefined) return valueComplaints(actual.value, exact.value, bound);
    const allowed = (e: number) => UNITS * UNIT * (Math.abs(e) + scale) + SUBNORMAL;
    return disagreements(output, actual[output], overflowed(exact[output]), allowed);
  });
}

describe.each(Object.entries(float32))("%s", (executorName, create) => {
  const executor = create({ poison: true });
  afterAll(() => executor.dispose());

  test.each(Object.entries(samples) as [OpName, readonly Sample[]][])("%s", async (name, list) => {
    for (const sample of list) {
      for (const point of pointsOf(sample)) {
        const exact = await runOn(reference, derivativesAt(sample, point));
        const optimised = await runOn(executor, derivativesAt(sample, point));
        const plain = await runOn(executor, derivativesAt(sample, point), { optimize: false });
        const where = `${sample.golden} of ${point.inputs.map(({ shape }) => `[${shape}]`)}`;
        for (const results of [optimised, plain])
          expect(complaints(valueBound(name, sample), point, results, exact), where).toEqual([]);
        // Only the relaxed build and JavaScript round a product and a sum that became one step differently.
        if (executorName === "wasm-portable") expect(differences(optimised, plain)).toEqual([]);
      }
    }
  });
});

/** Outputs whose bits differ; the sum of a single -0 may be 0 or -0. */
function differences(a: Readonly<Record<string, TypedArray>>, b: Readonly<Record<string, TypedArray>>): string[] {
  return Object.keys(a).filter((output) => !a[output].every((x, i) => Object.is(x + 0, b[output][i] + 0)));
}
