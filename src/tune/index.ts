// simdgrad/tune: searches for hyper-parameters.
export { StorageError } from "../storage/storage-error.ts";
export { type BayesianOptions, bayesian } from "./bayesian.ts";
export type { Dimension, Flat } from "./dimensions.ts";
export { type Importance, type ImportanceOptions, importance } from "./importance.ts";
export { type Axis, type Line, type ParallelCoordinates, parallelCoordinates } from "./parallel.ts";
export { type AshaOptions, asha, type MedianOptions, median, type Pruner } from "./pruner.ts";
export type { ArtifactNote, Mode, Report, TrialRecord } from "./record.ts";
export type { TrialsOptions } from "./run.ts";
export { type GridOptions, grid, random, type Sampler, type Search } from "./sampler.ts";
export type { Searched } from "./searched.ts";
export { serveObjective } from "./serve.ts";
export {
  type Branches,
  choice,
  conditional,
  integer,
  type Leaf,
  logInteger,
  logUniform,
  type Space,
  uniform,
  type Value,
  type Values,
} from "./space.ts";
export { fileStorage, memoryStorage, type StudyStorage } from "./storage.ts";
export { studyStorage } from "./stored.ts";
export { openStudy, type Study, type StudyOptions } from "./study.ts";
export { importanceSvg, type PictureOptions, parallelCoordinatesSvg } from "./svg.ts";
export { type TableOptions, table } from "./table.ts";
export type { Objective, Outcome, Result, Trial } from "./trial.ts";
