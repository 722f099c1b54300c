// An end of a fit that is no number of epochs.
import { aFiniteNumber, aPositiveNumber, aText, aWholeNumber, checkNeeds, checkOptions, oneOf } from "../check.ts";
import { ArgumentError } from "../errors.ts";
import type { Callback, FitContext } from "../train/callback.ts";
import { numbersOf } from "./known.ts";
import { type Mode, Monitor } from "./monitor.ts";
import { OfFits } from "./of-fits.ts";

/** Where a fit ends: at the first of those that are given. */
export interface StopAtOptions {
  /** After so many steps of the fit, exactly. */
  readonly steps?: number;
  /** After so many seconds since the fit began, pauses and validations included, at a step that depends on the machine. */
  readonly seconds?: number;
  /** After the epoch in which this number of its entry in the history reaches `value`: "loss", "validation.accuracy" and so on. */
  readonly metric?: string;
  readonly value?: number;
  /** Whether `value` is reached from above ("min") or from below. Default: "min" for a loss, "max" for an accuracy. */
  readonly mode?: Mode;
}

/** What is known of a fit. */
interface State {
  readonly monitor: Monitor | undefined;
  /** When the time begins, in milliseconds of `performance.now()`, and what ends it. */
  begin: number;
  timer: ReturnType<typeof setTimeout> | undefined;
  isReached: boolean;
}

/**
 * Ends a fit after so many steps, so many seconds, or once a metric is reached.
 * @throws ArgumentError where none is given; when the fit begins, for a metric that it does not measure
 *
 * @example
 * import { Trainer } from "simdgrad";
 * import { stopAt } from "simdgrad/callbacks";
 * import { Linear, mseLoss } from "simdgrad/nn";
 * import { sgd } from "simdgrad/optim";
 * const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(0.1) });
 * await trainer.load({ x: [[0], [1], [2]], y: [[1], [3], [5]] });
 * const history = await trainer.fit({ epochs: 10000, callbacks: [stopAt({ metric: "loss", value: 0.01 })] });
 * history.filter(({ loss }) => loss <= 0.01).length; // => 1
 */
export function stopAt(options: StopAtOptions): Callback {
  checkOptions(options, "stopAt", {
    steps: aWholeNumber(1),
    seconds: aPositiveNumber,
    metric: aText,
    value: aFiniteNumber,
    mode: oneOf("min", "max"),
  });
  checkNeeds(options, "stopAt", { mode: "metric" });
  const { steps, seconds, metric, value, mode } = options;
  if ((metric === undefined) !== (value === undefined))
    throw new ArgumentError("stopAt: a metric and its value are given together");
  if (steps === undefined && seconds === undefined && metric === undefined)
    throw new ArgumentError("stopAt: steps, seconds or a metric is to be given");
  const fits = new OfFits<State>();
  return {
    every: steps,
    onSteps: ({ stop }) => stop(),
    onFitBegin(context) {
      const monitor = metric === undefined ? undefined : new Monitor("stopAt", { monitor: metric, mode }, context);
      const begin = performance.now();
      fits.begin(context, { monitor, begin, timer: timerOf(context, seconds), isReached: false });
    },
    onEpochEnd(epoch, context) {
      const { monitor } = fits.of(context);
      // Reached is what is not worse.
      if (monitor !== undefined && value !== undefined) {
        const now = monitor.of(epoch);
        if (now !== value && !monitor.isBetter(now, value)) return;
        fits.of(context).isReached = true;
        context.stop();
      }
    },
    state(context) {
      const { begin, isReached } = fits.of(context);
      return { values: { seconds: (performance.now() - begin) / 1000, isReached: Number(isReached) } };
    },
    restore(given, context) {
      const state = fits.of(context);
      const { seconds: past, isReached } = numbersOf("stopAt", given, "seconds", "isReached");
      clearTimeout(state.timer);
      state.begin = performance.now() - 1000 * past;
      state.timer = timerOf(context, seconds && Math.max(0, seconds - past));
      if (isReached || (steps !== undefined && context.step >= steps)) context.stop();
    },
    onFitEnd: (context) => clearTimeout(fits.find(context)?.timer),
  };
}

function timerOf({ stop }: FitContext, seconds: number | undefined): State["timer"] {
  return seconds === undefined ? undefined : setTimeout(stop, Math.min(1000 * seconds, 2 ** 31 - 1));
}
