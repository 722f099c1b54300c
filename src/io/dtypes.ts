// The element types of safetensors files, and how each becomes an array that tensors are made of. Row-major, little-endian, as memory is.
import type { NumericArray } from "../data/array.ts";
import { float16 } from "../data/half.ts";
import { DataError } from "../errors.ts";
import { showName } from "../show-name.ts";

type Data = NumericArray["data"];

/** An element type of the format. */
export interface FileDType {
  /** Bytes of an element. */
  readonly size: number;
  /** Its elements as an array of their own; `bytes` starts a buffer, `name` is for errors. @throws DataError */
  readonly read: (bytes: Uint8Array, name: string) => Data;
}

/** What can be read. */
export const fileDTypes: ReadonlyMap<string, FileDType> = new Map<string, FileDType>([
  ["F64", { size: 8, read: ({ buffer }) => new Float64Array(buffer) }],
  ["F32", { size: 4, read: ({ buffer }) => new Float32Array(buffer) }],
  ["F16", { size: 2, read: ({ buffer }) => Float32Array.from(new Uint16Array(buffer), float16) }],
  ["BF16", { size: 2, read: ({ buffer }) => new Float32Array(Uint32Array.from(new Uint16Array(buffer), high).buffer) }],
  ["I64", { size: 8, read: ({ buffer }, name) => narrowed(new BigInt64Array(buffer), name) }],
  ["I32", { size: 4, read: ({ buffer }) => new Int32Array(buffer) }],
  ["I16", { size: 2, read: ({ buffer }) => Int32Array.from(new Int16Array(buffer)) }],
  ["I8", { size: 1, read: ({ buffer }) => Int32Array.from(new Int8Array(buffer)) }],
  ["U8", { size: 1, read: (bytes) => bytes }],
  ["BOOL", { size: 1, read: booleans }],
]);

/** What is written, in the order of the file: larger elements first, so that each starts at a multiple of its size. */
const written = [
  ["F64", Float64Array],
  ["F32", Float32Array],
  ["I32", Int32Array],
  ["U8", Uint8Array],
] as const;

/** The place of an array's element type in the order of the file, and its name there. */
export function writtenDType(data: Data): readonly [order: number, name: string] | undefined {
  const order = written.findIndex(([, type]) => data instanceof type);
  return order < 0 ? undefined : [order, written[order][0]];
}

/** bfloat16 is the upper half of a float32. */
function high(bits: number): number {
  return bits << 16;
}

function narrowed(wide: BigInt64Array, name: string): Int32Array {
  const narrow = Int32Array.from(wide, Number);
  const wrong = wide.findIndex((value, i) => value !== BigInt(narrow[i]));
  if (wrong >= 0)
    throw new DataError(`safetensors: element ${wrong} of ${showName(name)} is ${wide[wrong]}, which is no i32`);
  return narrow;
}

function booleans(bytes: Uint8Array, name: string): Uint8Array {
  const wrong = bytes.findIndex((value) => value > 1);
  if (wrong >= 0)
    throw new DataError(`safetensors: element ${wrong} of ${showName(name)} is ${bytes[wrong]}, not 0 or 1`);
  return bytes;
}
