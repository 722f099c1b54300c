// Single rows as chunks.
import { aWholeNumber, checkOptions, isRecord, must } from "../check.ts";
import { ArgumentError, DTypeError, ShapeError } from "../errors.ts";
import { sameShape, showShape } from "../shape.ts";
import { type ArrayLikeData, array, type NumericArray } from "./array.ts";
import { nextOf, openSource } from "./reading.ts";
import { leavable, Readings } from "./readings.ts";
import { roomLike } from "./room-like.ts";
import { aSource, type Chunks, type DataSource, isSeekable, type SeekableSource } from "./source.ts";

/** One array, or several by their names. */
type Several = ArrayLikeData | Readonly<Record<string, ArrayLikeData>>;

/** A row of samples; x and y may be records of arrays. */
export interface Row<X = ArrayLikeData, Y = ArrayLikeData> {
  readonly x: X;
  readonly y: Y;
  readonly sampleWeight?: number;
}

/** Rows of samples. */
export interface RowSamples<X = ArrayLikeData, Y = ArrayLikeData> {
  readonly x: X;
  readonly y: Y;
  readonly sampleWeight?: ArrayLikeData;
}

/** What the chunks of rows hold: an array, or an array of each name. */
type Together<X> = X extends ArrayLikeData ? ArrayLikeData : { readonly [K in keyof X]: ArrayLikeData };

/** The samples that rows of a source make. */
type SamplesOf<C> = C extends Chunks<Row<infer X, infer Y>> ? RowSamples<Together<X>, Together<Y>> : RowSamples;

/** A source of chunks that begins where the source of rows can. */
export type ChunksOf<S> = S extends { open(at: number, pass: number): infer C }
  ? SeekableSource<SamplesOf<Awaited<C>>>
  : S extends (pass: number) => infer C
    ? (pass: number) => AsyncIterable<SamplesOf<Awaited<C>>>
    : AsyncIterable<SamplesOf<S>>;

/** How single rows become chunks. */
export interface FromRowsOptions {
  /** Rows of a chunk. Default 1024. */
  readonly chunk?: number;
}

/**
 * A source of chunks, out of one of single rows `{ x, y }`, where x and y may be records of arrays. It can seek, or begin anew, where the source of rows can. A chunk waits for its
 * rows: of a slow source, fewer are better.
 * @throws ArgumentError for what is no source, and, when it is read, for rows that do not fit the one before them
 *
 * @example
 * import { fromRows } from "simdgrad/data";
 * const rows = [{ x: [1, 2], y: 3 }, { x: [4, 5], y: 6 }, { x: [7, 8], y: 9 }];
 * const chunks: unknown[] = [];
 * for await (const { y } of fromRows(rows, { chunk: 2 })) chunks.push(y);
 * chunks; // => [[3, 6], [9]]
 * const words = [{ x: { word: [0, 2], size: [1] }, y: 1 }, { x: { word: [3, 1], size: [2] }, y: 0 }];
 * for await (const { x } of fromRows(words)) chunks.push(x.size);
 * chunks[2]; // => [[1], [2]]
 */
export function fromRows<S extends DataSource<Row<Several, Several>>>(
  rows: S,
  options: FromRowsOptions = {},
): ChunksOf<S> {
  aSource(rows, "fromRows: rows");
  checkOptions(options, "fromRows", { chunk: aWholeNumber(1) });
  const { chunk = 1024 } = options;
  return chunksOf(rows as DataSource<unknown>, chunk) as ChunksOf<S>;
}

function chunksOf(rows: DataSource<unknown>, size: number): DataSource<RowSamples> {
  if (isSeekable(rows)) {
    const source = rows as SeekableSource<unknown>;
    return { rows: source.rows, open: (at, pass) => chunked(source, size, at, pass) };
  }
  if (typeof rows === "function") return (pass: number) => chunked(rows, size, 0, pass);
  return { [Symbol.asyncIterator]: () => chunked(rows, size, 0, 0) };
}

function chunked(source: DataSource<unknown>, size: number, at: number, pass: number): AsyncGenerator<RowSamples> {
  const readings = new Readings();
  readings.expect(source);
  return leavable(chunksIn(source, size, at, pass, readings), readings);
}

async function* chunksIn(
  source: DataSource<unknown>,
  size: number,
  at: number,
  pass: number,
  readings: Readings,
): AsyncGenerator<RowSamples> {
  readings.begin(source);
  const reading = await openSource(source, at, pass);
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= reading.close();
    return closing;
  };
  let over = false;
  try {
    for (let start = at; !over; start += size) {
      const rows: unknown[] = [];
      while (rows.length < size && !over) {
        const next = nextOf(reading);
        const { done, value } = "then" in next ? await readings.during(next, close) : next;
        if (done) over = true;
        else rows.push(ownRow(value));
      }
      if (rows.length > 0) yield together(rows, start);
    }
  } finally {
    if (!over || closing !== undefined) await close();
  }
}

/** As deep as rows go, x and y and their members and axes: what is deeper is told by whoever takes it. */
const DEEPEST = 12;

/** A row as it is now: whoever makes rows may use the same arrays for the next. */
function ownRow(row: unknown, depth = 0): unknown {
  if (row instanceof Uint8Array) return new Uint8Array(row); // slice() of a Node Buffer copies nothing
  if (ArrayBuffer.isView(row) && !(row instanceof DataView)) return (row as Float32Array).slice();
  if (depth === DEEPEST) return row;
  if (Array.isArray(row)) return row.map((each) => ownRow(each, depth + 1));
  if (!isRecord(row)) return row;
  return Object.fromEntries(Object.entries(row).map(([name, each]) => [name, ownRow(each, depth + 1)]));
}

/** Rows, the first of which has this number, as lists by their names. */
function together(rows: readonly unknown[], start: number): RowSamples {
  const nameOf = (i: number) => `fromRows: row ${start + i}`;
  return byNames(rows, nameOf, ": ", "an object { x, y }", (values, pathOf) =>
    isSeveral(values[0])
      ? byNames(values, pathOf, ".", "an object, as the ones before", joined)
      : joined(values, pathOf),
  ) as unknown as RowSamples;
}

/** Records of the same names as one record, of what `join` makes of the values of a name. */
function byNames(
  records: readonly unknown[],
  nameOf: (row: number) => string,
  separator: string,
  expected: string,
  join: (values: readonly ArrayLikeData[], pathOf: (row: number) => string) => unknown,
): Readonly<Record<string, unknown>> {
  const names = Object.keys(Object(records[0]));
  for (const [i, record] of records.entries()) {
    must(isRecord(record), record, nameOf(i), expected);
    const own = Object.keys(record as object);
    if (own.length !== names.length || !names.every((name) => Object.hasOwn(record as object, name)))
      throw new ArgumentError(`${nameOf(i)} has [${own.join(", ")}], the ones before [${names.join(", ")}]`);
  }
  const valuesOf = (name: string) => records.map((record) => (record as Readonly<Record<string, ArrayLikeData>>)[name]);
  return Object.fromEntries(
    names.map((name) => [name, join(valuesOf(name), (i) => `${nameOf(i)}${separator}${name}`)]),
  );
}

/** Whether a value is a record of arrays, not one array with its shape. */
function isSeveral(value: unknown): boolean {
  return isRecord(value) && !("data" in value);
}

/** Arrays with their shapes as one; anything else as a list, which whoever takes it checks. */
function joined(values: readonly ArrayLikeData[], nameOf: (row: number) => string): ArrayLikeData {
  if (!values.every(isRecord)) return values as ArrayLikeData;
  const all = values.map((value, i) => array(value as NumericArray, undefined, nameOf(i)));
  const [{ shape, dtype, data: own }] = all;
  const data = roomLike(own, own.length * all.length);
  for (const [i, each] of all.entries()) {
    if (!sameShape(each.shape, shape))
      throw new ShapeError(`${nameOf(i)} is ${showShape(each.shape)}, the ones before ${showShape(shape)}`);
    if (each.dtype !== dtype) throw new DTypeError(`${nameOf(i)} is ${each.dtype}, the ones before ${dtype}`);
    data.set(each.data, i * own.length);
  }
  return { data, shape: [all.length, ...shape] };
}
