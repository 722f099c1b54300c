// What there is on a server: runs, who is in them, how far they are.
import { SimdgradError } from "../errors.ts";
import { type Place, placed, type RunOptions } from "./options.ts";
import { aRun, fromText, givenName, roundFrom } from "./parcel.ts";
import { Room } from "./room.ts";
import { namesAlive } from "./run.ts";

/** Of NATS's, for buckets of records. */
const PREFIX = "KV_simdgrad_run_";
const TRIALS = "simdgrad_trials_";

/** A member, as it tells of itself with each sign of life. */
export interface MemberStatus {
  readonly member: string;
  /** The round that it works at, and rows that it has trained on. */
  readonly round?: number;
  readonly rows?: number;
  /** Of the last epoch that it has finished. */
  readonly loss?: number;
}

/** A run that trains. */
export interface RunStatus {
  readonly run: string;
  /** The last round that is closed; undefined before the first. */
  readonly round: number | undefined;
  readonly innerSteps: number;
  /** Those that gave a sign of life of late. */
  readonly members: readonly MemberStatus[];
  /** Bytes that the server keeps for it now. */
  readonly bytes: number;
  /** Why no more is known of it: its records are broken, or of another version. */
  readonly fault?: string;
}

/** A study whose trials are run by members. */
export interface SearchStatus {
  readonly run: string;
  /** Trials that nobody has begun. */
  readonly waiting: number;
  /** Trials that members run now, or died over in the last ten seconds. */
  readonly running: number;
  readonly results: number;
  /** Why no more is known of it. */
  readonly fault?: string;
}

/**
 * The runs of a server, or one of them.
 * @throws ArgumentError for options that do not fit, NetworkError where the server refuses or stays away
 *
 * @example
 * import { runs } from "simdgrad/nats";
 * const look = () => runs({ servers: "nats://127.0.0.1:4222" });
 * typeof look; // => "function"
 */
export async function runs(options: Omit<RunOptions, "run"> & { readonly run?: string }): Promise<RunStatus[]> {
  return each(placed(options, "runs", {}), "$KV.*.settings", PREFIX, statusOf);
}

/**
 * The searches of a server, or one of them: studies of `study.trials(n, { distribute: nats({ ... }) })`.
 * @throws ArgumentError for options that do not fit, NetworkError where the server refuses or stays away
 *
 * @example
 * import { searches } from "simdgrad/nats";
 * const look = () => searches({ servers: "nats://127.0.0.1:4222" });
 * typeof look; // => "function"
 */
export async function searches(options: Omit<RunOptions, "run"> & { readonly run?: string }): Promise<SearchStatus[]> {
  return each(placed(options, "searches", {}), "simdgrad.trials.*.job.*", TRIALS, searchOf);
}

/** What is told of each run, found by the subject and the name of a stream that it has. */
function each<T>(place: Place, subject: string, prefix: string, tell: (room: Room, run: string) => Promise<T>) {
  return Room.visit(place, "asking for runs", async (room) => {
    const names: string[] = [];
    for await (const { config } of room.manager.streams.list(subject))
      if (config.name.startsWith(prefix)) names.push(config.name.slice(prefix.length));
    const wanted = names.filter((name) => (place.run ?? name) === name).sort();
    return Promise.all(wanted.map((name) => tell(room, name)));
  });
}

async function searchOf(room: Room, run: string): Promise<SearchStatus> {
  return orFault<SearchStatus>({ run, waiting: 0, running: 0, results: 0 }, async (unknown) => {
    const members = await room.manager.consumers.info(`${TRIALS}${run}`, "members");
    const bucket = await room.bucketSeen(`simdgrad_results_${run}`);
    let results = 0;
    for await (const _ of await bucket.keys()) results++;
    return { ...unknown, waiting: members.num_pending, running: members.num_ack_pending, results };
  });
}

async function statusOf(room: Room, run: string): Promise<RunStatus> {
  return orFault<RunStatus>({ run, round: undefined, innerSteps: 0, members: [], bytes: 0 }, async (unknown) => {
    const records = await room.bucketSeen(`simdgrad_run_${run}`);
    const [settings, round] = [await records.get("settings"), await records.get("round")];
    if (settings === null) return unknown;
    const { innerSteps } = fromText(settings.string(), `the record of the run ${run}`, aRun);
    const told = round === null ? undefined : roundFrom(round.string(), `the record of a round of ${run}`).round;
    const members = await room.bucketSeen(`simdgrad_members_${run}`);
    const names = await namesAlive(room, run);
    const signs = await Promise.all(names.map(async (name) => signOf(name, (await members.get(name))?.string())));
    const { state } = await room.manager.streams.info(`OBJ_simdgrad_weights_${run}`);
    return { run, round: told, innerSteps, members: signs.flat(), bytes: state.bytes };
  });
}

/** What is told of a run; what is broken of one is its own, and no reason to say nothing of others. */
async function orFault<T>(unknown: T, tell: (unknown: T) => Promise<T>): Promise<T> {
  try {
    return await tell(unknown);
  } catch (error) {
    const { name, message } = error as Error;
    if (!(error instanceof SimdgradError) && !/^JetStream|NotFound/.test(name)) throw error;
    return { ...unknown, fault: message };
  }
}

/** What a member says of itself; nothing where it has left meanwhile, or what is there is none of its signs. */
function signOf(name: string, text: string | undefined): MemberStatus[] {
  try {
    const given = fromText<Readonly<Record<string, unknown>>>(text ?? "", "a sign of life", {});
    const numbers = ["round", "rows", "loss"].filter((each) => typeof given[each] === "number");
    return [{ ...Object.fromEntries(numbers.map((each) => [each, given[each]])), member: givenName(name) }];
  } catch {
    return [];
  }
}
