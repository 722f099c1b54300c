// What is made of sources on their way to a training: each step pulls from the one before it, one item at a time, and holds no more than it
// says. Whoever leaves closes them all.
import { aBoolean, aFunction, anInteger, aWholeNumber, checkOptions } from "../check.ts";
import { DataError, MemoryError, SimdgradError } from "../errors.ts";
import { Chance } from "./chance.ts";
import { nextOf, openSource, within } from "./reading.ts";
import { leavable, Readings } from "./readings.ts";
import { type Awaitable, aSource, type Chunks, type DataSource } from "./source.ts";

interface BatchOptions {
  /** Leaves a last batch of fewer items out. Default false. */
  readonly dropLast?: boolean;
}

interface ShuffleOptions {
  /** Of the order; each pass has another one. Default 0. */
  readonly seed?: number;
}

interface CacheOptions {
  /** Most items that are kept. Default: no end. */
  readonly most?: number;
}

interface Parallel {
  /** Calls that run at once. Default 1. */
  readonly parallel?: number;
}

/** Makes the items of a pass, and has `readings` know what it reads from. */
type Start<T> = (pass: number, readings: Readings) => AsyncGenerator<T>;

/** How a pipeline's pass is made a part of another one's. */
let startOf: <T>(pipeline: Pipeline<T>) => Start<T>;

/** What the sources of a list give. */
type Items<S extends readonly DataSource<unknown>[]> = { [K in keyof S]: S[K] extends DataSource<infer T> ? T : never };

/**
 * Items one after the other: what `pipeline` makes. Each time it is iterated over is another pass, beginning with pass 0.
 *
 * @example
 * import { pipeline } from "simdgrad/data";
 * const orders = pipeline([1, 2, 3, 4]).shuffle(4);
 * const again: number[] = [];
 * for await (const item of orders.pass(5)) again.push(item);
 * const list: number[] = [];
 * for await (const item of orders.pass(5)) list.push(item);
 * list.join() === again.join(); // => true
 */
export class Pipeline<T> implements AsyncIterable<T> {
  static {
    startOf = (pipeline) => pipeline.#start;
  }

  readonly #start: Start<T>;
  #passes = 0;

  constructor(start: Start<T>) {
    aFunction(start, "Pipeline: start");
    this.#start = start;
  }

  [Symbol.asyncIterator](): AsyncGenerator<T> {
    return this.pass(this.#passes++);
  }

  /** The items of a pass: the same ones, in the same order, whenever they are asked for. */
  pass(pass: number): AsyncGenerator<T> {
    aWholeNumber(0, Number.MAX_SAFE_INTEGER)(pass, "pass: pass");
    const readings = new Readings();
    return leavable(this.#start(pass, readings), readings);
  }

  /**
   * What a function, or an async one, makes of each item, in their order. It is called for one at a time, or for `parallel` at once, which reads as many
   * ahead; one that runs in workers (`workerFunction` of simdgrad/worker) for as many as it has. An error that simdgrad throws then says of which item it is.
   */
  map<U>(make: ((item: T, i: number) => Awaitable<U>) & Parallel, options: Parallel = {}): Pipeline<U> {
    aFunction(make, "map: make");
    checkOptions(options, "map", { parallel: aWholeNumber(1) });
    const { parallel = make.parallel ?? 1 } = options;
    aWholeNumber(1)(parallel, "map: make.parallel");
    if (parallel > 1) return this.#within((items, readings) => together(items, readings, make, parallel));
    return this.#then(async function* (items) {
      let i = 0;
      for await (const item of items) {
        let made: Awaited<U>;
        try {
          made = await make(item, i);
        } catch (error) {
          throw ofItem(error, i);
        }
        yield made;
        i++;
      }
    });
  }

  /** All that a function makes of each item, such as the rows of a table, one after the other. */
  flatMap<U>(make: (item: T, i: number) => Awaitable<Chunks<U>>): Pipeline<U> {
    aFunction(make, "flatMap: make");
    return this.#then(async function* (items, _, readings) {
      let i = 0;
      for await (const item of items) {
        const made = await make(item, i++);
        aSource(made, "flatMap: what make gives");
        yield* each(made, 0, readings);
      }
    });
  }

  /** The items for which a function, or an async one, gives true. */
  filter(keep: (item: T, i: number) => Awaitable<boolean>): Pipeline<T> {
    aFunction(keep, "filter: keep");
    return this.#then(async function* (items) {
      let i = 0;
      for await (const item of items) if (await keep(item, i++)) yield item;
    });
  }

  /** Lists of so many items; the last one may have fewer. */
  batch(size: number, options: BatchOptions = {}): Pipeline<T[]> {
    aWholeNumber(1)(size, "batch: size");
    checkOptions(options, "batch", { dropLast: aBoolean });
    return this.#then(async function* (items) {
      let batch: T[] = [];
      for await (const item of items) {
        batch.push(item);
        if (batch.length < size) continue;
        yield batch;
        batch = [];
      }
      if (batch.length > 0 && options.dropLast !== true) yield batch;
    });
  }

  /** Another order, by a buffer of so many items, as tf.data's: it is filled, then each item that comes takes the place of one that leaves. */
  shuffle(buffer: number, options: ShuffleOptions = {}): Pipeline<T> {
    aWholeNumber(1)(buffer, "shuffle: buffer");
    checkOptions(options, "shuffle", { seed: anInteger });
    return this.#then((items, pass) => shuffled(items, buffer, new Chance(options.seed ?? 0, pass)));
  }

  /** The first items; then the source is closed. */
  take(count: number): Pipeline<T> {
    aWholeNumber(0)(count, "take: count");
    return this.#then(async function* (items) {
      let left = count;
      if (left > 0)
        for await (const item of items) {
          yield item;
          if (--left === 0) return;
        }
    });
  }

  /** All but the first items, which are read all the same. */
  skip(count: number): Pipeline<T> {
    aWholeNumber(0)(count, "skip: count");
    return this.filter((_, i) => i >= count);
  }

  /** Lists of an item of each source; it ends with the first one that does. */
  zip<S extends readonly DataSource<unknown>[]>(...others: S): Pipeline<[T, ...Items<S>]> {
    for (const [i, other] of others.entries()) aSource(other, `zip: source ${i}`);
    return new Pipeline(
      (pass, readings) =>
        zipped([this, ...others].map((source) => each<unknown>(source, pass, readings))) as AsyncGenerator<
          [T, ...Items<S>]
        >,
    );
  }

  /** The items of this one, then those of each other source. */
  concat(...others: readonly DataSource<T>[]): Pipeline<T> {
    for (const [i, other] of others.entries()) aSource(other, `concat: source ${i}`);
    return new Pipeline((pass, readings) => following([this, ...others].map((source) => each(source, pass, readings))));
  }

  /** All items several times, or without an end; each time is another pass, so a shuffle before it has another order. */
  repeat(times: number = Number.POSITIVE_INFINITY): Pipeline<T> {
    if (times !== Number.POSITIVE_INFINITY) aWholeNumber(0)(times, "repeat: times");
    const start = this.#start;
    const isEndless = times === Number.POSITIVE_INFINITY;
    return new Pipeline((pass, readings) => repeated(start, times, isEndless ? pass : pass * times, readings));
  }

  /** Keeps what the first pass that comes to its end gives, for those after it. What is before it is not asked again. */
  cache(options: CacheOptions = {}): Pipeline<T> {
    checkOptions(options, "cache", { most: aWholeNumber(0) });
    const { most = Number.POSITIVE_INFINITY } = options;
    const start = this.#start;
    const kept: { items?: readonly T[] } = {};
    return new Pipeline((pass, readings) => {
      const items = kept.items === undefined ? start(pass, readings) : [];
      return remembered(items, most, kept);
    });
  }

  /** Reads so many items ahead of whoever takes them. */
  prefetch(count: number): Pipeline<T> {
    aWholeNumber(1)(count, "prefetch: count");
    return this.#within((items, readings) => prefetched(leavable(items, readings), count));
  }

  /** Items made of a pass's. */
  #then<U>(make: (items: AsyncGenerator<T>, pass: number, readings: Readings) => AsyncGenerator<U>): Pipeline<U> {
    const start = this.#start;
    return new Pipeline((pass, readings) => make(start(pass, readings), pass, readings));
  }

  /** The same of items that may be left while they are asked for: what they are read from is known apart. */
  #within<U>(make: (items: AsyncGenerator<T>, readings: Readings) => AsyncGenerator<U>): Pipeline<U> {
    const start = this.#start;
    return new Pipeline((pass, outer) => {
      const readings = outer.within();
      return make(start(pass, readings), readings);
    });
  }
}

/**
 * A pipeline over a source: an (async) iterable, a stream, a function of the pass that gives one, or a source that can seek. Its methods give
 * others: map, flatMap, filter, batch, shuffle, take, skip, zip, concat, repeat, cache and prefetch. Nothing is read before someone
 * iterates over it; `fit({ data })` takes one of chunks, `fromRows` one of rows.
 * @throws ArgumentError for what is no source
 *
 * @example
 * import { pipeline } from "simdgrad/data";
 * const batches: number[][] = [];
 * const numbers = pipeline([1, 2, 3, 4, 5, 6, 7]);
 * for await (const batch of numbers.filter((n) => n !== 4).map((n) => 10 * n).batch(4)) batches.push(batch);
 * batches; // => [[10, 20, 30, 50], [60, 70]]
 * const orders: number[] = [];
 * for await (const n of numbers.shuffle(7, { seed: 1 }).take(3).repeat(2)) orders.push(n);
 * orders.length; // => 6
 */
export function pipeline<T>(source: DataSource<T>): Pipeline<T> {
  aSource(source, "pipeline: source");
  return new Pipeline((pass, readings) => each(source, pass, readings));
}

/** What a source gives. It is closed if someone leaves before its end, or before its begin. */
function each<T>(source: DataSource<T>, pass: number, readings: Readings): AsyncGenerator<T> {
  if (source instanceof Pipeline) return startOf<T>(source)(pass, readings);
  readings.expect(source);
  return read(source, pass, readings);
}

async function* read<T>(source: DataSource<T>, pass: number, readings: Readings): AsyncGenerator<T> {
  readings.begin(source);
  const reading = await openSource(source, 0, pass);
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= reading.close();
    return closing;
  };
  let isWaiting = false; // for whoever took an item: a source that throws, or ends, is closed
  try {
    for (;;) {
      const next = nextOf(reading);
      const { done, value } = "then" in next ? await readings.during(next, close) : next;
      if (done) return;
      isWaiting = true;
      yield value as T;
      isWaiting = false;
    }
  } finally {
    if (isWaiting || closing !== undefined) await close();
  }
}

async function* following<T>(parts: readonly AsyncGenerator<T>[]): AsyncGenerator<T> {
  for (const part of parts) yield* part;
}

async function* prefetched<T>(items: AsyncGenerator<T>, count: number): AsyncGenerator<T> {
  const ahead = new Ahead(items, count);
  try {
    for (let next = await ahead.next(); next !== undefined; next = await ahead.next()) yield next.item;
  } finally {
    await ahead.close();
  }
}

async function* shuffled<T>(items: AsyncIterable<T>, size: number, chance: Chance): AsyncGenerator<T> {
  const buffer: T[] = [];
  for await (const item of items) {
    if (buffer.length < size) buffer.push(item);
    else {
      const place = chance.below(size);
      const [leaving] = buffer.splice(place, 1, item);
      yield leaving;
    }
  }
  while (buffer.length > 0) {
    const place = chance.below(buffer.length);
    const last = buffer.pop() as T;
    yield place < buffer.length ? buffer.splice(place, 1, last)[0] : last;
  }
}

async function* zipped(readings: readonly AsyncGenerator<unknown>[]): AsyncGenerator<unknown[]> {
  try {
    for (;;) {
      const row: unknown[] = [];
      for (const reading of readings) {
        const { done, value } = await reading.next();
        if (done) return;
        row.push(value);
      }
      yield row;
    }
  } finally {
    const closed = await Promise.allSettled(readings.map((reading) => reading.return(undefined)));
    const fault = closed.find(({ status }) => status === "rejected");
    if (fault !== undefined) await Promise.reject((fault as PromiseRejectedResult).reason);
  }
}

function repeated<T>(start: Start<T>, times: number, pass: number, readings: Readings): AsyncGenerator<T> {
  return again(start(pass, readings), (time) => start(pass + time, readings), times);
}

async function* again<T>(
  first: AsyncGenerator<T>,
  later: (time: number) => AsyncGenerator<T>,
  times: number,
): AsyncGenerator<T> {
  for (let time = 0; time < times; time++) {
    let isEmpty = true;
    for await (const item of time === 0 ? first : later(time)) {
      isEmpty = false;
      yield item;
    }
    if (!isEmpty) continue;
    if (time === 0) return; // nothing, however often
    throw new DataError(
      "repeat: the source gave nothing again: a generator or a stream is read once; give a function that makes one, or cache()",
    );
  }
}

/** What `make` of a map has thrown: an error of simdgrad says at which item. */
function ofItem(error: unknown, i: number): unknown {
  return error instanceof SimdgradError ? error.inside(`map: item ${i}`) : error;
}

/** What a function makes of items, in their order, where so many calls run at once. */
async function* together<T, U>(
  items: AsyncGenerator<T>,
  readings: Readings,
  make: (item: T, i: number) => Awaitable<U>,
  most: number,
): AsyncGenerator<U> {
  async function one(item: T, i: number): Promise<U> {
    try {
      return await make(item, i);
    } catch (error) {
      throw ofItem(error, i);
    }
  }
  async function* begun() {
    let i = 0;
    for await (const item of items) {
      const result = one(item, i++);
      result.catch(() => {}); // told when its turn comes
      yield { result };
    }
  }
  const ahead = new Ahead(leavable(begun(), readings), most - 1); // and one that is waited for
  try {
    for (let next = await ahead.next(); next !== undefined; next = await ahead.next()) yield await next.item.result;
  } finally {
    await ahead.close();
  }
}

async function* remembered<T>(
  items: AsyncIterable<T> | Iterable<T>,
  most: number,
  kept: { items?: readonly T[] },
): AsyncGenerator<T> {
  if (kept.items !== undefined) return yield* kept.items;
  const own: T[] = [];
  for await (const item of items) {
    if (own.length === most) throw new MemoryError(`cache: the source has more than ${most} items`);
    own.push(item);
    yield item;
  }
  kept.items ??= own;
}

/** Milliseconds in which a source that is asked ahead answers. */
const CLOSING = 1000;

/** Reads ahead: one item after the other, until so many wait. */
class Ahead<T> {
  readonly #items: AsyncGenerator<T>;
  readonly #most: number;
  readonly #waiting: { readonly item: T }[] = [];
  #pull: Promise<void> | undefined;
  #isOver = false;
  #fault: { readonly error: unknown } | undefined;

  constructor(items: AsyncGenerator<T>, most: number) {
    this.#items = items;
    this.#most = most;
  }

  /** The next item; undefined at the end. What the source threw comes after the items before it. */
  async next(): Promise<{ readonly item: T } | undefined> {
    this.#fill();
    while (this.#waiting.length === 0 && this.#pull !== undefined) await this.#pull;
    const next = this.#waiting.shift();
    this.#fill();
    if (next === undefined && this.#fault !== undefined) throw this.#fault.error;
    return next;
  }

  /** Reads no more, and closes the source: one that is asked and does not answer may take its time for that. */
  async close(): Promise<void> {
    this.#isOver = true;
    const isAsked = this.#pull !== undefined;
    const closing = this.#items.return(undefined);
    if (isAsked) await within(CLOSING, closing);
    else await closing;
  }

  #fill(): void {
    if (!this.#isOver && this.#waiting.length < this.#most) this.#pull ??= this.#read();
  }

  async #read(): Promise<void> {
    try {
      const { done, value } = await this.#items.next();
      if (done) this.#isOver = true;
      else this.#waiting.push({ item: value });
    } catch (error) {
      this.#isOver = true;
      this.#fault = { error };
    }
    this.#pull = undefined;
    this.#fill();
  }
}
