// Numbers that stay as they are, whatever becomes of the caller's array.

/** A copy, of the same kind for the arrays that slots are made of; in a spare array where that is of the same kind and length. */
export function copyOf<T extends ArrayLike<number>>(data: T, spare?: T): T;
export function copyOf(data: ArrayLike<number>, spare?: ArrayLike<number>): ArrayLike<number> {
  // Not slice(): that of a Node Buffer, which is a Uint8Array, copies nothing.
  for (const Kind of [Float32Array, Float64Array, Int32Array, Uint8Array])
    if (data instanceof Kind) {
      if (!(spare instanceof Kind) || spare.length !== data.length) return new Kind(data);
      spare.set(data);
      return spare;
    }
  return Array.from(data);
}
