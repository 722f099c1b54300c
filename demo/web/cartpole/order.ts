// What the page tells its worker, and what it hears from it.
import type { Layer } from "./mind.ts";
import type { Settings } from "./settings.ts";

/** Begin a training anew, or train on: for so long at the most, and until so many updates are made. */
export type Order = { readonly begin: Settings } | { readonly milliseconds: number; readonly until: number };

/** A training as it is now. */
export interface Report {
  /** Updates of the network so far. */
  readonly updates: number;
  /** Of the last update; NaN before the first. */
  readonly loss: number;
  /** Steps of the carts so far. */
  readonly steps: number;
  /** Lengths, in steps, of the episodes that ended since the last report. */
  readonly lengths: readonly number[];
  /** Milliseconds that the training has taken so far. */
  readonly milliseconds: number;
  /** All its steps are made. */
  readonly finished: boolean;
  readonly network: readonly Layer[];
  /** Says what a state is worth; undefined where the network itself says it. */
  readonly critic: readonly Layer[] | undefined;
}
