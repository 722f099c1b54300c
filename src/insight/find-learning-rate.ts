// The range test of learning rates: a short training at growing rates, which is undone afterwards.
import { aPositiveNumber, aText, aWholeNumber, type Checks, checkOptions } from "../check.ts";
import { ArgumentError, NonFiniteError } from "../errors.ts";
import { topological } from "../graph.ts";
import { Tensor } from "../tensor.ts";
import type { Samples } from "../train/dataset.ts";
import type { Trainer } from "../train/trainer.ts";
import { shownNumber } from "./html.ts";
import { base, isOver, type RatePoint, suggestionOf } from "./range.ts";
import { andBack, samples, trainerOf } from "./trainer.ts";

/** How rates are tried. */
export interface FindLearningRateOptions<X = Tensor, Target = Tensor> {
  /** What to train on; default: what the trainer has loaded. That stays loaded in any case. */
  readonly data?: Samples<X, Target>;
  /** The least and the largest rate. Default 1e-6 and 10. */
  readonly from?: number;
  readonly to?: number;
  /** Steps from one to the other; default 100. */
  readonly steps?: number;
  /** Rows a step. Default 32, or all where there are fewer. */
  readonly batch?: number;
  /** Name of the rate among the trainer's hyper-parameters. Default: the one that the optimizer's rate is made of. */
  readonly hyperparameter?: string;
}

/** What a range test found. Plain data. */
export interface LearningRates {
  /** The loss after a step at each rate, and the same without its noise. It ends where the loss has grown without doubt. */
  readonly curve: readonly RatePoint[];
  /** The rate at which the loss falls fastest; undefined where it does not fall. */
  readonly suggestion: number | undefined;
  /** The same in words, with what to do where there is no suggestion. */
  readonly verdict: string;
}

const checks: Checks<FindLearningRateOptions> = {
  data: samples,
  from: aPositiveNumber,
  to: aPositiveNumber,
  steps: aWholeNumber(10, 100_000),
  batch: aWholeNumber(1),
  hyperparameter: aText,
};

/** Rows of a step unless told otherwise. */
const BATCH = 32;

/**
 * Tries learning rates from small to large, one a step, and finds the one at which the loss falls fastest: the range test of Smith 2017
 * ("Cyclical learning rates for training neural networks"). Single spikes and what comes before the loss falls do not count; it ends at NaN, and where the
 * loss has grown. Afterwards the trainer is what it was before: weights, the optimizer's state, counters, history and hyper-parameters.
 * The optimizer's rate is to be made of a `hyperparameter()` that the trainer knows.
 * @throws ArgumentError for a rate that cannot be varied, saying what to do, and while a fit is under way
 *
 * @example
 * import { Trainer } from "simdgrad";
 * import { findLearningRate } from "simdgrad/insight";
 * import { Linear, mseLoss } from "simdgrad/nn";
 * import { hyperparameter, sgd } from "simdgrad/optim";
 * const rate = hyperparameter(0.001);
 * const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(rate), hyperparameters: { rate } });
 * await trainer.load({ x: [[-1], [0], [1], [2]], y: [[-2], [1], [4], [7]] });
 * const { suggestion = 0, curve } = await findLearningRate(trainer);
 * suggestion > 0.01 && suggestion < 1; // => true
 * curve[0].rate; // => 0.000001
 * await trainer.hyperparameters(); // => { rate: 0.001 }
 */
export async function findLearningRate<Input, Output, Target, X>(
  trainer: Trainer<Input, Output, Target, X>,
  options: FindLearningRateOptions<X, Target> = {},
): Promise<LearningRates> {
  const name = "findLearningRate";
  const own = trainerOf(trainer, `${name}: trainer`);
  checkOptions<FindLearningRateOptions>(options as FindLearningRateOptions, name, checks);
  const { from = 1e-6, to = 10, steps = 100 } = options;
  if (from >= to) throw new ArgumentError(`${name}: from ${from} is not below to ${to}`);
  const hyperparameter = variedOf(own, options.hyperparameter);
  const rates = Array.from({ length: steps }, (_, i) => from * (to / from) ** (i / (steps - 1)));
  const fit = fitOf(own, options as FindLearningRateOptions, steps + 1);
  const set = (i: number) => own.setHyperparameters({ [hyperparameter]: rates[Math.min(i, steps - 1)] });
  const losses = await andBack(own, async () => {
    const told: number[] = [];
    await set(0);
    try {
      for await (const { loss } of fit) {
        told.push(loss);
        if (told.length > steps || isOver(told)) break;
        await set(told.length);
      }
    } catch (error) {
      if (!(error instanceof NonFiniteError)) throw error;
      told.push(Number.NaN);
    }
    return told;
  });
  // A step's loss is from before its update: it shows what the rates until the step before have done.
  const after = losses.slice(1).map((loss, i) => ({ rate: rates[i], loss }));
  const found = suggestionOf(after);
  return { ...found, verdict: verdictOf(found, base(losses)) };
}

/** A fit of so many steps at least, whose loop runs between them. */
function fitOf(trainer: Trainer, { data, batch }: FindLearningRateOptions, steps: number) {
  const { workshop } = trainer;
  const common = { report: 1, lockstep: true } as const;
  if (data === undefined) return trainer.fit({ ...common, ...(batch && { batch }), epochs: steps, lastBatch: "drop" });
  const { rows } = workshop.checked(data);
  const own = batch ?? Math.min(BATCH, rows);
  if (own > rows)
    throw new ArgumentError(`findLearningRate: a batch of ${own} is larger than the data of ${rows} rows`);
  return trainer.fit({ ...common, data: () => [data], batch: own, stepsPerEpoch: steps, shuffleBuffer: rows });
}

/** The hyper-parameter that the optimizer's rate is made of. @throws ArgumentError where there is none, or another one was asked for */
function variedOf({ workshop }: Trainer, wanted: string | undefined): string {
  const { recipe } = workshop;
  const { optimizer, state, names } = recipe;
  const rate = optimizer.rate?.(state.step);
  const path = "hyperparameters.";
  const own = [...names].filter(([, each]) => each.startsWith(path));
  const parts = rate instanceof Tensor ? topological([rate]) : [];
  const varying = own.filter(([variable]) => parts.includes(variable)).map(([, each]) => each.slice(path.length));
  // An optimizer that tells no rate may use one all the same.
  const known = rate === undefined ? own.map(([, each]) => each.slice(path.length)) : varying;
  if (wanted !== undefined && known.includes(wanted)) return wanted;
  if (wanted === undefined && known.length === 1) return known[0];
  const advice =
    "make it a hyper-parameter: const rate = hyperparameter(0.001); new Trainer(model, { optimizer: adam(rate), hyperparameters: { rate }, ... })";
  if (wanted !== undefined)
    throw new ArgumentError(
      `findLearningRate: hyperparameter ${wanted} is none of [${known.join(", ")}] that the optimizer's rate is made of; ${advice}`,
    );
  if (known.length > 1)
    throw new ArgumentError(
      `findLearningRate: which of [${known.join(", ")}] is the rate? findLearningRate(trainer, { hyperparameter: "${known[0]}" })`,
    );
  const what =
    typeof rate === "number" ? `is the number ${rate}` : "is made of no hyper-parameter that the trainer names";
  throw new ArgumentError(`findLearningRate: the optimizer's rate ${what}, and cannot be varied; ${advice}`);
}

function verdictOf({ curve, suggestion }: Omit<LearningRates, "verdict">, before: number): string {
  const last = curve[curve.length - 1];
  if (suggestion === undefined) {
    const end = shownNumber(last?.rate ?? Number.NaN);
    return last === undefined || last.smoothed > before
      ? `The loss does not clearly fall before it grows at the rate ${end}: begin at a smaller rate, take more steps or a larger batch, or look at the data and the loss.`
      : `The loss stays about ${shownNumber(before)} up to the rate ${end}: try larger rates, more steps or a larger batch, or see by gradientMonitor whether gradients reach the layers.`;
  }
  const least = curve.reduce((best, each) => (each.smoothed < best.smoothed ? each : best));
  const end = Number.isFinite(last.loss) ? "" : `, and is ${last.loss} at ${shownNumber(last.rate)}`;
  return `The loss falls fastest at the rate ${shownNumber(suggestion)}, and is least at ${shownNumber(least.rate)}${end}.`;
}
