// Early stopping: no further epochs where these make nothing better.
import { aBoolean, aNumber, aWholeNumber, checkOptions } from "../check.ts";
import type { Callback, Copy } from "../train/callback.ts";
import { numbersOf } from "./known.ts";
import { aDelta, Monitor, type MonitorOptions, monitorChecks } from "./monitor.ts";
import { OfFits } from "./of-fits.ts";

/** When a fit is stopped early. */
export interface EarlyStoppingOptions extends MonitorOptions {
  /** Epochs without an improvement after which it stops; default 0: the first one. */
  readonly patience?: number;
  /** By how much a value must be better to be an improvement; default 0. */
  readonly minDelta?: number;
  /** A value that is to be bettered from the beginning. */
  readonly baseline?: number;
  /**
   * At the end of the fit, however it comes, the model and the optimizer's state are those after the best epoch. Without, they are those after
   * the last. Default false.
   */
  readonly restoreBest?: boolean;
}

/** What is known of a fit. */
interface State {
  readonly monitor: Monitor;
  readonly copy: Copy | undefined;
  /** The value that is to be bettered, that of the copied epoch, and the epochs since. */
  goal: number;
  kept: number;
  wait: number;
  isKept: boolean;
}

/**
 * Ends a fit after so many epochs in a row without an improvement (keras.callbacks.EarlyStopping). The best weights are kept where the training
 * runs.
 * @throws ArgumentError when the fit begins, for a monitor that it does not measure
 *
 * @example
 * import { Trainer } from "simdgrad";
 * import { earlyStopping } from "simdgrad/callbacks";
 * import { Linear, mseLoss } from "simdgrad/nn";
 * import { adam } from "simdgrad/optim";
 * const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: adam(0.1) });
 * await trainer.load({ x: [[0], [1], [2]], y: [[1], [3], [5]] });
 * const validation = { x: [[3]], y: [[7.5]] };
 * const callbacks = [earlyStopping({ patience: 20, restoreBest: true })];
 * const history = await trainer.fit({ batch: "all", epochs: 100000, validation, callbacks });
 * const losses = history.map((epoch) => epoch.validation?.loss ?? 0);
 * const { loss } = await trainer.evaluate(validation);
 * loss === Math.min(...losses); // => true
 */
export function earlyStopping(options: EarlyStoppingOptions = {}): Callback {
  checkOptions(options, "earlyStopping", {
    ...monitorChecks,
    patience: aWholeNumber(0),
    minDelta: aDelta,
    baseline: aNumber,
    restoreBest: aBoolean,
  });
  const { patience = 0, minDelta = 0, baseline = Number.NaN, restoreBest = false } = options;
  const fits = new OfFits<State>();
  return {
    async onFitBegin(context) {
      const monitor = new Monitor("earlyStopping", options, context);
      const copy = restoreBest ? await context.newCopy() : undefined;
      fits.begin(context, { monitor, copy, goal: baseline, kept: Number.NaN, wait: 0, isKept: false });
    },
    async onEpochEnd(epoch, context) {
      const state = fits.of(context);
      const { monitor, copy } = state;
      const value = monitor.of(epoch);
      if (!state.isKept || monitor.isBetter(value, state.kept)) {
        state.kept = value;
        state.isKept = true;
        await copy?.take();
      }
      if (monitor.isBetter(value, state.goal, minDelta)) {
        state.goal = value;
        state.wait = 0;
      } else if (++state.wait >= patience) context.stop();
    },
    async state(context) {
      const { copy, goal, kept, wait, isKept } = fits.of(context);
      const values = { goal, kept, wait, isKept: Number(isKept) };
      return { values, ...(isKept && copy && { arrays: await copy.read() }) };
    },
    async restore(given, context) {
      const state = fits.of(context);
      const { isKept, ...numbers } = numbersOf("earlyStopping", given, "goal", "kept", "wait", "isKept");
      if (isKept && state.copy) await state.copy.write(given.arrays ?? {});
      Object.assign(state, { ...numbers, isKept: isKept === 1 });
      if (state.wait > 0 && state.wait >= patience) context.stop(); // as it was going to
    },
    async onFitEnd(context, error) {
      const { isKept, copy } = fits.find(context) ?? {};
      if (error === undefined && isKept) await copy?.putBack();
    },
  };
}
