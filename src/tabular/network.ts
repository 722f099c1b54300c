// The network of a table: dense layers, as wide as rows and features can fill.

import { Sequential } from "../nn/containers.ts";
import { relu } from "../nn/functional.ts";
import { Linear } from "../nn/layers.ts";
import { Dropout } from "../nn/regularization.ts";

/** Sizes of a network of dense layers. */
export interface TabularNetwork {
  readonly features: number;
  /** Units of the hidden layers. None: a linear model. */
  readonly hidden: readonly number[];
  readonly outputs: number;
  readonly dropout: number;
}

/** Linear, relu and Dropout for each hidden layer, then a Linear: as torch.nn.Sequential of these names its weights. */
export function networkOf({ features, hidden, outputs, dropout }: TabularNetwork): Sequential {
  const widths = [features, ...hidden];
  return new Sequential(
    ...hidden.flatMap((units, i) => [new Linear(widths[i], units), relu, new Dropout(dropout)]),
    new Linear(widths[hidden.length], outputs),
  );
}

/** Shapes of a network's weights by their names. */
export function weightShapes({ features, hidden, outputs }: TabularNetwork): Map<string, readonly number[]> {
  const widths = [features, ...hidden, outputs];
  return new Map(
    widths.slice(1).flatMap((units, i): [string, readonly number[]][] => [
      [`${3 * i}.weight`, [units, widths[i]]],
      [`${3 * i}.bias`, [units]],
    ]),
  );
}

/** The largest power of two that is not above a number, within bounds. */
function powerOfTwo(value: number, least: number, most: number): number {
  let power = least;
  while (2 * power <= value && 2 * power <= most) power *= 2;
  return power;
}

/** Two layers: four units a feature in the first, if there are eight rows for each, from 16 to 256; half as many in the second. */
export function defaultHidden(rows: number, features: number): readonly number[] {
  const units = powerOfTwo(Math.min(4 * features, rows / 8), 16, 256);
  return [units, Math.max(16, units / 2)];
}

/** Less where many rows leave little to learn by heart. */
export function defaultDropout(rows: number): number {
  return rows < 1000 ? 0.2 : 0.1;
}

/** Steps that a training may have, few rows or many, and epochs that it may have. */
const STEPS = 4000;
const EPOCHS = [200, 1000] as const;

/** More passes through few rows, which have few steps each. */
export function defaultEpochs(rows: number, batch: number): number {
  const [least, most] = EPOCHS;
  return Math.min(most, Math.max(least, Math.ceil(STEPS / Math.ceil(rows / batch))));
}

/** A tenth of them. */
export function defaultPatience(epochs: number): number {
  return Math.max(20, Math.ceil(epochs / 10));
}

/** About 64 steps an epoch. */
export function defaultBatch(rows: number): number {
  return Math.min(rows, powerOfTwo(rows / 64, 16, 256));
}
