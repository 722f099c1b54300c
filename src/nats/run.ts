// A run as NATS keeps it: a bucket with its records, an object store with changes and states, a bucket in which members are alive. Order,
// persistence and who was first are NATS's; what is here asks for them.
import type { KV, KvEntry, KvWatchEntry } from "@nats-io/kv";
import { DataError } from "../errors.ts";
import { Objects } from "./objects.ts";
import type { Chosen } from "./options.ts";
import { aContribution, aRun, type Contribution, fromText, type RoundRecord, roundFrom, toText } from "./parcel.ts";
import { Room, unlessLate, wait } from "./room.ts";

export const MISSED = 3; // heartbeats
const PAUSE = 50; // ms until who listens asks anew

/** What the server keeps of a run. */
async function storesOf(room: Room, run: string, heartbeat: number) {
  return {
    records: await room.bucket(`simdgrad_run_${run}`),
    members: await room.bucket(`simdgrad_members_${run}`, MISSED * heartbeat),
    objects: await room.objects(`simdgrad_weights_${run}`),
  };
}

/** Members that gave a sign of life of late. One question: to list keys takes a consumer, which waits where one is written meanwhile. */
export async function namesAlive(room: Room, run: string): Promise<readonly string[]> {
  const subjects = `$KV.simdgrad_members_${run}.`;
  const { state } = await room.manager.streams.info(`KV_simdgrad_members_${run}`, { subjects_filter: `${subjects}>` });
  return Object.keys(state.subjects ?? {}).map((each) => each.slice(subjects.length));
}

type Stores = Awaited<ReturnType<typeof storesOf>>;

export class Run {
  readonly #chosen: Chosen;
  readonly #room: Room;
  readonly #records: KV;
  readonly #members: KV;
  readonly objects: Objects;
  /** The latest of each member. */
  readonly #contributions = new Map<string, Contribution>();
  #latest: RoundRecord | undefined;
  /** Revision of the latest record of a round. */
  #revision = 0;
  #failure: unknown;
  #told = () => {};
  #watch: { stop(): void } | undefined;
  #beating: ReturnType<typeof setInterval> | undefined;
  /** Of the run that this member has joined: under its name there may be another one later. */
  #id: string | undefined;
  /** What it is called in records and objects: no other member is, though others may have been given its name. */
  readonly name: string;
  /** Resolves once what was to be taken away is gone. */
  #dropped: Promise<unknown> = Promise.resolve();
  /** What the bucket of members says of this one. */
  status: () => object = () => ({});

  private constructor(chosen: Chosen, room: Room, { records, members, objects }: Stores, name: string) {
    this.#chosen = chosen;
    this.#room = room;
    this.#records = records;
    this.#members = members;
    this.objects = new Objects(room, objects, `simdgrad_weights_${chosen.run}`, (what, action) =>
      this.#ask(what, action),
    );
    this.name = name;
  }

  /** Joins a run, or begins it. @throws NetworkError where no server answers, or it refuses */
  static async join(chosen: Chosen, signal?: AbortSignal): Promise<Run> {
    const { member, settings } = chosen;
    const name = `${member}.${crypto.randomUUID().slice(0, 8)}`;
    const open = async (room: Room) => {
      const stores = await storesOf(room, chosen.run, settings.heartbeat);
      await stores.members.put(name, toText({}));
      return new Run(chosen, room, stores, name);
    };
    const run = await Room.enter(chosen, "joining", open, signal);
    run.#beating = setInterval(() => void run.#beat().catch(() => undefined), settings.heartbeat);
    void run.#listen();
    return run;
  }

  /** Follows the records: the latest of what there is, and what comes. What ends it ends the waiting of this member. */
  async #listen(): Promise<void> {
    try {
      while (!this.#room.closed) {
        const watch = await this.#ask("listening to the run", () => this.#records.watch());
        this.#watch = watch;
        if (this.#room.closed) watch.stop();
        await this.#room.listen(async () => {
          for await (const entry of watch) this.#heard(entry);
        });
        watch.stop();
        await wait(PAUSE);
      }
    } catch (error) {
      this.#failure = error;
      this.#told();
    }
  }

  /** Asks the server. @throws DataError where it has the run no more */
  #ask<T>(what: string, action: () => Promise<T>): Promise<T> {
    const records = `KV_simdgrad_run_${this.#chosen.run}`;
    return this.#room.again(what, () =>
      action().catch(async (error) => {
        if (!/StreamNotFound|NotEnabled/.test(error?.name)) throw error;
        const isThere = await this.#room.manager.streams.info(records).then(
          () => true,
          ({ name }) => name !== "StreamNotFoundError",
        );
        if (!isThere) this.#is(undefined);
        throw error;
      }),
    );
  }

  /** A foreign change is nobody's; a round that cannot be read ends this member, which cannot follow. */
  #heard(entry: KvEntry | KvWatchEntry): void {
    if (entry.key === "round") {
      if (entry.revision <= this.#revision) return; // looked up before it was heard
      if (entry.operation !== "PUT") this.#is(undefined);
      const record = roundFrom(entry.string(), "the record of a round");
      const { round } = record;
      if (this.#latest !== undefined && round <= this.#latest.round)
        throw new DataError(`nats: round ${round} was closed behind round ${this.#latest.round}`);
      this.#is(record.id);
      this.#latest = record;
      this.#revision = entry.revision;
    } else
      try {
        const change = fromText(entry.string(), "a change", aContribution);
        if (entry.key === `change.${change.member}`) this.#contributions.set(change.member, change);
      } catch {
        // said by nobody that this member knows
      }
    this.#told();
  }

  /** @throws DataError for another run than the one that this member has joined */
  #is(id: string | undefined): void {
    this.#id ??= id;
    if (this.#id === undefined || this.#id !== id)
      throw new DataError(
        `nats: the run ${this.#chosen.run} was begun anew, or its server lost it: the weights stay with this trainer`,
      );
  }

  /** The latest round that is closed. @throws what ended the listening, and Left where nobody waits any more */
  get latest(): RoundRecord | undefined {
    this.#room.stay();
    if (this.#failure !== undefined) throw this.#failure;
    return this.#latest;
  }

  /** Changes of a round that have come, by their members' names in order. An infinite number of samples would outweigh everybody. */
  changes(round: number): readonly Contribution[] {
    return [...this.#contributions.values()]
      .filter((each) => each.round === round && Number.isSafeInteger(each.samples) && each.samples > 0)
      .sort((a, b) => (a.member < b.member ? -1 : 1));
  }

  /** Resolves when something is heard, or after so many milliseconds. */
  news(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#told = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Makes these settings the run's, or finds that they are. @throws DataError where the run has others */
  async agree(record: Omit<typeof aRun, "id">): Promise<void> {
    await this.#first("settings", { id: crypto.randomUUID().slice(0, 8), ...record }, 0);
    const found = await this.#ask("reading the settings of the run", () => this.#records.get("settings"));
    const theirs = fromText(found?.string() ?? "", "the record of the run", aRun);
    this.#is(theirs.id);
    for (const name of Object.keys(record) as (keyof typeof record)[])
      if (theirs[name] !== record[name])
        throw new DataError(
          name === "variables"
            ? `nats: the run ${this.#chosen.run} is of another model: its variables have other names, shapes or dtypes, or others are trained`
            : `nats: the run ${this.#chosen.run} has ${name} ${theirs[name]}, this member ${record[name]}`,
        );
  }

  /** The record of the latest round that the server has, listened to or not. @throws DataError where it is of another run by now */
  async lookUp(): Promise<RoundRecord | undefined> {
    const before = this.#revision; // more may be heard of meanwhile
    const found = await this.#ask("reading the latest round", () => this.#records.get("round"));
    if ((found?.revision ?? 0) < before) this.#is(undefined);
    if (found) this.#heard(found);
    return this.#latest;
  }

  /** Closes a round, unless another member was first. @returns whether the latest record is this one */
  async close(given: Omit<RoundRecord, "id">): Promise<boolean> {
    const record = { id: this.#id ?? "", ...given };
    // The round and the place of its record go together: that of a later one would let this round be closed twice.
    if ((this.#latest?.round ?? -1) === record.round - 1) await this.#first("round", record, this.#revision);
    return (await this.lookUp())?.object === record.object;
  }

  async contribute(change: Contribution): Promise<void> {
    const key = `change.${change.member}`;
    await this.#ask("telling of a change", () => this.#records.put(key, toText(change)));
  }

  /** Says what holds for all, unless another member has said something behind that revision. */
  async #first(key: string, record: object, behind: number): Promise<void> {
    await this.#ask("saying what holds for all", () =>
      this.#records.put(key, toText(record), { previousSeq: behind }).catch(unlessLate),
    );
  }

  /** Takes an object away that nobody will ask for, while the training goes on; one that stays costs room alone. */
  drop(name: string): Promise<unknown> {
    return this.#aside(this.objects.drop(name));
  }

  /** Takes away what is of rounds before that one, such as what members left that were killed. */
  sweep(round: number): Promise<unknown> {
    return this.#aside(this.objects.sweep(round));
  }

  #aside(doing: Promise<unknown>): Promise<unknown> {
    const done = doing.catch(() => undefined);
    this.#dropped = Promise.all([this.#dropped, done]);
    return done;
  }

  /** Members that gave a sign of life of late, and this one. */
  async alive(): Promise<ReadonlySet<string>> {
    const names = await this.#ask("asking who is there", () => namesAlive(this.#room, this.#chosen.run));
    return new Set([...names, this.name]);
  }

  /** A sign of life. */
  #beat(): Promise<number> {
    return this.#members.put(this.name, toText(this.status()));
  }

  /** Says good-bye, as far as the server listens. */
  async leave(): Promise<void> {
    clearInterval(this.#beating);
    this.#watch?.stop();
    const { run } = this.#chosen;
    const filter = `$KV.simdgrad_members_${run}.${this.name}`; // to delete a key would leave a mark that counts as life
    const purge = () => this.#room.manager.streams.purge(`KV_simdgrad_members_${run}`, { filter });
    await this.#room.leave(() => Promise.all([purge(), this.#dropped]));
  }
}
