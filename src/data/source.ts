// Sources of data of any size: what gives chunks of rows one after the other. How they are read: reading.ts.
import { aWholeNumber, isFunction, must } from "../check.ts";

/** Chunks one after the other: an array, a generator, an async generator, a ReadableStream. */
export type Chunks<C> = Iterable<C> | AsyncIterable<C> | WebStream<C>;

/** A ReadableStream, also where it is no async iterable. */
export interface WebStream<C> {
  getReader(): {
    read(): Promise<{ readonly done: boolean; readonly value?: C | undefined }>;
    cancel(): Promise<unknown>;
    releaseLock?(): void;
  };
}

export type Awaitable<T> = T | Promise<T>;

/** A source that can begin anywhere: with it a training goes on from a snapshot where it was. */
export interface SeekableSource<C> {
  /** Chunks of a pass, from its row `at` on, counted from 0. A pass may have an order of its own, the same one whenever it is opened. */
  open(at: number, pass: number): Awaitable<Chunks<C>>;
  /** Rows of a pass, where that is known: then reports tell how many steps a fit has. */
  readonly rows?: number;
}

/** Data of any size: an (async) iterable of chunks, a function that gives a fresh one for each pass, or a source that can seek. */
export type DataSource<C> = Chunks<C> | ((pass: number) => Awaitable<Chunks<C>>) | SeekableSource<C>;

/** Throws an ArgumentError unless a value is a source. */
export function aSource(value: unknown, what: string): void {
  const isSource = isFunction(value) || isSeekable(value) || (areChunks(value) && !ArrayBuffer.isView(value));
  must(isSource, value, what, "an (async) iterable of samples { x, y }, a function that gives one, or { open(at) }");
  const { rows } = value as Partial<SeekableSource<unknown>>;
  if (isSeekable(value) && rows !== undefined) aWholeNumber(0, Number.MAX_SAFE_INTEGER)(rows, `${what}.rows`);
}

/** Whether a source can begin anywhere. Streams of Node's files have an `open` of another kind. */
export function isSeekable(source: unknown): boolean {
  return has(source, "open") && !has(source, "pipe");
}

/** Whether a value gives chunks as it is. */
export function areChunks(value: unknown): boolean {
  return [Symbol.asyncIterator, Symbol.iterator, "getReader"].some((name) => has(value, name));
}

function has(value: unknown, name: string | symbol): boolean {
  return typeof value === "object" && value !== null && isFunction(value[name as never]);
}
