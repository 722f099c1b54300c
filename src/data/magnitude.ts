// Numbers of any magnitude, as far as only their ratios count.

/** Up to here sums of squares of many are far from infinity and, down to its inverse, from nothing. */
const MOST = 2 ** 400;

/**
 * Numbers times one power of two, so that sums of their squares neither overflow nor vanish: of an ordinary magnitude they are as they were. What
 * is above 0 stays so.
 */
export function ordinary(values: ArrayLike<number>): Float64Array {
  const own = Float64Array.from(values);
  const largest = own.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (largest === 0 || (largest <= MOST && largest >= 1 / MOST)) return own;
  const factor = largest > 1 ? 1 / MOST : MOST;
  let times = 0;
  for (let rest = largest; rest > MOST || rest < 1 / MOST; rest *= factor) times++;
  return own.map((value) => {
    let scaled = value;
    for (let i = 0; i < times; i++) scaled *= factor;
    return scaled === 0 && value > 0 ? Number.MIN_VALUE : scaled;
  });
}
