// Files within compressed files. fflate inflates; what says where, how large and whether it is whole is read here, and nothing is believed
// before it is checked: no size makes room for bytes that are not there.

import { DataError } from "../errors.ts";
import { joined } from "./bytes.ts";
import { inflate, inflateTo } from "./fflate.ts";

/**
 * The file in a gzip file, also in one of several members, one after the other, which are one file; any other as it is.
 * Source: RFC 1952. @throws DataError, beginning with `name`, for one that is damaged
 */
export function gunzipped(bytes: Uint8Array, name: string): Uint8Array {
  if (!isGzip(bytes)) return bytes;
  try {
    return lastMember(bytes, name);
  } catch (error) {
    const first = memberAt(bytes, gzipStart(bytes, name));
    if (first === undefined) throw error;
    return joined([first.file, ...membersFrom(bytes, first.end, name)]);
  }
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** The file of a member that ends with the file, as nearly all do. */
function lastMember(bytes: Uint8Array, name: string): Uint8Array {
  const start = gzipStart(bytes, name);
  const end = bytes.length - 8;
  if (!(start <= end)) throw new DataError(`${name}: the gzip file of ${bytes.length} bytes is cut off`);
  const view = viewOf(bytes);
  const own = { crc: view.getUint32(end, true), size: view.getUint32(end + 4, true) };
  return inflated(bytes.subarray(start, end), own, `${name}: the gzip file`);
}

/** Files of the members from a byte on; zeros behind them fill blocks of tapes. */
function membersFrom(bytes: Uint8Array, from: number, name: string): Uint8Array[] {
  const files: Uint8Array[] = [];
  for (let at = from; at < bytes.length; ) {
    const rest = bytes.subarray(at);
    if (rest.every((byte) => byte === 0)) break;
    if (!isGzip(rest)) throw new DataError(`${name}: what follows in the gzip file at byte ${at} is no gzip file`);
    const member = memberAt(bytes, at + gzipStart(rest, name));
    if (member === undefined)
      throw new DataError(`${name}: the gzip file is cut off, or damaged, in what begins at byte ${at}`);
    files.push(member.file);
    at = member.end;
  }
  return files;
}

/** Bytes that are looked at first for the end of a member; twice as many where it is not there. */
const WINDOW = 512;

/** A member whose data begins there, and where it ends: its checksum and its size follow what it holds. */
function memberAt(bytes: Uint8Array, start: number): { readonly file: Uint8Array; readonly end: number } | undefined {
  for (let length = WINDOW; start < bytes.length; length *= 2) {
    const end = Math.min(start + length, bytes.length);
    const file = inflatedOrNot(bytes.subarray(start, end));
    if (file !== undefined) {
      const trailers = placesOf(bytes.subarray(start, end + 8), crc32(file), file.length % 2 ** 32);
      // Of an empty file both are 0, as the byte before them may be.
      const trailer = trailers.find((at) => mayEnd(bytes, start + at + 8)) ?? trailers[0];
      return trailer === undefined ? undefined : { file, end: start + trailer + 8 };
    }
    if (end === bytes.length) break;
  }
  return undefined;
}

function inflatedOrNot(bytes: Uint8Array): Uint8Array | undefined {
  try {
    return inflate(bytes);
  } catch {
    return undefined;
  }
}

/** Whether nothing follows there, another member, or zeros. */
function mayEnd(bytes: Uint8Array, at: number): boolean {
  const rest = bytes.subarray(at);
  return isGzip(rest) || rest.every((byte) => byte === 0);
}

/** Where two numbers of 32 bits are. */
function placesOf(bytes: Uint8Array, first: number, second: number): number[] {
  const places: number[] = [];
  const view = viewOf(bytes);
  for (let at = bytes.indexOf(first & 255); at >= 0 && at + 8 <= bytes.length; at = bytes.indexOf(first & 255, at + 1))
    if (view.getUint32(at, true) === first && view.getUint32(at + 4, true) === second) places.push(at);
  return places;
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

function inflated(
  bytes: Uint8Array,
  { crc, size }: Whole,
  name: string,
  make: (bytes: Uint8Array) => Uint8Array = inflate,
): Uint8Array {
  let file: Uint8Array;
  try {
    file = make(bytes);
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

/** What sizes of 64 bits have: a record of the directory, where that is, and a part of an entry. */
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const EXTRA_64 = 1;

/** What stands for a number of 64 bits that is somewhere else. */
const ELSEWHERE = 0xffffffff;

/** Bytes that DEFLATE makes of one, at the most. */
const LARGER = 1032;

/** Bytes that files may become together, beyond so many times those that they are in. */
const SPARE = 2 ** 26;

/** Bytes that the files of a ZIP file may have together: they become `times` as much as it has itself, or are small. */
export function mostOf({ length }: Uint8Array, times = 4): number {
  return times * length + SPARE;
}

/** A ZIP file: its files by their names, in its order, each of them inflated when it is read for the first time. Source: PKWARE, APPNOTE.TXT. */
export class ZipFile {
  readonly #bytes: Uint8Array;
  readonly #name: string;
  readonly #entries: ReadonlyMap<string, Entry>;
  /** Where the directory begins, and the files end. */
  readonly #end: number;
  readonly #most: number;
  readonly #hint: string;
  /** Bytes of the files that were read. */
  #made = 0;
  readonly #read = new Map<string, Uint8Array>();

  /**
   * All files that are read have `most` bytes together at the most, and `hint` says what to do with more; also one with sizes of 64 bits.
   * @throws DataError, beginning with `name`, for a directory that is damaged, and for files that are encrypted
   */
  constructor(bytes: Uint8Array, name: string, most = mostOf(bytes), hint = "") {
    const { count, start, end } = directoryOf(bytes, name);
    this.#entries = entriesOf(bytes, count, start, end, name);
    this.#bytes = bytes;
    this.#name = name;
    this.#end = start;
    this.#most = most;
    this.#hint = hint;
  }

  get names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  has(file: string): boolean {
    return this.#entries.has(file);
  }

  /** What a file of `most` bytes at the most holds; undefined where there is none of the name. @throws DataError for one that is damaged, or larger */
  read(file: string, most = Number.POSITIVE_INFINITY): Uint8Array | undefined {
    const entry = this.#entries.get(file);
    const known = this.#read.get(file);
    if (entry === undefined || known !== undefined) return known;
    if (entry.size > most) throw new DataError(`${this.#name}: ${file} of ${entry.size} bytes is more than ${most}`);
    this.#made += entry.size;
    if (this.#made > this.#most)
      throw new DataError(`${this.#name}: the files of the ZIP file are more than ${this.#most} bytes${this.#hint}`);
    const content = contentOf(this.#bytes, entry, this.#end, `${this.#name}: ${file}`);
    this.#read.set(file, content);
    return content;
  }
}

/** All files of a ZIP file by their names, in its order. @throws DataError as ZipFile */
export function unzipped(...of: ConstructorParameters<typeof ZipFile>): Map<string, Uint8Array> {
  const zip = new ZipFile(...of);
  return new Map(zip.names.map((file) => [file, zip.read(file) as Uint8Array]));
}

/** What the directory says of each file. @throws DataError */
function entriesOf(bytes: Uint8Array, count: number, start: number, end: number, name: string): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  let at = start;
  let taken = 0;
  for (let i = 0; i < count; i++) {
    const entry = entryOf(bytes, at, end, `${name}: file ${i} of the ZIP file`);
    taken += entry.compressed;
    if (taken > start) throw new DataError(`${name}: the files of the ZIP file overlap`);
    if (entries.has(entry.name)) throw new DataError(`${name}: the ZIP file holds ${entry.name} twice`);
    entries.set(entry.name, entry);
    at = entry.next;
  }
  if (at !== end)
    throw new DataError(`${name}: the directory of the ZIP file has ${end - at} bytes more than its ${count} files`);
  return entries;
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
  const hasElsewhere = count === 0xffff || size === ELSEWHERE || start === ELSEWHERE;
  // PyTorch writes the records of 64 bits also where those of 32 say all.
  if ((hasElsewhere || start + size !== at) && at >= 20 && view.getUint32(at - 20, true) === LOCATOR_64)
    return directory64Of(view, at - 20, name);
  if (start + size !== at)
    throw new DataError(`${name}: the directory of the ZIP file is not before byte ${at}, where it ends`);
  return { count, start, end: at };
}

/** Where the directory is by the record of 64 bits, of which the locator at a byte says where it is. */
function directory64Of(view: DataView, locator: number, name: string): { count: number; start: number; end: number } {
  const at = wideAt(view, locator + 8);
  if (at + 56 > locator || view.getUint32(at, true) !== END_64)
    throw new DataError(`${name}: the directory of the ZIP file says at byte ${at} nothing of itself`);
  const [count, size, start] = [wideAt(view, at + 32), wideAt(view, at + 40), wideAt(view, at + 48)];
  if (start + size !== at)
    throw new DataError(`${name}: the directory of the ZIP file is not before byte ${at}, where it ends`);
  return { count, start, end: at };
}

/** A number of 64 bits; beyond 2^53 it is beyond any file. */
function wideAt(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true));
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
  const extraEnd = nameEnd + view.getUint16(at + 30, true);
  const next = extraEnd + view.getUint16(at + 32, true);
  if (next > end) throw new DataError(`${name} has an entry that is cut off at byte ${end}`);
  if (view.getUint16(at + 8, true) & 1) throw new DataError(`${name} is encrypted`);
  const [size, compressed, header] = wideOf(
    view,
    [24, 20, 42].map((place) => view.getUint32(at + place, true)),
    nameEnd,
    extraEnd,
    name,
  );
  return {
    name: new TextDecoder().decode(Uint8Array.from(bytes.subarray(at + 46, nameEnd))),
    method: view.getUint16(at + 10, true),
    crc: view.getUint32(at + 16, true),
    compressed,
    size,
    header,
    next,
  };
}

/** Numbers of an entry; those that are elsewhere come one after the other in the part for numbers of 64 bits. */
function wideOf(view: DataView, numbers: readonly number[], from: number, end: number, name: string): number[] {
  let at = from;
  while (at + 4 <= end && view.getUint16(at, true) !== EXTRA_64) at += 4 + view.getUint16(at + 2, true);
  const last = at + 4 > end ? at : Math.min(end, at + 4 + view.getUint16(at + 2, true));
  let next = at + 4;
  return numbers.map((number) => {
    if (number !== ELSEWHERE) return number;
    next += 8;
    if (next > last) throw new DataError(`${name} does not say how large it is, or where`);
    return wideAt(view, next - 8);
  });
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
  if (method === 8) {
    if (size > LARGER * (compressed + 1))
      throw new DataError(`${name} is damaged: no ${compressed} bytes become ${size}`);
    return inflated(own, entry, name, (file) => inflateTo(size, file));
  }
  if (method !== 0) throw new DataError(`${name} is compressed by method ${method}, not by DEFLATE`);
  if (size !== compressed) throw new DataError(`${name} is damaged: ${compressed} bytes, not ${size}`);
  return checked(own, entry.crc, name);
}
