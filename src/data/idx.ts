// IDX, the format of MNIST's files: a magic number with type and rank, sizes big-endian, then the elements. No decompression here.
import { DataError } from "../errors.ts";
import type { NumericArray } from "./array.ts";
import { bytesOf } from "./bytes.ts";

/**
 * Parses an IDX file of unsigned bytes.
 * Source: Y. LeCun, C. Cortes, C. Burges, The MNIST database, file formats.
 * @throws DataError for anything that is not a complete IDX file of bytes
 *
 * @example
 * import { parseIdx } from "simdgrad/data";
 * parseIdx(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 7, 9)); // => { data: [7, 9], shape: [2] }
 */
export function parseIdx(given: Uint8Array | ArrayBuffer): NumericArray & { readonly data: Uint8Array } {
  const bytes = bytesOf(given, "parseIdx: bytes");
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0)
    throw new DataError("idx: the file does not start with an IDX magic number");
  if (bytes[2] !== 8) throw new DataError(`idx: element type 0x${bytes[2].toString(16)} is not unsigned bytes (0x8)`);
  const rank = bytes[3];
  const start = 4 + 4 * rank;
  if (bytes.length < start) throw new DataError(`idx: the header of ${rank} sizes is cut off`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  if (bytes.length !== start + size)
    throw new DataError(`idx: ${bytes.length - start} bytes of data where the header says ${size}`);
  return { data: bytes.subarray(start), shape };
}
