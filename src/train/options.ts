// What a training is asked for: the options of a Trainer and of its fits, and their checks.
import {
  aBoolean,
  aBundleOf,
  aFiniteNumber,
  aFunction,
  aListOf,
  anInteger,
  anObjectWith,
  aRecordOf,
  aWholeNumber,
  checkOptions,
  isFunction,
  isRecord,
  must,
  oneOf,
} from "../check.ts";
import type { DataSource } from "../data/source.ts";
import { ArgumentError } from "../errors.ts";
import type { Loss } from "../nn/losses.ts";
import type { Context } from "../nn/module.ts";
import { anOptimizer, type Optimizer } from "../optim/transform.ts";
import { anExecutor } from "../runtime/arguments.ts";
import type { Executor } from "../runtime/executor.ts";
import type { Tensor } from "../tensor.ts";
import { aVariable, type Variable } from "../variable.ts";
import type { Callback } from "./callback.ts";
import type { Samples } from "./dataset.ts";
import type { Reporting } from "./fit.ts";
import { aLoss, type ByOutputs, classFactors, type LossesOf, type Metrics, metricsByName } from "./objectives.ts";
import type { Batch } from "./programs.ts";

/** How a model is trained, and where. */
export interface TrainerOptions<Input = Tensor, Output = Tensor, Target = Output, X = Input> {
  /** A function of what the model gives and of y; or for a model of several outputs one each by their names, null for one without. */
  readonly loss: Loss<Output, Target> | LossesOf<Output>;
  /** Factors of the outputs' losses in the sum that is the loss. Default 1. */
  readonly lossWeights?: ByOutputs<Output, number>;
  /**
   * A factor a class, of the losses of its targets: those of a row are multiplied by it, as by `sampleWeight`. By outputs, where these have
   * losses of their own. In evaluations, too.
   */
  readonly classWeight?: readonly number[] | ByOutputs<Output, readonly number[]>;
  readonly optimizer: Optimizer;
  /** Where it runs. Default: a WasmExecutor, or a JsExecutor where Wasm SIMD is missing. */
  readonly executor?: Executor;
  /** Of everything random: first values, order of the data, dropout. Default 0. */
  readonly seed?: number;
  /** From a batch of x to the model's input, inside the program. Default: bytes become f32, anything else stays. */
  readonly preprocess?: (x: X) => Input;
  /**
   * What a training makes of each batch, after `preprocess` and before the model: augmentation, mixup, noise. It gives the same parts with as
   * many rows; `context.key()` is another at every step. Evaluations and predictions go without.
   */
  readonly transform?: (batch: Batch<Input, Target>, context: Context) => Batch<Input, Target>;
  /**
   * Measured beside the loss: functions to a scalar, those of simdgrad/metrics; or records of them by outputs, reported as
   * `output.accuracy`. Default: accuracy, for losses of class indices.
   */
  readonly metrics?: Metrics<Output, Target>;
  /**
   * Rows that `evaluate` and a validation measure at once, or "all". It changes what is of a batch by nature alone, such as infoNce, which
   * is averaged over these batches, each weighed by its rows. Default 256.
   */
  readonly evaluationBatch?: number | "all";
  /** What `setHyperparameters` may change, by name: scalars made by `hyperparameter` that optimizer, loss or model use. */
  readonly hyperparameters?: Readonly<Record<string, Variable>>;
  /** Reject NaN and infinities in data. Default true. */
  readonly checkFinite?: boolean;
}

/** How long a fit goes on, and in which batches. */
export interface FitOptions<R extends Reporting = Reporting, X = Tensor, Target = Tensor> {
  /** Rows a step: a number (1 is stochastic descent), or "all" for the whole data set. Default 32. */
  readonly batch?: number | "all";
  /** The same under another name. */
  readonly batchSize?: number | "all";
  /**
   * Data of any size, in the place of what was loaded: an (async) iterable of chunks, samples `{ x, y }` of any number of rows, or a function
   * that makes one for each pass, or `{ open(at) }`, which can begin at any row. Its rows come in their order. Of single rows: `fromRows` of
   * simdgrad/data.
   */
  readonly data?: DataSource<Samples<X, Target>>;
  /** Steps of an epoch on `data`, which is gone through as often as they need. Default: an epoch is one pass. */
  readonly stepsPerEpoch?: number;
  /** Rows of `data` that are kept for each to be drawn from: tf.data's shuffle buffer. Default: none, the order stays. */
  readonly shuffleBuffer?: number;
  /** Chunks of `data` that are read ahead of the steps at the most, or as many as one step needs. Default: as a slot has room for. */
  readonly readAhead?: number;
  /**
   * Passes through the data; one that an earlier fit did not finish is the first, unless this fit's batches would not begin at the row where
   * that stands: then a new one begins. Default 1.
   */
  readonly epochs?: number;
  /** A last batch with fewer rows is kept as it is, dropped, or padded with the first rows of the epoch. Default "keep". */
  readonly lastBatch?: "keep" | "drop" | "pad";
  /** Another order in every epoch. Default true; of `data`, see shuffleBuffer. */
  readonly shuffle?: boolean;
  /** Measured after every epoch. */
  readonly validation?: Samples<X, Target>;
  /** Ends the training at the next step boundary. */
  readonly signal?: AbortSignal;
  /**
   * When it reports: once a frame at the most, of all steps since the last report (default); "epoch": after each epoch, by its entry of the
   * history; a number: after so many steps. Reports that are not read yet wait, the latest ones: training does not.
   */
  readonly report?: R;
  /** Each report is waited with until the loop asks for the next one: its body runs between two steps. Default false. */
  readonly lockstep?: boolean;
  /** What decides between two steps how it goes on, such as those of simdgrad/callbacks. The training waits for them. */
  readonly callbacks?: readonly Callback[];
  /** Trains together with others, such as by `nats({ ... })` of simdgrad/nats: asked after all callbacks, and told of the end before them. */
  readonly distribute?: Callback;
}

function aBatch(value: unknown, what: string): void {
  must(value === "all" || (Number.isInteger(value) && Number(value) >= 1), value, what, 'a whole number >= 1 or "all"');
}

/** Options of a fit on data of any size. */
export const STREAM = ["data", "stepsPerEpoch", "shuffleBuffer", "readAhead"] as const;

const CALLS = ["onFitBegin", "onEpochEnd", "onSteps", "onNonFinite", "onFitEnd"];

function aCallback(value: unknown, what: string): void {
  const holds = isRecord(value) && CALLS.some((name) => isFunction(value[name]));
  must(holds, value, what, `a callback, such as earlyStopping(), or an object with ${CALLS.join(" or ")}`);
  const { every } = value as Callback;
  if (every !== undefined) aWholeNumber(1)(every, `${what}.every`);
}

function aReport(value: unknown, what: string): void {
  const holds = value === "frame" || value === "epoch" || (Number.isSafeInteger(value) && Number(value) >= 1);
  must(holds, value, what, '"frame", "epoch" or a whole number of steps >= 1');
}

/** Options that are not a Trainer's, but a fit's. */
const OF_FIT = /^(epochs|batch(Size)?|callbacks|validation|shuffle)$/;

/** @throws ArgumentError for an option that is none, or is a fit's, and where loss or optimizer is missing */
export function checkTrainerOptions(options: TrainerOptions): void {
  const checks = {
    loss: aLoss,
    lossWeights: aBundleOf(aFiniteNumber),
    classWeight: classFactors,
    optimizer: anOptimizer,
    executor: anExecutor,
    seed: anInteger,
    preprocess: aFunction,
    transform: aFunction,
    metrics: metricsByName,
    evaluationBatch: aBatch,
    hyperparameters: aRecordOf(aVariable),
    checkFinite: aBoolean,
  };
  const foreign = Object.keys(options ?? {}).find((key) => OF_FIT.test(key));
  if (foreign !== undefined)
    throw new ArgumentError(`Trainer: unknown option ${foreign}; here it is trainer.fit({ ${foreign} })`);
  checkOptions(options, "Trainer", checks, "loss", "optimizer");
}

/** @throws ArgumentError for an option that is none */
export function checkFitOptions(options: FitOptions): void {
  checkOptions(options, "fit", {
    batch: aBatch,
    batchSize: aBatch,
    data: () => undefined, // looked at where it is opened
    stepsPerEpoch: aWholeNumber(1),
    shuffleBuffer: aWholeNumber(1),
    readAhead: aWholeNumber(1),
    epochs: aWholeNumber(0, Number.MAX_SAFE_INTEGER),
    lastBatch: oneOf("keep", "drop", "pad"),
    shuffle: aBoolean,
    validation: (value, what) => must(isRecord(value), value, what, "samples { x, y }"),
    signal: anObjectWith("an AbortSignal", "addEventListener", "throwIfAborted"),
    report: aReport,
    lockstep: aBoolean,
    callbacks: aListOf(aCallback),
    distribute: aCallback,
  });
}
