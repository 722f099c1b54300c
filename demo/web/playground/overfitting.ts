// Whether a network has begun to learn the noise of its points: its loss of them falls, and that of the test points has risen again.

/** How much the test loss must rise above its lowest: by this factor, and by this much. */
const FACTOR = 1.2;
const MUCH = 0.005;

interface Losses {
  readonly step: number;
  readonly train: number;
  readonly test: number;
}

export class Overfitting {
  #lowest: Losses | undefined;

  /** @returns what there is to be said of it, "" where nothing is */
  add(now: Losses): string {
    if (this.#lowest === undefined || now.test < this.#lowest.test) this.#lowest = now;
    const { step, train, test } = this.#lowest;
    const hasRisen = now.test >= Math.max(FACTOR * test, test + MUCH);
    if (!hasRisen || now.train >= train) return "";
    return `The test loss has risen since about step ${step.toLocaleString("en")}, where it was ${test.toPrecision(3)}, while the loss of the points it trains on fell: it learns their noise.`;
  }

  clear(): void {
    this.#lowest = undefined;
  }
}
