// simdgrad/callbacks: how a fit goes on, decided after its epochs or steps.
export type { CallbackState } from "../io/checkpoint.ts";
export type { Callback, Copy, FitContext } from "../train/callback.ts";
export { type EarlyStoppingOptions, earlyStopping } from "./early-stopping.ts";
export { type ModelCheckpointOptions, modelCheckpoint } from "./model-checkpoint.ts";
export type { Mode, MonitorOptions } from "./monitor.ts";
export { type ReduceOnPlateauOptions, reduceOnPlateau } from "./reduce-on-plateau.ts";
export { type StopAtOptions, stopAt } from "./stop-at.ts";
export { terminateOnNaN } from "./terminate-on-nan.ts";
