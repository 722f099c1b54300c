// Rounds of a run as they would go: members, server and lines in simulated time. What a member does stands here in the order and under the names of
// src/nats/distribution.ts and run.ts, so that both can be read side by side. A message that is under way when its sender dies is lost.
import { KEPT, LOOK, MANY, TURN } from "../../src/nats/distribution.ts";
import { toText } from "../../src/nats/parcel.ts";
import { MISSED } from "../../src/nats/run.ts";
import { Events, Line } from "./events.ts";
import { Member } from "./member-state.ts";
import type { Operation } from "./operations.ts";
import * as operations from "./operations.ts";
import { type Nature, nameOf, type Plan, type Round, type Traffic } from "./plan.ts";

/** A round as its record says, and who wrote that. */
interface Closed {
  readonly round: number;
  readonly members: readonly number[];
  readonly by: number;
  readonly bytes: number;
  /** When the server had sent it to everybody. */
  readonly sent: number;
}

/** What runs: gives the time at which it goes on; Infinity where it waits to be woken. */
type Process = Generator<number, void, void>;

/** A change of the round under way. */
interface Given {
  readonly member: Member;
  /** When the server had told everybody of it. */
  readonly sent: number;
}

const PATIENCE = 36_000_000; // ms
const DIGEST = "0".repeat(64);
const ID = "0".repeat(8);

/** A run in simulated time, round by round. */
export class Simulation {
  readonly #plan: Plan;
  readonly #events = new Events();
  readonly #members: Member[] = [];
  readonly #processor = new Line(1);
  readonly #up: Line;
  readonly #down: Line;
  readonly #bytes = { weightsUp: 0, weightsDown: 0, recordsUp: 0, recordsDown: 0 };
  #founded = false;
  #closed: Closed[] = [];
  #rounds: Round[] = [];
  #attempts = 0;
  /** Changes of the round under way, in the order in which they came, and their members' places in order. */
  #given: Given[] = [];
  /** Those of the latest round, which members that have not heard of its end still see. */
  #former: Given[] = [];
  #places: readonly number[] | undefined;
  #present = 0;
  #presentGiven = 0;
  /** When the server had sent the latest news. */
  readonly #news: number[] = [];

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#up = new Line(plan.server.up);
    this.#down = new Line(plan.server.down);
    for (const nature of plan.members) this.#expect(nature);
  }

  /** The next round that is closed; undefined where none is within ten hours: nobody is left, or too few. */
  next(): Round | undefined {
    const end = this.#events.now + PATIENCE;
    while (this.#rounds.length === 0) if (!this.#events.step() || this.#events.now > end) return undefined;
    return this.#rounds.shift();
  }

  /** Lets everything happen that is left, and gives all bytes, signs of life included. */
  finish(): Traffic {
    while (this.#events.step());
    return { ...this.#bytes };
  }

  /** Times that a member set about closing a round. */
  get attempts(): number {
    return this.#attempts;
  }

  /** Bytes that each member sent and received, in the order in which they came. */
  get members(): readonly { readonly up: number; readonly down: number }[] {
    return this.#members.map(({ bytes }) => bytes);
  }

  #expect(nature: Nature): void {
    const member = new Member(this.#members.length, nature);
    this.#members.push(member);
    this.#events.at(nature.joins, () => {
      member.goOn = this.#start(member, this.#life(member));
    });
    if (Number.isFinite(nature.dies)) this.#events.at(nature.dies, () => this.#die(member));
  }

  #start(member: Member, process: Process, ended = () => {}): () => void {
    const goOn = () => {
      if (member.gone) return;
      const { value, done } = process.next();
      if (done) ended();
      else if (value !== Number.POSITIVE_INFINITY) this.#events.at(value as number, goOn);
    };
    goOn();
    return goOn;
  }

  /** Nobody hears of it before its last sign of life is old. */
  #die(member: Member): void {
    if (member.gone) return;
    member.gone = true;
    const { heartbeat, successor } = this.#plan;
    if (member.present) {
      const last = member.since + heartbeat * Math.floor((this.#events.now - member.since) / heartbeat);
      this.#events.at(last + MISSED * heartbeat, () => this.#depart(member));
    }
    const next = successor?.(member.nature);
    if (next !== undefined) this.#expect(next);
  }

  #depart(member: Member): void {
    if (!member.present) return;
    member.present = false;
    this.#present--;
    if (this.#isGiven(member)) this.#presentGiven--;
  }

  #isGiven(member: Member): boolean {
    return member.contribution === this.#latest + 1;
  }

  get #latest(): number {
    return this.#closed.length - 1;
  }

  /** Signs of life come by themselves; none is waited for. */
  #beat(member: Member): void {
    if (member.gone) return;
    this.#count(member, operations.beating, 0, 0);
    this.#events.at(this.#events.now + this.#plan.heartbeat, () => this.#beat(member));
  }

  #count(member: Member, { up, down }: Operation, weightsUp: number, weightsDown: number): void {
    member.bytes.up += up;
    member.bytes.down += down;
    this.#bytes.weightsUp += weightsUp;
    this.#bytes.weightsDown += weightsDown;
    this.#bytes.recordsUp += up - weightsUp;
    this.#bytes.recordsDown += down - weightsDown;
  }

  /** An operation of a member; what it does at the server happens there. */
  *#ask(member: Member, operation: Operation, happen = () => {}, weightsUp = 0, weightsDown = 0): Process {
    const { latency } = member.nature;
    yield member.up.through(this.#events.now, operation.up) + latency * (2 * operation.trips - 1);
    this.#count(member, operation, weightsUp, weightsDown);
    const { request, consumer, name } = this.#plan.server;
    const work = operation.requests * request + operation.consumers * consumer + operation.names * name;
    const served = this.#processor.through(this.#events.now, work);
    yield this.#up.through(served, operation.up);
    happen();
    const sent = this.#down.through(this.#events.now, operation.down);
    yield sent + latency;
    yield member.down.through(this.#events.now, operation.down);
  }

  *#put(member: Member, bytes: number): Process {
    yield member.work.through(this.#events.now, bytes / this.#plan.handling.put);
    yield* this.#ask(member, operations.putting(bytes), undefined, bytes, 0);
  }

  *#get(member: Member, bytes: number): Process {
    yield* this.#ask(member, operations.getting(bytes), undefined, 0, bytes);
    yield member.work.through(this.#events.now, bytes / this.#plan.handling.get);
  }

  *#life(member: Member): Process {
    yield* this.#begin(member);
    for (let made = 0; made < member.nature.rounds; made++) {
      yield this.#events.now + member.nature.compute();
      yield* this.#synchronise(member);
    }
    yield* this.#ask(member, operations.leaving, () => this.#depart(member));
    member.gone = true;
  }

  *#begin(member: Member): Process {
    const { weights } = this.#plan.bytes;
    const founds = !this.#founded;
    this.#founded = true;
    yield* this.#ask(member, founds ? operations.founding : operations.joining, () => {
      member.present = true;
      member.since = this.#events.now;
      this.#present++;
      this.#events.at(this.#events.now + this.#plan.heartbeat, () => this.#beat(member));
      // Listening begins with the latest of everybody.
      const given = this.#members.filter(({ contribution }) => contribution >= 0).length;
      this.#told(member, given * this.#sizeOfChange + (this.#closed[this.#latest]?.bytes ?? 0));
    });
    yield* this.#ask(member, founds ? operations.settling : operations.agreeing);
    yield* this.#lookUp(member);
    if (member.read < 0) yield* this.#close(member, 0, [], weights);
    yield* this.#follow(member);
  }

  *#synchronise(member: Member): Process {
    const round = member.anchor + 1;
    member.fetching.set(member.place, true);
    const start = this.#events.now;
    yield* this.#put(member, this.#plan.bytes.change);
    const turn = TURN + 4 * (this.#events.now - start);
    yield* this.#ask(member, operations.telling(this.#sizeOfChange), () => this.#contribute(member, round));
    yield* this.#awaitRound(member, round, turn);
    yield* this.#follow(member);
    const old = member.gave.delete(round - KEPT);
    this.#start(member, this.#ask(member, old ? operations.dropping : operations.droppingNothing)); // while it trains
  }

  get #sizeOfChange(): number {
    return toText(this.#changeOf(0)).length + String(this.#latest + 1).length * 2 - 2;
  }

  #changeOf(place: number) {
    const member = `${nameOf(place)}.${ID}`;
    return { member, round: 1, samples: this.#plan.samples, object: `change.1.${member}`, digest: DIGEST };
  }

  #sizeOfRound(round: number, members: readonly number[]): number {
    const change = this.#sizeOfChange;
    const object = `state.${round}.${nameOf(0)}.${ID}`;
    const bare = toText({ id: ID, round, changes: [], object, digest: DIGEST }).length;
    return bare + members.length * change + Math.max(0, members.length - 1) + operations.BEHIND;
  }

  /** A message that a member hears because it listens. */
  #told(member: Member, bytes: number): void {
    member.bytes.down += bytes;
    this.#bytes.recordsDown += bytes;
  }

  /** Sends something to all that listen. @returns when it is sent */
  #tell(bytes: number): number {
    let count = 0;
    for (const member of this.#members)
      if (!member.gone && member.since !== Number.POSITIVE_INFINITY) {
        this.#told(member, bytes);
        count++;
      }
    const sent = this.#down.through(this.#events.now, count * bytes);
    this.#news.push(sent);
    return sent;
  }

  #contribute(giver: Member, round: number): void {
    giver.gave.add(round);
    giver.contribution = round;
    const sent = this.#tell(this.#sizeOfChange);
    if (round === this.#latest) this.#former.push({ member: giver, sent });
    if (round !== this.#latest + 1) return;
    this.#given.push({ member: giver, sent });
    if (giver.present) this.#presentGiven++;
    const count = this.#given.length;
    this.#places = placesOf(this.#given);
    const closers = this.#places.filter((place) => this.#members[place].present);
    const first = closers[round % closers.length];
    for (const member of this.#members) {
      if (member.waiting !== round || member.gone) continue;
      const heard = sent + member.nature.latency;
      if (member.missing > 0 && giver.since <= member.snapshot) {
        member.missing--;
        member.heardBy = heard;
      }
      const concerns =
        member.missing === 0 ||
        Math.max(this.#given.length, this.#present) <= MANY ||
        member.complete !== undefined ||
        heard - member.looked > member.pause ||
        heard - member.start > this.#plan.deadline;
      member.pause = pauseOf(member.place === first, count);
      if (concerns && member.sleeping) this.#wake(member, heard);
    }
  }

  #wake(member: Member, time: number): void {
    if (member.wakes <= time) return;
    member.wakes = time;
    const { turn } = member;
    this.#events.at(time, () => {
      if (member.turn === turn && member.sleeping) member.goOn();
    });
  }

  /** Sleeps until something is heard that concerns it, or for so long after the last news. */
  *#sleep(member: Member, interval: number): Process {
    member.sleeping = true;
    member.wakes = Number.POSITIVE_INFINITY;
    member.turn++;
    member.slept = this.#events.now;
    member.interval = interval;
    if (member.missing === 0 && member.heardBy > this.#events.now) this.#wake(member, member.heardBy);
    this.#setTimer(member);
    yield Number.POSITIVE_INFINITY;
    member.sleeping = false;
    member.turn++;
  }

  #setTimer(member: Member): void {
    const { turn } = member;
    this.#events.at(member.slept + member.interval, () => {
      if (member.turn !== turn || !member.sleeping) return;
      let last = this.#news.length - 1;
      while (last >= 0 && this.#news[last] + member.nature.latency > this.#events.now) last--;
      const heard = (this.#news[last] ?? 0) + member.nature.latency;
      if (heard <= member.slept) return member.goOn();
      member.slept = heard; // each news begins the waiting anew
      this.#setTimer(member);
    });
  }

  /** The latest round that a member knows to be closed. */
  #known(member: Member): number {
    for (let i = this.#latest; i > member.read; i--)
      if (this.#heardAt(member, this.#closed[i]) <= this.#events.now) return i;
    return member.read;
  }

  #heardAt({ nature }: Member, { sent, bytes }: Closed): number {
    return sent + nature.latency + bytes / nature.down;
  }

  *#awaitRound(member: Member, round: number, turn: number): Process {
    const { deadline, minMembers } = this.#plan;
    Object.assign(member, { waiting: round, start: this.#events.now, looked: Number.NEGATIVE_INFINITY, missing: 1 });
    member.complete = undefined;
    member.pause = LOOK;
    while (this.#known(member) < round) {
      const at = this.#events.now;
      if (at - member.looked > member.pause) {
        yield* this.#look(member, round);
        member.looked = this.#events.now;
      }
      if (this.#present <= MANY && !this.#hasHeardMany(member, round))
        this.#fetchAhead(member, this.#heardChanges(member, round));
      const all = member.missing === 0 && member.heardBy <= this.#events.now;
      if (all || at - member.start > deadline) {
        const given = this.#heardChanges(member, round);
        if (given.length >= minMembers) {
          member.complete ??= at;
          const closers = given.filter((place) => this.#members[place].present);
          const before = (closers.indexOf(member.place) + closers.length - (round % closers.length)) % closers.length;
          const isTurn = at - member.complete >= Math.min(turn * (2 ** before - 1), deadline);
          member.pause = pauseOf(isTurn, given.length);
          if (isTurn) {
            yield* this.#fetch(member, given);
            yield* this.#close(member, round, given, this.#plan.bytes.state);
            continue;
          }
        }
      }
      yield* this.#sleep(member, member.complete === undefined ? LOOK : TURN / 4);
    }
    member.waiting = -1;
  }

  #look(member: Member, round: number): Process {
    return this.#ask(member, operations.listing(this.#present), () => {
      const isUnderWay = round === this.#latest + 1;
      member.snapshot = this.#events.now;
      member.missing = isUnderWay ? this.#present - this.#presentGiven : this.#missed(round);
      member.heardBy = 0; // what was sent before the answer is heard before it
    });
  }

  /** Members that are there and have not given their change of a round that is closed, or have given one of a later round. */
  #missed(round: number): number {
    return this.#members.filter(({ present, contribution }) => present && contribution !== round).length;
  }

  #hasHeardMany({ nature }: Member, round: number): boolean {
    const given = this.#givenOf(round);
    return given.length > MANY && given[MANY].sent + nature.latency <= this.#events.now;
  }

  #heardChanges({ nature }: Member, round: number): readonly number[] {
    const given = this.#givenOf(round);
    const isHeard = ({ sent }: Given) => sent + nature.latency <= this.#events.now;
    const last = given.at(-1);
    if (given !== this.#given || (last !== undefined && !isHeard(last))) return placesOf(given.filter(isHeard));
    this.#places ??= placesOf(given); // most have heard everything, and ask again and again
    return this.#places;
  }

  /** The latest change of each member, where it is of that round. */
  #givenOf(round: number): readonly Given[] {
    if (round === this.#latest + 1) return this.#given;
    return round === this.#latest ? this.#former.filter(({ member }) => member.contribution === round) : [];
  }

  /** Fetches changes, all at once, while it goes on. */
  #fetchAhead(member: Member, places: readonly number[]): void {
    const { fetching } = member;
    for (const place of places) {
      if (fetching.has(place)) continue;
      fetching.set(place, false);
      this.#start(member, this.#get(member, this.#plan.bytes.change), () => {
        fetching.set(place, true);
        const isAwaited = member.fetching === fetching && member.awaited.delete(place);
        if (isAwaited && member.awaited.size === 0) this.#events.at(this.#events.now, member.goOn);
      });
    }
  }

  /** Fetches changes, and waits until it has them. */
  *#fetch(member: Member, places: readonly number[]): Process {
    this.#fetchAhead(member, places);
    member.awaited = new Set(places.filter((place) => !member.fetching.get(place)));
    if (member.awaited.size > 0) yield Number.POSITIVE_INFINITY;
  }

  *#close(member: Member, round: number, members: readonly number[], bytes: number): Process {
    this.#attempts++;
    yield* this.#put(member, bytes);
    member.closing = members;
    const size = this.#sizeOfRound(round, members);
    let isFirst = false;
    if (this.#known(member) === round - 1)
      yield* this.#ask(member, operations.telling(size), () => {
        isFirst = this.#latest === round - 1;
        if (isFirst) this.#closes(member, members, size);
      });
    yield* this.#lookUp(member);
    if (!isFirst || member.followed.has(round - KEPT)) this.#start(member, this.#ask(member, operations.dropping));
  }

  #closes(member: Member, members: readonly number[], bytes: number): void {
    const round = this.#latest + 1;
    const sent = this.#tell(bytes);
    this.#closed.push({ round, members, by: member.place, bytes, sent });
    this.#former = this.#given;
    this.#given = [];
    this.#places = undefined;
    this.#presentGiven = 0;
    const [alive, attempts, traffic] = [this.#present, this.#attempts, { ...this.#bytes }];
    this.#rounds.push({ round, at: this.#events.now, members, alive, attempts, traffic });
    for (const each of this.#members) if (each.sleeping) this.#wake(each, this.#heardAt(each, this.#closed[round]));
  }

  #lookUp(member: Member): Process {
    const latest = this.#closed[this.#latest];
    return this.#ask(member, operations.reading(latest?.bytes ?? 0), () => {
      member.read = Math.max(member.read, this.#latest);
    });
  }

  *#follow(member: Member): Process {
    const { round, members, by } = this.#closed[this.#known(member)];
    if (round !== member.anchor) {
      const own = by === member.place || (members.length > 0 && member.closing?.join() === members.join());
      const isFar = round !== member.anchor + 1 || members.length === 0 || members.length > MANY;
      if (!own && isFar) yield* this.#get(member, round === 0 ? this.#plan.bytes.weights : this.#plan.bytes.state);
      else if (!own) yield* this.#fetch(member, members);
    }
    member.anchor = round;
    member.fetching = new Map();
    member.followed.add(round);
    member.followed.delete(round - KEPT - 1);
    member.closing = undefined;
  }
}

/** From one look at who is alive to the next. */
function pauseOf(isTurn: boolean, given: number): number {
  return isTurn ? LOOK : LOOK * (1 + given / MANY);
}

function placesOf(given: readonly Given[]): number[] {
  return given.map(({ member }) => member.place).sort((a, b) => a - b);
}
