// What one pass of a pipeline reads from, so that whoever leaves it lets go of everything: of what is asked and has not answered, and of what
// nobody has begun to read.
import { isFunction } from "../check.ts";
import type { DataSource } from "./source.ts";

/** The sources of a pass. */
export class Readings {
  /** How to let go of those that nobody has begun to read. */
  readonly #expected = new Map<unknown, () => unknown>();
  /** How to let go of those that are asked for an item. Each reader waits for the end of that. */
  readonly #asked = new Set<() => Promise<void>>();
  /** Those of parts of the pass. */
  readonly #inner = new Set<Readings>();
  readonly #outer: Readings | undefined;

  constructor(outer?: Readings) {
    this.#outer = outer;
  }

  /** A source that may be read. */
  expect(source: DataSource<unknown>): void {
    const close = closerOf(source);
    if (close !== undefined) this.#expected.set(source, close);
  }

  /** It is read from now on, and closed by whoever reads it. */
  begin(source: DataSource<unknown>): void {
    this.#expected.delete(source);
  }

  /** What a source answers, which is let go of by `close` if someone leaves meanwhile. */
  async during<T>(answer: PromiseLike<T>, close: () => Promise<void>): Promise<T> {
    this.#asked.add(close);
    try {
      return await answer;
    } finally {
      this.#asked.delete(close);
    }
  }

  /** Those of a part of the pass, which may be left alone. */
  within(): Readings {
    const inner = new Readings(this);
    this.#inner.add(inner);
    return inner;
  }

  /** Lets go of all. @throws what a source throws that nobody has begun to read */
  async leave(): Promise<void> {
    if (this.#outer !== undefined) this.#outer.#inner.delete(this);
    for (const close of this.#asked) close().catch(() => undefined); // its reader tells
    const closes = [...this.#expected.values()];
    this.#expected.clear();
    const ends = [...Array.from(this.#inner, (inner) => inner.leave()), ...closes.map(async (close) => close())];
    const fault = (await Promise.allSettled(ends)).find(({ status }) => status === "rejected");
    if (fault !== undefined) await Promise.reject((fault as PromiseRejectedResult).reason);
  }
}

/** How to let go of what gives its items once; undefined for what gives them anew whenever it is asked. */
function closerOf(source: DataSource<unknown>): (() => unknown) | undefined {
  if (typeof source !== "object" || source === null) return undefined;
  if (has(source, "getReader"))
    return () => ((source as { readonly locked?: boolean }).locked ? undefined : source.getReader().cancel());
  const iterator = source as Partial<AsyncGenerator>;
  return isFunction(iterator.next) ? () => iterator.return?.(undefined) : undefined;
}

function has<N extends string>(value: object, name: N): value is Record<N, () => { cancel(): unknown }> {
  return isFunction((value as Record<string, unknown>)[name]);
}

/** Items whose readings are let go of when they end, throw, or are left. */
export function leavable<T>(items: AsyncGenerator<T>, readings: Readings): AsyncGenerator<T> {
  const told = async (step: Promise<IteratorResult<T>>): Promise<IteratorResult<T>> => {
    let next: IteratorResult<T>;
    try {
      next = await step;
    } catch (error) {
      await readings.leave().catch(() => undefined); // it tells less
      throw error;
    }
    if (next.done) await readings.leave();
    return next;
  };
  const leaving = async (leave: () => Promise<IteratorResult<T>>) => {
    const left = readings.leave();
    left.catch(() => undefined); // below
    const end = await leave();
    await left;
    return end;
  };
  // Whatever else a generator has, such as its disposal, calls these.
  return Object.assign(Object.create(items) as AsyncGenerator<T>, {
    next: () => told(items.next()),
    return: (value: unknown) => leaving(() => items.return(value)),
    throw: (error: unknown) => leaving(() => items.throw(error)),
  });
}
