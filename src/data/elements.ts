// Elements of binary files as arrays that tensors are made of.
import { DataError } from "../errors.ts";
import type { NumericArray } from "./array.ts";
import { float16 } from "./half.ts";

type Data = NumericArray["data"];

/** A type of elements. */
export interface ElementType {
  /** Bytes of an element. */
  readonly size: number;
  /** Elements in the machine's order; the buffer begins with them. @throws DataError, beginning with `name` */
  readonly read: (buffer: ArrayBuffer, name: string) => Data;
}

/** Types by their kinds (bool, int, unsigned, float) and bytes, as NumPy calls them. */
export const elementTypes: ReadonlyMap<string, ElementType> = new Map<string, ElementType>([
  ["b1", { size: 1, read: truths }],
  ["i1", { size: 1, read: (buffer) => Int32Array.from(new Int8Array(buffer)) }],
  ["i2", { size: 2, read: (buffer) => Int32Array.from(new Int16Array(buffer)) }],
  ["i4", { size: 4, read: (buffer) => new Int32Array(buffer) }],
  ["i8", { size: 8, read: (buffer, name) => narrowed(new BigInt64Array(buffer), name) }],
  ["u1", { size: 1, read: (buffer) => new Uint8Array(buffer) }],
  ["u2", { size: 2, read: (buffer) => Int32Array.from(new Uint16Array(buffer)) }],
  ["u4", { size: 4, read: (buffer, name) => narrowed(new Uint32Array(buffer), name) }],
  ["u8", { size: 8, read: (buffer, name) => narrowed(new BigUint64Array(buffer), name) }],
  ["f2", { size: 2, read: (buffer) => Float32Array.from(new Uint16Array(buffer), float16) }],
  ["f4", { size: 4, read: (buffer) => new Float32Array(buffer) }],
  ["f8", { size: 8, read: (buffer) => new Float64Array(buffer) }],
]);

/** Elements that are copied; `isBig` says that their first byte is the highest. @throws DataError for those that no array here can hold */
export function readElements(bytes: Uint8Array, { size, read }: ElementType, isBig: boolean, name: string): Data {
  const own = new Uint8Array(bytes); // a copy
  if (isBig && size > 1) for (let at = 0; at < own.length; at += size) own.subarray(at, at + size).reverse();
  return read(own.buffer, name);
}

function narrowed(wide: BigInt64Array | BigUint64Array | Uint32Array, name: string): Int32Array {
  const narrow = Int32Array.from(wide as Iterable<number | bigint> & ArrayLike<bigint>, Number);
  for (let i = 0; i < wide.length; i++)
    if (Number(wide[i]) !== narrow[i]) throw new DataError(`${name}: element ${i} is ${wide[i]}, which is no i32`);
  return narrow;
}

function truths(buffer: ArrayBuffer, name: string): Data {
  const bytes = new Uint8Array(buffer);
  const wrong = bytes.findIndex((value) => value > 1);
  if (wrong >= 0) throw new DataError(`${name}: element ${wrong} is ${bytes[wrong]}, not 0 or 1`);
  return bytes;
}
