// What there is on a server: runs, who is in them, how far they are.
import { placed, type RunOptions } from "./options.ts";
import { aRound, aRun, fromText } from "./parcel.ts";
import { Room } from "./room.ts";
import { storesOf } from "./run.ts";

/** Of NATS's, for buckets of records. */
const PREFIX = "KV_simdgrad_run_";

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
  const [room, found] = await Room.enter(placed(options, "runs", {}), "asking for runs", async (room) => {
    const names: string[] = [];
    for await (const { config } of room.manager.streams.list("$KV.*.settings"))
      if (config.name.startsWith(PREFIX)) names.push(config.name.slice(PREFIX.length));
    const wanted = names.filter((name) => (options.run ?? name) === name).sort();
    return [room, await Promise.all(wanted.map((name) => statusOf(room, name)))] as const;
  });
  await room.leave();
  return found;
}

async function statusOf(room: Room, run: string): Promise<RunStatus> {
  const { records, members, objects } = await storesOf(room, run);
  const [settings, round] = [await records.get("settings"), await records.get("round")];
  const there = new Map<string, MemberStatus>();
  for await (const member of await members.keys()) {
    const text = (await members.get(member))?.string();
    if (text) there.set(member, { ...fromText(text, "a sign of life", {}), member });
  }
  return {
    run,
    round: round === null ? undefined : fromText(round.string(), "the record of a round", aRound).round,
    innerSteps: settings === null ? 0 : fromText(settings.string(), "the record of the run", aRun).innerSteps,
    members: [...there.values()],
    bytes: (await objects.status()).size,
  };
}
