// A sanity check before a training: whether the network can learn a handful of rows by heart.
import { aFiniteNumber, aWholeNumber, type Checks, checkOptions } from "../check.ts";
import type { NumericArray } from "../data/array.ts";
import { ArgumentError, NonFiniteError } from "../errors.ts";
import { sizeOf } from "../shape.ts";
import { type Bundle, eachOf, mapped } from "../train/bundle.ts";
import type { Samples } from "../train/dataset.ts";
import type { Measures } from "../train/fit.ts";
import type { Trainer } from "../train/trainer.ts";
import { shownNumber } from "./html.ts";
import { andBack, samples, trainerOf } from "./trainer.ts";

/** What is learned by heart, and how long. */
export interface OverfitOneBatchOptions {
  /** Rows of the batch, the first ones of the data. Default 32, or all where there are fewer. */
  readonly batch?: number;
  /** Steps at the most; default 500. */
  readonly steps?: number;
  /** The loss that counts as learned. Default: a hundredth of what it is before the first step. */
  readonly goal?: number;
}

/** What came of it. Plain data. */
export interface OverfitResult {
  readonly learned: boolean;
  /** Measures of the batch before the first step and after the last, as `evaluate` gives them. */
  readonly before: Measures;
  readonly after: Measures;
  /** The loss of each step. */
  readonly losses: readonly number[];
  /** In words, with what to do where it is not learned. */
  readonly verdict: string;
}

const checks: Checks<OverfitOneBatchOptions> = {
  batch: aWholeNumber(1),
  steps: aWholeNumber(1, 1_000_000),
  goal: aFiniteNumber,
};

/** A loss that changed by less than this part of it stayed where it was. */
const STILL = 0.01;

/**
 * Trains on one batch alone, and says whether the network learns it by heart: what cannot learn 32 rows will not learn 32,000, and the
 * fault is in the network, the loss, the rate or the targets. Afterwards the trainer is what it was before. Measures are of an evaluation,
 * without dropout.
 * @throws ArgumentError where the loss is not above 0 before the first step and no goal is given, and while a fit is under way; DataError and ShapeError as
 * `evaluate` does
 *
 * @example
 * import { Trainer } from "simdgrad";
 * import { overfitOneBatch } from "simdgrad/insight";
 * import { Linear, mseLoss, relu, Sequential } from "simdgrad/nn";
 * import { adam } from "simdgrad/optim";
 * const model = new Sequential(new Linear(2, 16), relu, new Linear(16, 1));
 * const trainer = new Trainer(model, { loss: mseLoss, optimizer: adam(0.05) });
 * const xor = { x: [[0, 0], [0, 1], [1, 0], [1, 1]], y: [[0], [1], [1], [0]] };
 * const { learned } = await overfitOneBatch(trainer, xor);
 * learned; // => true
 * trainer.history.length; // => 0
 */
export async function overfitOneBatch<Input, Output, Target, X>(
  trainer: Trainer<Input, Output, Target, X>,
  data: Samples<X, Target>,
  options: OverfitOneBatchOptions = {},
): Promise<OverfitResult> {
  const name = "overfitOneBatch";
  const own = trainerOf(trainer, `${name}: trainer`);
  samples(data, `${name}: data`);
  checkOptions(options, name, checks);
  const { steps = 500 } = options;
  const rows = firstRows(own, data as Samples, options.batch ?? 32);
  const before = await own.evaluate(rows.samples);
  const { goal = before.loss / 100 } = options;
  if (options.goal === undefined && !(before.loss > 0))
    throw new ArgumentError(
      `${name}: the loss is ${before.loss} before the first step: say which loss counts as learned, { goal }`,
    );
  const chunk = { data: () => [rows.samples], batch: rows.count, stepsPerEpoch: 1, epochs: steps };
  const fit = own.fit({ ...chunk, report: 1, lockstep: true });
  const losses: number[] = [];
  const after = await andBack(own, async () => {
    try {
      for await (const { loss } of fit) {
        losses.push(loss);
        if (loss <= goal) break;
      }
    } catch (error) {
      if (!(error instanceof NonFiniteError)) throw error;
      losses.push(Number.NaN);
    }
    return own.evaluate(rows.samples);
  });
  const learned = after.loss <= goal;
  return { learned, before, after, losses, verdict: verdictOf(before.loss, after.loss, goal, losses, rows) };
}

/** Rows that are learned by heart. */
interface Batch {
  readonly samples: Samples;
  readonly count: number;
  /** Rows whose x is that of a row with another y. */
  readonly contradictions: number;
}

function firstRows({ workshop }: Trainer, data: Samples, most: number): Batch {
  const { x, y, sampleWeight, rows } = workshop.checked(data);
  const count = Math.min(most, rows);
  const first = (given: Bundle<NumericArray>) =>
    mapped<NumericArray, NumericArray>(given, ({ data: all, shape }) => ({
      data: all.slice(0, count * sizeOf(shape.slice(1))),
      shape: [count, ...shape.slice(1)],
    }));
  const parts = { x: first(x), y: first(y), ...(sampleWeight && { sampleWeight: first(sampleWeight) }) };
  return { samples: parts as Samples, count, contradictions: contradictionsIn(parts.x, parts.y, count) };
}

function contradictionsIn(x: Bundle<NumericArray>, y: Bundle<NumericArray>, rows: number): number {
  const textOf = (given: Bundle<NumericArray>, row: number) =>
    eachOf<NumericArray>(given, "").map(([, { data, shape }]) => {
      const width = sizeOf(shape.slice(1));
      return data.subarray(row * width, (row + 1) * width).join();
    });
  const known = new Map<string, string>();
  let count = 0;
  for (let row = 0; row < rows; row++) {
    const [own, target] = [textOf(x, row).join(";"), textOf(y, row).join(";")];
    const other = known.get(own);
    if (other === undefined) known.set(own, target);
    else if (other !== target) count++;
  }
  return count;
}

function verdictOf(before: number, after: number, goal: number, losses: readonly number[], batch: Batch): string {
  const { count, contradictions } = batch;
  const told = `the loss of ${count} rows went from ${shownNumber(before)} to ${shownNumber(after)} in ${losses.length} steps`;
  if (after <= goal) return `The network can learn one batch: ${told}.`;
  const doubt =
    contradictions > 0
      ? ` ${contradictions} of the rows have the same x as another one and another y: nothing tells them apart.`
      : "";
  if (!Number.isFinite(after) || !Number.isFinite(losses[losses.length - 1]))
    return `It cannot: the loss is no number after ${losses.length} steps. The rate is too large (findLearningRate), or something overflows: load these rows, fit, and trainer.debugNonFinite() names it.${doubt}`;
  const fallen = (before - after) / Math.abs(before);
  if (fallen < -STILL)
    return `It cannot: ${told}. A loss that grows on what it is trained on has a rate that is too large: see findLearningRate.${doubt}`;
  if (fallen < STILL)
    return `It cannot: ${told}, which is nothing. The rate is too small (findLearningRate), no gradient reaches the parameters (gradientMonitor), or x is not of the size of 1.${doubt}`;
  return `It learns, but not all of it: ${told}, not to ${shownNumber(goal)}. More steps, another rate (findLearningRate), less dropout and weight decay, or a larger network may do it.${doubt}`;
}
