// Fit: a training under way, as its caller sees it: an async iterable of reports, and a promise of what it came to. What makes the steps is
// in training.ts, loaded with the first fit.
import { aTurn } from "../runtime/turns.ts";
import type { Epoch } from "./history.ts";
import type { Training } from "./training.ts";

/** What was measured of a data set: as if all its rows were one batch. */
export type Measures = Readonly<Record<string, number>> & { readonly loss: number };

/** What happened since the last report. */
export interface Report {
  /** Steps made since fit began. */
  readonly step: number;
  /** Epochs finished since fit began. */
  readonly epoch: number;
  /** Loss of the latest step. */
  readonly loss: number;
  /** Loss of every step since the last report; of the latest 1,048,576 steps at the most. */
  readonly losses: readonly number[];
  /** The metrics over those steps, or over the last ones where there are none: means of functions; others of all rows of these steps. */
  readonly metrics: Readonly<Record<string, number>>;
  /** The latest measurement on the validation data, if an epoch ended since the last report. */
  readonly validation?: Measures;
  /**
   * One for every epoch that ended since the last report, oldest first (of the latest 65,536 at the most): more than one for a slow reader
   * alone.
   */
  readonly validations: readonly Measures[];
  /** Training steps of a whole fit. */
  readonly totalSteps: number;
  /** Since fit began; the time is that of training steps alone, without validation and pauses. */
  readonly samplesPerSecond: number;
  /** Seconds that the training steps since fit began took. */
  readonly seconds: number;
}

/** When a fit reports: once a frame at the most, after each epoch, or after so many steps. */
export type Reporting = "frame" | "epoch" | number;

/** What it then gives. */
export type ReportOf<R extends Reporting> = R extends "epoch" ? Epoch : Report;

/** Milliseconds of a frame: at most one report. */
export const FRAME = 16;

/** A fit as its trainer and its training see it. */
export interface FitState {
  /** Whether it is to end. */
  readonly ended: boolean;
  readonly paused: boolean;
  /** Aborted once it is to end before its time. */
  readonly ending: AbortController;
  /** Undefined while it is prepared. */
  readonly training: Training<unknown> | undefined;
  fail(error: Error): Promise<void>;
  /** There is news for whoever waits. */
  wake(): void;
  /** Resolves when a reader has seen all reports, and asks for the next; at once where nobody reads. */
  turn(): Promise<void>;
}

/** Milliseconds of reading, after which everything else has its turn. */
const SLICE = 10;

/** What a fit is made of. */
export interface FitParts<R> {
  readonly prepare: (fit: FitState) => Promise<Training<R>>;
  /** Has a fit be the one under way while it prepares and trains. @throws ArgumentError where another one is */
  readonly hold: (fit: FitState, train: () => Promise<void>) => Promise<void>;
  readonly signal: AbortSignal | undefined;
  /** Milliseconds from one report to the next at least. */
  readonly pace: number;
  readonly history: () => Epoch[];
}

/**
 * A training under way: what `Trainer.fit` gives. It begins with the first report that is asked for, or once it is awaited: then it goes on to
 * its end and gives the trainer's history.
 *
 * @example
 * import { Trainer } from "simdgrad";
 * import { Linear, mseLoss } from "simdgrad/nn";
 * import { sgd } from "simdgrad/optim";
 * const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(0.1) });
 * await trainer.load({ x: [[0], [1], [2]], y: [[1], [3], [5]] });
 * const training = trainer.fit({ batch: "all", epochs: 100000 });
 * for await (const { step } of training) if (step > 10) await training.stop();
 * const { done } = await training.next();
 * done; // => true
 */
export class Fit<R = Report> implements AsyncIterableIterator<R>, PromiseLike<Epoch[]>, FitState {
  readonly #parts: FitParts<R>;
  #training: Training<R> | undefined;
  #driver: Promise<void> | undefined;
  #ended = false;
  /** No step, and no report, comes any more. */
  #over = false;
  /** Why it was ended, where its reader is to know. */
  #failure: Error | undefined;
  #paused = false;
  #reported = Number.NEGATIVE_INFINITY;
  #turned = 0;
  /** Reports that are asked for and not given yet; undefined before the first. */
  #asked: number | undefined;
  /** Of those that wait for news, and of those that wait for a time. */
  readonly #waiting: (() => void)[] = [];
  readonly #sleeping = new Set<() => void>();
  /** For its training. */
  readonly ending = new AbortController();

  constructor(parts: FitParts<R>) {
    this.#parts = parts;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next report; starts the training at the first call. @throws NonFiniteError once the loss is NaN or infinite */
  async next(): Promise<IteratorResult<R, undefined>> {
    const driver = this.#begin();
    this.#asked = (this.#asked ?? 0) + 1;
    this.wake();
    try {
      // Reports that are there are read without a turn of the event loop: everything else has its own.
      if (performance.now() - this.#turned >= SLICE) {
        await aTurn();
        this.#turned = performance.now();
      }
      const wait = this.#parts.pace - (performance.now() - this.#reported);
      if (wait > 0) await this.#sleep(wait);
      while (!this.#training?.fresh && !this.#over) await this.#changed();
    } finally {
      this.#asked--;
    }
    const training = this.#training;
    if (training?.fresh) {
      this.#reported = performance.now();
      return { done: false, value: training.take() };
    }
    await driver;
    if (this.#failure !== undefined) throw this.#failure;
    return { done: true, value: undefined };
  }

  /** Ends the training at the next step boundary: what leaving the loop does. */
  async return(): Promise<IteratorResult<R, undefined>> {
    await this.stop();
    return { done: true, value: undefined };
  }

  /**
   * What `await` calls: trains to the end, and gives the trainer's history. One that was stopped or aborted has its end there.
   * @throws what the loop throws
   */
  // biome-ignore lint/suspicious/noThenProperty: a fit is awaited
  then<A = Epoch[], B = never>(
    onEnd?: ((history: Epoch[]) => A | PromiseLike<A>) | null,
    onError?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#whole().then(onEnd, onError);
  }

  /** As a promise's. */
  catch<B = never>(onError?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<Epoch[] | B> {
    return this.#whole().catch(onError);
  }

  /** As a promise's. */
  finally(onEnd?: (() => void) | null): Promise<Epoch[]> {
    return this.#whole().finally(onEnd);
  }

  /** The same as a promise: trains to the end. */
  get done(): Promise<Epoch[]> {
    return this.#whole();
  }

  async #whole(): Promise<Epoch[]> {
    await this.#begin();
    if (this.#failure !== undefined) throw this.#failure;
    return this.#parts.history();
  }

  /** Resolves when no step is being made any more; none is until resume(). */
  async pause(): Promise<void> {
    this.#paused = true;
    await this.#training?.handle?.pause();
  }

  /** Goes on after pause(). */
  resume(): void {
    this.#paused = false;
    this.#training?.handle?.resume();
  }

  /** Resolves when training has stopped at a step boundary, or has failed: whoever awaits or reads the fit gets the error. */
  async stop(): Promise<void> {
    this.#ended = true;
    this.ending.abort();
    this.wake();
    await this.#training?.handle?.stop().catch(() => undefined); // whoever awaits or reads it gets its error
    await this.#driver?.catch(() => undefined);
  }

  /** The same, with an error for whoever reads on; no callback is waited for any more. */
  fail(error: Error): Promise<void> {
    this.#failure = error;
    this.#training?.fail(error);
    return this.stop();
  }

  /** For its training and its trainer, as what follows. */
  get ended(): boolean {
    return this.#ended;
  }

  get paused(): boolean {
    return this.#paused;
  }

  get training(): Training<R> | undefined {
    return this.#training;
  }

  wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  async turn(): Promise<void> {
    while (this.#asked !== undefined && !this.#ended && (this.#asked === 0 || this.#training?.fresh))
      await this.#changed();
  }

  #begin(): Promise<void> {
    if (this.#driver === undefined) {
      this.#driver = this.#drive().finally(() => {
        this.#ended = true;
        this.#over = true;
        this.wake();
        for (const rise of this.#sleeping) rise();
      });
      this.#driver.catch(() => undefined); // told to whoever asks
    }
    return this.#driver;
  }

  async #drive(): Promise<void> {
    const { signal, hold } = this.#parts;
    const abort = () => void this.stop();
    signal?.addEventListener("abort", abort);
    if (signal?.aborted) this.#ended = true;
    try {
      if (!this.#ended) await hold(this, () => this.#train());
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  async #train(): Promise<void> {
    this.#training = await this.#parts.prepare(this);
    if (this.#failure !== undefined) this.#training.fail(this.#failure);
    await this.#training.run();
  }

  /** For so long, or to the end. */
  #sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const rise = () => {
        clearTimeout(timer);
        this.#sleeping.delete(rise);
        resolve();
      };
      const timer = setTimeout(rise, milliseconds);
      if (this.#over) rise();
      else this.#sleeping.add(rise);
    });
  }
}
