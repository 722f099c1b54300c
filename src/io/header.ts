// The header of a safetensors file: which tensors there are and where their bytes lie. Everything in it is checked before it is used.
import { isRecord } from "../check.ts";
import { DataError } from "../errors.ts";
import { type Shape, showShape, sizeOf } from "../shape.ts";
import { printable, showName } from "../show-name.ts";
import { type FileDType, fileDTypes } from "./dtypes.ts";

/** The most bytes that a header may have, and the name under which it holds what is no tensor. */
const HEADER_LIMIT = 100_000_000;
export const METADATA = "__metadata__";

/** Axes that a tensor has at the most. */
const MOST_AXES = 64;

/** Characters of a message: what a file calls its tensors may be long. */
const LONGEST = 400;

/** What a header says of a tensor; offsets count from the header's end. */
interface TensorInfo {
  readonly name: string;
  /** What the file calls its type. */
  readonly dtype: string;
  readonly type: FileDType;
  readonly shape: Shape;
  readonly begin: number;
  readonly end: number;
}

interface Header {
  readonly tensors: readonly TensorInfo[];
  readonly metadata: Readonly<Record<string, string>>;
  /** Where the tensors' bytes start in the file. */
  readonly start: number;
}

/** @throws DataError for anything that is not the header of exactly these bytes */
export function readHeader(bytes: Uint8Array): Header {
  const start = 8 + headerLength(bytes);
  const text = decoded(new Uint8Array(bytes.subarray(8, start)));
  const entries = Object.entries(parsed(text));
  checkKeysOnce(text);
  const given = entries.find(([name]) => name === METADATA)?.[1];
  const tensors = entries.filter(([name]) => name !== METADATA).map(([name, info]) => tensorInfo(name, info));
  checkCover(tensors, bytes.length - start);
  return { tensors, metadata: checkMetadata(given), start };
}

function headerLength(bytes: Uint8Array): number {
  if (bytes.length < 8) throw fault(`the file has ${bytes.length} bytes, not even the 8 of its header's length`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > HEADER_LIMIT)
    throw fault(`a header of ${length} bytes is longer than the ${HEADER_LIMIT} allowed: is it such a file?`);
  if (length > bytes.length - 8)
    throw fault(`the header should have ${length} bytes, but only ${bytes.length - 8} follow its length`);
  return length;
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw fault("the header is not UTF-8", { cause });
  }
}

function parsed(text: string): object {
  if (!text.startsWith("{")) throw fault("the header does not start with {");
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw fault(`the header is not JSON: ${(cause as Error).message}`, { cause });
  }
}

const [QUOTE, COLON, BACKSLASH, OPEN, CLOSE] = Array.from('":\\{}', (letter) => letter.charCodeAt(0));

/** JSON.parse keeps the last of equal keys; the format allows none. `text` is known to be JSON: a string before a colon is a key. */
function checkKeysOnce(text: string): void {
  const open: Set<string>[] = [];
  let [inside, from, to] = [false, 0, 0];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (inside) {
      if (code === BACKSLASH) at++;
      else if (code === QUOTE) [inside, to] = [false, at];
    } else if (code === QUOTE) [inside, from] = [true, at + 1];
    else if (code === OPEN) open.push(new Set());
    else if (code === CLOSE) open.pop();
    else if (code === COLON) {
      const written = text.slice(from, to);
      const key: string = written.includes("\\") ? JSON.parse(`"${written}"`) : written;
      const keys = open[open.length - 1];
      if (keys.has(key)) throw fault(`the header has the key ${showName(key)} twice`);
      keys.add(key);
    }
  }
}

function checkMetadata(given: unknown): Readonly<Record<string, string>> {
  if (given === undefined) return {};
  if (!isRecord(given)) throw fault(`${METADATA} is ${show(given)}, not an object`);
  const wrong = Object.entries(given).find(([, value]) => typeof value !== "string");
  if (wrong) throw fault(`${METADATA}: ${showName(wrong[0])} is ${show(wrong[1])}, not a string`);
  return given as Record<string, string>;
}

function tensorInfo(name: string, info: unknown): TensorInfo {
  const own = showName(name);
  if (!isRecord(info)) throw fault(`the entry of ${own} is ${show(info)}, not an object`);
  const { dtype, shape, data_offsets: offsets } = info;
  const type = typeof dtype === "string" ? fileDTypes.get(dtype) : undefined;
  if (type === undefined) throw fault(`dtype ${show(dtype)} of ${own} is none of ${[...fileDTypes.keys()].join(", ")}`);
  if (!isCounts(shape)) throw fault(`shape ${show(shape)} of ${own} is not a list of sizes`);
  if (!isCounts(offsets) || offsets.length !== 2 || offsets[0] > offsets[1])
    throw fault(`data_offsets ${show(offsets)} of ${own} are not a begin and an end`);
  if (shape.length > MOST_AXES)
    throw fault(`${own} has ${shape.length} axes, more than the ${MOST_AXES} of any tensor`);
  const [begin, end] = offsets;
  const expected = sizeOf(shape) * type.size;
  if (end - begin !== expected)
    throw fault(`${own} has ${end - begin} bytes, but ${dtype} ${showShape(shape)} takes ${expected}`);
  return { name, dtype: String(dtype), type, shape, begin, end };
}

/** Every byte after the header belongs to one tensor. */
function checkCover(tensors: readonly TensorInfo[], length: number): void {
  let [before, at] = ["the header", 0];
  for (const { name, begin, end } of [...tensors].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    const own = showName(name);
    if (end > length) throw fault(`${own} ends at byte ${end} of the data, which has ${length}`);
    if (begin < at) throw fault(`${own} starts at byte ${begin} of the data, inside ${before}, which ends at ${at}`);
    if (begin > at)
      throw fault(`bytes ${at} to ${begin} of the data, between ${before} and ${own}, belong to no tensor`);
    [before, at] = [own, end];
  }
  if (at < length) throw fault(`bytes ${at} to ${length} of the data, after ${before}, belong to no tensor`);
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0);
}

/** What stands in the place of something else, in few words. */
function show(value: unknown): string {
  if (Array.isArray(value)) return value.every((item) => typeof item === "number") ? showShape(value) : "a list";
  return isRecord(value) ? "an object" : `${JSON.stringify(value)}`;
}

function fault(message: string, options?: ErrorOptions): DataError {
  const text = printable(message);
  return new DataError(`safetensors: ${text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text}`, options);
}
