// Fit: a training under way, as an async iterable of reports. Training never waits for its reader: what was not read yet is added up.
import { NonFiniteError } from "../errors.ts";
import type { LogRows, PlanEntry, RunHandle, RunResult } from "../runtime/executor.ts";

/** Averages over a data set. */
export type Measures = Readonly<Record<string, number>> & { readonly loss: number };

/** What happened since the last report. */
export interface Report {
  /** Steps made since fit began. */
  readonly step: number;
  /** Epochs finished since fit began. */
  readonly epoch: number;
  /** Loss of the latest step. */
  readonly loss: number;
  /** Loss of every step since the last report. */
  readonly losses: readonly number[];
  /** Means of the metrics over those steps, or over the last ones where there are none. */
  readonly metrics: Readonly<Record<string, number>>;
  /** The latest measurement on the validation data, if an epoch ended since the last report. */
  readonly validation?: Measures;
  /** One for every epoch that ended since the last report, oldest first: more than one for a slow reader alone. */
  readonly validations: readonly Measures[];
  /** Training steps of a whole fit. */
  readonly totalSteps: number;
  /** Since fit began, validation not counted. */
  readonly samplesPerSecond: number;
  /** Seconds of training since fit began, validation not counted. */
  readonly seconds: number;
}

/** What a fit runs. */
export interface FitPlan {
  readonly epochs: number;
  /** One epoch. */
  readonly plan: readonly PlanEntry[];
  readonly stepsPerEpoch: number;
  /** Samples a step, on average. */
  readonly samplesPerStep: number;
  readonly run: (plan: readonly PlanEntry[]) => RunHandle;
  readonly validate?: () => Promise<Measures>;
  readonly signal?: AbortSignal;
  /** Told of the step whose loss is not finite, before the error reaches the reader. */
  readonly onNonFinite: (step: number) => void;
  /** Lets go of what the fit alone needed. */
  readonly finish: () => Promise<void>;
}

const FRAME = 16; // ms: at most one report a frame

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
  #plan: FitPlan | undefined;
  #handle: RunHandle | undefined;
  #driver: Promise<void> | undefined;
  #ended = false;
  #paused: Promise<void> | undefined;
  #release: (() => void) | undefined;
  #step = 0;
  #epoch = 0;
  #loss = Number.NaN;
  #losses: number[] = [];
  #sums = new Map<string, number>();
  #metrics: Readonly<Record<string, number>> = {};
  #validations: Measures[] = [];
  #reported = 0;
  #fresh = false;
  /** Milliseconds spent in finished runs, and when the one under way began. */
  #spent = 0;
  #began: number | undefined;
  #wake: (() => void) | undefined;

  constructor(prepare: () => Promise<FitPlan>) {
    this.#prepare = prepare;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next report; starts the training at the first call. @throws NonFiniteError once the loss is NaN or infinite */
  async next(): Promise<IteratorResult<Report, undefined>> {
    this.#driver ??= this.#drive().finally(() => {
      this.#ended = true;
      this.#wake?.();
    });
    this.#driver.catch(() => undefined); // reported below
    const wait = FRAME - (performance.now() - this.#reported);
    if (!this.#ended && wait > 0) await this.#sleep(wait);
    while (!this.#fresh && !this.#ended) await this.#changed();
    if (!this.#fresh) {
      await this.#driver;
      return { done: true, value: undefined };
    }
    return { done: false, value: this.#take() };
  }

  /** Ends the training at the next step boundary: what leaving the loop does. */
  async return(): Promise<IteratorResult<Report, undefined>> {
    await this.stop();
    return { done: true, value: undefined };
  }

  /** Resolves when no step is being made any more; none is until resume(). */
  async pause(): Promise<void> {
    this.#paused ??= new Promise((resolve) => {
      this.#release = resolve;
    });
    await this.#handle?.pause();
  }

  /** Goes on after pause(). */
  resume(): void {
    this.#release?.();
    this.#paused = undefined;
    this.#handle?.resume();
  }

  /** Resolves when training has stopped at a step boundary. */
  async stop(): Promise<void> {
    this.#ended = true;
    this.resume();
    await this.#handle?.stop();
    await this.#driver?.catch(() => undefined);
  }

  async #drive(): Promise<void> {
    const plan = await this.#prepare();
    this.#plan = plan;
    const abort = () => void this.stop();
    if (plan.signal?.aborted) this.#ended = true;
    plan.signal?.addEventListener("abort", abort);
    try {
      for (let epoch = 0; epoch < plan.epochs && !this.#ended; epoch++) {
        await this.#paused;
        const result = await this.#watch(plan.run(plan.plan));
        if (result.stopped) return;
        this.#epoch = epoch + 1;
        if (plan.validate !== undefined && !this.#ended) this.#validations.push(await plan.validate());
        this.#fresh = true;
        this.#wake?.();
      }
    } finally {
      plan.signal?.removeEventListener("abort", abort);
      await plan.finish();
    }
  }

  /** Follows a run to its end, taking its log once a frame. */
  async #watch(handle: RunHandle): Promise<RunResult> {
    this.#handle = handle;
    this.#began = performance.now();
    let result: RunResult | undefined;
    const done = handle.done.then((value) => {
      result = value;
    });
    while (result === undefined) {
      await Promise.race([done, this.#sleep(FRAME)]);
      for (const rows of handle.takeLog()) await this.#note(rows, handle);
    }
    this.#spent = this.#elapsed();
    this.#began = undefined;
    return result;
  }

  /** Milliseconds of training, validation not counted. */
  #elapsed(): number {
    return this.#spent + (this.#began === undefined ? 0 : performance.now() - this.#began);
  }

  async #note({ names, values }: LogRows, handle: RunHandle): Promise<void> {
    const lossAt = names.indexOf("loss");
    for (let row = 0; row < values.length; row += names.length) {
      const loss = values[row + lossAt];
      if (!Number.isFinite(loss)) {
        await handle.stop();
        this.#plan?.onNonFinite(this.#step);
        throw new NonFiniteError(`the loss of step ${this.#step} is ${loss}`, this.#step);
      }
      this.#loss = loss;
      this.#losses.push(loss);
      this.#step++;
      names.forEach((name, i) => {
        if (i !== lossAt) this.#sums.set(name, (this.#sums.get(name) ?? 0) + values[row + i]);
      });
    }
    if (values.length > 0) {
      this.#fresh = true;
      this.#wake?.();
    }
  }

  #take(): Report {
    const plan = this.#plan as FitPlan;
    const losses = this.#losses;
    if (losses.length > 0)
      this.#metrics = Object.fromEntries([...this.#sums].map(([name, sum]) => [name, sum / losses.length]));
    const validations = this.#validations;
    const validation = validations.at(-1);
    this.#losses = [];
    this.#sums = new Map();
    this.#validations = [];
    this.#fresh = false;
    this.#reported = performance.now();
    const seconds = this.#elapsed() / 1000;
    return {
      step: this.#step,
      epoch: this.#epoch,
      loss: this.#loss,
      losses,
      metrics: this.#metrics,
      ...(validation && { validation }),
      validations,
      totalSteps: plan.epochs * plan.stepsPerEpoch,
      samplesPerSecond: (this.#step * plan.samplesPerStep) / seconds,
      seconds,
    };
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      setTimeout(resolve, milliseconds);
    });
  }
}
