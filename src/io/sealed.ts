// Safetensors files of formats of this library's own: a format, a version and a checksum of everything in the metadata.
import type { NumericArray } from "../data/array.ts";
import { crc32 } from "./crc32.ts";
import { serializeSafetensors } from "./safetensors.ts";

/** Where the checksum is: the first thing in the header, so that its place is known before anything is read. */
const BEFORE = '{"__metadata__":{"crc32":"';
const AT = 8 + BEFORE.length;
const DIGITS = 8;
const NONE = "0".repeat(DIGITS);

/** What a file says that it is. */
export interface Marks {
  readonly format: string;
  readonly version: number;
}

/** A safetensors file of a format, sealed by a checksum. */
export function serializeSealed(
  tensors: Readonly<Record<string, NumericArray>>,
  { format, version }: Marks,
  metadata: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const bytes = serializeSafetensors(tensors, { crc32: NONE, format, version: String(version), ...metadata });
  bytes.set(new TextEncoder().encode(crc32(bytes)), AT);
  return bytes;
}

/** What keeps bytes from being a file of a format, of a version that is known, as it was written; undefined for nothing. */
export function faultOfSeal(
  bytes: Uint8Array,
  metadata: Readonly<Record<string, string>>,
  marks: Marks,
): string | undefined {
  const { format, version, crc32: sum } = metadata;
  if (format !== marks.format)
    return `a safetensors file whose metadata has no format ${marks.format}; such files are for parseSafetensors()`;
  if (!/^[1-9]\d*$/.test(version ?? "")) return `its version is ${JSON.stringify(version)}, not a whole number`;
  if (Number(version) > marks.version)
    return `its version is ${version}, and this simdgrad reads up to ${marks.version}: take a newer one`;
  const text = new TextDecoder().decode(bytes.slice(8, AT + DIGITS));
  if (text !== `${BEFORE}${sum}`) return "its header was written anew by something else";
  const found = crc32(bytes.subarray(0, AT), new TextEncoder().encode(NONE), bytes.subarray(AT + DIGITS));
  if (found !== sum) return `the checksum of its bytes is ${found}, not ${sum}: the file was changed or is torn`;
  return undefined;
}
