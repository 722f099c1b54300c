// What callers hand over counts as it is at the call: whoever keeps it for later keeps a copy.
import { type ArrayLikeData, array, type TypedData } from "../data/array.ts";
import { copyOf } from "../runtime/copy-of.ts";
import type { DType } from "../shape.ts";

/**
 * `array` of src/data, and nothing of it the caller's; the copy may be made in a spare array of the same kind and length.
 * @throws what that throws
 */
export function ownArray(
  given: ArrayLikeData,
  dtype: DType | undefined,
  name: string,
  spare?: TypedData["data"],
): TypedData {
  const own = array(given, dtype, name);
  const isData = own.data === (given as unknown);
  const shared = isData || (typeof given === "object" && "data" in given && given.data === own.data);
  return { ...own, data: shared ? copyOf(own.data, spare) : own.data, shape: [...own.shape] };
}
