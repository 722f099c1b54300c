// ln x for numbers from 1 on, of sums, products and quotients alone, which every engine rounds alike; Math.log may differ.

/** The series of atanh ends here: what follows is below a 2^-56 of it. */
const LAST = 21;

/** ln x for x >= 1, within 2e-15 of it: with x = m 2^e and m near 1, 2 atanh((m - 1) / (m + 1)) + e ln 2. */
export function logarithm(x: number): number {
  let [m, e] = [x, 0];
  for (; m > Math.SQRT2; e++) m /= 2;
  const s = (m - 1) / (m + 1);
  let sum = 0;
  for (let n = LAST; n >= 1; n -= 2) sum = sum * s * s + 1 / n;
  return 2 * s * sum + e * Math.LN2;
}
