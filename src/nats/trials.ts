// Trials of a study on many machines: a queue of them, which NATS hands out, and hands out again where a member died; results, of which the
// first one counts; and reports on the way, which the study's side judges.
import type { AckPolicy, JsMsg, RetentionPolicy } from "@nats-io/jetstream";
import { aFunction, anObjectWith } from "../check.ts";
import { DataError, WorkerError } from "../errors.ts";
import { checkOutcome, checkReport, type Objective, type Outcome, type Trial } from "../tune/trial.ts";
import { fromWire, toWire, type WireError } from "../worker/wire.ts";
import { type Place, placed, type RunOptions } from "./options.ts";
import { digestOf, fromText, toText } from "./parcel.ts";
import { Room, unlessLate } from "./room.ts";

const WORKING = 10_000; // ms of silence after which a member counts as dead
const DEATHS = 3; // over one trial

/** A trial that is to be run, and of its number and values what its result and its artifact are called. */
const aJob = { trial: 0, values: null as unknown, name: "" };

interface Result {
  readonly outcome: Outcome | { readonly value: number; readonly kept: true } | null;
  readonly error: WireError | null;
}

const aResult: Result = { outcome: null, error: null };

/** Numbers that JSON does not have come as texts. */
const aReport = { name: "", step: 0, value: null as number | string | null };
const aJudgement = { pruned: false };

/** What both sides have of a run. */
function openQueue(place: Place & { readonly run: string }) {
  const { run } = place;
  const [stream, subject] = [`simdgrad_trials_${run}`, `simdgrad.trials.${run}`];
  return Room.enter(place, "opening the queue of trials", async (room) => {
    const results = await room.bucket(`simdgrad_results_${run}`);
    const artifacts = await room.objects(`simdgrad_artifacts_${run}`);
    const retention = "workqueue" as RetentionPolicy;
    await room.manager.streams.add({ name: stream, subjects: [`${subject}.job`], retention });
    const ack_policy = "explicit" as AckPolicy;
    await room.manager.consumers.add(stream, { durable_name: "members", ack_policy, ack_wait: WORKING * 1e6 });
    return { room, subject, stream, results, artifacts };
  });
}

type Queue = Awaited<ReturnType<typeof openQueue>>;

/** Trials that run elsewhere, with the last step that each reported. */
type Running = Map<string, { readonly trial: Trial; last: number }>;

/** Opens what runs trials elsewhere: the study's side. */
export async function openTrials(place: Place & { readonly run: string }) {
  const queue = await openQueue(place);
  const running: Running = new Map();
  const callback = (_: unknown, message: Asked) => void judge(running, message);
  const reports = queue.room.connection.subscribe(`${queue.subject}.report`, { callback });
  return {
    run: (trial: Trial) => runElsewhere(queue, running, trial),
    async close() {
      reports.unsubscribe();
      await queue.room.leave();
    },
  };
}

/** The outcome of a trial, which whoever is free runs; that of an earlier time, where there is one. @throws what the objective threw */
async function runElsewhere(queue: Queue, running: Running, trial: Trial): Promise<Outcome> {
  const { room, subject, artifacts } = queue;
  const { number, values } = trial;
  const text = new TextEncoder().encode(JSON.stringify(values));
  const name = `${number}-${(await digestOf(text)).slice(0, 16)}`;
  running.set(name, { trial, last: -1 });
  try {
    const revision = await room.again("looking for a result", () => withoutResult(queue, name));
    if (revision !== undefined)
      await room.again("queueing a trial", () =>
        // What was queued before a failure would swallow a second message of the same name.
        room.js.publish(`${subject}.job`, toText({ trial: number, values, name }), { msgID: `${name}-${revision}` }),
      );
    const { outcome, error } = fromText(await resultOf(queue, name), "the result of a trial", aResult);
    if (error !== null) throw fromWire(error);
    if (typeof outcome !== "object" || outcome === null || !("kept" in outcome)) return outcome as Outcome;
    const artifact = await room.again("fetching an artifact", () => artifacts.getBlob(name));
    if (artifact === null) throw new DataError(`nats: the artifact of trial ${number} is gone`);
    return { value: outcome.value, artifact };
  } finally {
    running.delete(name);
  }
}

/**
 * Undefined where there is a result; else the revision of what was there, 0 for nothing. A failure of an earlier time goes: its reason may be
 * mended by now.
 */
async function withoutResult({ results }: Queue, name: string): Promise<number | undefined> {
  for (;;) {
    const entry = await results.get(name);
    if (entry === null) return 0;
    if (entry.operation !== "PUT") return entry.revision;
    if (fromText(entry.string(), "the result of a trial", aResult).error === null) return undefined;
    await results.delete(name, { previousSeq: entry.revision }).catch(unlessLate);
  }
}

async function resultOf({ room, results }: Queue, name: string): Promise<string> {
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

interface Asked {
  respond(text: string): boolean;
  string(): string;
}

/** A report is the trial's once; where it runs again, its first ones are known. */
async function judge(running: Running, message: Asked): Promise<void> {
  try {
    const { name, step, value } = fromText(message.string(), "a report", aReport);
    const entry = running.get(name);
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
  const queue = await openQueue(place);
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
  let job: typeof aJob;
  try {
    job = fromText(message.string(), "a trial", aJob);
  } catch {
    message.term("a foreign message");
    return;
  }
  const { trial: number, values, name } = job;
  const known = await room.again("looking for a result", () => results.get(name));
  if (known?.operation === "PUT") {
    await room.again("ending a trial", async () => message.ackAck()); // it was queued twice
    return;
  }
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
      if (answer !== undefined) pruned ||= fromText(answer.string(), "a judgement", aJudgement).pruned;
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
  await room.again(
    "storing a result",
    () => results.create(name, toText(result)).catch(unlessLate), // another member, taken for dead or not, was first
  );
  await room.again("ending a trial", async () => message.ackAck());
}
