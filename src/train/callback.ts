// Callbacks of a fit: what decides between two steps how a training goes on.
import type { NonFiniteError } from "../errors.ts";
import type { CallbackState } from "../io/checkpoint.ts";
import type { Epoch } from "./history.ts";
import type { StateDict } from "./state.ts";
import type { Trainer } from "./trainer.ts";

/** A copy of the training's variables on its executor. */
export interface Copy {
  /** Makes it anew, of the values at this step boundary. */
  take(): Promise<void>;
  /** Gives the variables the copied values. */
  putBack(): Promise<void>;
  /** The copied values, one array a variable, by numbers in their order. */
  read(): Promise<StateDict>;
  /** Makes it a copy of what `read` gave. @throws ArgumentError for arrays of other variables */
  write(values: StateDict): Promise<void>;
}

/** The fit, as its callbacks see it. */
export interface FitContext {
  /** Its trainer, which answers whatever it answers during a fit. */
  readonly trainer: Trainer;
  /** Steps made since the fit began, and those that it goes on from. */
  readonly step: number;
  /** Rows that its own steps trained on. */
  readonly rows: number;
  /** Steps that it makes if nothing ends it, and those that it goes on from: Infinity where a stream does not tell. */
  readonly totalSteps: number;
  /** All that are asked, in their order. */
  readonly callbacks: readonly Callback[];
  /** What each entry of the history measures: "loss", metrics, "validation.loss", "validation.accuracy" and so on. */
  readonly measures: readonly string[];
  /** Aborted once the fit is to end: a callback that waits for something ends its waiting. */
  readonly signal: AbortSignal;
  /** Ends the fit at this step boundary, or, from elsewhere, at the next. Not to be awaited: `fit.stop()`, which waits for its end. */
  stop(): void;
  /**
   * Room for a copy of the model's variables and the optimizer's state; with `counters` of where the training is in its data, too. It is there
   * until the fit ends.
   */
  newCopy(options?: { readonly counters?: boolean }): Promise<Copy>;
  /** While it begins: it goes on from a fit that made so many steps, which `step` and `every` count, too. */
  goOn(steps: number): void;
}

type Awaitable<T> = T | Promise<T>;

/**
 * What is asked at the boundaries of a fit, each callback after the one before it in the list. The training waits for what it gives, so that no
 * step depends on when it was asked. What it throws ends the fit with that error. What the fit is given as `distribute` comes last, but at a loss
 * that is not finite and at the end, where it comes first: the others may go back to other weights.
 */
export interface Callback {
  /** Before the first step. */
  onFitBegin?(context: FitContext): Awaitable<void>;
  /** After each epoch and its validation. */
  onEpochEnd?(epoch: Epoch, context: FitContext): Awaitable<void>;
  /** Calls onSteps after so many steps, and so many more. */
  readonly every?: number;
  onSteps?(context: FitContext): Awaitable<void>;
  /** The loss is NaN or infinite: true ends the fit there without an error. */
  onNonFinite?(error: NonFiniteError, context: FitContext): Awaitable<boolean>;
  /** What it knows of the fit at this step boundary: part of a checkpoint. */
  state?(context: FitContext): Awaitable<CallbackState>;
  /** Goes on with what `state` gave, after `onFitBegin`, before the first step. */
  restore?(state: CallbackState, context: FitContext): Awaitable<void>;
  /** After the last step, however it came to it: with the error that ended the fit, if one did. */
  onFitEnd?(context: FitContext, error?: unknown): Awaitable<void>;
}
