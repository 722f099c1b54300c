// What a server keeps of a run when nobody is in it: its weights, for those who want nothing else, and how all of it is taken away.
import { ArgumentError, DataError } from "../errors.ts";
import type { StateDict } from "../train/state.ts";
import type { Round } from "./distribution.ts";
import { Objects } from "./objects.ts";
import { placed, type RunOptions } from "./options.ts";
import { givenName, roundFrom, unpackAnchor } from "./parcel.ts";
import { Room } from "./room.ts";

/** The latest round of a run. */
export interface KeptRound extends Round {
  /** What all its members hold: for `trainer.loadStateDict`, or a predictor. */
  readonly weights: StateDict;
}

/**
 * The latest round of a run, with its weights. It joins nothing and makes nothing.
 * @throws ArgumentError for options that do not fit, or where there is no such run; NetworkError where the server refuses or stays away;
 * DataError where its records or weights are broken
 *
 * @example
 * import { latestRound } from "simdgrad/nats";
 * const look = () => latestRound({ servers: "nats://127.0.0.1:4222", run: "digits" });
 * typeof look; // => "function"
 */
export async function latestRound(options: RunOptions): Promise<KeptRound> {
  const place = placed(options, "latestRound", {}, "run");
  const { run } = place;
  return Room.visit(place, "reading the latest round", async (room) => {
    await mustBe(room, "latestRound", run, [`KV_simdgrad_run_${run}`, `OBJ_simdgrad_weights_${run}`]);
    const found = await (await room.bucketSeen(`simdgrad_run_${run}`)).get("round");
    if (found === null) throw new DataError(`latestRound: no round of the run ${run} is closed yet`);
    const record = roundFrom(found.string(), `the record of a round of ${run}`);
    const { round, changes, digest } = record;
    const bucket = `simdgrad_weights_${run}`;
    const { weights } = unpackAnchor(
      await new Objects(room, await room.objectsSeen(bucket), bucket).get(record),
      round,
    );
    return { round, members: changes.map(({ member }) => givenName(member)), digest, weights };
  });
}

/**
 * Takes away all that a server has of a run: rounds, weights and members of a training, or trials and results of a search.
 * @throws ArgumentError for options that do not fit, or where there is no such run; NetworkError where the server refuses or stays away
 *
 * @example
 * import { removeRun } from "simdgrad/nats";
 * const remove = () => removeRun({ servers: "nats://127.0.0.1:4222", run: "digits" });
 * typeof remove; // => "function"
 */
export async function removeRun(options: RunOptions): Promise<void> {
  const place = placed(options, "removeRun", {}, "run");
  const { run } = place;
  const kinds = ["KV_simdgrad_run", "KV_simdgrad_members", "OBJ_simdgrad_weights"];
  const ofTrials = ["simdgrad_trials", "KV_simdgrad_results", "OBJ_simdgrad_artifacts"];
  await Room.visit(place, "removing a run", async (room) => {
    const there = await mustBe(
      room,
      "removeRun",
      run,
      [...kinds, ...ofTrials].map((kind) => `${kind}_${run}`),
    );
    for (const name of there) await room.manager.streams.delete(name);
  });
}

/** Streams of these names that there are. @throws ArgumentError where there is none */
async function mustBe(room: Room, what: string, run: string, names: readonly string[]): Promise<readonly string[]> {
  const all: string[] = [];
  for await (const name of room.manager.streams.names()) if (names.includes(name)) all.push(name);
  if (all.length === 0) throw new ArgumentError(`${what}: the server has no run ${run}`);
  return all;
}
