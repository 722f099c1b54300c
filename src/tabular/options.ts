// What may be said of a model of a table; whatever is left out is found.
import {
  aFraction,
  aFunction,
  aListOf,
  aNumberWithin,
  anInteger,
  anObjectWith,
  aPositiveNumber,
  aText,
  aWholeNumber,
  type Check,
  type Checks,
  checkOptions,
  must,
  oneOf,
} from "../check.ts";
import { type CsvOptions, csvChecks } from "../data/csv.ts";
import { checkOnce } from "../data/table.ts";
import { anExecutor } from "../runtime/arguments.ts";
import type { Executor } from "../runtime/executor.ts";
import { wasmOptions } from "../runtime/wasm/wasm-executor.ts";
import type { Task } from "./target.ts";

/** One epoch of a training, as it goes on. */
export interface TabularProgress {
  /** Which of the two is trained: the linear model that the network is compared with, or the network. */
  readonly model: "linear" | "network";
  /** Counted from 1. */
  readonly epoch: number;
  /** How many there may be. */
  readonly epochs: number;
  readonly loss: number;
  /** The loss on the rows to validate with: what early stopping goes by. */
  readonly validation: number;
}

/** How a file was read, as far as others like it are to be read so, too. */
export type TabularReading = Pick<CsvOptions, "delimiter" | "header" | "missing" | "decimal">;

/** How a model of a table is made. */
export interface TabularOptions {
  /** The column to be told. */
  readonly target: string;
  /** Whether classes or numbers are told. Default: what the column looks like. */
  readonly task?: Task;
  /** Columns to learn from. Default: all but the target, and those that only name their rows. */
  readonly features?: readonly string[];
  /** Share of the rows, below 1, or a number of rows, that measure when to stop. Default 0.15. */
  readonly validation?: number;
  /** Share of the rows, below 1, or a number of rows, that measure how good the model is. Default 0.2. */
  readonly test?: number;
  /** Of everything random: parts, first weights, order, dropout. Default 0. */
  readonly seed?: number;
  /** Most passes through the rows. Default 200, and up to 1,000 where they have few steps. */
  readonly epochs?: number;
  /** Epochs that make nothing better until it stops. Default: a tenth of `epochs`, 20 at the least. */
  readonly patience?: number;
  /** Rows a step. Default: a 64th of them, from 16 to 256. */
  readonly batch?: number;
  /** Units of the hidden layers; none is a linear model. Default: two layers, as wide as rows and columns can fill. */
  readonly hidden?: readonly number[];
  /** Share of units that a step leaves out. Default 0.2, with 1,000 rows and more 0.1. */
  readonly dropout?: number;
  /** Learning rate of AdamW. Default 0.003. */
  readonly rate?: number;
  /** By how much AdamW draws weights to 0. Default 0.01. */
  readonly weightDecay?: number;
  /** How the file of the rows was read, where not as `readCsv` does it by itself: kept with the model, for files to come. */
  readonly reading?: TabularReading;
  /** Where it trains. Default: one of its own. */
  readonly executor?: Executor;
  /** Threads of its own executor. Default "auto". */
  readonly threads?: number | "auto";
  /** Ends the training early: the best weights so far are kept. */
  readonly signal?: AbortSignal;
  /** Called after each epoch. */
  readonly report?: (progress: TabularProgress) => void;
}

/** A share of the rows, or a number of them; not none. */
const aShare: Check = (value, what) => {
  const isShare = typeof value === "number" && value > 0 && (value < 1 || Number.isInteger(value));
  must(isShare, value, what, "a share between 0 and 1, or a number of rows");
};

const readingChecks: Checks<TabularReading> = {
  delimiter: csvChecks.delimiter,
  header: csvChecks.header,
  missing: csvChecks.missing,
  decimal: csvChecks.decimal,
};

export const aReading: Check = (value, what) => checkOptions(value as TabularReading, what, readingChecks);

function severalColumns(value: unknown, what: string): void {
  aListOf(aText)(value, what);
  checkOnce(value as string[], what);
}

export const tabularChecks: Checks<TabularOptions> = {
  target: aText,
  task: oneOf("classification", "regression"),
  features: severalColumns,
  validation: aShare,
  test: aShare,
  seed: anInteger,
  epochs: aWholeNumber(1),
  patience: aWholeNumber(1),
  batch: aWholeNumber(1),
  hidden: aListOf(aWholeNumber(1, 2 ** 14)),
  dropout: aFraction,
  rate: aPositiveNumber,
  weightDecay: aNumberWithin(0),
  reading: aReading,
  executor: anExecutor,
  threads: wasmOptions.threads,
  signal: anObjectWith("an AbortSignal", "addEventListener", "throwIfAborted"),
  report: aFunction,
};
