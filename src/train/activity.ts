// What a trainer is doing: nothing, changing what fits rely on (its data, its counters), or fitting, from a fit's first preparation to its
// end. Known at every call, and held until the work is done: nothing is loaded under a fit.
import { ArgumentError } from "../errors.ts";
import type { Fit } from "./fit.ts";

export class Activity {
  #fit: Fit | undefined;
  /** Names of the changes under way. */
  readonly #changes: string[] = [];

  /** The fit under way, or being prepared. */
  get fit(): Fit | undefined {
    return this.#fit;
  }

  /** @throws ArgumentError where a fit, or for a fit a change, is under way */
  check(name: string): void {
    if (this.#fit !== undefined) throw new ArgumentError(`${name}: stop the fit first`);
    if (name === "fit" && this.#changes.length > 0)
      throw new ArgumentError(`fit: wait for ${this.#changes[0]}() first`);
  }

  /** A fit from here to its end. @throws ArgumentError */
  async fitting(fit: Fit, train: () => Promise<void>): Promise<void> {
    this.check("fit");
    this.#fit = fit;
    try {
      await train();
    } finally {
      this.#fit = undefined;
    }
  }

  /** A change from here to its end. @throws ArgumentError */
  async changing<T>(name: string, change: () => Promise<T>): Promise<T> {
    this.check(name);
    this.#changes.push(name);
    try {
      return await change();
    } finally {
      this.#changes.splice(this.#changes.indexOf(name), 1);
    }
  }
}
