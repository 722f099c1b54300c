// A rate that falls where nothing gets better any more.
import { aNumberWithin, aText, aWholeNumber, checkOptions, must } from "../check.ts";
import { ArgumentError } from "../errors.ts";
import type { Callback, FitContext } from "../train/callback.ts";
import { numbersOf } from "./known.ts";
import { aDelta, Monitor, type MonitorOptions, monitorChecks } from "./monitor.ts";
import { OfFits } from "./of-fits.ts";

/** How a rate falls. */
export interface ReduceOnPlateauOptions extends MonitorOptions {
  /** The trainer's hyper-parameter that falls; default: its only one. */
  readonly hyperparameter?: string;
  /** What it is multiplied by; default 0.1. */
  readonly factor?: number;
  /** Epochs without an improvement after which it falls; default 10. */
  readonly patience?: number;
  /** By how much a value must be better to be an improvement; default 0.0001. */
  readonly minDelta?: number;
  /** Epochs after a fall that do not count; default 0. */
  readonly cooldown?: number;
  /** It falls no lower; default 0. */
  readonly minimum?: number;
}

/** What is known of a fit: the best value, epochs since, and those that are not to count yet. */
interface State {
  readonly monitor: Monitor;
  readonly name: string;
  best: number;
  wait: number;
  rest: number;
}

/**
 * Multiplies a hyper-parameter, such as the learning rate, by a factor after so many epochs in a row without an improvement
 * (keras.callbacks.ReduceLROnPlateau).
 * @throws ArgumentError when the fit begins, for a monitor that it does not measure or a hyper-parameter that the trainer does not have
 *
 * @example
 * import { Trainer } from "simdgrad";
 * import { reduceOnPlateau } from "simdgrad/callbacks";
 * import { Linear, mseLoss } from "simdgrad/nn";
 * import { hyperparameter, sgd } from "simdgrad/optim";
 * const rate = hyperparameter(0.5);
 * const options = { loss: mseLoss, optimizer: sgd(rate), hyperparameters: { rate } };
 * const trainer = new Trainer(new Linear(1, 1), options);
 * await trainer.load({ x: [[0], [0]], y: [[1], [-1]] });
 * await trainer.fit({ batch: "all", epochs: 10, callbacks: [reduceOnPlateau({ factor: 0.5, patience: 4 })] });
 * await trainer.hyperparameters(); // => { rate: 0.125 }
 */
export function reduceOnPlateau(options: ReduceOnPlateauOptions = {}): Callback {
  checkOptions(options, "reduceOnPlateau", {
    ...monitorChecks,
    hyperparameter: aText,
    factor: aFactor,
    patience: aWholeNumber(1),
    minDelta: aDelta,
    cooldown: aWholeNumber(0),
    minimum: aNumberWithin(0),
  });
  const { factor = 0.1, patience = 10, minDelta = 1e-4, cooldown = 0, minimum = 0 } = options;
  const fits = new OfFits<State>();
  return {
    async onFitBegin(context) {
      const monitor = new Monitor("reduceOnPlateau", options, context);
      const name = await nameOf(context, options.hyperparameter);
      fits.begin(context, { monitor, name, best: Number.NaN, wait: 0, rest: 0 });
    },
    state(context) {
      const { best, wait, rest } = fits.of(context);
      return { values: { best, wait, rest } };
    },
    restore(given, context) {
      Object.assign(fits.of(context), numbersOf("reduceOnPlateau", given, "best", "wait", "rest"));
    },
    async onEpochEnd(epoch, context) {
      const { trainer } = context;
      const state = fits.of(context);
      const { monitor, name } = state;
      const value = monitor.of(epoch);
      if (state.rest > 0) {
        state.rest--;
        state.wait = 0;
      }
      if (monitor.isBetter(value, state.best, minDelta)) {
        state.best = value;
        state.wait = 0;
      } else if (state.rest === 0 && ++state.wait >= patience) {
        const now = (await trainer.hyperparameters())[name];
        if (now > minimum) await trainer.setHyperparameters({ [name]: Math.max(now * factor, minimum) });
        state.wait = 0;
        state.rest = cooldown;
      }
    },
  };
}

function aFactor(value: unknown, what: string): void {
  must(Number.isFinite(value) && Number(value) > 0 && Number(value) < 1, value, what, "above 0 and below 1");
}

async function nameOf({ trainer }: FitContext, wanted: string | undefined): Promise<string> {
  const names = Object.keys(await trainer.hyperparameters());
  if (wanted === undefined && names.length === 1) return names[0];
  if (wanted !== undefined && names.includes(wanted)) return wanted;
  throw new ArgumentError(
    `reduceOnPlateau: hyperparameter ${wanted ?? "is to be named: it"} is one of [${names.join(", ")}] of the Trainer's options`,
  );
}
