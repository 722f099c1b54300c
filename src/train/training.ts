// A training: makes the steps of a fit, and puts together what is told of them. All epochs and their validations are one run, so that it waits
// for nobody on this side: neither for the reader, what was not read yet is added up, nor for a thread that is busy. Where something is to be
// decided between two steps, by a callback or by a reader in lockstep, it is several runs, which end there.
import { DataError, NonFiniteError } from "../errors.ts";
import type { LogRows, PlanEntry, RunHandle } from "../runtime/executor.ts";
import type { Callback, Copy, FitContext } from "./callback.ts";
import type { ExecutorCopy } from "./copies.ts";
import { type FitState, FRAME, type Measures, type Report, type Reporting } from "./fit.ts";
import { copyOf, type Epoch, type History, keep, type Part } from "./history.ts";
import { orElse } from "./load.ts";
import { onEnd } from "./on-end.ts";
import { Reports } from "./reports.ts";
import type { Trainer } from "./trainer.ts";

/** What a fit runs. */
export interface FitPlan {
  readonly epochs: number;
  /** The training steps of an epoch of this fit, counted from 0: Infinity where a stream has not told it yet. */
  readonly stepsOf: (epoch: number) => number;
  /** Of the whole fit: Infinity where a stream does not tell. */
  readonly totalSteps: number;
  /** Steps of the first epoch that an earlier fit made. */
  readonly from: number;
  /** The counter of epochs at the beginning. */
  readonly counter: number;
  /** Rows of the epoch under way that an earlier fit trained on, in data like this one's; 0 where it is not gone on with anyway. */
  readonly row: number;
  /** Rows of the data; undefined where a stream does not tell. */
  readonly rows: number | undefined;
  /** Samples of a program's step. */
  readonly rowsOf: ReadonlyMap<number, number>;
  /** Makes all steps, with what follows those of each epoch. */
  readonly all: () => Running;
  /** Makes so many steps of an epoch at the most, after others; with its last one what follows it. */
  readonly part: (after: number, most: number) => Running;
  /** The metrics over steps, out of the sums of what these logged. */
  readonly metrics: (sums: ReadonlyMap<string, number>, steps: number) => Readonly<Record<string, number>>;
  /** Whether a logged number is a mean over its step's rows, not a sum. */
  readonly isMean: (name: string) => boolean;
  /** What measures the validation data after each epoch. */
  readonly validation?: Validation;
  /** The learning rate: a number, or a program that logs that of the last step. Undefined for an optimizer that tells none. */
  readonly rate: number | PlanEntry | undefined;
  /** Names of what is measured at each step. */
  readonly measures: readonly string[];
  /** Room for a copy of the training's variables. */
  readonly newCopy: (counters: boolean) => Promise<ExecutorCopy>;
  /** Told of the step whose loss is not finite, before the error reaches the reader. */
  readonly onNonFinite: (step: number) => void;
  /** Lets go of what the fit alone needed. */
  readonly finish: () => Promise<void>;
}

/** A run, and what its first step waits for. */
export interface Running {
  readonly handle: RunHandle;
  readonly written: Promise<void>;
}

/** Measures a data set by steps whose logs are put together. */
export interface Validation {
  readonly plan: readonly PlanEntry[];
  readonly names: readonly string[];
  /** Measures of the whole data set, out of the logs of all its steps. */
  readonly measures: (log: readonly LogRows[]) => Measures;
}

/** How a fit is told of, and who decides how it goes on. */
export interface Telling {
  readonly report: Reporting;
  readonly lockstep: boolean;
  readonly callbacks: readonly Callback[];
  /** The same, as they are told how steps end: who trains with others first, while the weights are those that were trained. */
  readonly ending: readonly Callback[];
  readonly trainer: Trainer;
}

/** Losses, and validations and reports, that are kept for a reader. */
const MOST_LOSSES = 2 ** 20;
const MOST_REPORTS = 2 ** 16;

export class Training<R> {
  /** The run under way. */
  handle: RunHandle | undefined;
  readonly #plan: FitPlan;
  readonly #telling: Telling;
  readonly #history: History;
  readonly #fit: FitState;
  #step = 0;
  /** Steps of the fit that this one goes on from. */
  #before = 0;
  #loss = Number.NaN;
  #losses: number[] = [];
  /** Steps since the last report: more than losses where nobody reads. */
  #unreported = 0;
  #sums = new Map<string, number>();
  #metrics: Readonly<Record<string, number>> = {};
  /** Rows of the validation that is not complete yet. */
  #measured: LogRows[] = [];
  #validations: Measures[] = [];
  /** Whether there is something that no report has told of yet. */
  #news = false;
  /** Reports that nobody has taken yet, but those of a frame. */
  readonly #reports = new Reports<R>();
  /** Of training steps. */
  #milliseconds = 0;
  #rows = 0;
  /** Epochs whose steps are made. */
  #closed = 0;
  /** The epoch under way, and one whose steps are made, and whose validation is not. */
  #part: Part;
  #done: Part | undefined;
  #epochs = 0;
  #rate: number | undefined;
  #failure: unknown;
  /** A callback ends it. */
  #stopping = false;
  readonly #copies: ExecutorCopy[] = [];
  /** Why nobody is waited for any more, and what ends the wait for a callback. */
  #end: { readonly error: Error } | undefined;
  #leave = () => {};

  constructor(plan: FitPlan, telling: Telling, history: History, fit: FitState) {
    this.#plan = plan;
    this.#telling = telling;
    this.#history = history;
    this.#fit = fit;
    checkRows(plan, history.part);
    this.#part = plan.from > 0 && history.part?.steps === plan.from ? history.part : newPart(plan.from);
    this.#part.total = plan.rows;
    history.part = this.#part;
  }

  /** Makes all steps. */
  async run(): Promise<void> {
    const finish = async () => {
      for (const copy of this.#copies.splice(0)) await copy.dispose();
      await this.#plan.finish();
    };
    const ignore = onEnd(this.#telling.trainer.executor, (error) => void this.#fit.fail(error));
    await orElse(() => this.#train(), finish).finally(ignore);
    await finish();
  }

  /** It can make no more steps: whoever is asked how it goes on is not waited for. */
  fail(error: Error): void {
    this.#end ??= { error };
    this.#leave();
  }

  /** What a callback has given. @throws why it is not waited for any more */
  #answer<T>(given: T | Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      Promise.resolve(given).then(resolve, reject);
      this.#leave = () => reject(this.#end?.error);
      if (this.#end !== undefined) this.#leave();
    });
  }

  /** Whether there is a report to take. */
  get fresh(): boolean {
    return this.#telling.report === "frame" ? this.#news : this.#reports.count > 0;
  }

  take(): R {
    if (this.#telling.report === "frame") return this.#report() as R;
    const report = this.#reports.take();
    this.#fit.wake();
    return report;
  }

  /** Takes in what the run has logged until now. */
  note(): void {
    const plan = this.#plan;
    try {
      for (const rows of this.handle?.takeLog() ?? [])
        if (plan.rowsOf.has(rows.program)) this.#count(rows);
        else if (typeof plan.rate === "object" && rows.program === plan.rate[0]) this.#rated(rows);
        else this.#validate(rows, plan.validation as Validation);
    } catch (error) {
      this.#failure ??= error;
    }
  }

  async #train(): Promise<void> {
    const { report, lockstep, callbacks } = this.#telling;
    if (callbacks.length > 0) await this.#decided(callbacks);
    else if (lockstep && report !== "frame") await this.#inParts();
    else if (!this.#fit.ended) await this.#watch(this.#plan.all());
    if (typeof report === "number" && this.#news) this.#queue(this.#report() as R);
  }

  /** By callbacks, which are told of its end, too. */
  async #decided(callbacks: readonly Callback[]): Promise<void> {
    const context = this.#context();
    try {
      for (const callback of callbacks) await this.#answer(callback.onFitBegin?.(context));
      await this.#inParts(context);
    } catch (error) {
      await this.#ends(context, error); // the first error is the one that tells
      throw error;
    }
    const failed = await this.#ends(context, this.#end?.error);
    if (failed !== undefined) throw failed.error;
  }

  /** Tells all callbacks of the end. @returns what the first one threw that did */
  async #ends(context: FitContext, error: unknown) {
    let failed: { readonly error: unknown } | undefined;
    for (const callback of this.#telling.ending)
      try {
        await this.#answer(callback.onFitEnd?.(context, error));
      } catch (error) {
        failed ??= { error };
      }
    return failed;
  }

  /** Run by run, each to the next step after which something may be decided. */
  async #inParts(context?: FitContext): Promise<void> {
    const { epochs, from, part } = this.#plan;
    let made = from; // of the epoch under way
    for (let left = epochs; left > 0 && !this.#isOver; ) {
      const [step, epoch] = [this.#step, this.#epochs];
      const running = part(made, this.#untilBoundary());
      if (!(await this.#forgiven(this.#watch(running), context))) return;
      if ((await running.handle.done).stopped) return;
      const ends = this.#epochs > epoch;
      made = ends ? 0 : made + this.#step - step;
      if (ends) left--;
      if (context !== undefined) await this.#decide(context, ends);
      if (this.#telling.lockstep && !this.#isOver) await this.#fit.turn();
    }
  }

  /** Steps as callbacks count them. */
  get #made(): number {
    return this.#before + this.#step;
  }

  get #isOver(): boolean {
    return this.#fit.ended || this.#stopping;
  }

  /** Steps to the next report of so many in lockstep, or to the next callback. */
  #untilBoundary(): number {
    const { report, lockstep, callbacks } = this.#telling;
    const whole = lockstep && typeof report === "number" ? report - this.#unreported : Number.POSITIVE_INFINITY;
    return callbacks.reduce(
      (least, { every }) => (every ? Math.min(least, every - (this.#made % every)) : least),
      whole,
    );
  }

  async #decide(context: FitContext, ends: boolean): Promise<void> {
    for (const callback of this.#telling.callbacks) {
      if (callback.every !== undefined && this.#made % callback.every === 0)
        await this.#answer(callback.onSteps?.(context));
      if (!ends) continue;
      const epoch = copyOf(this.#history.epochs[this.#history.epochs.length - 1]);
      await this.#answer(callback.onEpochEnd?.(epoch, context));
    }
  }

  /** Whether a part is made: false if its loss is not finite, and a callback has the fit end there. */
  async #forgiven(part: Promise<void>, context: FitContext | undefined): Promise<boolean> {
    try {
      await part;
      return true;
    } catch (error) {
      if (!(error instanceof NonFiniteError) || context === undefined) throw error;
      for (const callback of this.#telling.ending)
        if (await this.#answer(callback.onNonFinite?.(error, context))) {
          this.#history.part = undefined;
          return false;
        }
      throw error;
    }
  }

  #context(): FitContext {
    const { measures, validation, newCopy, totalSteps } = this.#plan;
    const training = this;
    return {
      trainer: this.#telling.trainer,
      get step() {
        return training.#made;
      },
      get rows() {
        return training.#rows;
      },
      get totalSteps() {
        return training.#before + totalSteps;
      },
      callbacks: this.#telling.callbacks,
      goOn: (steps) => {
        this.#before = steps;
      },
      measures: [...measures, ...(validation ? validation.names.map((name) => `validation.${name}`) : [])],
      signal: this.#fit.ending.signal,
      stop: () => {
        this.#stopping = true;
        this.#fit.ending.abort();
        void this.handle?.stop().catch(() => undefined); // its end tells more
      },
      newCopy: async ({ counters = false } = {}): Promise<Copy> => {
        const copy = await newCopy(counters);
        this.#copies.push(copy);
        return copy;
      },
    };
  }

  /** Follows the run to its end, taking its log once a frame; stops it where anything fails. */
  async #watch({ handle, written }: Running): Promise<void> {
    this.handle = handle;
    if (this.#fit.paused) void handle.pause().catch(() => undefined); // its end tells more
    let open = true;
    let rise = () => {};
    const done = Promise.all([handle.done, written]).finally(() => {
      open = false;
      rise();
    });
    done.catch(() => undefined); // below
    try {
      while (open) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, FRAME);
          rise = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        if (open && this.#waitsEachFrame) await this.#turn(handle);
        else this.#look();
      }
      await done;
      this.#look(); // what came between the last look and the end
      this.handle = undefined;
    } catch (error) {
      if (this.#failure === undefined) this.note(); // the steps before it are told
      await handle.stop().catch(() => undefined);
      throw error;
    }
  }

  get #waitsEachFrame(): boolean {
    return this.#telling.lockstep && this.#telling.report === "frame";
  }

  /** Lets the reader have its turn between two steps. */
  async #turn(handle: RunHandle): Promise<void> {
    await handle.pause();
    this.#look();
    await this.#fit.turn();
    if (!this.#fit.paused) handle.resume();
  }

  /** @throws NonFiniteError */
  #look(): void {
    this.note();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Takes in training steps. @throws NonFiniteError */
  #count({ program, names, values, milliseconds }: LogRows): void {
    const { rowsOf, isMean, onNonFinite } = this.#plan;
    const { report } = this.#telling;
    const stepsPerEpoch = this.#plan.stepsOf(this.#closed); // of a stream, a log has steps of one epoch
    const lossAt = names.indexOf("loss");
    const rows = rowsOf.get(program) as number;
    const time = (milliseconds * names.length) / values.length;
    const weights = names.map((name) => (isMean(name) ? rows : 1));
    for (let row = 0; row < values.length; row += names.length) {
      const loss = values[row + lossAt];
      if (!Number.isFinite(loss)) {
        if (this.#unreported > 0) this.#tell(); // of the good ones before it
        onNonFinite(this.#step);
        throw new NonFiniteError(
          `the loss of step ${this.#step} is ${loss}; trainer.debugNonFinite() tells what made it`,
          this.#step,
        );
      }
      if (this.#unreported === report) this.#queue(this.#report() as R);
      const part = this.#part;
      this.#loss = loss;
      if (report !== "epoch") keep(this.#losses, loss, MOST_LOSSES);
      this.#unreported++;
      this.#step++;
      this.#milliseconds += time;
      this.#rows += rows;
      part.steps++;
      part.rows += rows;
      part.loss += loss * rows;
      part.milliseconds += time;
      for (let i = 0; i < names.length; i++) {
        if (i === lossAt) continue;
        const value = values[row + i];
        add(this.#sums, names[i], value);
        add(part.sums, names[i], value * weights[i]);
      }
      if (part.steps === stepsPerEpoch) this.#close();
    }
    this.#tell();
  }

  /** All steps of an epoch are made. It may be one step, of which there are a million in a second: nothing is made anew that need not be. */
  #close(): void {
    const part = this.#part;
    this.#closed++;
    const waits = this.#plan.validation !== undefined || typeof this.#plan.rate === "object";
    this.#done = waits ? { ...part, sums: new Map(part.sums) } : part;
    if (!waits) this.#finish();
    part.steps = part.rows = part.loss = part.milliseconds = 0;
    part.sums.clear();
  }

  /** The learning rate of the epoch's last step is told. */
  #rated({ values }: LogRows): void {
    this.#rate = values[values.length - 1];
    if (this.#plan.validation === undefined) this.#finish();
    this.#tell();
  }

  /** An epoch is at its end. */
  #finish(validation?: Measures): void {
    const { epochs, counters } = this.#history;
    const { loss, rows, sums, milliseconds } = this.#done as Part;
    this.#done = undefined;
    this.#epochs++;
    const { rate } = this.#plan;
    const learningRate = typeof rate === "number" ? rate : this.#rate;
    const epoch: Epoch = {
      epoch: (epochs.at(-1)?.epoch ?? 0) + 1,
      loss: loss / rows,
      metrics: this.#plan.metrics(sums, rows),
      ...(validation && { validation }),
      ...(learningRate !== undefined && { learningRate }),
      seconds: milliseconds / 1000,
    };
    keep(epochs, epoch);
    keep(counters, this.#plan.counter + this.#epochs);
    if (this.#telling.report === "epoch") this.#queue(copyOf(epoch) as R);
  }

  /** Takes in steps of a validation, which may come in several parts. */
  #validate(rows: LogRows, { plan, measures }: Validation): void {
    this.#measured.push(rows);
    const steps = this.#measured.reduce((sum, each) => sum + each.steps, 0);
    if (steps < plan.reduce((sum, [, each]) => sum + each, 0)) return;
    const validation = measures(this.#measured);
    keep(this.#validations, validation, MOST_REPORTS);
    this.#measured = [];
    this.#finish(validation);
    this.#tell();
  }

  #tell(): void {
    this.#news = true;
    // One whose epoch is being validated tells of that, too.
    if (this.#unreported === this.#telling.report && this.#done === undefined) this.#queue(this.#report() as R);
    this.#fit.wake();
  }

  #queue(one: R): void {
    const { report } = this.#telling;
    const most = typeof report === "number" ? Math.max(1, Math.floor(MOST_LOSSES / report)) : MOST_REPORTS;
    this.#reports.add(one, Math.min(MOST_REPORTS, most));
    this.#fit.wake();
  }

  #report(): Report {
    const { metrics, totalSteps } = this.#plan;
    const losses = this.#losses.slice(-MOST_LOSSES);
    const validations = this.#validations.slice(-MOST_REPORTS);
    const validation = validations.at(-1);
    const steps = this.#unreported;
    if (steps > 0) this.#metrics = metrics(this.#sums, steps);
    this.#losses = [];
    this.#unreported = 0;
    this.#sums = new Map();
    this.#validations = [];
    this.#news = false;
    const seconds = this.#milliseconds / 1000;
    return {
      step: this.#step,
      epoch: this.#closed,
      loss: this.#loss,
      losses,
      metrics: this.#metrics,
      ...(validation && { validation }),
      validations,
      totalSteps,
      samplesPerSecond: seconds > 0 ? this.#rows / seconds : 0, // clocks may be coarse
      seconds,
    };
  }
}

/** @throws DataError where the epoch under way is one of other data, by its number of rows */
function checkRows({ row, rows }: FitPlan, part: Part | undefined): void {
  const { total = rows } = part?.rows === row ? part : {};
  if (row > 0 && rows !== undefined && total !== rows)
    throw new DataError(
      `fit: the training goes on in the middle of an epoch over data of ${total} rows, and this data has ${rows}: load the same data; other data is for a new trainer that takes over the weights, by loadStateDict()`,
    );
}

/** An epoch of which nothing is known, but that so many of its steps are made. */
function newPart(steps: number): Part {
  return { steps, rows: 0, loss: 0, milliseconds: 0, sums: new Map() };
}

function add(sums: Map<string, number>, name: string, value: number): void {
  sums.set(name, (sums.get(name) ?? 0) + value);
}
