// simdgrad/data: arrays and data files, and sources of data of any size.
export { type ArrayLikeData, array, type NumericArray, type TypedData } from "./array.ts";
export { classWeights, weightedRows } from "./class-weights.ts";
export type { ColumnType } from "./column-types.ts";
export { type CsvOptions, type CsvStreamOptions, readCsv, streamCsv } from "./csv.ts";
export { type ChunksOf, type FromRowsOptions, fromRows, type Row, type RowSamples } from "./from-rows.ts";
export { parseIdx } from "./idx.ts";
export { readJsonLines } from "./json-lines.ts";
export { type ParseNpzOptions, parseNpy, parseNpz, serializeNpy, serializeNpz } from "./npy.ts";
export { type Pipeline, pipeline } from "./pipeline.ts";
export {
  type ColumnSteps,
  type FittedPreprocessing,
  type Preprocessing,
  preprocessing,
  preprocessingFromJSON,
  type TableLike,
} from "./preprocessing/preprocessing.ts";
export type { Step } from "./preprocessing/step.ts";
export {
  bucketize,
  hashing,
  imputeMissing,
  minMax,
  normalize,
  oneHot,
  ordinal,
  robust,
  standardize,
} from "./preprocessing/steps.ts";
export type { List, Rows, RowsOf, SomeRows } from "./rows.ts";
export type { Chunks, DataSource, SeekableSource } from "./source.ts";
export {
  type Fold,
  type FoldOptions,
  kFold,
  type ShardOptions,
  type Split,
  type SplitOptions,
  shard,
  trainTestSplit,
} from "./split.ts";
export { type Cell, type Classes, type Column, type ColumnValues, type Table, type TableRow, table } from "./table.ts";
export type { TextOptions, TextSource } from "./text.ts";
export { parseWav, type Sound, serializeWav } from "./wav.ts";
