// A run as NATS keeps it: a stream with its records, an object store with changes and states, a bucket in which members are alive. Order,
// persistence and who was first are NATS's; what is here asks for them.
import type { ConsumerMessages, DeliverPolicy } from "@nats-io/jetstream";
import type { KV } from "@nats-io/kv";
import type { ObjectStore } from "@nats-io/obj";
import { ArgumentError, DataError } from "../errors.ts";
import type { Chosen } from "./options.ts";
import { type Contribution, digestOf, fromText, type RoundRecord, type RunRecord, toText } from "./parcel.ts";
import { isLate, Room, wait } from "./room.ts";

export const MISSED = 3; // heartbeats

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
  readonly #room: Room;
  readonly #subject: string;
  readonly #stream: string;
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
  #beating: ReturnType<typeof setInterval> | undefined;
  #status: () => object = () => ({});

  private constructor(chosen: Chosen, room: Room) {
    this.#chosen = chosen;
    this.#room = room;
    this.#subject = `simdgrad.${chosen.run}`;
    this.#stream = `simdgrad_${chosen.run}`;
    this.#expectNews();
  }

  /** Joins a run, or begins it. @throws NetworkError where no server answers, or it refuses */
  static async join(chosen: Chosen): Promise<Run> {
    const run = new Run(chosen, await Room.enter(chosen));
    try {
      await run.#room.again("joining", () => run.#open());
      await run.#room.again("saying who is there", () => run.#greet());
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
    await this.#room.manager.streams.info(this.#stream).catch(() =>
      this.#room.manager.streams.add({
        name: this.#stream,
        subjects: [`${this.#subject}.>`],
        max_msgs_per_subject: 1,
      }),
    );
    this.#members = await this.#room.bucket(`simdgrad_${run}_members`, MISSED * heartbeat);
    this.#objects = await this.#room.objects(`simdgrad_${run}`);
  }

  /** Follows the stream: the latest of what there is, and what comes. What ends it ends the waiting of this member. */
  async #listen(): Promise<void> {
    let messages: ConsumerMessages | undefined;
    try {
      while (!this.#room.closed)
        await this.#room.again("listening to the run", async () => {
          messages?.stop();
          // One pattern: servers before 2.10 take no more.
          const consumer = await this.#room.js.consumers.get(this.#stream, {
            filter_subjects: `${this.#subject}.live.>`,
            deliver_policy: "last_per_subject" as DeliverPolicy,
          });
          messages = await consumer.consume();
          for await (const message of messages) this.#heard(message.subject, message.seq, message.string());
        });
    } catch (error) {
      this.#failure = error;
      this.#told();
    } finally {
      messages?.stop();
    }
  }

  /** A foreign change is nobody's; a round that cannot be read ends this member, which cannot follow. */
  #heard(subject: string, sequence: number, text: string): void {
    if (subject === `${this.#subject}.live.round`) {
      if (sequence <= this.#sequence) return; // looked up before it was heard
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
    const all = [...this.#contributions.values()].filter((each) => each.round === round && isCount(each.samples));
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
    const found = await this.#room.again("reading the settings of the run", () =>
      this.#room.manager.streams.getMessage(this.#stream, { last_by_subj: subject }),
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
    const found = await this.#room.again("reading the latest round", () =>
      this.#room.manager.streams.getMessage(this.#stream, { last_by_subj: `${this.#subject}.live.round` }),
    );
    if (found) this.#heard(found.subject, found.seq, found.string());
    return this.#latest;
  }

  /** Closes a round, unless another member was first. */
  async close(record: RoundRecord): Promise<boolean> {
    // The round and the place of its record go together: that of a later one would let this round be closed twice.
    const isNext = (this.#latest?.round ?? -1) === record.round - 1;
    const isFirst = isNext && (await this.#first(`${this.#subject}.live.round`, toText(record), this.#sequence));
    await this.lookUp();
    return isFirst;
  }

  async contribute(change: Contribution): Promise<void> {
    const subject = `${this.#subject}.live.change.${change.member}`;
    await this.#room.again("telling of a change", () => this.#room.js.publish(subject, toText(change)));
  }

  /** Whether it was the first to say this behind that sequence of the subject. */
  #first(subject: string, text: string, behind: number): Promise<boolean> {
    return this.#room.again("saying what holds for all", async () => {
      try {
        await this.#room.js.publish(subject, text, { expect: { lastSubjectSequence: behind } });
        return true;
      } catch (error) {
        if (isLate(error)) return false;
        throw error;
      }
    });
  }

  async put(name: string, bytes: Uint8Array): Promise<void> {
    await this.#room.again("storing weights", () => this.#objects.putBlob({ name }, bytes));
  }

  /** The bytes of an object. @throws DataError where they are gone, or others than were announced */
  async get({
    object,
    digest,
  }: {
    readonly object: string;
    readonly digest: string;
  }): Promise<Uint8Array<ArrayBuffer>> {
    const found = await this.#room.again("fetching weights", () => this.#objects.getBlob(object));
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
    return this.#room.again("asking who is there", async () => {
      const names = new Set<string>();
      // A name that comes twice was written meanwhile, behind all others. Without a look at that the list may have no end: where an old name goes
      // between its count and its coming, the server waits for one more than there are.
      for await (const name of await this.#members.keys()) {
        if (names.has(name)) break;
        names.add(name);
      }
      return names.add(this.#chosen.member);
    });
  }

  /** What the bucket of members says of this one. */
  tell(status: () => object): void {
    this.#status = status;
  }

  /** Takes its name; one of a member that died is free once its last sign of life is old. */
  async #greet(): Promise<void> {
    for (let turn = 0; ; turn++) {
      try {
        await this.#members.create(this.#chosen.member, toText({}));
        return;
      } catch (error) {
        if (!isLate(error)) throw error;
      }
      if (turn > MISSED)
        throw new ArgumentError(
          `nats: member "${this.#chosen.member}" is in the run ${this.#chosen.run}: take another name`,
        );
      await wait(this.#chosen.heartbeat);
    }
  }

  async #beat(): Promise<void> {
    await this.#members.put(this.#chosen.member, toText(this.#status()));
  }

  /** Says good-bye, as far as the server listens. */
  async leave(): Promise<void> {
    clearInterval(this.#beating);
    await this.#room.leave(async () => this.#members?.delete(this.#chosen.member));
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

/** Whether it can be a number of samples: an infinite one would outweigh everybody. */
function isCount(samples: number): boolean {
  return Number.isSafeInteger(samples) && samples > 0;
}
