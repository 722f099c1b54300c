// Curves of losses by learning rates: what is noise in them, and where they fall fastest.

/** The loss after a step at a rate. */
export interface RatePoint {
  readonly rate: number;
  readonly loss: number;
  /** Without noise: a mean over neighbours of medians of five. */
  readonly smoothed: number;
}

/** Neighbours on each side whose median a loss becomes: two spikes side by side are none. */
const MEDIAN = 2;

export function median(values: readonly number[]): number {
  const sorted = values.filter((each) => !Number.isNaN(each)).sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The loss before anything was learned: the median of the first fifth, of five at least. */
export function base(losses: readonly number[]): number {
  return median(losses.slice(0, Math.max(5, Math.ceil(losses.length / 5))));
}

/** Whether the loss has grown far above where it began, for three steps. */
export function isOver(losses: readonly number[]): boolean {
  if (losses.length < 8) return false;
  const first = base(losses);
  const least = Math.min(...losses);
  return Math.min(...losses.slice(-3)) > first + Math.max(Math.abs(first), 4 * (first - least));
}

/** A value with its neighbours on each side, as many as there are. */
function around(values: readonly number[], i: number, reach: number): readonly number[] {
  return values.slice(Math.max(0, i - reach), i + reach + 1);
}

/** Losses without noise. What is not finite has no part in it. */
function smooth(losses: readonly number[]): number[] {
  const medians = losses.map((_, i) => median(around(losses, i, MEDIAN).filter(Number.isFinite)));
  const reach = Math.max(1, Math.round(losses.length / 25));
  return medians.map((_, i) => {
    const own = around(medians, i, reach).filter(Number.isFinite);
    return own.reduce((sum, each) => sum + each, 0) / own.length;
  });
}

/**
 * By how much of the first loss it is to fall, and by how many times what neighbours differ. Noise alone, smoothed, falls so far in 4 of 100
 * curves of 100 steps, and in 3 of 1,000 of 300 steps.
 */
const LEAST = 0.02;
const NOISE = 1.5;

/**
 * Losses by rates without their noise, and the rate at which they fall fastest below where they began: the steepest descent of the least
 * loss so far over the logarithm of the rate. What falls back from a spike does not fall below where it began, and counts nothing.
 */
export function suggestionOf(points: readonly Omit<RatePoint, "smoothed">[]) {
  const losses = points.map(({ loss }) => loss);
  const smoothed = smooth(losses);
  const curve = points.map((point, i): RatePoint => ({ ...point, smoothed: smoothed[i] }));
  const first = base(smoothed);
  let least = first;
  const lowest = smoothed.map((each) => {
    if (each < least) least = each;
    return least;
  });
  const bottom = lowest.indexOf(least);
  const before = losses.slice(0, Math.max(10, bottom));
  const noise = median(before.slice(1).map((each, i) => Math.abs(each - before[i])));
  if (!(first - least > Math.max(LEAST * Math.abs(first), NOISE * (noise || 0))))
    return { curve, suggestion: undefined };
  const reach = Math.max(1, Math.round(points.length / 20));
  let [steepest, suggestion] = [0, points[bottom].rate];
  for (let i = 0; i <= bottom; i++) {
    const [low, high] = [Math.max(0, i - reach), Math.min(points.length - 1, i + reach)];
    const slope = (lowest[low] - lowest[high]) / Math.log(points[high].rate / points[low].rate);
    if (slope > steepest) [steepest, suggestion] = [slope, points[i].rate];
  }
  return { curve, suggestion };
}
