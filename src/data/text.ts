// Texts as callers bring them, whole or piece by piece: strings, bytes, files, responses, streams.
import { aText, isFunction, must } from "../check.ts";
import { ArgumentError, DataError } from "../errors.ts";
import { show } from "../show.ts";
import { bytesOf } from "./bytes.ts";
import { openSource } from "./reading.ts";
import { areChunks, type Chunks } from "./source.ts";

/** A text: itself, its bytes, a Blob or File, what fetch gives, or an (async) iterable or stream of strings or bytes. */
export type TextSource = string | Uint8Array | ArrayBuffer | Blob | Response | Chunks<string | Uint8Array>;

/** Characters or bytes that are read at once. */
const PIECE = 2 ** 20;

/** The most characters of one line: a text without ends of lines is none of lines. */
export const LONGEST_LINE = 2 ** 26;

/** How a text is read. */
export interface TextOptions {
  /** The file's name, for errors; default: a File's or a response's own. */
  readonly file?: string;
  /** Name of the encoding, as TextDecoder knows it. Default: UTF-8, or what a byte order mark says. */
  readonly encoding?: string;
}

/** One line that names a file or an address: a text of rows has separators, or ends its line. */
const PATH = /^(?:(?:https?|file):\/\/\S+|[^\r\n,;|\t"{}[\]]+\.(?:csv|tsv|tab|txt|jsonl?|ndjson|gz))$/i;

/** @throws ArgumentError for what is no text, and for a path, which is not opened */
export function aTextSource(value: unknown, what: string): void {
  const isText =
    typeof value === "string" || value instanceof Uint8Array || value instanceof ArrayBuffer || isBlob(value);
  const isStream = isResponse(value) || (areChunks(value) && !ArrayBuffer.isView(value));
  must(isText || isStream, value, what, "a text, bytes, a Blob, a Response, or an (async) iterable of texts or bytes");
  if (typeof value !== "string" || !PATH.test(value)) return;
  const caller = what.split(":", 1)[0];
  throw new ArgumentError(
    `${what} is a path, ${show(value)}, not what the file holds: ${caller}(await readFile(path)) in Node, ${caller}(await fetch(path)) in pages`,
  );
}

/** A name of an encoding that the platform knows. */
function anEncoding(value: unknown, what: string): void {
  aText(value, what);
  try {
    new TextDecoder(value as string);
  } catch (cause) {
    throw new ArgumentError(`${what} must be the name of an encoding, such as "windows-1252", got ${show(value)}`, {
      cause,
    });
  }
}

/** What errors call a file. */
export function fileName(source: TextSource, file: string | undefined, fallback: string): string {
  if (file !== undefined) return file;
  const { name, url } = Object(source) as { readonly name?: unknown; readonly url?: unknown };
  const own = isBlob(source) ? name : isResponse(source) ? url : undefined;
  return typeof own === "string" && own !== "" ? own : fallback;
}

function isBlob(value: unknown): value is Blob {
  return (
    Object.prototype.toString.call(value) === "[object Blob]" ||
    Object.prototype.toString.call(value) === "[object File]"
  );
}

function isResponse(value: unknown): value is Response {
  return Object.prototype.toString.call(value) === "[object Response]" && isFunction((value as Response).arrayBuffer);
}

/**
 * The text piece by piece, without a byte order mark. `name` begins what errors say.
 * @throws DataError for bytes that are no text of the encoding, and for a response that failed; ArgumentError for pieces that are none
 */
export async function* textOf(source: TextSource, name: string, encoding?: string): AsyncGenerator<string> {
  if (typeof source === "string") {
    const start = source.startsWith("\uFEFF") ? 1 : 0;
    for (let at = start; at < source.length; at += PIECE) yield source.slice(at, at + PIECE);
    return;
  }
  const decoder = new Decoder(name, encoding);
  for await (const piece of piecesOf(source, name)) yield decoder.text(piece);
  yield decoder.end();
}

/** Strings or bytes, none of which is long. */
async function* piecesOf(source: Exclude<TextSource, string>, name: string): AsyncGenerator<string | Uint8Array> {
  if (source instanceof Uint8Array || source instanceof ArrayBuffer) {
    yield* cut(bytesOf(source, `${name}: bytes`));
    return;
  }
  const reading = await openSource(streamOf(source, name), 0, 0);
  let over = false;
  try {
    while (!over) {
      const { done, value } = await reading.next();
      if (done) over = true;
      else yield* cut(aPiece(value, name));
    }
  } finally {
    if (!over) await reading.close();
  }
}

function streamOf(source: Blob | Response | Chunks<string | Uint8Array>, name: string): Chunks<string | Uint8Array> {
  if (isBlob(source)) return source.stream() as Chunks<Uint8Array>;
  if (!isResponse(source)) return source;
  if (!source.ok) throw new DataError(`${name}: the response has status ${source.status} ${source.statusText}`.trim());
  must(!source.bodyUsed, source, `${name}: the response`, "one that nobody has read");
  return (source.body as Chunks<Uint8Array> | null) ?? [];
}

function aPiece(value: unknown, name: string): string | Uint8Array {
  must(typeof value === "string" || value instanceof Uint8Array, value, `${name}: a piece`, "a string or a Uint8Array");
  return value as string | Uint8Array;
}

function* cut<T extends string | Uint8Array>(piece: T): Generator<T> {
  for (let at = 0; at < piece.length; at += PIECE)
    yield (typeof piece === "string" ? piece.slice(at, at + PIECE) : piece.subarray(at, at + PIECE)) as T;
}

/** Bytes as text, and how many lines have gone by. */
class Decoder {
  readonly #name: string;
  readonly #encoding: string | undefined;
  #decoder: TextDecoder | undefined;
  /** The first byte, where the second is not there yet: a mark is of two, at least. */
  #waiting: Uint8Array = new Uint8Array();
  #isFirst = true;
  #line = 1;

  constructor(name: string, encoding: string | undefined) {
    this.#name = name;
    this.#encoding = encoding;
  }

  text(piece: string | Uint8Array): string {
    const text = typeof piece === "string" ? this.#rest() + this.#withoutMark(piece) : this.#decode(piece);
    this.#isFirst = false;
    this.#line += newlinesIn(text, "\n");
    return text;
  }

  end(): string {
    return this.#decoder === undefined ? this.#rest() : this.#decode(new Uint8Array(), false);
  }

  #rest(): string {
    return this.#waiting.length === 0 ? "" : this.#decode(new Uint8Array(), false);
  }

  #withoutMark(piece: string): string {
    return this.#isFirst && piece.startsWith("\uFEFF") ? piece.slice(1) : piece;
  }

  #decode(piece: Uint8Array, stream = true): string {
    const bytes = this.#waiting.length === 0 ? piece : Uint8Array.of(...this.#waiting, ...piece);
    const isOpen = this.#decoder === undefined && this.#encoding === undefined;
    this.#waiting = isOpen && stream && bytes.length < 2 ? Uint8Array.from(bytes) : new Uint8Array();
    if (this.#waiting.length > 0) return "";
    const encoding = this.#encoding ?? markOf(bytes);
    this.#decoder ??= new TextDecoder(encoding, { fatal: true });
    try {
      return this.#decoder.decode(bytes, { stream });
    } catch (cause) {
      const label = this.#decoder.encoding;
      const before = new TextDecoder(label).decode(bytes).split("\uFFFD", 1)[0];
      const line = this.#line + newlinesIn(before, "\n");
      const advice = this.#encoding === undefined ? '; encoding: "windows-1252" is another one' : "";
      throw new DataError(`${this.#name}, line ${line}: the bytes are no ${label}${advice}`, { cause });
    }
  }
}

/** What a byte order mark says. */
function markOf(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  return bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : "utf-8";
}

/** How often a text begins a new line. */
export function newlinesIn(text: string, newline: string): number {
  let count = 0;
  for (let at = text.indexOf(newline); at >= 0; at = text.indexOf(newline, at + 1)) count++;
  return count;
}

/** The name and encoding as checks. */
export const textChecks = { file: aText, encoding: anEncoding };
