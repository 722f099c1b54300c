// Trials of a study on many machines: a queue of them, which NATS hands out, and hands out again where a member died; results, of which the
// first one counts; and reports on the way, which the study's side judges.
import type { AckPolicy, JsMsg, RetentionPolicy } from "@nats-io/jetstream";
import type { KV } from "@nats-io/kv";
import type { ObjectStore } from "@nats-io/obj";
import { aFunction, anObjectWith } from "../check.ts";
import { DataError, WorkerError } from "../errors.ts";
import { checkOutcome, checkReport, type Objective, type Outcome, type Trial } from "../tune/trial.ts";
import { fromWire, toWire, type WireError } from "../worker/wire.ts";
import { type Place, placed, type RunOptions } from "./options.ts";
import { digestOf, fromText, toText } from "./parcel.ts";
import { isLate, Room } from "./room.ts";

const WORKING = 10_000; // ms of silence after which a member counts as dead
const DEATHS = 3; // over one trial

interface Job {
  readonly trial: number;
  readonly values: unknown;
  /** Of number and values: what its result and its artifact are called. */
  readonly name: string;
}

interface Result {
  readonly outcome: Outcome | { readonly value: number; readonly kept: true } | null;
  readonly error: WireError | null;
}

const aJob = { trial: "number", values: "any", name: "string" } as const;
const aResult = { outcome: "any", error: "any" } as const;
const aReport = { name: "string", step: "number", value: "any" } as const;
const aJudgement = { pruned: "boolean" } as const;

/** What both sides have of a run. */
class Queue {
  readonly room: Room;
  readonly subject: string;
  readonly stream: string;
  readonly results: KV;
  readonly artifacts: ObjectStore;

  private constructor(room: Room, run: string, results: KV, artifacts: ObjectStore) {
    this.room = room;
    this.subject = `simdgrad.trials.${run}`;
    this.stream = `simdgrad_${run}_trials`;
    this.results = results;
    this.artifacts = artifacts;
  }

  static async open(place: Place & { readonly run: string }): Promise<Queue> {
    const room = await Room.enter(place);
    const { run } = place;
    return room.again("opening the queue of trials", async () => {
      const results = await room.bucket(`simdgrad_${run}_results`);
      const queue = new Queue(room, run, results, await room.objects(`simdgrad_${run}_artifacts`));
      const { stream, subject } = queue;
      const retention = "workqueue" as RetentionPolicy;
      await room.manager.streams
        .info(stream)
        .catch(() => room.manager.streams.add({ name: stream, subjects: [`${subject}.job`], retention }));
      const consumer = {
        durable_name: "members",
        ack_policy: "explicit" as AckPolicy,
        ack_wait: WORKING * 1e6,
        max_deliver: -1,
      };
      await room.manager.consumers.info(stream, "members").catch(() => room.manager.consumers.add(stream, consumer));
      return queue;
    });
  }
}

/** Runs trials elsewhere: the study's side. */
export class TrialHost {
  readonly #queue: Queue;
  readonly #trials = new Map<string, { readonly trial: Trial; last: number }>();

  private constructor(queue: Queue) {
    this.#queue = queue;
    queue.room.connection.subscribe(`${queue.subject}.report`, { callback: (_, message) => void this.#judge(message) });
  }

  static async open(place: Place & { readonly run: string }): Promise<TrialHost> {
    return new TrialHost(await Queue.open(place));
  }

  /** The outcome of a trial, which whoever is free runs; that of an earlier time, where there is one. @throws what the objective threw */
  async run(trial: Trial): Promise<Outcome> {
    const { room, results, subject, artifacts } = this.#queue;
    const { number, values } = trial;
    const text = JSON.stringify(values);
    const name = `${number}-${(await digestOf(new TextEncoder().encode(text))).slice(0, 16)}`;
    this.#trials.set(name, { trial, last: -1 });
    try {
      if ((await room.again("looking for a result", () => results.get(name))) === null)
        await room.again("queueing a trial", () =>
          room.js.publish(`${subject}.job`, toText({ trial: number, values, name }), { msgID: name }),
        );
      const { outcome, error } = fromText<Result>(await this.#result(name), "the result of a trial", aResult);
      if (error !== null) throw fromWire(error);
      if (typeof outcome !== "object" || outcome === null || !("kept" in outcome)) return outcome as Outcome;
      const artifact = await room.again("fetching an artifact", () => artifacts.getBlob(name));
      if (artifact === null) throw new DataError(`nats: the artifact of trial ${number} is gone`);
      return { value: outcome.value, artifact };
    } finally {
      this.#trials.delete(name);
    }
  }

  async #result(name: string): Promise<string> {
    const { room, results } = this.#queue;
    for (;;) {
      const found = await room.again("waiting for a result", async () => {
        const watch = await results.watch({ key: name });
        const timer = setTimeout(() => watch.stop(), WORKING); // and looks anew: the server may have been another in between
        try {
          for await (const entry of watch) if (entry.operation === "PUT") return entry.string();
          return undefined;
        } finally {
          clearTimeout(timer);
          watch.stop();
        }
      });
      if (found !== undefined) return found;
    }
  }

  /** A report is the trial's once; where it runs again, its first ones are known. */
  async #judge(message: { respond(text: string): boolean; string(): string }): Promise<void> {
    try {
      const { name, step, value } = fromText<{ name: string; step: number; value: number | string }>(
        message.string(),
        "a report",
        aReport,
      );
      const entry = this.#trials.get(name);
      if (entry === undefined) return;
      if (step > entry.last) {
        entry.last = step;
        await entry.trial.report(step, Number(value));
      }
      message.respond(toText({ pruned: entry.trial.shouldPrune() }));
    } catch {
      // foreign, or the study is over: the member asks again, or goes on without
    }
  }

  async close(): Promise<void> {
    await this.#queue.room.leave();
  }
}

/** What a member runs for a study elsewhere. */
export interface ServeTrialsOptions<V = unknown> extends RunOptions {
  readonly objective: Objective<V>;
  /** Ends the member once the trial that it runs has ended. */
  readonly signal?: AbortSignal;
  /** Told before each trial. */
  readonly onTrial?: (trial: number) => void;
}

/**
 * Runs trials of a study that `study.trials(n, { distribute: nats({ ... }) })` gives out, one after the other, until the signal. Where this
 * member dies, another one gets its trial.
 * @throws ArgumentError for options that do not fit, NetworkError where the server refuses or stays away
 *
 * @example
 * import { serveTrials } from "simdgrad/nats";
 * const member = (signal: AbortSignal) =>
 *   serveTrials<{ rate: number }>({
 *     servers: "nats://127.0.0.1:4222",
 *     run: "search",
 *     objective: ({ values }) => Math.abs(values.rate - 0.1),
 *     signal,
 *   });
 * typeof member; // => "function"
 */
export async function serveTrials<V = unknown>(options: ServeTrialsOptions<V>): Promise<void> {
  const checks = {
    objective: aFunction,
    signal: anObjectWith("an AbortSignal", "addEventListener"),
    onTrial: aFunction,
  };
  const place = placed(options, "serveTrials", checks, "run", "objective");
  const { objective, signal, onTrial } = options;
  const queue = await Queue.open(place);
  const { room, stream } = queue;
  try {
    while (signal?.aborted !== true) {
      const message = await room.again("waiting for a trial", async () =>
        (await room.js.consumers.get(stream, "members")).next({ expires: 2000 }),
      );
      if (message === null) continue;
      const working = setInterval(() => message.working(), WORKING / 3);
      try {
        await runOne(queue, message, objective as Objective, onTrial);
      } finally {
        clearInterval(working);
      }
    }
  } finally {
    await room.leave();
  }
}

async function runOne(
  { room, subject, results, artifacts }: Queue,
  message: JsMsg,
  objective: Objective,
  onTrial?: (trial: number) => void,
): Promise<void> {
  let job: Job;
  try {
    job = fromText<Job>(message.string(), "a trial", aJob);
  } catch {
    message.term("a foreign message");
    return;
  }
  const { trial: number, values, name } = job;
  let pruned = false;
  let last: number | undefined;
  const trial: Trial = {
    number,
    values,
    async report(step, value) {
      checkReport(step, value, last);
      last = step;
      const text = toText({ name, step, value: Number.isFinite(value) ? value : String(value) });
      // Without an answer, as where the study's side is away, the trial goes on: it would be judged at its next report.
      const answer = await room.connection.request(`${subject}.report`, text, { timeout: 2000 }).catch(() => undefined);
      if (answer !== undefined)
        pruned ||= fromText<{ pruned: boolean }>(answer.string(), "a judgement", aJudgement).pruned;
    },
    shouldPrune: () => pruned,
  };
  let result: Result;
  try {
    if (message.info.deliveryCount > DEATHS) throw new WorkerError(`${DEATHS} members died over trial ${number}`);
    onTrial?.(number);
    const outcome = await objective(trial);
    checkOutcome(outcome, "trials: what the objective gives");
    const { value, artifact } = typeof outcome === "object" ? outcome : { value: 0, artifact: undefined };
    if (artifact !== undefined) await room.again("storing an artifact", () => artifacts.putBlob({ name }, artifact));
    result = { outcome: artifact === undefined ? outcome : { value, kept: true }, error: null };
  } catch (error) {
    result = { outcome: null, error: toWire(error) };
  }
  await room.again("storing a result", () =>
    results.create(name, toText(result)).catch((error: unknown) => {
      if (!isLate(error)) throw error; // another member, taken for dead or not, was first
    }),
  );
  await room.again("ending a trial", async () => message.ackAck());
}
