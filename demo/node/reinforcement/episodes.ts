// Whole episodes, of several environments at a time.
import { type Environment, Random } from "../environments/environment.ts";

/** Actions for so many rows of observations: those of environments whose episode is over do not matter. */
export type Policy = (observations: Float32Array) => Promise<ArrayLike<number>> | ArrayLike<number>;

/** The returns, not discounted, of one episode of each environment; the i-th begins as `seed + i` says. */
export async function episodeReturns(
  environments: readonly Environment[],
  policy: Policy,
  seed: number,
): Promise<number[]> {
  const width = environments[0].observed;
  const observations = new Float32Array(environments.length * width);
  const returns = environments.map(() => 0);
  for (const [i, environment] of environments.entries()) {
    environment.reset(new Random(seed + i));
    environment.observe(observations, i * width);
  }
  let open = [...environments.keys()];
  while (open.length > 0) {
    const actions = await policy(observations);
    open = open.filter((i) => {
      const { reward, terminated, truncated } = environments[i].step(actions[i]);
      returns[i] += reward;
      environments[i].observe(observations, i * width);
      return !terminated && !truncated;
    });
  }
  return returns;
}

/** The mean of the last so many numbers. */
export class Lately {
  readonly #last: number[] = [];

  add(value: number): void {
    this.#last.push(value);
    if (this.#last.length > 20) this.#last.shift();
  }

  get mean(): number {
    return this.#last.length === 0 ? 0 : mean(this.#last);
  }
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The choice with the largest number, of each row. */
export function largest(numbers: ArrayLike<number>, choices: number): number[] {
  return Array.from({ length: numbers.length / choices }, (_, row) => {
    let best = 0;
    for (let i = 1; i < choices; i++) if (numbers[row * choices + i] > numbers[row * choices + best]) best = i;
    return best;
  });
}
