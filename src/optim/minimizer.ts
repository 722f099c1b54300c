// What an optimizer needs that tries several points a step: the loss and its gradient wherever it asks, and a place to move.

/** The loss at a point, and its gradient. */
export interface Evaluation {
  readonly loss: number;
  readonly gradient: Float64Array;
}

/** All parameters one after the other, moved step by step; what it learns of the loss stays with it. */
export interface Minimizer {
  /** Moves x, evaluating the loss as often as it needs. @returns the loss where it began */
  step(x: Float64Array, evaluate: (x: Float64Array) => Promise<Evaluation>): Promise<number>;
  /** What it has learned, as arrays by their names: part of a snapshot. Without it a training has none. */
  state?(): Readonly<Record<string, Float64Array>>;
  /** Goes on with what `state` gave for as many parameters; with nothing it begins anew. @throws ArgumentError for anything else */
  restore?(state: Readonly<Record<string, Float64Array>>, parameters: number): void;
}
