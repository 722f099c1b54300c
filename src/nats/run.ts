// A run as NATS keeps it: a stream with its records, an object store with changes and states, a bucket in which members are alive. Order,
// persistence and redelivery are NATS's; what is here asks for them, and asks again while the server is away.
import {
  DeliverPolicy,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
} from "@nats-io/jetstream";
import { type KV, Kvm } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/nats-core";
import { type ObjectStore, Objm } from "@nats-io/obj";
import { DataError, NetworkError, SimdgradError } from "../errors.ts";
import type { Chosen } from "./options.ts";
import { type Contribution, digestOf, fromText, type RoundRecord, type RunRecord, toText } from "./parcel.ts";

const PAUSE: readonly [number, number] = [50, 2000]; // ms from one try to the next, at first and at most
/** Codes of JetStream's: another message came first. */
const LOST = [10071, 10164];
const MISSED = 3; // heartbeats

const aContribution = {
  member: "string",
  round: "number",
  samples: "number",
  object: "string",
  digest: "string",
} as const;
const aRound = { round: "number", changes: "list", object: "string", digest: "string" } as const;
const aRun = {
  innerSteps: "number",
  learningRate: "number",
  momentum: "number",
  precision: "string",
  maxNorm: "any",
  variables: "string",
} as const;

export class Run {
  readonly #chosen: Chosen;
  readonly #connection: NatsConnection;
  readonly #subject: string;
  readonly #stream: string;
  #js!: JetStreamClient;
  #manager!: JetStreamManager;
  #members!: KV;
  #objects!: ObjectStore;
  /** The latest of each member. */
  readonly #contributions = new Map<string, Contribution>();
  #latest: RoundRecord | undefined;
  /** Sequence of the latest record of a round in the stream. */
  #sequence = 0;
  #failure: unknown;
  #told = () => {};
  #news = Promise.resolve();
  #left = false;
  #beating: ReturnType<typeof setInterval> | undefined;
  #status: object = {};

  private constructor(chosen: Chosen, connection: NatsConnection) {
    this.#chosen = chosen;
    this.#connection = connection;
    this.#subject = `simdgrad.${chosen.run}`;
    this.#stream = `simdgrad_${chosen.run}`;
    this.#expectNews();
  }

  /** Joins a run, or begins it. @throws NetworkError where no server answers, or it refuses */
  static async join(chosen: Chosen): Promise<Run> {
    const run = new Run(chosen, await connected(chosen));
    try {
      await run.#again("joining", () => run.#open());
      await run.#beat();
      run.#beating = setInterval(() => void run.#beat().catch(() => undefined), chosen.heartbeat);
      void run.#listen();
      return run;
    } catch (error) {
      await run.leave();
      throw error;
    }
  }

  async #open(): Promise<void> {
    const { run, heartbeat } = this.#chosen;
    this.#js = jetstream(this.#connection);
    this.#manager = await jetstreamManager(this.#connection);
    await this.#manager.streams
      .info(this.#stream)
      .catch(() =>
        this.#manager.streams.add({ name: this.#stream, subjects: [`${this.#subject}.>`], max_msgs_per_subject: 1 }),
      );
    this.#members = await new Kvm(this.#js).create(`simdgrad_${run}_members`, { ttl: MISSED * heartbeat });
    this.#objects = await new Objm(this.#js).create(`simdgrad_${run}`);
  }

  /** Follows the stream: the latest of what there is, and what comes. What ends it ends the waiting of this member. */
  async #listen(): Promise<void> {
    try {
      while (!this.#left)
        await this.#again("listening to the run", async () => {
          // One pattern: servers before 2.10 take no more.
          const consumer = await this.#js.consumers.get(this.#stream, {
            filter_subjects: `${this.#subject}.live.>`,
            deliver_policy: DeliverPolicy.LastPerSubject,
          });
          for await (const message of await consumer.consume())
            this.#heard(message.subject, message.seq, message.string());
        });
    } catch (error) {
      this.#failure = error;
      this.#told();
    }
  }

  /** A foreign change is nobody's; a round that cannot be read ends this member, which cannot follow. */
  #heard(subject: string, sequence: number, text: string): void {
    if (subject === `${this.#subject}.live.round`) {
      this.#latest = fromText<RoundRecord>(text, "the record of a round", aRound);
      this.#sequence = sequence;
    } else
      try {
        const change = fromText<Contribution>(text, "a change", aContribution);
        if (subject === `${this.#subject}.live.change.${change.member}`) this.#contributions.set(change.member, change);
      } catch {
        // said by nobody that this member knows
      }
    this.#told();
  }

  /** The latest round that is closed. */
  get latest(): RoundRecord | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    return this.#latest;
  }

  /** Changes of a round that have come, by their members' names in order. */
  changes(round: number): readonly Contribution[] {
    const all = [...this.#contributions.values()].filter((each) => each.round === round && each.samples > 0);
    return all.sort((a, b) => (a.member < b.member ? -1 : 1));
  }

  /** Resolves when something was heard, or after so many milliseconds. */
  async news(milliseconds: number): Promise<void> {
    await Promise.race([this.#news, wait(milliseconds)]);
  }

  /** Makes these settings the run's, or finds that they are. @throws DataError where the run has others */
  async agree(record: RunRecord): Promise<void> {
    const subject = `${this.#subject}.settings`;
    const text = toText(record);
    if (await this.#first(subject, text, 0)) return;
    const found = await this.#again("reading the settings of the run", () =>
      this.#manager.streams.getMessage(this.#stream, { last_by_subj: subject }),
    );
    const theirs = fromText<RunRecord>(found?.string() ?? "", "the record of the run", aRun);
    for (const name of Object.keys(aRun) as (keyof RunRecord)[])
      if (theirs[name] !== record[name])
        throw new DataError(
          `nats: the run ${this.#chosen.run} has ${name} ${theirs[name]}, this member ${record[name]}`,
        );
  }

  /** The record of the latest round that the server has, listened to or not. */
  async lookUp(): Promise<RoundRecord | undefined> {
    const found = await this.#again("reading the latest round", () =>
      this.#manager.streams.getMessage(this.#stream, { last_by_subj: `${this.#subject}.live.round` }),
    );
    if (found) this.#heard(found.subject, found.seq, found.string());
    return this.#latest;
  }

  /** Closes a round, unless another member was first. */
  async close(record: RoundRecord): Promise<boolean> {
    const first = await this.#first(`${this.#subject}.live.round`, toText(record), this.#sequence);
    await this.lookUp();
    return first;
  }

  async contribute(change: Contribution): Promise<void> {
    const subject = `${this.#subject}.live.change.${change.member}`;
    await this.#again("telling of a change", () => this.#js.publish(subject, toText(change)));
  }

  /** Whether it was the first to say this behind that sequence of the subject. */
  #first(subject: string, text: string, behind: number): Promise<boolean> {
    return this.#again("saying what holds for all", async () => {
      try {
        await this.#js.publish(subject, text, { expect: { lastSubjectSequence: behind } });
        return true;
      } catch (error) {
        if (LOST.includes((error as { code?: number }).code ?? 0)) return false;
        throw error;
      }
    });
  }

  async put(name: string, bytes: Uint8Array): Promise<void> {
    await this.#again("storing weights", () => this.#objects.putBlob({ name }, bytes));
  }

  /** The bytes of an object. @throws DataError where they are gone, or others than were announced */
  async get({
    object,
    digest,
  }: {
    readonly object: string;
    readonly digest: string;
  }): Promise<Uint8Array<ArrayBuffer>> {
    const found = await this.#again("fetching weights", () => this.#objects.getBlob(object));
    if (found === null) throw new DataError(`nats: the object ${object} is gone`);
    const bytes = new Uint8Array(found);
    if ((await digestOf(bytes)) !== digest)
      throw new DataError(`nats: the object ${object} has other bytes than were announced`);
    return bytes;
  }

  /** Takes an object away that nobody will ask for; one that stays costs room alone. */
  async drop(name: string): Promise<void> {
    await this.#objects.delete(name).catch(() => undefined);
  }

  /** Members that gave a sign of life of late. */
  async alive(): Promise<ReadonlySet<string>> {
    return this.#again("asking who is there", async () => {
      const names = new Set<string>(); // a name comes twice where it is written meanwhile
      for await (const name of await this.#members.keys()) names.add(name);
      return names.add(this.#chosen.member);
    });
  }

  /** What the bucket of members says of this one. */
  tell(status: object): void {
    this.#status = status;
  }

  async #beat(): Promise<void> {
    await this.#members.put(this.#chosen.member, toText(this.#status));
  }

  /** Says good-bye, as far as the server listens. */
  async leave(): Promise<void> {
    this.#left = true;
    clearInterval(this.#beating);
    await Promise.race([this.#members?.delete(this.#chosen.member), wait(PAUSE[1])]).catch(() => undefined);
    if (this.#chosen.connection === undefined) await this.#connection.close().catch(() => undefined);
  }

  /** Does it, again and again while the server is away, for as long as the member has patience. @throws NetworkError */
  async #again<T>(what: string, action: () => Promise<T>): Promise<T> {
    const end = Date.now() + this.#chosen.patience;
    for (let pause = PAUSE[0]; ; pause = Math.min(2 * pause, PAUSE[1])) {
      try {
        return await action();
      } catch (error) {
        if (error instanceof SimdgradError) throw error;
        const { name, message } = error as Error;
        const isFinal = /Permission|Authorization|Closed|Invalid/.test(name) || this.#left;
        if (isFinal || Date.now() > end) throw new NetworkError(`nats: ${what}: ${name}: ${message}`, { cause: error });
      }
      await wait(pause);
    }
  }

  #expectNews(): void {
    this.#news = new Promise((resolve) => {
      this.#told = () => {
        this.#expectNews();
        resolve();
      };
    });
  }
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** A connection that comes back by itself. WebSockets are everywhere, plain connections where there are sockets. */
async function connected({ connection, servers, connect, member }: Chosen): Promise<NatsConnection> {
  if (connection !== undefined) return connection;
  const all = [servers ?? []].flat();
  const options = {
    ...connect,
    servers: all,
    name: `simdgrad ${member}`,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 500,
  };
  const open = all.every((each) => /^wss?:/.test(each))
    ? (await import("@nats-io/nats-core")).wsconnect
    : (await import("@nats-io/transport-node")).connect;
  try {
    return await open(options);
  } catch (error) {
    throw new NetworkError(`nats: ${all.join(", ")}: ${(error as Error).message}`, { cause: error });
  }
}
