// Bytes that are read one after the other, none beyond their end.
import { DataError } from "../errors.ts";

/** Characters of a line of text. */
const LONGEST = 2 ** 16;

/** Characters that a text is made of at once. */
const PIECE = 2 ** 12;

/** Texts below are put together here: most are names. */
const SHORT = 64;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function isAscii(byte: number): boolean {
  return byte < 128;
}

export class Cursor {
  at: number;
  readonly bytes: Uint8Array<ArrayBufferLike>;
  /** Begins each message. */
  readonly name: string;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, name: string, at = 0) {
    this.bytes = bytes;
    this.name = name;
    this.at = at;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** An error that says where. */
  fault(message: string, options?: ErrorOptions): DataError {
    return new DataError(`${this.name}: ${message}`, options);
  }

  /** Goes on by so many bytes. @returns where they begin */
  #skip(count: number): number {
    const from = this.at;
    if (count > this.bytes.length - from)
      throw this.fault(`${count} bytes from byte ${from} on are wanted, and ${this.bytes.length - from} are there`);
    this.at += count;
    return from;
  }

  /** The next bytes, not copied. */
  take(count: number): Uint8Array {
    const from = this.#skip(count);
    return this.bytes.subarray(from, from + count);
  }

  u8(): number {
    return this.bytes[this.#skip(1)];
  }

  u16(): number {
    return this.#view.getUint16(this.#skip(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#skip(4), true);
  }

  i32(): number {
    return this.#view.getInt32(this.#skip(4), true);
  }

  /** A length of 64 bits; beyond 2^53 it is beyond any file. */
  u64(): number {
    return Number(this.#view.getBigUint64(this.#skip(8), true));
  }

  /** The first byte is the highest. */
  f64(): number {
    return this.#view.getFloat64(this.#skip(8), false);
  }

  /** Text of UTF-8 in so many bytes. */
  text(count: number): string {
    const from = this.at;
    const bytes = this.take(count);
    if (count < SHORT && bytes.every(isAscii)) return String.fromCharCode(...bytes);
    try {
      return utf8.decode(bytes.slice()); // a copy: bytes that threads share are not decoded
    } catch (cause) {
      throw this.fault(`the text at byte ${from} is not UTF-8`, { cause });
    }
  }

  /** Characters of a byte each. */
  latin1(count: number): string {
    const bytes = this.take(count);
    let text = "";
    for (let at = 0; at < count; at += PIECE) text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
    return text;
  }

  /** Text up to the end of its line, of UTF-8 or of a byte each. */
  line(isUtf8 = true): string {
    const end = this.bytes.subarray(this.at, this.at + LONGEST).indexOf(10);
    if (end < 0) throw this.fault(`the line at byte ${this.at} has no end`);
    const text = isUtf8 ? this.text(end) : this.latin1(end);
    this.at++;
    return text;
  }
}
