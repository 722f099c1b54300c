// Where the samples of ops are looked at: their golden cases, and larger ones.
import { goldenCases } from "../golden.ts";
import { derivativesAt, type Point } from "./derivatives.ts";
import { draw, generator, type Random } from "./inputs.ts";
import type { Sample } from "./sample.ts";

/** The golden cases, and larger ones with random data. */
export function pointsOf(sample: Sample): Point[] {
  const golden = goldenCases(sample.golden);
  const next = generator(1);
  const twice = golden.some(({ second }) => second !== undefined);
  return [...golden, ...(sample.larger ?? []).map((list) => pointFor(sample, list, twice, next))];
}

function pointFor(sample: Sample, list: readonly Random[], twice: boolean, next: () => number): Point {
  const inputs = list.map((random) => draw(random, next));
  if (!twice || inputs.every(({ dtype }) => dtype !== "f32")) return { inputs };
  const signs = (random: Pick<Random, "shape">) => draw({ ...random, dtype: "f32", low: -1, high: 1 }, next).data;
  const { value } = derivativesAt(sample, { inputs });
  return { inputs, weights: signs(value), directions: inputs.filter(({ dtype }) => dtype === "f32").map(signs) };
}
