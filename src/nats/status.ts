// What there is on a server: runs, who is in them, how far they are.
import { placed, type RunOptions } from "./options.ts";
import { fromText, type RoundRecord, type RunRecord } from "./parcel.ts";
import { Room } from "./room.ts";

const STREAM = /^simdgrad_([A-Za-z0-9_-]+)$/;

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
  const room = await Room.enter(placed(options, "runs", {}));
  try {
    const names: string[] = [];
    await room.again("asking for runs", async () => {
      names.length = 0;
      for await (const { config } of room.manager.streams.list("simdgrad.*.settings")) {
        const name = STREAM.exec(config.name)?.[1];
        if (name !== undefined && (options.run ?? name) === name) names.push(name);
      }
    });
    return await Promise.all(names.sort().map((name) => room.again("asking for a run", () => statusOf(room, name))));
  } finally {
    await room.leave();
  }
}

async function statusOf(room: Room, run: string): Promise<RunStatus> {
  const last = async (subject: string) =>
    (
      await room.manager.streams.getMessage(`simdgrad_${run}`, { last_by_subj: `simdgrad.${run}.${subject}` })
    )?.string();
  const [settings, round] = [await last("settings"), await last("live.round")];
  const record = settings === undefined ? undefined : fromText<RunRecord>(settings, "the record of the run", {});
  const bucket = await room.bucket(`simdgrad_${run}_members`);
  const members = new Map<string, MemberStatus>();
  for await (const member of await bucket.keys()) {
    const text = (await bucket.get(member))?.string();
    if (text !== undefined) members.set(member, { ...fromText<MemberStatus>(text, "a sign of life", {}), member });
  }
  const { size } = await (await room.objects(`simdgrad_${run}`)).status();
  return {
    run,
    round: round === undefined ? undefined : fromText<RoundRecord>(round, "the record of a round", {}).round,
    innerSteps: record?.innerSteps ?? 0,
    members: [...members.values()],
    bytes: size,
  };
}
