// IDX, the format of MNIST's files: a magic number with type and rank, sizes big-endian, then the elements, all of it gzipped or not.
import { DataError } from "../errors.ts";
import type { NumericArray } from "./array.ts";
import { bytesOf } from "./bytes.ts";
import { gunzipped } from "./compressed.ts";
import { type ElementType, elementTypes, readElements } from "./elements.ts";

/** Element types by their codes. */
const types: ReadonlyMap<number, string> = new Map([
  [0x8, "u1"],
  [0x9, "i1"],
  [0xb, "i2"],
  [0xc, "i4"],
  [0xd, "f4"],
  [0xe, "f8"],
]);

/**
 * The array of an IDX file, which may be gzipped. Unsigned bytes stay what they are, in the file's own memory; whole numbers become i32.
 * Source: Y. LeCun, C. Cortes, C. Burges, The MNIST database, file formats.
 * @throws DataError for anything that is not a complete IDX file, or a gzip file of one
 *
 * @example
 * import { parseIdx } from "simdgrad/data";
 * parseIdx(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 7, 9)); // => { data: [7, 9], shape: [2] }
 */
export function parseIdx(given: Uint8Array | ArrayBuffer): NumericArray {
  const bytes = gunzipped(bytesOf(given, "parseIdx: bytes"), "idx");
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0)
    throw new DataError("idx: the file does not start with an IDX magic number");
  const name = types.get(bytes[2]);
  if (name === undefined) throw new DataError(`idx: element type 0x${bytes[2].toString(16)} is none of the format's`);
  const type = elementTypes.get(name) as ElementType;
  const rank = bytes[3];
  const start = 4 + 4 * rank;
  if (bytes.length < start) throw new DataError(`idx: the header of ${rank} sizes is cut off`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const size = shape.reduce((product, dimension) => product * dimension, type.size);
  if (bytes.length !== start + size)
    throw new DataError(`idx: ${bytes.length - start} bytes of data where the header says ${size}`);
  const data = name === "u1" ? bytes.subarray(start) : readElements(bytes.subarray(start), type, true, "idx");
  return { data, shape };
}
