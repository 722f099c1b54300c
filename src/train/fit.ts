// Fit: a training under way, as an async iterable of reports. All its epochs and their validations are one run, so that training waits
// for nobody on this side: neither for the reader, what was not read yet is added up, nor for a thread that is busy.
import { NonFiniteError } from "../errors.ts";
import type { LogRows, PlanEntry, RunHandle } from "../runtime/executor.ts";
import { orElse } from "./load.ts";

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

/** What a fit runs. */
export interface FitPlan {
  readonly epochs: number;
  /** The training steps of one epoch. */
  readonly plan: readonly PlanEntry[];
  readonly stepsPerEpoch: number;
  /** Steps of the first epoch that an earlier fit made. */
  readonly from: number;
  /** Samples a step, on average. */
  readonly samplesPerStep: number;
  /** Runs one epoch's plan as often as told, once what comes before the first step is written. */
  readonly run: (plan: readonly PlanEntry[], repeat: number) => Running;
  /** The metrics over steps, out of the sums of what these logged. */
  readonly metrics: (sums: ReadonlyMap<string, number>, steps: number) => Readonly<Record<string, number>>;
  /** What measures the validation data after each epoch. */
  readonly validation?: Validation;
  /** Told of the step whose loss is not finite, before the error reaches the reader. */
  readonly onNonFinite: (step: number) => void;
  /** Lets go of what the fit alone needed. */
  readonly finish: () => Promise<void>;
}

/** Has a fit be the one under way while it prepares and trains. @throws ArgumentError where another one is */
type Hold = (fit: Fit, train: () => Promise<void>) => Promise<void>;

/** A run, and what its first step waits for. */
export interface Running {
  readonly handle: RunHandle;
  readonly written: Promise<void>;
}

/** Measures a data set by steps whose logs are put together. */
export interface Validation {
  readonly plan: readonly PlanEntry[];
  /** Measures of the whole data set, out of the logs of all its steps. */
  readonly measures: (log: readonly LogRows[]) => Measures;
}

const FRAME = 16; // ms: at most one report a frame

/** Losses, and validations, that are kept for a reader. */
const MOST_LOSSES = 2 ** 20;
const MOST_VALIDATIONS = 2 ** 16;

/**
 * A training under way: what `Trainer.fit` gives. It begins with the first report that is asked for.
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
export class Fit implements AsyncIterableIterator<Report> {
  readonly #prepare: () => Promise<FitPlan>;
  readonly #hold: Hold;
  readonly #signal: AbortSignal | undefined;
  #plan: FitPlan | undefined;
  #handle: RunHandle | undefined;
  #driver: Promise<void> | undefined;
  #ended = false;
  /** Why it was ended, where its reader is to know. */
  #failure: Error | undefined;
  #paused = false;
  #step = 0;
  #epoch = 0;
  #loss = Number.NaN;
  #losses: number[] = [];
  /** Steps since the last report: more than losses where nobody reads. */
  #unreported = 0;
  #sums = new Map<string, number>();
  #metrics: Readonly<Record<string, number>> = {};
  /** Rows of the validation that is not complete yet. */
  #measured: LogRows[] = [];
  #validations: Measures[] = [];
  #reported = 0;
  #fresh = false;
  /** Of training steps. */
  #milliseconds = 0;
  /** Of readers that wait for news. */
  readonly #waiting: (() => void)[] = [];

  constructor(prepare: () => Promise<FitPlan>, hold: Hold, signal?: AbortSignal) {
    this.#prepare = prepare;
    this.#hold = hold;
    this.#signal = signal;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next report; starts the training at the first call. @throws NonFiniteError once the loss is NaN or infinite */
  async next(): Promise<IteratorResult<Report, undefined>> {
    this.#driver ??= this.#drive().finally(() => {
      this.#ended = true;
      this.#wake();
    });
    this.#driver.catch(() => undefined); // reported below
    const wait = FRAME - (performance.now() - this.#reported);
    if (!this.#ended && wait > 0) await this.#sleep(wait);
    while (!this.#fresh && !this.#ended) await this.#changed();
    if (!this.#fresh) await this.#driver.catch(() => undefined); // its last steps are told before its end
    if (this.#fresh) return { done: false, value: this.#take() };
    await this.#driver;
    if (this.#failure !== undefined) throw this.#failure;
    return { done: true, value: undefined };
  }

  /** Ends the training at the next step boundary: what leaving the loop does. */
  async return(): Promise<IteratorResult<Report, undefined>> {
    await this.stop();
    return { done: true, value: undefined };
  }

  /** Resolves when no step is being made any more; none is until resume(). */
  async pause(): Promise<void> {
    this.#paused = true;
    await this.#handle?.pause();
  }

  /** Goes on after pause(). */
  resume(): void {
    this.#paused = false;
    this.#handle?.resume();
  }

  /** Resolves when training has stopped at a step boundary. */
  async stop(): Promise<void> {
    this.#ended = true;
    try {
      await this.#handle?.stop();
    } finally {
      await this.#driver?.catch(() => undefined); // the reader gets its error
    }
  }

  /** The same, with an error for whoever reads on. */
  fail(error: Error): Promise<void> {
    this.#failure = error;
    return this.stop();
  }

  async #drive(): Promise<void> {
    const abort = () => void this.stop().catch(() => undefined); // the reader gets the error
    this.#signal?.addEventListener("abort", abort);
    if (this.#signal?.aborted) this.#ended = true;
    try {
      if (!this.#ended) await this.#hold(this, () => this.#train());
    } finally {
      this.#signal?.removeEventListener("abort", abort);
    }
  }

  async #train(): Promise<void> {
    const plan = await this.#prepare();
    this.#plan = plan;
    const train = async () => {
      if (!this.#ended) await this.#watch(plan.run([...plan.plan, ...(plan.validation?.plan ?? [])], plan.epochs));
    };
    await orElse(train, plan.finish);
    await plan.finish();
  }

  /** Follows the run to its end, taking its log once a frame; stops it where anything fails. */
  async #watch({ handle, written }: Running): Promise<void> {
    this.#handle = handle;
    if (this.#paused) void handle.pause().catch(() => undefined); // its end tells more
    let open = true;
    const done = Promise.all([handle.done, written]).finally(() => {
      open = false;
    });
    try {
      while (open) {
        await Promise.race([done, this.#sleep(FRAME)]);
        this.#note(handle);
      }
      this.#note(handle); // what came between the last look and the end
    } catch (error) {
      done.catch(() => undefined);
      await handle.stop().catch(() => undefined);
      throw error;
    }
  }

  #note(handle: RunHandle): void {
    const plan = this.#plan as FitPlan;
    for (const rows of handle.takeLog())
      if (plan.plan.some(([id]) => id === rows.program)) this.#count(rows, plan);
      else this.#validate(rows, plan.validation as Validation);
  }

  /** Takes in training steps. @throws NonFiniteError */
  #count({ names, values, milliseconds }: LogRows, { from, stepsPerEpoch, onNonFinite }: FitPlan): void {
    const lossAt = names.indexOf("loss");
    this.#milliseconds += milliseconds;
    for (let row = 0; row < values.length; row += names.length) {
      const loss = values[row + lossAt];
      if (!Number.isFinite(loss)) {
        if (this.#unreported > 0) this.#tell(); // of the good ones before it
        onNonFinite(this.#step);
        throw new NonFiniteError(`the loss of step ${this.#step} is ${loss}`, this.#step);
      }
      this.#loss = loss;
      keep(this.#losses, loss, MOST_LOSSES);
      this.#unreported++;
      this.#step++;
      names.forEach((name, i) => {
        if (i !== lossAt) this.#sums.set(name, (this.#sums.get(name) ?? 0) + values[row + i]);
      });
    }
    this.#epoch = Math.floor((from + this.#step) / stepsPerEpoch);
    this.#tell();
  }

  /** Takes in steps of a validation, which may come in several parts. */
  #validate(rows: LogRows, { plan, measures }: Validation): void {
    this.#measured.push(rows);
    const steps = this.#measured.reduce((sum, each) => sum + each.steps, 0);
    if (steps < plan.reduce((sum, [, each]) => sum + each, 0)) return;
    keep(this.#validations, measures(this.#measured), MOST_VALIDATIONS);
    this.#measured = [];
    this.#tell();
  }

  #tell(): void {
    this.#fresh = true;
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #take(): Report {
    const plan = this.#plan as FitPlan;
    const losses = this.#losses.slice(-MOST_LOSSES);
    const validations = this.#validations.slice(-MOST_VALIDATIONS);
    const validation = validations.at(-1);
    const steps = this.#unreported;
    if (steps > 0) this.#metrics = plan.metrics(this.#sums, steps);
    this.#losses = [];
    this.#unreported = 0;
    this.#sums = new Map();
    this.#validations = [];
    this.#fresh = false;
    this.#reported = performance.now();
    const seconds = this.#milliseconds / 1000;
    return {
      step: this.#step,
      epoch: this.#epoch,
      loss: this.#loss,
      losses,
      metrics: this.#metrics,
      ...(validation && { validation }),
      validations,
      totalSteps: plan.epochs * plan.stepsPerEpoch - plan.from,
      samplesPerSecond: seconds > 0 ? (this.#step * plan.samplesPerStep) / seconds : 0, // clocks may be coarse
      seconds,
    };
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  #sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      setTimeout(resolve, milliseconds);
    });
  }
}

/** Puts one behind the others; of many, the older half goes. */
function keep<T>(all: T[], one: T, most: number): void {
  if (all.length === 2 * most) all.splice(0, most);
  all.push(one);
}
