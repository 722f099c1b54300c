// Memory as words, seen through typed arrays; storing and fetching whole slots with the conversions of their dtype.
import { ArgumentError } from "../errors.ts";
import type { DType } from "../shape.ts";
import type { TypedArray } from "./executor.ts";

/**
 * Views of one memory; an address counts words. In 32-bit memory all views share a buffer. In the oracle's 64-bit memory `f`
 * and `i` are the same array (it holds integers exactly), and four bytes lie in the first half of each word.
 */
export interface Memory {
  readonly f: Float32Array | Float64Array;
  readonly i: Int32Array | Float64Array;
  readonly bytes: Uint8Array;
  /** Bytes from one word to the next. */
  readonly wordBytes: number;
}

/** Views of a 32-bit memory. */
export function views32(buffer: ArrayBufferLike): Memory {
  return { f: new Float32Array(buffer), i: new Int32Array(buffer), bytes: new Uint8Array(buffer), wordBytes: 4 };
}

/** Position in `bytes` of the u8 element `index` of the buffer at word `at`. */
export function bytePosition(wordBytes: number, at: number, index: number): number {
  return (at + (index >>> 2)) * wordBytes + (index & 3);
}

/** What a NaN is as an i32: rows of integers that nobody has, in the oracle, too. */
const NAN_BITS = 0x7fc00000;

/** Copies a slot's elements out. */
export function fetchSlot(memory: Memory, dtype: DType, at: number, size: number): TypedArray {
  if (dtype === "f32") return memory.f.slice(at, at + size);
  if (dtype === "i32")
    return memory.i instanceof Int32Array
      ? memory.i.slice(at, at + size)
      : Int32Array.from(memory.i.subarray(at, at + size), (value) => (Number.isNaN(value) ? NAN_BITS : value));
  if (memory.wordBytes === 4) return memory.bytes.slice(4 * at, 4 * at + size);
  const data = new Uint8Array(size);
  for (let index = 0; index < size; index++) data[index] = memory.bytes[bytePosition(memory.wordBytes, at, index)];
  return data;
}

/** Writes a slot's elements, which are of its dtype. */
export function storeSlot(memory: Memory, dtype: DType, at: number, data: ArrayLike<number>): void {
  if (dtype === "f32") memory.f.set(data, at);
  else if (dtype === "i32") memory.i.set(data, at);
  else if (memory.wordBytes === 4) memory.bytes.set(data, 4 * at);
  else {
    memory.f.fill(0, at, at + Math.ceil(data.length / 4));
    for (let index = 0; index < data.length; index++)
      memory.bytes[bytePosition(memory.wordBytes, at, index)] = data[index];
  }
}

/** @throws ArgumentError naming `name` if an element is not of the dtype */
export function checkElements(dtype: DType, data: ArrayLike<number>, name: string): void {
  if (dtype === "f32" || data instanceof Uint8Array || (dtype === "i32" && data instanceof Int32Array)) return;
  const [low, high] = dtype === "i32" ? [-(2 ** 31), 2 ** 31 - 1] : [0, 255];
  for (let index = 0; index < data.length; index++) {
    const value = data[index];
    if (!(Number.isInteger(value) && value >= low && value <= high))
      throw new ArgumentError(`write: ${name} is ${dtype}, but element ${index} is ${value}`);
  }
}

/** One scalar of a slot. */
export function fetchScalar(memory: Memory, dtype: DType, at: number): number {
  return dtype === "f32" ? memory.f[at] : dtype === "i32" ? memory.i[at] : memory.bytes[at * memory.wordBytes];
}
