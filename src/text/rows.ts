// Tokens of several texts as rows of one length, and back.
import { aWholeNumber, checkOptions, numbers, oneOf } from "../check.ts";
import { type ArrayLikeData, array, type TypedData } from "../data/array.ts";
import { ArgumentError, DataError, ShapeError } from "../errors.ts";
import { showShape } from "../shape.ts";

/** How texts become rows. */
export interface EncodeAllOptions {
  /** Tokens of a row. Default: those of the longest text. */
  readonly length?: number;
  /** Where tokens are left out of texts that are longer; what marks beginning and end stays. Default "end". */
  readonly cut?: "start" | "middle" | "end";
  /** Where shorter texts are filled up. Default "end". */
  readonly pad?: "start" | "end";
}

/** Tokens of texts. */
export interface TokenRows {
  /** i32 [texts, length]. */
  readonly tokens: TypedData;
  /** Tokens of each that are no padding, i32 [texts]. */
  readonly lengths: TypedData;
}

/** Tokens of a text between what is put around it. */
export interface Framed {
  readonly before: readonly number[];
  readonly own: readonly number[];
  readonly after: readonly number[];
}

const CHECKS = { length: aWholeNumber(1), cut: oneOf("start", "middle", "end"), pad: oneOf("start", "end") };

/** @throws DataError where there are no texts, ArgumentError without a padding token where one is needed, or with too few places */
export function rowsOf(texts: readonly Framed[], options: EncodeAllOptions, padding: number | undefined): TokenRows {
  checkOptions(options, "encodeAll", CHECKS);
  if (texts.length === 0) throw new DataError("encodeAll: there are no texts");
  const { cut = "end", pad = "end", length = Math.max(1, ...blocks(texts.map(lengthOf))) } = options;
  const data = new Int32Array(texts.length * length).fill(padding ?? 0);
  const lengths = new Int32Array(texts.length);
  for (const [i, text] of texts.entries()) {
    const row = shortened(text, length, cut);
    if (row.length < length && padding === undefined)
      throw new ArgumentError(`encodeAll: text ${i} has ${row.length} of ${length} tokens, but there is no padding`);
    data.set(row, i * length + (pad === "start" ? length - row.length : 0));
    lengths[i] = row.length;
  }
  return {
    tokens: { data, shape: [texts.length, length], dtype: "i32" },
    lengths: { data: lengths, shape: [texts.length], dtype: "i32" },
  };
}

function lengthOf({ before, own, after }: Framed): number {
  return before.length + own.length + after.length;
}

/** The largest of each thousand: no call takes a million arguments. */
function blocks(values: readonly number[]): number[] {
  const largest: number[] = [];
  for (let at = 0; at < values.length; at += 1000) largest.push(Math.max(...values.slice(at, at + 1000)));
  return largest;
}

/** At most so many tokens of a text. */
function shortened(text: Framed, length: number, cut: EncodeAllOptions["cut"]): readonly number[] {
  const { before, own, after } = text;
  const room = length - before.length - after.length;
  if (room < 0)
    throw new ArgumentError(
      `encodeAll: length must be at least ${length - room}, for beginning and end, got ${length}`,
    );
  const left = cut === "end" ? room : cut === "start" ? 0 : Math.ceil(room / 2);
  const kept = own.length <= room ? own : [...own.slice(0, left), ...own.slice(own.length - (room - left))];
  return [...before, ...kept, ...after];
}

/** Rows of tokens [rows, length], checked. @throws ShapeError for another shape, DTypeError for what are no whole numbers */
export function tokenRows(given: ArrayLikeData): Int32Array[] {
  const { data, shape } = array(given, "i32", "decodeAll: tokens");
  if (shape.length !== 2) throw new ShapeError(`decodeAll: tokens is ${showShape(shape)}, not [texts, length]`);
  const [rows, length] = shape;
  return Array.from({ length: rows }, (_, row) => Int32Array.from(data.subarray(row * length, (row + 1) * length)));
}

/** @throws ArgumentError for what is no list of tokens below `size` */
export function checkTokens(tokens: ArrayLike<number>, size: number, name: string): void {
  numbers(tokens, `${name}: tokens`);
  for (let i = 0; i < tokens.length; i++)
    if (!Number.isInteger(tokens[i]) || tokens[i] < 0 || tokens[i] >= size)
      throw new ArgumentError(`${name}: token ${i} is ${tokens[i]}, none of 0 to ${size - 1}`);
}
