// Which trials are given up on their way, by what others had reported by then.
import { aWholeNumber, checkOptions } from "../check.ts";
import { loss, type Mode, type TrialRecord } from "./record.ts";

/** Says which trials are given up. */
export interface Pruner {
  readonly name: string;
  /** Whether to give up a trial, asked after each of its reports. `records` are all trials, this one included. */
  shouldPrune(trial: TrialRecord, records: readonly TrialRecord[], mode: Mode): boolean;
}

/** How successive halving goes. */
export interface AshaOptions {
  /** The step of the first rung; default 1. */
  readonly firstStep?: number;
  /** One of so many goes on at each rung, and a rung is at so many times the step of the one before; default 4. */
  readonly reduction?: number;
}

/**
 * Asynchronous successive halving: at the steps 1, 4, 16, 64 and so on a trial goes on if its report is among the best quarter of those
 * that trials had there, or the best one where there are fewer than four (Li, Jamieson, Rostamizadeh, Gonina, Hardt, Recht, Talwalkar, "A
 * system for massively
 * parallel hyperparameter tuning", MLSys 2020; as Optuna's SuccessiveHalvingPruner judges). Steps are counted from 1.
 * @throws ArgumentError for options out of range
 *
 * @example
 * import { asha, openStudy, uniform } from "simdgrad/tune";
 * const study = await openStudy({ space: { x: uniform(0, 1) }, pruner: asha({ reduction: 2 }), seed: 0 });
 * const [first, second] = [await study.ask(), await study.ask()];
 * await first.report(1, 0.5);
 * await second.report(1, 0.7);
 * [first.shouldPrune(), second.shouldPrune()]; // => [false, true]
 */
export function asha(options: AshaOptions = {}): Pruner {
  checkOptions(options, "asha", { firstStep: aWholeNumber(1), reduction: aWholeNumber(2) });
  const { firstStep = 1, reduction = 4 } = options;
  return {
    name: "asha",
    shouldPrune(trial, records, mode) {
      const last = trial.reports.at(-1);
      const before = trial.reports.at(-2)?.step ?? -1;
      if (last === undefined) return false;
      for (let rung = firstStep; rung <= last.step; rung *= reduction) {
        if (rung <= before) continue;
        if (Number.isNaN(last.value)) return true;
        const others = records.filter((record) => record !== trial).flatMap((record) => valueAt(record, rung));
        const all = [...others, last.value].map((value) => loss(value, mode)).sort((a, b) => a - b);
        const promoted = Math.max(1, Math.floor(all.length / reduction));
        if (loss(last.value, mode) > all[promoted - 1]) return true;
      }
      return false;
    },
  };
}

/** The first report of a trial at a step or after it, if it is a number. */
function valueAt({ reports }: TrialRecord, step: number): readonly number[] {
  const report = reports.find((each) => each.step >= step);
  return report === undefined || Number.isNaN(report.value) ? [] : [report.value];
}

/** When trials are compared with the median. */
export interface MedianOptions {
  /** Complete trials before the first one is given up; default 5. */
  readonly startup?: number;
  /** Steps that are not judged; default 0. */
  readonly warmup?: number;
}

/**
 * Gives up a trial whose best report so far is worse than the median of what complete trials reported at this step (Golovin, Solnik,
 * Moitra, Kochanski, Karro, Sculley, "Google Vizier", KDD 2017; as Optuna's MedianPruner judges).
 * @throws ArgumentError for options out of range
 *
 * @example
 * import { median, openStudy, uniform } from "simdgrad/tune";
 * const study = await openStudy({ space: { x: uniform(0, 1) }, pruner: median({ startup: 1 }) });
 * const [first, second] = [await study.ask(), await study.ask()];
 * await first.report(1, 0.5);
 * await study.tell(first, 0.4);
 * await second.report(1, 0.7);
 * second.shouldPrune(); // => true
 */
export function median(options: MedianOptions = {}): Pruner {
  checkOptions(options, "median", { startup: aWholeNumber(1), warmup: aWholeNumber(0) });
  const { startup = 5, warmup = 0 } = options;
  return {
    name: "median",
    shouldPrune(trial, records, mode) {
      const complete = records.filter(({ state }) => state === "complete");
      const step = trial.reports.at(-1)?.step ?? -1;
      if (complete.length < startup || step < warmup) return false;
      const own = trial.reports.map(({ value }) => loss(value, mode)).filter((value) => !Number.isNaN(value));
      if (own.length === 0) return true;
      const others = complete
        .flatMap(({ reports }) => reports.filter((report) => report.step === step))
        .map(({ value }) => loss(value, mode))
        .filter((value) => !Number.isNaN(value));
      return others.length > 0 && Math.min(...own) > medianOf(others);
    },
  };
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : sorted[middle - 1] / 2 + sorted[middle] / 2;
}
