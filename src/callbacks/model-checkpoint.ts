// Checkpoints: weights or whole snapshots, handed over while the training waits.
import { aBoolean, aFunction, aWholeNumber, checkNeeds, checkOptions } from "../check.ts";
import type { Callback } from "../train/callback.ts";
import type { Epoch } from "../train/history.ts";
import type { StateDict } from "../train/state.ts";
import { numbersOf } from "./known.ts";
import { Monitor, type MonitorOptions, monitorChecks } from "./monitor.ts";
import { OfFits } from "./of-fits.ts";

/** What is kept, and when. */
export interface ModelCheckpointOptions extends MonitorOptions {
  /** Keeps it, somewhere: gets the state and the epoch that it is after. The training waits for its promise. */
  readonly keep: (state: StateDict, epoch: Epoch) => unknown;
  /** After so many epochs, and so many more; default 1. */
  readonly every?: number;
  /** Only where the monitor is better than after all epochs that were kept before in this fit. Default false. */
  readonly best?: boolean;
  /** A `snapshot()` that a training can go on from, not `stateDict()`, the model's variables. Default false. */
  readonly snapshot?: boolean;
}

/** What is known of a fit: epochs that it had, and the best value of those that were kept. */
interface State {
  readonly monitor: Monitor | undefined;
  epochs: number;
  kept: number;
}

/**
 * Hands over the model's variables, or a snapshot of the training, after epochs (keras.callbacks.ModelCheckpoint).
 * @throws ArgumentError for a monitor where not the best is kept; when the fit begins, for a monitor that it does not measure
 *
 * @example
 * import { type StateDict, Trainer } from "simdgrad";
 * import { modelCheckpoint } from "simdgrad/callbacks";
 * import { Linear, mseLoss } from "simdgrad/nn";
 * import { sgd } from "simdgrad/optim";
 * const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(0.1) });
 * await trainer.load({ x: [[0], [1], [2]], y: [[1], [3], [5]] });
 * const kept = new Map<number, StateDict>();
 * const keep = (state: StateDict, { epoch }: { epoch: number }) => kept.set(epoch, state);
 * await trainer.fit({ batch: "all", epochs: 9, callbacks: [modelCheckpoint({ keep, every: 4 })] });
 * [...kept.keys()]; // => [4, 8]
 */
export function modelCheckpoint(options: ModelCheckpointOptions): Callback {
  const checks = { ...monitorChecks, keep: aFunction, every: aWholeNumber(1), best: aBoolean, snapshot: aBoolean };
  checkOptions(options, "modelCheckpoint", checks, "keep");
  checkNeeds(options, "modelCheckpoint", { monitor: "best", mode: "best" });
  const { keep, every = 1, best = false, snapshot = false } = options;
  const fits = new OfFits<State>();
  return {
    onFitBegin(context) {
      const monitor = best ? new Monitor("modelCheckpoint", options, context) : undefined;
      fits.begin(context, { monitor, epochs: 0, kept: Number.NaN });
    },
    state(context) {
      const { epochs, kept } = fits.of(context);
      return { values: { epochs, kept } };
    },
    restore(given, context) {
      Object.assign(fits.of(context), numbersOf("modelCheckpoint", given, "epochs", "kept"));
    },
    async onEpochEnd(epoch, context) {
      const { trainer } = context;
      const state = fits.of(context);
      const { monitor } = state;
      if (++state.epochs % every !== 0) return;
      if (monitor !== undefined) {
        const value = monitor.of(epoch);
        if (!monitor.isBetter(value, state.kept)) return;
        state.kept = value;
      }
      await keep(await (snapshot ? trainer.snapshot() : trainer.stateDict()), epoch);
    },
  };
}
