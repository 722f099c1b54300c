// Local descent in rounds, as a callback: so many steps of its own, then the change goes to the others, and the weights of all come back.
import { oneOf } from "../check.ts";
import { ArgumentError, DataError } from "../errors.ts";
import { variables } from "../nn/module.ts";
import type { Callback, FitContext } from "../train/callback.ts";
import type { StateDict } from "../train/state.ts";
import type { TrialDistribution } from "../tune/run.ts";
import type { Sharing } from "../variable.ts";
import { type Chosen, chosen, type NatsOptions } from "./options.ts";
import {
  type Contribution,
  digestOf,
  givenName,
  packAnchor,
  packChange,
  type RoundRecord,
  unpackAnchor,
  unpackChange,
} from "./parcel.ts";
import { unlessLeft } from "./room.ts";
import {
  type Anchor,
  type AsIs,
  asTheyAre,
  type Change,
  changeOf,
  outerStep,
  sameWeights,
  unfit,
  unfitChange,
} from "./round.ts";
import { Run } from "./run.ts";
import { openTrials } from "./trials.ts";

/** Members above which their changes go to the one that closes the round alone. */
export const MANY = 8;
/** Milliseconds for which a member lets the one before it close a round first, beside four times those in which it stored its change; they double
 * with each before it, so that few of many try at once. */
export const TURN = 300;
/** Milliseconds from one look at who is alive to the next, for whoever is to close the round; the others look the less often the more there are,
 * since a look lists the names of all. */
export const LOOK = 250;
export const KEPT = 2; // rounds whose objects others may still ask for
const AGAIN = 1000; // ms after which a change that could not be had is asked for once more

/** What a run has come to, as its members see it. */
export interface Round {
  readonly round: number;
  /** Whose changes were averaged. */
  readonly members: readonly string[];
  /** SHA-256 of the weights and momentum that all members hold. */
  readonly digest: string;
}

/** Trains together with other members of a run, or has them run trials: for `distribute` of `fit` and of `trials`. */
export interface Distribution extends Callback, TrialDistribution {
  readonly member: string;
  /** The round that this member is in step with; undefined before the fit. */
  readonly round: Round | undefined;
}

/**
 * Trains one model on many machines over NATS with JetStream (nats-server 2.9 or later): each member makes `innerSteps` steps on its own data,
 * then all average their changes and go on from the same weights, bit by bit. Members may come, go and die at any time; a round is closed by
 * whoever is first to say so, and nobody is needed for all. `@nats-io/jetstream`, `@nats-io/kv`, `@nats-io/obj` and, for addresses that are no
 * WebSockets, `@nats-io/transport-node` must be installed beside.
 * Source: Douillard et al., "DiLoCo", 2023; McMahan et al., "Communication-Efficient Learning", 2017.
 * @throws ArgumentError for options that do not fit; during the fit NetworkError where the server refuses or stays away, DataError where the
 * run is of another model or has other settings, UnsupportedError where its members speak another version
 *
 * @example
 * import { nats } from "simdgrad/nats";
 * const distribute = nats({ servers: "nats://127.0.0.1:4222", run: "digits", innerSteps: 50, member: "first" });
 * distribute.member; // => "first"
 * nats({ servers: "nats://127.0.0.1:4222", run: "two words" }); // => throws ArgumentError: nats: run must be 1 to 64 letters
 */
export function nats(options: NatsOptions): Distribution {
  return new Member(chosen(options));
}

const aSharing = oneOf("mean", "first", "own");
const NOTHING: Anchor = { round: -1, weights: {}, momentum: {} };

class Member implements Distribution {
  readonly member: string;
  readonly every: number;
  round: Round | undefined;
  readonly #chosen: Chosen;
  #run: Run | undefined;
  /** Whose fit it is in. */
  #trainer: FitContext["trainer"] | undefined;
  #anchor = NOTHING;
  /** Weights before all rounds, for their shapes. */
  #first: StateDict = {};
  /** Variables that come as they are, and what becomes of them. */
  #asIs: AsIs = new Map();
  /** Those that are no other member's business. */
  #own: ReadonlySet<string> = new Set();
  /** Bytes of a state, which is the largest object that there is. */
  #most = 0;
  #rows = 0;
  /** Changes of the round under way, by their objects: this member's own, and what was fetched. */
  readonly #fetching = new Map<string, Promise<StateDict>>();
  /** What this member closed a round with. */
  #closing: { readonly digest: string; readonly anchor: Anchor } | undefined;
  /** Objects of the states after the latest rounds. */
  readonly #states = new Map<number, string>();

  constructor(options: Chosen) {
    this.#chosen = options;
    this.member = options.member;
    this.every = options.settings.innerSteps;
  }

  openTrials(signal?: AbortSignal) {
    return openTrials(this.#chosen, signal);
  }

  get #joined(): Run {
    return this.#run as Run; // from the fit's beginning to its end
  }

  /** Goes on from the run's latest round, or makes this member's weights its first. */
  async onFitBegin(context: FitContext): Promise<void> {
    await unlessLeft(this.#begin(context));
  }

  async #begin(context: FitContext): Promise<void> {
    const { trainer } = context;
    if (this.#trainer !== undefined) throw new ArgumentError("nats: it is in a fit: each fit takes one of its own");
    this.#trainer = trainer;
    this.#anchor = NOTHING;
    this.#closing = undefined;
    this.#states.clear();
    const { model, parameters } = trainer.workshop.recipe;
    const trained = new Set(parameters.values());
    const kinds = new Map<string, Sharing | "trained">();
    for (const [name, each] of variables(model)) {
      const { sharing = "mean" } = each;
      aSharing(sharing, `nats: sharing of ${name}`);
      kinds.set(name, trained.has(each) ? "trained" : sharing);
    }
    this.#own = new Set([...kinds].flatMap(([name, kind]) => (kind === "own" ? [name] : [])));
    this.#asIs = asTheyAre(kinds, this.#chosen.settings);
    const weights = await this.#weightsOf(trainer);
    this.#first = weights;
    const run = await Run.join(this.#chosen, context.signal);
    this.#run = run;
    this.#rows = 0;
    this.#most = packAnchor({ round: 0, weights, momentum: weights }).length;
    const lines = Object.entries(weights).map(
      ([name, { data, shape }]) => `${name} ${data.constructor.name} [${shape}] ${kinds.get(name)}`,
    );
    const digest = await digestOf(new TextEncoder().encode(lines.sort().join()));
    await run.agree({ ...this.#chosen.settings, variables: digest });
    run.status = () => {
      const { rows, trainer } = context;
      return { round: this.#anchor.round + 1, rows, loss: trainer.history.at(-1)?.loss };
    };
    if ((await run.lookUp()) === undefined) await this.#close({ round: 0, weights, momentum: {} }, []);
    await this.#follow(context, weights);
    void run.sweep(this.#anchor.round - KEPT);
  }

  /** What members have in common: states of sequences are each one's own. */
  async #weightsOf(trainer: FitContext["trainer"]): Promise<StateDict> {
    const state = await trainer.stateDict();
    return Object.fromEntries(Object.entries(state).filter(([name]) => !this.#own.has(name)));
  }

  /** Brings this member's change to the round, and its result back. */
  async onSteps(context: FitContext): Promise<void> {
    await unlessLeft(this.#synchronise(context));
  }

  async #synchronise(context: FitContext): Promise<void> {
    const { trainer, rows } = context;
    const run = this.#joined;
    const round = this.#anchor.round + 1;
    const change = changeOf(this.#anchor.weights, await this.#weightsOf(trainer), this.#asIs);
    const bytes = packChange(change, this.#chosen.settings.precision, this.#asIs);
    const object = `change.${round}.${run.name}`;
    const samples = rows - this.#rows;
    this.#rows = rows;
    const contribution = { member: run.name, round, samples, object, digest: await digestOf(bytes) };
    await this.#change(contribution, bytes);
    const start = performance.now();
    await run.objects.put(object, bytes);
    const turn = TURN + 4 * (performance.now() - start);
    await run.contribute(contribution);
    await this.#closed(round, turn);
    await this.#follow(context);
    void run.drop(`change.${round - KEPT}.${run.name}`);
  }

  /** What was trained since the last round is nobody's, also where a callback goes back to other weights. */
  onNonFinite(_: unknown, { rows }: FitContext): boolean {
    this.#rows = rows;
    return false;
  }

  /** Brings what was trained since the last round, if nothing went wrong, and leaves. */
  async onFitEnd(context: FitContext, error?: unknown): Promise<void> {
    if (context.trainer !== this.#trainer) return; // refused, as another fit has it
    const run = this.#run;
    try {
      if (run !== undefined && error === undefined && context.rows > this.#rows) await this.onSteps(context);
    } finally {
      this.#run = undefined;
      this.#trainer = undefined;
      await run?.leave();
    }
  }

  /** Waits until a round is closed, and closes it where it is this member's turn. */
  async #closed(round: number, turn: number): Promise<void> {
    const run = this.#joined;
    const { deadline, minMembers, settings } = this.#chosen;
    const start = performance.now();
    let complete: number | undefined;
    let isTold = false;
    let alive: ReadonlySet<string> = new Set();
    let looked = Number.NEGATIVE_INFINITY;
    let pause = LOOK;
    while ((run.latest?.round ?? -1) < round) {
      const now = performance.now();
      const isDue = now - start > deadline;
      if (now - looked > pause) {
        alive = await run.alive();
        if (isDue) await run.lookUp(); // it may be another run by now
        looked = performance.now();
      }
      const given = run.changes(round);
      if (Math.max(given.length, alive.size) <= MANY) void this.#fetched(given).catch(() => undefined); // while others are waited for
      const names = given.map(({ member }) => member);
      const known = new Set(names);
      const all = [...alive].every((each) => known.has(each));
      const closers = names.filter((each) => alive.has(each));
      const before = (closers.indexOf(run.name) + closers.length - (round % closers.length)) % closers.length;
      const isTurn = now - (complete ?? now) >= Math.min(turn * (2 ** before - 1), deadline);
      pause = isTurn ? LOOK : LOOK * (1 + names.length / MANY);
      let count = given.length;
      if (count >= minMembers && (all || isDue)) {
        complete ??= now;
        const fit = isTurn ? await this.#fetched(given) : [];
        if (isTurn) count = fit.length;
        if (fit.length >= minMembers) {
          const changes = fit.map(([, change]) => change);
          const next = outerStep(this.#anchor, changes, settings, this.#asIs);
          await this.#close(
            next,
            fit.map(([each]) => each),
          );
          continue;
        }
      }
      if (isDue && count < minMembers && !isTold) {
        isTold = true;
        console.warn(`simdgrad: nats: round ${round} of ${count} members waits for more: minMembers is ${minMembers}`);
      }
      await run.news(complete === undefined ? LOOK : TURN / 4);
    }
  }

  /** The changes that can be averaged. What is gone, broken or hostile is left out; a server that is away, or refuses, is no member's fault. */
  async #fetched(given: readonly Contribution[]): Promise<readonly (readonly [Contribution, Change])[]> {
    const all = await Promise.all(
      given.map(async (each) => [each, await this.#change(each).catch(unlessUnfit)] as const),
    );
    return all.flatMap(([each, change]) => (change === undefined ? [] : [[each, change] as const]));
  }

  /** @throws DataError for one that cannot be averaged */
  async #change(contribution: Contribution, own?: Uint8Array<ArrayBuffer>): Promise<Change> {
    const key = `${contribution.object} ${contribution.digest}`;
    const found = this.#fetching.get(key) ?? this.#read(contribution, own);
    this.#fetching.set(key, found);
    found.catch(() => setTimeout(() => this.#fetching.delete(key), AGAIN)); // it may be there the next time
    return { samples: contribution.samples, values: await found };
  }

  async #read(contribution: Contribution, own?: Uint8Array<ArrayBuffer>): Promise<StateDict> {
    const bytes = own ?? (await this.#joined.objects.get(contribution, this.#most));
    const values = unpackChange(bytes, this.#asIs);
    const wrong = unfitChange(values, this.#anchor.weights);
    if (wrong === undefined) return values;
    throw new DataError(`nats: the change of ${givenName(contribution.member)} does not fit: ${wrong}`);
  }

  async #close(next: Anchor, changes: readonly Contribution[]): Promise<void> {
    const bytes = packAnchor(next);
    const object = `state.${next.round}.${this.#joined.name}`;
    await this.#joined.objects.put(object, bytes);
    const record = { round: next.round, changes, object, digest: await digestOf(bytes) };
    this.#closing = { digest: record.digest, anchor: next };
    const isMine = await this.#joined.close(record);
    const old = isMine ? this.#states.get(next.round - KEPT) : object;
    if (old !== undefined) void this.#joined.drop(old);
  }

  /** Gets in step with the latest round. @param before the weights that a member comes with */
  async #follow({ trainer, stop }: FitContext, before?: StateDict): Promise<void> {
    for (;;) {
      const record = (this.#joined.latest ?? (await this.#joined.lookUp())) as RoundRecord;
      try {
        this.#anchor = await this.#after(record);
      } catch (error) {
        // Another round may be closed by now, and its objects gone.
        if ((await this.#joined.lookUp())?.round === record.round) throw error;
        continue;
      }
      this.#fetching.clear();
      this.#states.set(record.round, record.object);
      this.#states.delete(record.round - KEPT - 1);
      const { weights } = this.#anchor;
      if (before === undefined) await this.#write(weights);
      else if (!sameWeights(before, weights)) await trainer.loadStateDict(weights, { strict: this.#own.size === 0 });
      const members = record.changes.map(({ member }) => givenName(member));
      this.round = { round: record.round, members, digest: record.digest };
      if (record.round >= this.#chosen.rounds) stop();
      return;
    }
  }

  /** Gives the variables a round's values. Averages of them, and slow weights, go on: a round is part of their training, no other beginning. */
  async #write(weights: StateDict): Promise<void> {
    const { executor, exclusive, recipe } = (this.#trainer as FitContext["trainer"]).workshop;
    const writes = [...variables(recipe.model)].flatMap(([name, { key }]) =>
      this.#own.has(name) ? [] : [{ slot: { variable: key }, data: weights[name].data }],
    );
    await exclusive(() => executor.writeAll(writes));
  }

  /** What the run holds after a round: computed of the changes where they are few, there, and of the next one. */
  async #after(record: RoundRecord): Promise<Anchor> {
    const { round, changes } = record;
    if (round === this.#anchor.round) return this.#anchor;
    if (this.#closing?.digest === record.digest) return this.#closing.anchor;
    const isNext = round === this.#anchor.round + 1 && changes.length > 0 && changes.length <= MANY;
    const given = isNext ? await Promise.all(changes.map((each) => this.#change(each))).catch(unlessUnfit) : undefined;
    if (given === undefined) return this.#state(record);
    const next = outerStep(this.#anchor, given, this.#chosen.settings, this.#asIs);
    if ((await digestOf(packAnchor(next))) !== record.digest)
      throw new DataError(`nats: round ${round} as it was closed has other weights than its changes give`);
    return next;
  }

  /** The state after a round, as it was stored. @throws DataError for one that is of another model, or holds no numbers */
  async #state(record: RoundRecord): Promise<Anchor> {
    const anchor = unpackAnchor(await this.#joined.objects.get(record, this.#most), record.round);
    const { weights, momentum } = anchor;
    const trained = Object.entries(this.#first).filter(([name]) => !this.#asIs.has(name));
    const wrong =
      unfit(weights, this.#first) ??
      (Object.keys(momentum).length > 0 ? unfit(momentum, Object.fromEntries(trained)) : undefined);
    if (wrong !== undefined) throw new DataError(`nats: the state of round ${record.round} does not fit: ${wrong}`);
    return anchor;
  }
}

/** Undefined for a change that cannot be averaged. */
function unlessUnfit(error: unknown): undefined {
  if (!(error instanceof DataError)) throw error;
}
