// Remainders are exact: C's fmod with the sign of the divisor, for quotients of any size.
import { expect, test } from "vitest";
import { grad } from "../../src/autodiff.ts";
import { generator } from "../ops/inputs.ts";
import { everywhere } from "./everywhere.ts";

const inf = Number.POSITIVE_INFINITY;
const least = 2 ** -149;

/** By JavaScript's %, which is fmod and exact. */
function exactly(x: number, y: number): number {
  const r = x % y;
  if (r === 0) return y < 0 ? -0 : 0;
  return r < 0 === y < 0 || Number.isNaN(r) ? r : r + y;
}

const PAIRS: readonly (readonly [number, number])[] = [
  ...([
    [0.9, 0.1],
    [1, 0.1],
    [1e10, 3],
    [5, inf],
    [7, least],
    [-5, inf],
    [5, -inf],
    [-5, -inf],
  ] as const),
  ...([
    [3.4e38, least],
    [-3.4e38, 3e-45],
    [3.4e38, 1.7e-30],
    [2 ** 127, 3],
    [1, 2 ** -30 + 2 ** -53],
  ] as const),
  ...([
    [0, 3],
    [-0, 3],
    [0, -3],
    [6, 3],
    [-6, 3],
    [6, -3],
    [inf, 3],
    [-inf, 3],
    [1, 0],
    [0, 0],
    [Number.NaN, 1],
    [1, Number.NaN],
  ] as const),
];

everywhere(({ run, unit }) => {
  const round = unit < 1e-12 ? (x: number) => x : Math.fround;

  test("of special numbers", async () => {
    const x = PAIRS.map(([a]) => round(a));
    const y = PAIRS.map(([, b]) => round(b));
    const { r } = await run((a, b) => ({ r: a.remainder(b) }), x, y);
    expect(r).toEqual(x.map((value, i) => round(exactly(value, y[i]))));
  });

  test("of numbers of every size", async () => {
    const next = generator(7);
    const draw = () => Math.fround((next() - 0.5) * 2 ** Math.floor(250 * next() - 125));
    const x = Array.from({ length: 4000 }, draw);
    const y = Array.from({ length: 4000 }, draw);
    const { r } = await run((a, b) => ({ r: a.remainder(b) }), x, y);
    expect(r).toEqual(x.map((value, i) => round(exactly(value, y[i]))));
  });

  test("the slope in the divisor is minus the whole quotient", async () => {
    const { slope } = await run(
      (a, b) => ({ slope: grad(a.remainder(b).sum(), [b])[0] }),
      [0.9, 1, 7, -7, 5, -5, 5, 6, -6].map(Math.fround),
      [0.1, 0.1, 2, 2, inf, inf, -inf, 3, 3].map(Math.fround),
    );
    // In float32 0.9 holds eight times 0.1 and a rest, 1 nine times: both are a little off.
    expect(slope.map((value) => value + 0)).toEqual([-8, -9, -3, 4, 0, 1, 1, -2, 2]);
  });
});
