// Sources that are being read, of whatever kind they are.
import { isFunction, must } from "../check.ts";
import {
  type Awaitable,
  areChunks,
  type Chunks,
  type DataSource,
  isSeekable,
  type SeekableSource,
  type WebStream,
} from "./source.ts";

/** What a source gives next. */
export interface Next<C> {
  readonly done?: boolean | undefined;
  readonly value?: C | undefined;
}

/** Chunks that are being read. */
export interface Reading<C> {
  next(): Awaitable<Next<C>>;
  /** Lets go of the source. */
  close(): Promise<void>;
  /** Whether it is all that its source has: another reading would begin where this one ends. */
  readonly isOnce: boolean;
}

/** Opens a source; one that cannot seek, at its beginning. @throws ArgumentError for what is no iterable */
export async function openSource<C>(source: DataSource<C>, at: number, pass: number): Promise<Reading<C>> {
  if (isSeekable(source)) return readingOf(await (source as SeekableSource<C>).open(at, pass), "open", false);
  if (typeof source === "function") return readingOf(await source(pass), "the function", false);
  return readingOf(source as Chunks<C>, "it", true);
}

function readingOf<C>(chunks: Chunks<C>, giver: string, isSource: boolean): Reading<C> {
  must(areChunks(chunks), chunks, `data: what ${giver} gives`, "an (async) iterable");
  if ("getReader" in chunks) return streamed(chunks, isSource);
  const iterator = Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]();
  must(isFunction(iterator?.next), iterator, "data: the iterator", "an object with next()");
  const isOnce = isSource && (iterator as unknown) === chunks;
  return { next: () => iterator.next(), close: async () => void (await iterator.return?.()), isOnce };
}

/** A stream by its reader: its iterator would wait with its end for what it was asked for. */
function streamed<C>(stream: WebStream<C>, isSource: boolean): Reading<C> {
  const reader = stream.getReader();
  must(isFunction(reader?.read), reader, "data: the reader", "an object with read()");
  const release = () => reader.releaseLock?.();
  const next = async () => {
    const found = await reader.read();
    if (checked(found).done) release();
    return found;
  };
  const close = async () => {
    await reader.cancel();
    release();
  };
  return { next, close, isOnce: isSource };
}

/** What it gives next, without a turn of the event loop where it is there. @throws ArgumentError for what is no result of an iterator */
export function nextOf<C>(reading: Reading<C>): Awaitable<Next<C>> {
  const next = reading.next();
  return "then" in Object(next) ? (next as Promise<Next<C>>).then(checked) : checked(next as Next<C>);
}

function checked<C>(next: Next<C>): Next<C> {
  must(typeof next === "object" && next !== null, next, "data: what next() gives", "{ done, value }");
  return next;
}

/** Waits for a promise, so many milliseconds at the most; what it comes to later is told to nobody. */
export async function within(milliseconds: number, promise: Promise<unknown>): Promise<void> {
  promise.catch(() => undefined);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
