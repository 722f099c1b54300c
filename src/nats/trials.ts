// Trials of a study on many machines: a queue of them, which NATS hands out, and hands out again where a member died; results, of which the
// first one counts; and reports on the way, which the study's side judges.
import type { AckPolicy, JsMsg, RetentionPolicy } from "@nats-io/jetstream";
import { aFunction, anObjectWith } from "../check.ts";
import { WorkerError } from "../errors.ts";
import { checkOutcome, checkReport, nonFiniteOf, type Objective, type Outcome, type Trial } from "../tune/trial.ts";
import { fromWire } from "../worker/wire.ts";
import { Objects } from "./objects.ts";
import { type Place, placed, type RunOptions } from "./options.ts";
import { digestOf, fromText, toText } from "./parcel.ts";
import { Left, Room, unlessLate, unlessLeft, wait, within } from "./room.ts";
import { aResult, failureOf, type Kept, type Result, resultFrom, resultOf, resultText } from "./trial-result.ts";

const WORKING = 10_000; // ms of silence after which a member counts as dead
const DEATHS = 3; // over one trial
const EXPIRES = 2000; // ms for which a member asks for a trial
const HELD = 100; // ms after which a trial that nobody has begun is none of this member's
const LOOK = 2000; // ms from one look at whether a trial is queued to the next

/** A trial that is to be run, and of its number and values what its subject, its result and its artifact are called. */
const aJob = { trial: 0, values: null as unknown, name: "" };
type Job = Readonly<typeof aJob>;

/** Numbers that JSON does not have come as texts. */
const aReport = { name: "", step: 0, value: null as number | string | null };
const aJudgement = { pruned: false };

/** What both sides have of a run. */
function openQueue(place: Place & { readonly run: string }, signal?: AbortSignal) {
  const { run } = place;
  const [stream, subject, bucket] = [`simdgrad_trials_${run}`, `simdgrad.trials.${run}`, `simdgrad_artifacts_${run}`];
  const open = async (room: Room) => {
    const results = await room.bucket(`simdgrad_results_${run}`);
    const artifacts = await room.objects(bucket);
    const retention = "workqueue" as RetentionPolicy;
    await room.manager.streams.add({ name: stream, subjects: [`${subject}.job.*`], retention });
    const ack_policy = "explicit" as AckPolicy;
    await room.manager.consumers.add(stream, { durable_name: "members", ack_policy, ack_wait: WORKING * 1e6 });
    return { results, artifacts };
  };
  return Room.enter(
    place,
    "opening the queue of trials",
    async (room) => {
      /** Does it again and again, and makes anew meanwhile what the server has lost. */
      const again = <T>(what: string, action: () => Promise<T>): Promise<T> =>
        room.again(what, () =>
          action().catch(async (error) => {
            await open(room).catch(() => undefined); // what is wrong is said by the error that was before
            throw error;
          }),
        );
      const { results, artifacts } = await open(room);
      return { room, again, subject, stream, results, artifacts: new Objects(room, artifacts, bucket, again) };
    },
    signal,
  );
}

type Queue = Awaited<ReturnType<typeof openQueue>>;

/** Trials that run elsewhere, with the last step that each reported. */
type Running = Map<string, { readonly trial: Trial; last: number }>;

/** Opens what runs trials elsewhere: the study's side. Undefined where the signal comes first, as is what is waited for then. */
export async function openTrials(place: Place & { readonly run: string }, signal?: AbortSignal) {
  const queue = await unlessLeft(openQueue(place, signal));
  if (queue === undefined) return undefined;
  const running: Running = new Map();
  const callback = (_: unknown, message: Asked) => void judge(running, message);
  const reports = queue.room.connection.subscribe(`${queue.subject}.report`, { callback });
  return {
    run: (trial: Trial) => unlessLeft(runElsewhere(queue, running, trial)),
    async close() {
      reports.unsubscribe();
      await queue.room.leave();
    },
  };
}

/** The outcome of a trial, which whoever is free runs; that of an earlier time, where there is one. @throws what the objective threw */
async function runElsewhere(queue: Queue, running: Running, trial: Trial): Promise<Outcome> {
  const { again } = queue;
  const { number, values } = trial;
  const text = new TextEncoder().encode(JSON.stringify(values));
  const name = `${number}-${(await digestOf(text)).slice(0, 16)}`;
  running.set(name, { trial, last: -1 });
  try {
    await again("looking for a result", () => withoutFailure(queue, name));
    const { outcome, error } = resultFrom(await awaited(queue, { trial: number, values, name }), number);
    if (error !== null) throw fromWire(error);
    if (typeof outcome !== "object" || !("kept" in outcome)) return outcome;
    return { value: outcome.value, artifact: await queue.artifacts.get(outcome.kept) };
  } finally {
    running.delete(name);
  }
}

/** A failure of an earlier time goes: its reason may be mended by now. */
async function withoutFailure({ results }: Queue, name: string): Promise<void> {
  for (;;) {
    const entry = await results.get(name);
    if (entry?.operation !== "PUT") return;
    if (fromText(entry.string(), "the result of a trial", aResult).error === null) return;
    await results.delete(name, { previousSeq: entry.revision }).catch(unlessLate);
  }
}

/** The result of a trial, which is queued for it, and queued anew whenever the server has lost it. */
async function awaited(queue: Queue, job: Job): Promise<string> {
  const { room, again, results } = queue;
  const start = performance.now();
  for (let queued = Number.NEGATIVE_INFINITY; ; ) {
    if (performance.now() - queued > LOOK) {
      await again("queueing a trial", () => mustBeQueued(queue, job));
      queued = performance.now();
    }
    const found = await again("waiting for a result", () => results.get(job.name));
    if (found?.operation === "PUT") return found.string();
    const pause = (performance.now() - start) / 10; // no more is lost of what a trial takes
    await room.whileHere(() => wait(Math.min(Math.max(pause, 20), 1000)));
  }
}

/** Queues a trial that has no result and is in no queue: a subject of its own says whether it is. */
async function mustBeQueued({ room, results, stream, subject }: Queue, job: Job): Promise<void> {
  const own = `${subject}.job.${job.name}`;
  const { state } = await room.manager.streams.info(stream, { subjects_filter: own });
  if (state.subjects?.[own] !== undefined || (await results.get(job.name))?.operation === "PUT") return;
  await enqueue(room, own, toText(job));
}

/** Queues a trial, unless somebody did at the same moment. */
async function enqueue(room: Room, subject: string, text: string | Uint8Array): Promise<void> {
  await room.js.publish(subject, text, { expect: { lastSubjectSequence: 0 } }).catch(unlessLate);
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
  /** Ends the member once the trial that it runs has ended, or after two seconds: then another member gets it. */
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
  const queue = await unlessLeft(openQueue(place, signal));
  if (queue === undefined) return;
  const { room, again, stream } = queue;
  let unended: JsMsg | undefined;
  const begun = new WeakSet<JsMsg>();
  /** A trial, where there is one. One that comes when nobody waits for it any more, as after the server was away, is for others. */
  const ask = async () => {
    const asked = room.js.consumers.get(stream, "members").then((members) => members.next({ expires: EXPIRES }));
    void asked
      .then(async (message) => {
        await wait(HELD);
        if (message !== null && !begun.has(message)) await giveBack(queue, message);
      })
      .catch(() => undefined);
    return within(2 * EXPIRES, asked);
  };
  const serve = async () => {
    while (signal?.aborted !== true) {
      const message = await again("waiting for a trial", ask);
      if (message === null) continue;
      begun.add(message);
      const working = setInterval(() => message.working(), WORKING / 3);
      try {
        await runOne(queue, message, objective as Objective, onTrial);
      } catch (error) {
        if (error instanceof Left) unended = message;
        throw error;
      } finally {
        clearInterval(working);
      }
    }
  };
  try {
    await unlessLeft(serve());
  } finally {
    await room.leave(async () => unended && giveBack(queue, unended));
  }
}

/** Puts a trial whose member leaves, which is no death, behind the others. */
async function giveBack({ room }: Queue, message: JsMsg): Promise<void> {
  await message.ackAck();
  await enqueue(room, message.subject, message.data);
}

async function runOne(
  queue: Queue,
  message: JsMsg,
  objective: Objective,
  onTrial?: (trial: number) => void,
): Promise<void> {
  const { room, again, subject, results } = queue;
  const job = jobFrom(message);
  if (job === undefined) {
    message.term(); // no reason: servers of version 2.9 would not understand it, and give the message out for ever
    return;
  }
  const { trial: number, values, name } = job;
  const known = await again("looking for a result", () => results.get(name));
  if (known?.operation === "PUT") {
    await again("ending a trial", async () => message.ackAck()); // it was queued twice
    return;
  }
  let pruned = false;
  let last: number | undefined;
  const trial: Trial = {
    number,
    values,
    async report(step, value) {
      checkReport(step, value, last);
      room.stay();
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
    if (message.info.deliveryCount > DEATHS)
      throw new WorkerError(`${DEATHS} members died over trial ${number}, or said nothing for ${WORKING / 1000} s`);
    onTrial?.(number);
    const outcome = await room.whileHere(async () => objective(trial));
    const isBroken = nonFiniteOf(outcome) !== undefined;
    if (!isBroken) checkOutcome(outcome, "trials: what the objective gives");
    const artifact = typeof outcome === "object" && !isBroken ? outcome.artifact : undefined;
    result = resultOf(outcome, artifact && (await kept(queue, name, artifact)));
  } catch (error) {
    if (error instanceof Left) throw error;
    result = failureOf(error);
  }
  await again("storing a result", () => {
    const text = resultText(result, number, room.connection.info?.max_payload);
    return results.create(name, text).catch(unlessLate); // another member, taken for dead or not, was first
  });
  await again("ending a trial", async () => message.ackAck());
}

/** Stores an artifact as nobody else's: another member, taken for dead or not, may have run the trial, too. */
async function kept({ artifacts }: Queue, name: string, artifact: Uint8Array): Promise<Kept> {
  const bytes = new Uint8Array(artifact); // of memory of its own, as a checksum wants
  const object = `${name}.${crypto.randomUUID().slice(0, 8)}`;
  await artifacts.put(object, bytes);
  return { object, digest: await digestOf(bytes) };
}

/** Undefined for what no study has queued: its name would be no key of a result. */
function jobFrom(message: JsMsg): Job | undefined {
  try {
    const job = fromText(message.string(), "a trial", aJob);
    const isNumber = Number.isSafeInteger(job.trial) && job.trial >= 0;
    return isNumber && new RegExp(`^${job.trial}-[0-9a-f]{16}$`).test(job.name) ? job : undefined;
  } catch {
    return undefined;
  }
}
