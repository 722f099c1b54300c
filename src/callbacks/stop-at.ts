// An end of a fit that is no number of epochs.
import { aFiniteNumber, aPositiveNumber, aText, aWholeNumber, checkOptions, oneOf } from "../check.ts";
import { ArgumentError } from "../errors.ts";
import type { Callback } from "../train/callback.ts";
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
  readonly timer: ReturnType<typeof setTimeout> | undefined;
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
      const most = seconds && Math.min(1000 * seconds, 2 ** 31 - 1);
      fits.begin(context, { monitor, timer: most === undefined ? undefined : setTimeout(context.stop, most) });
    },
    onEpochEnd(epoch, context) {
      const { monitor } = fits.of(context);
      // Reached is what is not worse.
      if (monitor !== undefined && value !== undefined) {
        const now = monitor.of(epoch);
        if (now === value || monitor.isBetter(now, value)) context.stop();
      }
    },
    onFitEnd: (context) => clearTimeout(fits.find(context)?.timer),
  };
}
