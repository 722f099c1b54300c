// simdgrad/data: arrays and data files.
export { type ArrayLikeData, array, type NumericArray, type TypedData } from "./array.ts";
export { parseIdx } from "./idx.ts";
