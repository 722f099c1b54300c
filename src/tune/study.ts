// A study: what is searched, how, and all trials so far. Who runs the trials is another matter: whoever asks and tells.
import {
  anInteger,
  anObjectWith,
  aRecordOf,
  aText,
  type Checks,
  checkOptions,
  isRecord,
  must,
  oneOf,
} from "../check.ts";
import { ArgumentError, DataError } from "../errors.ts";
import { bayesian } from "./bayesian.ts";
import { type Dimension, dimensionsOf, faultOf } from "./dimensions.ts";
import { Draws } from "./draws.ts";
import { checksum, type Event, type Header, hex, Journal, VERSION } from "./journal.ts";
import { Ledger } from "./ledger.ts";
import type { Pruner } from "./pruner.ts";
import { type ArtifactNote, bestOf, loss, type Mode, type TrialRecord } from "./record.ts";
import { runTrials, type TrialsOptions } from "./run.ts";
import type { Sampler } from "./sampler.ts";
import { checkSpace, type Space, type Values } from "./space.ts";
import { memoryStorage, type StudyStorage } from "./storage.ts";
import { checkOutcome, checkReport, type Outcome, type Trial } from "./trial.ts";

/** What is searched, and how. */
export interface StudyOptions<S extends Space> {
  readonly space: S;
  /** Whether small or large values are wanted; default "min". */
  readonly mode?: Mode;
  /** Default `bayesian()`. */
  readonly sampler?: Sampler;
  /** Default: no trial is given up. */
  readonly pruner?: Pruner;
  /** Of everything that is drawn; default 0. */
  readonly seed?: number;
  /** What values depend on beside the space, such as a checksum of the data: a study that is stored with others is refused. */
  readonly conditions?: Readonly<Record<string, string | number | boolean>>;
  /** Where the study is kept, and goes on from; default: memory. */
  readonly storage?: StudyStorage;
}

const checks: Checks<StudyOptions<Space>> = {
  space: (value) => checkSpace(value, "openStudy: space"),
  mode: oneOf("min", "max"),
  sampler: anObjectWith("a sampler, such as bayesian(), random() or grid()", "suggest"),
  pruner: anObjectWith("a pruner, such as asha() or median()", "shouldPrune"),
  seed: anInteger,
  conditions: aRecordOf(aCondition),
  storage: anObjectWith(
    'a storage, such as fileStorage("study.jsonl")',
    ...(["read", "append", "truncate", "keepArtifact", "readArtifact", "dropArtifact"] as const),
  ),
};

function aCondition(value: unknown, what: string): void {
  const isOne = typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
  must(isOne, value, what, "a text, a finite number, true or false");
}

/**
 * Begins a study, or goes on with the one that its storage holds: with all trials that were told, and with those that were running, which
 * `ask` gives again, with the same numbers and values, before others. One seed, asked and told in one order, gives the same trials; a
 * study that was
 * interrupted goes on with those that it would have had.
 * @throws ArgumentError for a space that is none, and for a space or conditions that are not those that are stored; DataError saying which
 * line of what is stored is wrong
 *
 * @example
 * import { choice, logUniform, openStudy } from "simdgrad/tune";
 * const study = await openStudy({ space: { rate: logUniform(1e-4, 1), size: choice([16, 32]) }, seed: 7 });
 * for (let i = 0; i < 20; i++) {
 *   const trial = await study.ask();
 *   const { rate, size } = trial.values; // of the types number and 16 | 32
 *   await study.tell(trial, Math.abs(Math.log10(rate) + 2) + 1 / size);
 * }
 * Math.abs(Math.log10(study.best?.values.rate ?? 1) + 2) < 0.1; // => true
 */
export async function openStudy<const S extends Space>(options: StudyOptions<S>): Promise<Study<S>> {
  checkOptions<StudyOptions<Space>>(options, "openStudy", checks, "space");
  return Study.open(options);
}

/** Parameters' forms, or conditions, by their names. */
type Parts = Readonly<Record<string, string | number | boolean>>;

/** How `openStudy` names a study's parameters in its file. */
function formsOf(dimensions: readonly Dimension[]): Readonly<Record<string, string>> {
  return Object.fromEntries(dimensions.map(({ path, leaf }) => [path, leaf.form]));
}

/**
 * A search for values, which openStudy gives: it is asked for trials and told how they end, or runs them itself.
 *
 * @example
 * import { integer, openStudy } from "simdgrad/tune";
 * const study = await openStudy({ space: { n: integer(1, 100) }, mode: "max" });
 * const trial = await study.ask();
 * await study.tell(trial, 2 * trial.values.n);
 * study.best?.value === 2 * trial.values.n; // => true
 * (await study.trials(5, { objective: ({ values }) => values.n })).length; // => 5
 */
export class Study<S extends Space> {
  readonly space: S;
  readonly mode: Mode;
  readonly #dimensions: readonly Dimension[];
  readonly #sampler: Sampler;
  readonly #pruner: Pruner | undefined;
  readonly #seed: number;
  readonly #conditions: StudyOptions<S>["conditions"];
  readonly #storage: StudyStorage;
  readonly #journal: Journal;
  readonly #ledger: Ledger<S>;
  /** Trials that ran when the study was interrupted. */
  readonly #interrupted: number[] = [];
  /** Trials whose end is being written. */
  readonly #ending = new Set<number>();
  /** One artifact is written after the other. */
  #artifacts: Promise<unknown> = Promise.resolve();
  /** Trials whose artifacts are in the storage. */
  readonly #kept = new Set<number>();
  /** What takes back those events that are not stored yet, the oldest first. */
  readonly #unstored: (() => void)[] = [];

  private constructor(options: StudyOptions<S>) {
    const { space, mode = "min", sampler = bayesian(), pruner, seed = 0, conditions, storage } = options;
    this.space = space;
    this.mode = mode;
    this.#dimensions = dimensionsOf(space);
    this.#sampler = sampler;
    this.#pruner = pruner;
    this.#seed = seed;
    this.#conditions = conditions;
    this.#storage = storage ?? memoryStorage();
    this.#journal = new Journal(this.#storage);
    this.#ledger = new Ledger(space, this.#dimensions);
  }

  /** For openStudy, which checks the options. */
  static async open<S extends Space>(options: StudyOptions<S>): Promise<Study<S>> {
    const study = new Study(options);
    study.#sampler.count?.(study.space); // a space that it cannot search is refused before anything is written
    await study.#load();
    return study;
  }

  async #load(): Promise<void> {
    const [header, ...events] = await this.#journal.read();
    if (header !== undefined) this.#checkHeader(header.content);
    for (const { number, content } of events) {
      const fault = this.#ledger.replay(content);
      if (fault !== undefined) throw this.#journal.fault(number, fault);
    }
    await this.#journal.mend();
    if (header === undefined) {
      const [mode, seed, sampler] = [this.mode, this.#seed, this.#sampler.name];
      const space = formsOf(this.#dimensions);
      const conditions = this.#conditions && { conditions: this.#conditions };
      await this.#journal.add({ simdgradStudy: VERSION, mode, seed, sampler, ...conditions, space });
    }
    for (const record of this.history) {
      if (record.state === "running") this.#interrupted.push(record.number);
      else if (record.artifact !== undefined) this.#kept.add(record.number); // a crash may have been before it was dropped
    }
    await this.#dropOthers();
  }

  /** Drops all artifacts but that of the best trial. */
  async #dropOthers(): Promise<void> {
    const best = this.best?.number;
    for (const number of this.#kept) {
      if (number === best) continue;
      await this.#storage.dropArtifact(number);
      this.#kept.delete(number);
    }
  }

  #checkHeader(content: object): void {
    const { simdgradStudy, mode, space, conditions } = content as Partial<Header>;
    if (simdgradStudy !== VERSION)
      throw this.#journal.fault(1, `is of version ${simdgradStudy} of the format; this one reads version ${VERSION}`);
    const { name } = this.#storage;
    if (mode !== this.mode)
      throw new ArgumentError(`openStudy: ${name} is a study with mode "${mode}", not "${this.mode}"`);
    this.#checkParts(space, formsOf(this.#dimensions), "searched");
    const wanted = this.#conditions;
    if (wanted !== undefined) this.#checkParts(conditions, wanted, "given");
  }

  /** @throws ArgumentError for the first of the parts that is not the one that is stored */
  #checkParts(given: Parts | undefined, wanted: Parts, done: string): void {
    const { name } = this.#storage;
    const stored = given ?? {};
    for (const part of new Set([...Object.keys(stored), ...Object.keys(wanted)])) {
      const [theirs, ours] = [stored, wanted].map((parts) => (Object.hasOwn(parts, part) ? parts[part] : undefined));
      if (theirs === ours) continue;
      const what =
        theirs === undefined
          ? `without ${part}, which is ${ours} here`
          : `of ${part} ${theirs}, ${ours === undefined ? `which is not ${done} here` : `not ${ours}`}`;
      throw new ArgumentError(`openStudy: ${name} is a study ${what}`);
    }
  }

  /** All trials in the order of their numbers, those that run included. */
  get history(): readonly TrialRecord<Values<S>>[] {
    return [...this.#ledger.records];
  }

  /** The best of the complete trials, undefined before there is one. */
  get best(): TrialRecord<Values<S>> | undefined {
    return bestOf(this.#ledger.records, this.mode);
  }

  /** How many trials there may be at the most: a grid ends. */
  get #limit(): number {
    return this.#sampler.count?.(this.space) ?? Number.POSITIVE_INFINITY;
  }

  /**
   * A trial to run: one that was interrupted, or the next one that the sampler chooses. It is stored before it is given.
   * @throws ArgumentError where a grid has no further ones
   */
  async ask(): Promise<Trial<Values<S>>> {
    const again = this.#interrupted.shift();
    if (again !== undefined) {
      try {
        await this.#storage.dropArtifact(again); // the crash may have been between it and the line that speaks of it
        return await this.#begin({ trial: again, again: true });
      } catch (error) {
        this.#interrupted.unshift(again);
        throw error;
      }
    }
    const { records } = this.#ledger;
    const number = records.length;
    if (number >= this.#limit)
      throw new ArgumentError(`ask: the ${this.#sampler.name} has ${this.#limit} trials, and all of them were given`);
    const [space, dimensions, mode] = [this.space, this.#dimensions, this.mode];
    const ask = this.#sampler.suggest({
      number,
      space,
      dimensions,
      records,
      mode,
      draws: new Draws(this.#seed, number),
    });
    const fault = isRecord(ask) ? faultOf(this.#dimensions, ask) : "no values";
    if (fault !== undefined) throw new ArgumentError(`ask: what the sampler ${this.#sampler.name} gives: ${fault}`);
    return this.#begin({ trial: number, ask: { ...ask } });
  }

  async #begin(event: Event): Promise<Trial<Values<S>>> {
    await this.#happen(event);
    const { number, values } = this.#ledger.records[event.trial];
    let isPruned = false;
    return {
      number,
      values,
      report: async (step, value) => {
        const record = this.#running(number, "report");
        checkReport(step, value, record.reports.at(-1)?.step);
        const stored = this.#happen({ trial: number, step, report: Number.isFinite(value) ? value : String(value) });
        stored.catch(() => {}); // who does not wait for it hears of it when the trial is told
        const records = this.#ledger.records;
        isPruned ||= this.#pruner?.shouldPrune(records[number], records, this.mode) ?? false;
        await stored;
      },
      shouldPrune: () => isPruned,
    };
  }

  /** Makes an event happen, which is as if it had not where it cannot be stored. */
  #happen(event: Event): Promise<void> {
    const stored = this.#journal.add(event);
    this.#unstored.push(this.#ledger.do(event));
    return stored.then(
      () => void this.#unstored.shift(),
      (error) => {
        for (const undo of this.#unstored.splice(0).reverse()) undo(); // what came after it is not stored, either
        throw error;
      },
    );
  }

  #running(number: number, name: string): TrialRecord<Values<S>> {
    const record = this.#ledger.records[number];
    if (record === undefined) throw new ArgumentError(`${name}: there is no trial ${number}`);
    if (record.state !== "running") throw new ArgumentError(`${name}: trial ${number} is ${record.state}`);
    if (this.#ending.has(number)) throw new ArgumentError(`${name}: trial ${number} has ended`);
    return record;
  }

  /**
   * Ends a trial, by itself or by its number: with a number, with one and an artifact, which is kept if this is the best trial so far, as
   * "pruned" or as "failed", with a reason. It is stored when the promise resolves.
   * @throws ArgumentError for a trial that does not run, and for values that are no finite numbers
   */
  async tell(trial: Trial<Values<S>> | number, outcome: Outcome, reason = "no reason was given"): Promise<void> {
    const number = typeof trial === "number" ? trial : trial?.number;
    this.#running(number, "tell");
    checkOutcome(outcome, "tell: the outcome");
    aText(reason, "tell: the reason");
    const place = this.#interrupted.indexOf(number);
    if (place >= 0) this.#interrupted.splice(place, 1); // it ran on elsewhere
    if (outcome === "pruned") return this.#happen({ trial: number, pruned: true });
    if (outcome === "failed") return this.#happen({ trial: number, failed: reason });
    if (typeof outcome === "number") return this.#happen({ trial: number, tell: outcome });
    const { value, artifact } = outcome;
    if (artifact === undefined) return this.#happen({ trial: number, tell: value });
    this.#ending.add(number);
    const own = new Uint8Array(artifact); // it counts as it is now; slice() of a Node Buffer copies nothing
    const told = this.#artifacts.then(() => this.#keep(number, value, own)).finally(() => this.#ending.delete(number));
    this.#artifacts = told.catch(() => {});
    return told;
  }

  /** Ends a trial with an artifact: first the artifact, then the line that speaks of it, then the one before is dropped. */
  async #keep(number: number, value: number, artifact: Uint8Array): Promise<void> {
    const before = this.best;
    const isBetter = before?.value === undefined || loss(value, this.mode) < loss(before.value, this.mode);
    if (!isBetter) return this.#happen({ trial: number, tell: value });
    const note: ArtifactNote = { bytes: artifact.length, sum: hex(checksum(artifact)) };
    await this.#storage.keepArtifact(number, artifact);
    await this.#happen({ trial: number, tell: value, artifact: note });
    this.#kept.add(number);
    await this.#dropOthers();
  }

  /**
   * What came with the best trial, undefined where nothing did.
   * @throws DataError where it is not what was kept
   */
  async bestArtifact(): Promise<Uint8Array | undefined> {
    const { best } = this;
    if (best?.artifact === undefined) return undefined;
    const { bytes, sum } = best.artifact;
    const found = await this.#storage.readArtifact(best.number);
    const what = `${this.#storage.name}: the artifact of trial ${best.number}`;
    if (found === undefined) throw new DataError(`${what} is missing`);
    if (found.length !== bytes) throw new DataError(`${what} has ${found.length} bytes, not ${bytes}`);
    if (hex(checksum(found)) !== sum) throw new DataError(`${what} was changed: its checksum does not fit`);
    return found;
  }

  /**
   * Runs trials until the study has `count` of them, those of earlier times included, so that a script that is started again finishes
   * what is left. A trial whose loss becomes NaN or infinite has failed, and the next one begins; other errors of the objective end the
   * search, after the
   * trials beside it have ended.
   * @returns all trials
   * @throws ArgumentError for impossible options, WorkerError where workers cannot be started, and what the objective throws
   */
  async trials(count: number, options: TrialsOptions<Values<S>>): Promise<readonly TrialRecord<Values<S>>[]> {
    const isEnough = (most: number) =>
      this.#ledger.records.length - this.#interrupted.length >= Math.min(most, this.#limit);
    await runTrials(this, count, options, isEnough, (trial) => this.#interrupted.push(trial));
    return this.history;
  }
}
