// Files within compressed files. fflate inflates; what says where, how large and whether it is whole is read here, and nothing is believed
// before it is checked: no size makes room for bytes that are not there.
import { DataError } from "../errors.ts";
import { inflate } from "./fflate.ts";

/** The file in a gzip file; any other as it is. Source: RFC 1952. @throws DataError, beginning with `name`, for one that is damaged */
export function gunzipped(bytes: Uint8Array, name: string): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const start = gzipStart(bytes, name);
  const end = bytes.length - 8;
  if (!(start <= end)) throw new DataError(`${name}: the gzip file of ${bytes.length} bytes is cut off`);
  const view = viewOf(bytes);
  const own = { crc: view.getUint32(end, true), size: view.getUint32(end + 4, true) };
  return inflated(bytes.subarray(start, end), own, `${name}: the gzip file`);
}

function gzipStart(bytes: Uint8Array, name: string): number {
  if (bytes[2] !== 8) throw new DataError(`${name}: the gzip file is compressed by method ${bytes[2]}, not by DEFLATE`);
  const flags = bytes[3];
  let at = 10;
  if (flags & 4) at += 2 + bytes[10] + 256 * bytes[11]; // NaN where the file ends before
  for (const flag of [8, 16])
    if (flags & flag) {
      const end = bytes.indexOf(0, at);
      at = end < 0 ? bytes.length : end + 1;
    }
  return flags & 2 ? at + 2 : at;
}

interface Whole {
  readonly crc: number;
  readonly size: number;
}

function inflated(bytes: Uint8Array, { crc, size }: Whole, name: string): Uint8Array {
  let file: Uint8Array;
  try {
    file = inflate(bytes);
  } catch (cause) {
    throw new DataError(`${name} is damaged: ${(cause as Error).message}`, { cause });
  }
  if (file.length % 2 ** 32 !== size) throw new DataError(`${name} is damaged: ${file.length} bytes, not ${size}`);
  return checked(file, crc, name);
}

function checked(file: Uint8Array, crc: number, name: string): Uint8Array {
  if (crc32(file) !== crc) throw new DataError(`${name} is damaged: its checksum is another one`);
  return file;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Remainders of all bytes by the polynomial 0xEDB88320. */
const REMAINDERS = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = REMAINDERS[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;

/**
 * Files of a ZIP file by their names, in its order. Source: PKWARE, APPNOTE.TXT.
 * @throws DataError, beginning with `name`, for one that is damaged, encrypted, or of more than 4 GiB
 */
export function unzipped(bytes: Uint8Array, name: string): Map<string, Uint8Array> {
  const { count, start, end } = directoryOf(bytes, name);
  const files = new Map<string, Uint8Array>();
  let at = start;
  let taken = 0;
  for (let i = 0; i < count; i++) {
    const entry = entryOf(bytes, at, end, `${name}: file ${i} of the ZIP file`);
    taken += entry.compressed;
    if (taken > start) throw new DataError(`${name}: the files of the ZIP file overlap`);
    if (files.has(entry.name)) throw new DataError(`${name}: the ZIP file holds ${entry.name} twice`);
    files.set(entry.name, contentOf(bytes, entry, start, `${name}: ${entry.name}`));
    at = entry.next;
  }
  if (at !== end)
    throw new DataError(`${name}: the directory of the ZIP file has ${end - at} bytes more than its ${count} files`);
  return files;
}

/** Where the directory is: the last record says so, behind which there is a comment at the most. */
function directoryOf(bytes: Uint8Array, name: string): { count: number; start: number; end: number } {
  const view = viewOf(bytes);
  let at = bytes.length - 22;
  const lowest = Math.max(0, at - 0xffff);
  while (
    at >= lowest &&
    !(view.getUint32(at, true) === END && at + 22 + view.getUint16(at + 20, true) === bytes.length)
  )
    at--;
  if (at < lowest) throw new DataError(`${name}: the file of ${bytes.length} bytes is no ZIP file, or is cut off`);
  const [count, size, start] = [
    view.getUint16(at + 10, true),
    view.getUint32(at + 12, true),
    view.getUint32(at + 16, true),
  ];
  if (start === 0xffffffff || count === 0xffff)
    throw new DataError(`${name}: ZIP files of more than 4 GiB are not read`);
  if (start + size !== at)
    throw new DataError(`${name}: the directory of the ZIP file is not before byte ${at}, where it ends`);
  return { count, start, end: at };
}

interface Entry extends Whole {
  readonly name: string;
  readonly method: number;
  readonly compressed: number;
  /** Where its header is, and where the next entry. */
  readonly header: number;
  readonly next: number;
}

function entryOf(bytes: Uint8Array, at: number, end: number, name: string): Entry {
  const view = viewOf(bytes);
  if (at + 46 > end || view.getUint32(at, true) !== ENTRY) throw new DataError(`${name} has no entry at byte ${at}`);
  const nameEnd = at + 46 + view.getUint16(at + 28, true);
  const next = nameEnd + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  if (next > end) throw new DataError(`${name} has an entry that is cut off at byte ${end}`);
  if (view.getUint16(at + 8, true) & 1) throw new DataError(`${name} is encrypted`);
  return {
    name: new TextDecoder().decode(Uint8Array.from(bytes.subarray(at + 46, nameEnd))),
    method: view.getUint16(at + 10, true),
    crc: view.getUint32(at + 16, true),
    compressed: view.getUint32(at + 20, true),
    size: view.getUint32(at + 24, true),
    header: view.getUint32(at + 42, true),
    next,
  };
}

function contentOf(bytes: Uint8Array, entry: Entry, end: number, name: string): Uint8Array {
  const { header, compressed, method, size } = entry;
  const view = viewOf(bytes);
  if (header + 30 > end || view.getUint32(header, true) !== LOCAL)
    throw new DataError(`${name} has no header at byte ${header}`);
  const start = header + 30 + view.getUint16(header + 26, true) + view.getUint16(header + 28, true);
  if (start + compressed > end)
    throw new DataError(`${name} is cut off: it ends at byte ${start + compressed}, the files at ${end}`);
  const own = bytes.subarray(start, start + compressed);
  if (method === 8) return inflated(own, entry, name);
  if (method !== 0) throw new DataError(`${name} is compressed by method ${method}, not by DEFLATE`);
  if (size !== compressed) throw new DataError(`${name} is damaged: ${compressed} bytes, not ${size}`);
  return checked(own, entry.crc, name);
}
