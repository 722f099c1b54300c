// simdgrad/data: arrays and data files, and sources of data of any size.
export { type ArrayLikeData, array, type NumericArray, type TypedData } from "./array.ts";
export { type ChunksOf, type FromRowsOptions, fromRows, type Row, type RowSamples } from "./from-rows.ts";
export { parseIdx } from "./idx.ts";
export type { Chunks, DataSource, SeekableSource } from "./source.ts";
