// Trials one after the other, or several at a time: in this thread, or each in a worker.
import { aFunction, anObjectWith, aWholeNumber, checkOptions, must } from "../check.ts";
import { ArgumentError, NonFiniteError, WorkerError } from "../errors.ts";
import type { AnyWorker } from "../worker/workers.ts";
import { TrialWorker } from "./host.ts";
import type { Space, Values } from "./space.ts";
import type { Study } from "./study.ts";
import { checkOutcome, nonFiniteOf, type Objective, type Outcome, type Trial } from "./trial.ts";

/** What runs the trials of a study. */
export interface TrialsOptions<V> {
  /** Runs in this thread. Either this or `module` is given. */
  readonly objective?: Objective<V>;
  /**
   * Runs in workers: the address of a module that calls `serveObjective`, such as `new URL("./objective.js", import.meta.url)`, or a
   * function that starts a worker with such a module, in the form that bundlers recognise.
   */
  readonly module?: URL | (() => AnyWorker);
  /** Runs on other machines, such as by `nats({ ... })` of simdgrad/nats: `workers` says how many are given out at a time. */
  readonly distribute?: TrialDistribution;
  /** How many trials run at a time, each in a worker of its own with `module`; default 1. */
  readonly workers?: number;
  /** Milliseconds in which a module is to call `serveObjective`: what it loads before counts. Default 60,000. */
  readonly patience?: number;
  /**
   * Ends the search once the trials that run have ended. Those that run elsewhere have two seconds for that; whoever goes on with the search
   * later has them first.
   */
  readonly signal?: AbortSignal;
  /** Which errors of an objective are the failure of one trial; default: a NonFiniteError. Others end the search. */
  readonly tolerate?: (error: unknown) => boolean;
}

/** Who runs trials elsewhere. */
export interface TrialDistribution {
  /** Opens what is common to the trials of one search. After the signal what is waited for is undefined soon: the trial has not ended. */
  openTrials(
    signal?: AbortSignal,
  ): Promise<{ run(trial: Trial): Promise<Outcome | undefined>; close(): Promise<void> } | undefined>;
}

/** Workers that may die one after the other. */
const DEATHS = 3;

/** Whatever runs one trial after the other. */
interface Lane<V> {
  /** Before a trial is asked for. */
  ready(): Promise<void>;
  run(trial: Trial<V>): Promise<Outcome>;
  end(): Promise<void>;
}

/**
 * Runs trials until there are `count`; `isEnough` says whether so many were begun, or all that there are. `leave` is told of a trial that goes
 * on without this search.
 */
export async function runTrials<S extends Space>(
  study: Study<S>,
  count: number,
  options: TrialsOptions<Values<S>>,
  isEnough: (count: number) => boolean,
  leave: (trial: number) => void,
): Promise<void> {
  aWholeNumber(1)(count, "trials: the number of trials");
  checkOptions(options, "trials", {
    objective: aFunction,
    module: (value, what) =>
      must(
        value instanceof URL || typeof value === "function",
        value,
        what,
        "a URL, or a function that starts a worker",
      ),
    distribute: anObjectWith("what runs trials elsewhere, such as nats({ ... })", "openTrials"),
    workers: aWholeNumber(1, 1024),
    patience: aWholeNumber(1),
    signal: anObjectWith("an AbortSignal", "addEventListener", "throwIfAborted"),
    tolerate: aFunction,
  });
  const { objective, module, distribute, workers = 1, patience, signal } = options;
  const { tolerate = (error) => error instanceof NonFiniteError } = options;
  if ([objective, module, distribute].filter((each) => each !== undefined).length !== 1)
    throw new ArgumentError("trials: either an objective, the module of one, or distribute is to be given");
  if (module === undefined && options.patience !== undefined)
    throw new ArgumentError("trials: patience says nothing without a module, which is waited for");
  let isOver = false;
  const isDone = () => isOver || signal?.aborted === true || isEnough(count);
  const elsewhere = isDone() ? undefined : await distribute?.openTrials(signal);
  const laneOf = (): Lane<Values<S>> => {
    if (elsewhere !== undefined) return away((trial) => elsewhere.run(trial));
    if (module === undefined) return here(objective as Objective<Values<S>>);
    return inWorker(module, (worker) => worker.begin(patience, signal));
  };
  const lanes = Array.from({ length: isDone() ? 0 : Math.min(workers, count) }, async () => {
    const lane = laneOf();
    try {
      while (!isDone()) {
        await lane.ready();
        if (!isDone()) await runOne(study, lane, tolerate, leave);
      }
    } catch (error) {
      isOver = true;
      throw error;
    } finally {
      await lane.end();
    }
  });
  const ends = await Promise.allSettled(lanes);
  await elsewhere?.close();
  const failed = ends.find((end) => end.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

async function runOne<S extends Space>(
  study: Study<S>,
  lane: Lane<Values<S>>,
  tolerate: (error: unknown) => boolean,
  leave: (trial: number) => void,
): Promise<void> {
  const trial = await study.ask();
  let outcome: Outcome;
  try {
    outcome = await lane.run(trial);
    const broken = nonFiniteOf(outcome);
    if (broken !== undefined) {
      await study.tell(trial, "failed", `the objective gave ${broken}`);
      return;
    }
    checkOutcome(outcome, "trials: what the objective gives");
  } catch (error) {
    if (error instanceof Unended) return leave(trial.number);
    await study.tell(trial, "failed", error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    if (error instanceof Died || tolerate(error)) return;
    throw error;
  }
  await study.tell(trial, outcome);
}

function here<V>(objective: Objective<V>): Lane<V> {
  return { ready: async () => {}, run: async (trial) => objective(trial), end: async () => {} };
}

/** Nobody waits for a trial any more that runs elsewhere. */
class Unended extends Error {}

function away<V>(run: (trial: Trial<V>) => Promise<Outcome | undefined>): Lane<V> {
  return here(async (trial) => {
    const outcome = await run(trial);
    if (outcome === undefined) throw new Unended();
    return outcome;
  });
}

/** A worker died over a trial: the next one goes on. */
class Died extends Error {}

function inWorker<V>(module: URL | (() => AnyWorker), begin: (worker: TrialWorker) => Promise<void>): Lane<V> {
  let worker: TrialWorker | undefined;
  let deaths = 0;
  return {
    async ready() {
      if (worker?.ended === false) return;
      worker = new TrialWorker(module);
      await begin(worker);
    },
    async run(trial) {
      try {
        const outcome = await (worker as TrialWorker).run(trial);
        deaths = 0;
        return outcome;
      } catch (error) {
        if (!(error instanceof WorkerError) || worker?.ended !== true || ++deaths >= DEATHS) throw error;
        throw new Died(error.message, { cause: error });
      }
    },
    end: async () => worker?.end(),
  };
}
