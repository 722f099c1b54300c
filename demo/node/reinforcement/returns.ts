// What a step was worth, reckoned from what came after it. Steps of several episodes lie one after the other.

/** Steps of one environment, in order. */
export interface Steps {
  readonly rewards: ArrayLike<number>;
  /** 1 for the last step of an episode, else 0. */
  readonly ends: ArrayLike<number>;
}

/** Rewards from each step on to the end of its episode, each worth `discount` times the one before. */
export function discountedReturns({ rewards, ends }: Steps, discount: number): Float32Array<ArrayBuffer> {
  const returns = new Float32Array(rewards.length);
  let after = 0;
  for (let at = rewards.length - 1; at >= 0; at--) {
    after = rewards[at] + (ends[at] === 1 ? 0 : discount * after);
    returns[at] = after;
  }
  return returns;
}

/** Steps with what a critic says. */
export interface Judged extends Steps {
  readonly values: ArrayLike<number>;
  /** Values of where the steps led: 0 where nothing comes any more, also of the last one where its episode was cut off. */
  readonly nextValues: ArrayLike<number>;
}

/**
 * How much better each step was than its value, by generalised advantage estimation (Schulman et al. 2016): sums of one-step
 * surprises, each later one worth `discount * decay` of the one before.
 */
export function advantages(judged: Judged, discount: number, decay: number): Float32Array<ArrayBuffer> {
  const { rewards, ends, values, nextValues } = judged;
  const surprises = Float32Array.from(
    { length: rewards.length },
    (_, at) => rewards[at] + discount * nextValues[at] - values[at],
  );
  return discountedReturns({ rewards: surprises, ends }, discount * decay);
}

/** The same numbers moved and scaled to mean 0 and deviation 1, in place. */
export function standardize(numbers: Float32Array): void {
  const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
  const variance = numbers.reduce((sum, value) => sum + (value - mean) * (value - mean), 0) / numbers.length;
  const scale = 1 / (Math.sqrt(variance) + 1e-8);
  for (let i = 0; i < numbers.length; i++) numbers[i] = (numbers[i] - mean) * scale;
}
