// What a callback keeps of a fit: one object may be in several at once.
import type { FitContext } from "../train/callback.ts";
import type { Trainer } from "../train/trainer.ts";

/** The states of the fits that a callback is in: of a trainer, which has one fit at a time, that of the last one. */
export class OfFits<S> {
  readonly #states = new WeakMap<Trainer, S>();

  begin({ trainer }: FitContext, state: S): void {
    this.#states.set(trainer, state);
  }

  /** Undefined where the fit has not begun. */
  find({ trainer }: FitContext): S | undefined {
    return this.#states.get(trainer);
  }

  of(context: FitContext): S {
    return this.find(context) as S; // whoever asks on has been told of its begin
  }
}
