// Safetensors, the format in which PyTorch's users exchange weights: the length of a header, the header in JSON, the elements. Bytes in
// memory only; files and downloads are the caller's.

import { aRecordOf, aText, isRecord, must } from "../check.ts";
import { array, type NumericArray } from "../data/array.ts";
import { bytesOf } from "../data/bytes.ts";
import { ArgumentError } from "../errors.ts";
import { writtenDType } from "./dtypes.ts";
import { METADATA, readHeader } from "./header.ts";

/** What a safetensors file holds. */
export interface Safetensors {
  readonly tensors: Record<string, NumericArray>;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * A safetensors file of named arrays, such as a trainer's state dictionary, and of texts about them. The dtype follows the array:
 * Float32Array F32, Float64Array F64, Int32Array I32, Uint8Array U8.
 * Source: Hugging Face, safetensors, "Format"; the order of the tensors and the padding are those of its own library.
 * @throws ShapeError if a shape has another number of elements than its array, ArgumentError for another type of array, a tensor called
 * `__metadata__`, or metadata that is no text
 *
 * @example
 * import { parseSafetensors, serializeSafetensors } from "simdgrad/io";
 * const bytes = serializeSafetensors({ bias: { data: Float32Array.of(1, 2), shape: [2] } }, { format: "pt" });
 * bytes.length % 8; // => 0
 * parseSafetensors(bytes).tensors.bias; // => { data: [1, 2], shape: [2] }
 */
export function serializeSafetensors(
  tensors: Readonly<Record<string, NumericArray>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  aRecordOf(anArray)(tensors, "serializeSafetensors: tensors");
  aRecordOf(aText)(metadata, "serializeSafetensors: metadata");
  const parts = Object.entries(tensors).map(([name, given]) => {
    if (name === METADATA) throw new ArgumentError(`serializeSafetensors: ${METADATA} cannot be the name of a tensor`);
    const type = writtenDType(given.data);
    if (!type) throw new ArgumentError(`serializeSafetensors: ${name} is no array of f32, f64, i32 or u8`);
    const { data, shape } = array(given, undefined, name);
    return { name, order: type[0], dtype: type[1], shape, data };
  });
  parts.sort((a, b) => a.order - b.order || (a.name < b.name ? -1 : 1));

  // Text by text: an object would put names that are numbers first.
  let end = 0;
  const entries = parts.map(({ name, dtype, shape, data }) => {
    const begin = end;
    end += data.byteLength;
    return `${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, end] })}`;
  });
  if (Object.keys(metadata).length > 0) entries.unshift(`"${METADATA}":${JSON.stringify(metadata)}`);
  const text = new TextEncoder().encode(`{${entries.join(",")}}`);
  const start = 8 + 8 * Math.ceil(text.length / 8);
  const bytes = new Uint8Array(start + end).fill(32, 8, start);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - 8), true);
  bytes.set(text, 8);
  let at = start;
  for (const { data } of parts) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

function anArray(value: unknown, what: string): void {
  must(isRecord(value), value, what, "{ data, shape }");
}

/**
 * The arrays of a safetensors file, as copies, and the texts that came with them. F64, F32, I32 and U8 stay what they are; F16 and BF16
 * become f32, I16 and I8 i32, I64 i32 where its values allow it, BOOL u8.
 * Source: Hugging Face, safetensors, "Format".
 * @throws DataError saying what is wrong and where: for other dtypes, I64 values beyond i32, and whatever the format does not allow
 *
 * @example
 * import { parseSafetensors } from "simdgrad/io";
 * const header = '{"scale":{"dtype":"F16","shape":[],"data_offsets":[0,2]}}';
 * const length = [header.length, 0, 0, 0, 0, 0, 0, 0];
 * const file = Uint8Array.of(...length, ...new TextEncoder().encode(header), 0x00, 0x3e);
 * parseSafetensors(file).tensors; // => { scale: { data: [1.5], shape: [] } }
 * parseSafetensors(file.subarray(0, -1)); // => throws DataError: safetensors: scale ends at byte 2 of the data, which has 1
 */
export function parseSafetensors(given: Uint8Array | ArrayBuffer): Safetensors {
  const bytes = bytesOf(given, "parseSafetensors: bytes");
  const { tensors, metadata, start } = readHeader(bytes);
  const entries = tensors.map(({ name, type, shape, begin, end }) => {
    const own = new Uint8Array(bytes.subarray(start + begin, start + end));
    return [name, { data: type.read(own, name), shape }] as const;
  });
  return { tensors: Object.fromEntries(entries), metadata };
}
