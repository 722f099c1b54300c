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

/** Arrays of weights by their names. */
type Weights = Readonly<Record<string, { readonly data: ArrayLike<number> }>>;

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

/** How far features may be from those of the training, in their deviations, that a network must come to numbers. */
const REACH = 1000;

/** The largest finite f32. */
const LARGEST = (2 - 2 ** -23) * 2 ** 127;

/** What keeps weights from ever being right: one so large that f32 has no room for what the network makes of usual rows; undefined for nothing. */
export function faultOfWeights(network: TabularNetwork, state: Weights): string | undefined {
  if (mostOf(network, state) <= LARGEST) return undefined;
  const largest = Object.entries(state).map(([name, { data }]) => {
    const value = (data as Float32Array).reduce((most, each) => (Math.abs(each) > Math.abs(most) ? each : most), 0);
    return { name, value };
  });
  const { name, value } = largest.reduce((most, each) => (Math.abs(each.value) > Math.abs(most.value) ? each : most));
  return `${name} holds ${Number(value.toPrecision(3))}: with weights so large there is nothing that it could predict`;
}

/** The most that a unit of any layer may come to, up or down, for features within the reach: sums of sizes. */
function mostOf({ features, hidden, outputs }: TabularNetwork, state: Weights): number {
  let before = new Float64Array(features).fill(REACH);
  let most = 0;
  for (const [i, units] of [...hidden, outputs].entries()) {
    const [weight, bias] = [state[`${3 * i}.weight`].data, state[`${3 * i}.bias`].data];
    const width = before.length;
    const inputs = before;
    before = Float64Array.from({ length: units }, (_, unit) =>
      inputs.reduce((sum, size, j) => sum + size * Math.abs(weight[unit * width + j]), Math.abs(bias[unit])),
    );
    most = before.reduce((a, b) => Math.max(a, b), most);
  }
  return most;
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
