// Single rows as chunks.
import { aWholeNumber, checkOptions, isRecord, must } from "../check.ts";
import { ArgumentError, DTypeError, ShapeError } from "../errors.ts";
import { sameShape, showShape } from "../shape.ts";
import { type ArrayLikeData, array, type NumericArray } from "./array.ts";
import { nextOf, openSource } from "./reading.ts";
import { roomLike } from "./room-like.ts";
import { aSource, type DataSource, isSeekable, type SeekableSource } from "./source.ts";

/** A row of samples. */
export interface Row {
  readonly x: ArrayLikeData;
  readonly y: ArrayLikeData;
  readonly sampleWeight?: number;
}

/** Rows of samples. */
export interface RowSamples {
  readonly x: ArrayLikeData;
  readonly y: ArrayLikeData;
  readonly sampleWeight?: ArrayLikeData;
}

/** A source of chunks that begins where the source of rows can. */
export type ChunksOf<S> =
  S extends SeekableSource<Row>
    ? SeekableSource<RowSamples>
    : S extends (pass: number) => unknown
      ? (pass: number) => AsyncIterable<RowSamples>
      : AsyncIterable<RowSamples>;

/** How single rows become chunks. */
export interface FromRowsOptions {
  /** Rows of a chunk. Default 1024. */
  readonly chunk?: number;
}

/**
 * A source of chunks, out of one of single rows `{ x, y }`. It can seek, or begin anew, where the source of rows can. A chunk waits for its
 * rows: of a slow source, fewer are better.
 * @throws ArgumentError for what is no source, and, when it is read, for rows that do not fit the one before them
 *
 * @example
 * import { fromRows } from "simdgrad/data";
 * const rows = [{ x: [1, 2], y: 3 }, { x: [4, 5], y: 6 }, { x: [7, 8], y: 9 }];
 * const chunks: unknown[] = [];
 * for await (const { y } of fromRows(rows, { chunk: 2 })) chunks.push(y);
 * chunks; // => [[3, 6], [9]]
 */
export function fromRows<S extends DataSource<Row>>(rows: S, options: FromRowsOptions = {}): ChunksOf<S> {
  aSource(rows, "fromRows: rows");
  checkOptions(options, "fromRows", { chunk: aWholeNumber(1) });
  const { chunk = 1024 } = options;
  return chunksOf(rows, chunk) as ChunksOf<S>;
}

function chunksOf(rows: DataSource<Row>, size: number): DataSource<RowSamples> {
  if (isSeekable(rows)) {
    const source = rows as SeekableSource<Row>;
    return { rows: source.rows, open: (at, pass) => chunked(source, size, at, pass) };
  }
  if (typeof rows === "function") return (pass: number) => chunked(rows, size, 0, pass);
  return { [Symbol.asyncIterator]: () => chunked(rows, size, 0, 0) };
}

async function* chunked(source: DataSource<Row>, size: number, at: number, pass: number): AsyncGenerator<RowSamples> {
  const reading = await openSource(source, at, pass);
  let over = false;
  try {
    for (let start = at; !over; start += size) {
      const rows: unknown[] = [];
      while (rows.length < size && !over) {
        const next = nextOf(reading);
        const { done, value } = "then" in next ? await next : next;
        if (done) over = true;
        else rows.push(value);
      }
      if (rows.length > 0) yield together(rows, start);
    }
  } finally {
    if (!over) await reading.close();
  }
}

/** Rows, the first of which has this number, as lists by their names. */
function together(rows: readonly unknown[], start: number): RowSamples {
  const [first] = rows;
  const names = Object.keys(Object(first));
  for (const [i, row] of rows.entries()) {
    must(isRecord(row), row, `fromRows: row ${start + i}`, "an object { x, y }");
    const own = Object.keys(row as object);
    if (own.length !== names.length || !names.every((name) => Object.hasOwn(row as object, name)))
      throw new ArgumentError(
        `fromRows: row ${start + i} has [${own.join(", ")}], the ones before [${names.join(", ")}]`,
      );
  }
  const column = (name: string) =>
    joined(
      rows.map((row) => (row as Readonly<Record<string, ArrayLikeData>>)[name]),
      (i) => `fromRows: row ${start + i}: ${name}`,
    );
  return Object.fromEntries(names.map((name) => [name, column(name)])) as unknown as RowSamples;
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
