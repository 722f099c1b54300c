// What callbacks watch: one number of each epoch, and which of two is better.
import { aNumberWithin, aText, type Checks, oneOf } from "../check.ts";
import { ArgumentError } from "../errors.ts";
import type { FitContext } from "../train/callback.ts";
import type { Epoch } from "../train/history.ts";

/** Whether a smaller or a larger number is the better one. */
export type Mode = "min" | "max";

/** What is watched. */
export interface MonitorOptions {
  /**
   * A number of each epoch: "loss", a metric, "validation.loss", "validation.accuracy" and so on. Default: the loss on the validation data, or
   * without any the loss.
   */
  readonly monitor?: string;
  /** Default: "min" for a loss, "max" for an accuracy; for anything else it is to be said. */
  readonly mode?: Mode;
}

export const monitorChecks: Checks<MonitorOptions> = { monitor: aText, mode: oneOf("min", "max") };

/** An improvement that is one. */
export const aDelta = aNumberWithin(0);

/** A number of each epoch. */
export class Monitor {
  readonly name: string;
  readonly #mode: Mode;

  /** @throws ArgumentError for what no epoch of this fit measures, and without a mode for what might be better either way */
  constructor(callback: string, { monitor, mode }: MonitorOptions, { measures }: FitContext) {
    this.name = monitor ?? (measures.includes("validation.loss") ? "validation.loss" : "loss");
    if (!measures.includes(this.name)) {
      const isMissing = /^val/.test(this.name) && !measures.includes("validation.loss");
      const advice = isMissing ? "; validation.loss is measured by fit({ validation: { x, y } })" : "";
      throw new ArgumentError(
        `${callback}: monitor ${this.name} is none of [${measures.join(", ")}] of this fit${advice}`,
      );
    }
    const found = mode ?? (/(^|\.)loss$/.test(this.name) ? "min" : /accuracy$/i.test(this.name) ? "max" : undefined);
    if (found === undefined)
      throw new ArgumentError(`${callback}: mode: is a "min" or a "max" of ${this.name} wanted?`);
    this.#mode = found;
  }

  of({ loss, metrics, validation = { loss: Number.NaN } }: Epoch): number {
    if (this.name === "loss") return loss;
    if (Object.hasOwn(metrics, this.name)) return metrics[this.name];
    return validation[this.name.slice("validation.".length)];
  }

  /** Whether it is better than another by more than delta. NaN is better than nothing, and whatever is a number better than NaN. */
  isBetter(value: number, than: number, delta = 0): boolean {
    if (Number.isNaN(value)) return false;
    if (Number.isNaN(than)) return true;
    return this.#mode === "min" ? value < than - delta : value > than + delta;
  }
}
