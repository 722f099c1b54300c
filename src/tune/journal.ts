// A study as lines of JSON, one an event, and back. Each line ends in a checksum of itself and of all lines before it, so that a line
// that was changed, lost or doubled is found, and known from one that a crash tore.
import { isRecord } from "../check.ts";
import { DataError } from "../errors.ts";
import { StorageError } from "../storage/storage-error.ts";
import type { Flat } from "./dimensions.ts";
import type { ArtifactNote, Mode } from "./record.ts";
import type { StudyStorage } from "./storage.ts";

/** The version of the format. */
export const VERSION = 1;

/** The first line. */
export interface Header {
  readonly simdgradStudy: number;
  readonly mode: Mode;
  /** For readers: the one that the study began with. */
  readonly seed: number;
  readonly sampler: string;
  /** What the values depend on beside the parameters. */
  readonly conditions?: Readonly<Record<string, string | number | boolean>>;
  /** The parameters' forms by their paths. */
  readonly space: Readonly<Record<string, string>>;
}

/** What happened to a trial; the number of a new one is the number of those before. */
export type Event = { readonly trial: number } & (
  | { readonly ask: Flat }
  /** An interrupted trial begins anew. */
  | { readonly again: true }
  /** A number that JSON does not have is written as a text. */
  | { readonly step: number; readonly report: number | string }
  | { readonly tell: number; readonly artifact?: ArtifactNote }
  | { readonly pruned: true }
  | { readonly failed: string }
);

/** An event, or anything else that a line may hold. */
export interface Line {
  /** Counted from 1. */
  readonly number: number;
  readonly content: Readonly<Record<string, unknown>>;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  return crc;
});

/** CRC-32 of ISO 3309 of bytes that follow others with the checksum `before`. */
export function checksum(bytes: Uint8Array, before = 0): number {
  let crc = ~before;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return ~crc >>> 0;
}

export function hex(sum: number): string {
  return sum.toString(16).padStart(8, "0");
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const NEWLINE = 10;

/** A line with its newline. @returns also the checksum up to its end */
function lineOf(content: object, before: number): readonly [line: string, sum: number] {
  const text = JSON.stringify(content);
  const sum = checksum(encoder.encode(text), before);
  return [`${text.slice(0, -1)},"sum":"${hex(sum)}"}\n`, sum];
}

/** How the first line begins. */
const HEADER = '{"simdgradStudy":';

const LINE = /^(\{.*),"sum":"([0-9a-f]{8})"\}$/s;

/** What a line holds, or undefined where its checksum does not fit. */
function contentOf(text: string, before: number): readonly [content: unknown, sum: number] | undefined {
  const [, body, written] = LINE.exec(text) ?? [];
  if (body === undefined) return undefined;
  const sum = checksum(encoder.encode(`${body}}`), before);
  if (hex(sum) !== written) return undefined;
  try {
    return [JSON.parse(`${body}}`), sum];
  } catch {
    return undefined;
  }
}

/**
 * Whether a crash may have left this: the beginning of a line, no whole one with something behind it. Some disks put zeros in its place.
 */
function isTorn(text: string, before: number, line: number): boolean {
  const begin = line === 1 ? HEADER : '{"trial":';
  const written = text.replace(/\0+$/, "").slice(0, begin.length);
  if (!begin.startsWith(written)) return false;
  const end = /"sum":"[0-9a-f]{8}"\}/g;
  for (const found of text.matchAll(end))
    if (contentOf(text.slice(0, found.index + found[0].length), before) !== undefined) return false;
  return true;
}

/** A study's lines, read and appended. */
export class Journal {
  readonly #storage: StudyStorage;
  #sum = 0;
  /** Lines that no append has taken yet, and the append that will. */
  #pending: string[] = [];
  #next: Promise<void> | undefined;
  #last: Promise<void> = Promise.resolve();
  /** What an append failed of. */
  #failure: { readonly error: unknown } | undefined;
  /** Bytes behind the last sound line, and whether that one has its newline. */
  #torn: { readonly from: number; readonly needsNewline: boolean } | undefined;

  constructor(storage: StudyStorage) {
    this.#storage = storage;
  }

  /**
   * All whole lines; of the last one, half of which a crash may have written, nothing if it is torn. @throws DataError for a line that is
   * wrong
   */
  async read(): Promise<readonly Line[]> {
    const bytes = await this.#storage.read();
    const lines: Line[] = [];
    for (let from = 0; from < bytes.length; ) {
      const found = bytes.indexOf(NEWLINE, from);
      const end = found < 0 ? bytes.length : found;
      const text = decoder.decode(bytes.subarray(from, end));
      const content = contentOf(text, this.#sum);
      if (found < 0) this.#torn = { from: content === undefined ? from : end, needsNewline: content !== undefined };
      if (content === undefined) {
        if (found < 0 && isTorn(text, this.#sum, lines.length + 1)) break;
        throw this.fault(lines.length + 1, faultOf(text, lines.length + 1));
      }
      if (!isRecord(content[0])) throw this.fault(lines.length + 1, "holds no object");
      this.#sum = content[1];
      lines.push({ number: lines.length + 1, content: content[0] });
      from = end + 1;
    }
    return lines;
  }

  /** Cuts off what a crash left of a line. */
  async mend(): Promise<void> {
    if (this.#torn === undefined) return;
    const { from, needsNewline } = this.#torn;
    this.#torn = undefined;
    if (needsNewline) await this.#storage.append(Uint8Array.of(NEWLINE));
    else await this.#storage.truncate(from);
  }

  /**
   * Appends one line; those that come while others are written go together. @throws StorageError after an append that failed: the file may end in
   * half of a line, which a journal that reads it cuts off
   */
  async add(content: Header | Event): Promise<void> {
    if (this.#failure !== undefined) {
      const { error } = this.#failure;
      const why = error instanceof Error ? error.message : String(error);
      throw new StorageError(`${this.#storage.name}: open the study anew: nothing is written since this: ${why}`, {
        cause: error,
      });
    }
    const [line, sum] = lineOf(content, this.#sum);
    this.#sum = sum;
    this.#pending.push(line);
    if (this.#next === undefined) {
      // After one that failed nothing is written.
      const append = this.#last.then(() => {
        const bytes = encoder.encode(this.#pending.join(""));
        this.#pending = [];
        this.#next = undefined;
        return this.#storage.append(bytes);
      });
      append.catch((error: unknown) => {
        this.#failure ??= { error }; // whoever waits for it hears of it
      });
      this.#next = append;
      this.#last = append;
    }
    return this.#next;
  }

  fault(line: number, what: string): DataError {
    const sound = line === 1 ? "" : line === 2 ? "; line 1 is sound" : `; lines 1 to ${line - 1} are sound`;
    return new DataError(`${this.#storage.name}: line ${line}: ${what}${sound}`);
  }
}

/** Why a line is none. */
function faultOf(text: string, line: number): string {
  if (line === 1 && !text.startsWith(HEADER)) return "is not the beginning of a study";
  if (!LINE.test(text)) return "is no line of a study: it does not end in its checksum";
  return "its checksum does not fit: it was changed, or a line before it is missing or was added";
}
