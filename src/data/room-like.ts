// Room for what an array holds. Loaded with what needs it, not with the arrays.
import type { NumericArray } from "./array.ts";

/** An array of the same kind for so many elements, whatever class it is derived from, as Node's Buffer is. */
export function roomLike(data: NumericArray["data"], length: number): NumericArray["data"] {
  const Kind = [Float32Array, Float64Array, Int32Array, Uint8Array].find((kind) => data instanceof kind);
  return new (Kind ?? Float32Array)(length);
}
