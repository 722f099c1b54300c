// Arrays on their way to a worker: transferred, or shared, so that nothing is copied in crossing; and never taken from the caller.
import { copyOf } from "../runtime/copy-of.ts";
import type { Slot, TypedArray, Write } from "../runtime/executor.ts";

/** A write of an array that is this side's own. */
export interface OwnWrite extends Write {
  readonly slot: Slot;
  readonly data: TypedArray;
}

/** Bytes from which on sharing is worth a buffer of its own. */
const SHARED = 65536;

/** A copy of the caller's numbers. */
export function fresh(data: ArrayLike<number>): TypedArray {
  return isTyped(data) ? copyOf(data) : Float64Array.from(data);
}

/** A copy of this side's own array, to give away; shared ones are handed over as they are. */
export function copied(data: TypedArray): TypedArray {
  return isShared(data) ? data : data.slice();
}

/** A copy to keep, which `copied` then shares where the platform can. */
export function kept(data: ArrayLike<number>): TypedArray {
  if (!isTyped(data) || typeof SharedArrayBuffer === "undefined" || data.byteLength < SHARED) return fresh(data);
  const Kind = data.constructor as new (buffer: SharedArrayBuffer) => TypedArray;
  const copy = new Kind(new SharedArrayBuffer(data.byteLength));
  copy.set(data);
  return copy;
}

/** What can be transferred of them. */
export function buffersOf(writes: readonly Write[]): ArrayBuffer[] {
  return writes.flatMap(({ data }) => (isTyped(data) && data.buffer instanceof ArrayBuffer ? [data.buffer] : []));
}

function isTyped(data: ArrayLike<number>): data is TypedArray {
  return ArrayBuffer.isView(data);
}

function isShared({ buffer }: TypedArray): boolean {
  return typeof SharedArrayBuffer !== "undefined" && buffer instanceof SharedArrayBuffer;
}
