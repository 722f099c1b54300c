// Each operation of a member, alone, at a server that is 50 ms away: trips and bytes as they are counted beside operations.ts.
import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { connect } from "@nats-io/transport-node";
import { chosen } from "../../src/nats/options.ts";
import { type Contribution, digestOf, toText } from "../../src/nats/parcel.ts";
import { Run } from "../../src/nats/run.ts";
import { freePort, NatsServer } from "../../test/nats/server.ts";
import { counters } from "./counters.ts";
import { DistantServer } from "./distance.ts";
import * as operations from "./operations.ts";
import { nameOf } from "./plan.ts";

const LATENCY = 50;
const PEACE = 250; // ms after which a server has sent what it had to
const NAMES = 1000; // beside the member's own

/** An operation, as it is said to be and as it was. */
export interface OperationComparison {
  readonly name: string;
  readonly said: operations.Operation;
  readonly trips: number;
  readonly up: number;
  readonly down: number;
}

/** Bytes a millisecond that a member beside its server stores and fetches, and milliseconds of the server's processor. */
export interface Speeds {
  readonly put: number;
  readonly get: number;
  readonly request: number | undefined;
  /** For the connection and the consumer of a member that joins. */
  readonly consumer: number | undefined;
  /** For listing a name. */
  readonly name: number | undefined;
}

const DIGEST = "0".repeat(64);
const changeOf = (round: number): Contribution => {
  const member = `${nameOf(0)}.${DIGEST.slice(0, 8)}`;
  return { member, round, samples: 160, object: `change.${round}.${member}`, digest: DIGEST };
};

function optionsOf(servers: string, place: number) {
  return chosen({ servers, run: "check", member: nameOf(place), heartbeat: 600_000 });
}

export async function compareOperations(program: string): Promise<OperationComparison[]> {
  const port = await freePort();
  const server = await NatsServer.start(program, `http: "127.0.0.1:${port}"`);
  const distant = await DistantServer.open(server.address, { latency: LATENCY, up: 1e6, down: 1e6 });
  const found: OperationComparison[] = [];
  async function compare<T>(name: string, said: operations.Operation, act: () => Promise<T>): Promise<T> {
    const before = await counters(port);
    const start = performance.now();
    const result = await act();
    const trips = (performance.now() - start) / (2 * LATENCY);
    await wait(PEACE);
    const after = await counters(port);
    found.push({ name, said, trips, up: after.up - before.up, down: after.down - before.down });
    return result;
  }
  const join = (place: number, run = "check") => Run.join({ ...optionsOf(distant.address, place), run });
  await (await join(0, "other")).leave(); // so that loading NATS's clients takes no time of what is measured
  const one = await compare("making a run", operations.founding, () => join(0));
  const record = { ...optionsOf(distant.address, 0).settings, variables: DIGEST };
  await compare("saying its settings", operations.settling, () => one.agree(record));
  const other = await compare("joining a run", operations.joining, () => join(1));
  await compare("agreeing", operations.agreeing, () => other.agree(record));
  for (const size of [10_000, 400_000]) {
    const bytes = new Uint8Array(size).map((_, i) => i * 7);
    const [object, digest] = [`change.${size / 10_000}.${one.name}`, await digestOf(bytes)];
    await compare(`storing ${size} bytes`, operations.putting(size), () => one.objects.put(object, bytes));
    await compare(`fetching ${size} bytes`, operations.getting(size), () => one.objects.get({ object, digest }, size));
    await compare("taking an object away", operations.dropping, () => one.drop(object));
  }
  await compare("taking none away", operations.droppingNothing, () => one.drop(`change.7.${one.name}`));
  const text = toText(changeOf(1)).length;
  const told = operations.telling(text);
  const heardByTwo = { ...told, down: told.down + 2 * text };
  await compare("telling two of a change", heardByTwo, () => one.contribute(changeOf(1)));
  await compare("looking at two members", operations.listing(2), () => one.alive());
  await compare("leaving", operations.leaving, () => other.leave());
  await one.leave();
  await distant.close();
  await server.stop();
  return found;
}

export async function speedsOf(program: string): Promise<Speeds> {
  const server = await NatsServer.start(program);
  const run = await Run.join(optionsOf(server.address, 0));
  const bytes = new Uint8Array(8e6).map((_, i) => i * 7);
  const digest = await digestOf(bytes);
  const [put, get]: [number[], number[]] = [[], []];
  for (let turn = 0; turn < 3; turn++) {
    const start = performance.now();
    await run.objects.put(`state.${turn}`, bytes);
    put.push(performance.now() - start);
    const stored = performance.now();
    await run.objects.get({ object: `state.${turn}`, digest }, bytes.length);
    get.push(performance.now() - stored);
  }
  const request = await timeOf(server, 2000, (turn) => run.contribute(changeOf(turn)));
  const joined = await timeOf(server, 200, async () => (await Run.join(optionsOf(server.address, 1))).leave());
  const look = await timeOf(server, 300, () => run.alive());
  const connection = await connect({ servers: [server.address] });
  for (let i = 1; i <= NAMES; i++) connection.publish(`$KV.simdgrad_members_check.${nameOf(i)}.0`, toText({}));
  await connection.drain();
  await wait(PEACE);
  const longLook = await timeOf(server, 300, () => run.alive());
  await run.leave();
  await server.stop();
  const less = (one: number | undefined, other: number | undefined, count: number) =>
    one === undefined || other === undefined ? undefined : one - count * other;
  const names = less(longLook, look, 1);
  return {
    put: bytes.length / Math.min(...put),
    get: bytes.length / Math.min(...get),
    request,
    consumer: less(joined, request, operations.joining.requests + operations.leaving.requests),
    name: names === undefined ? undefined : names / NAMES,
  };
}

/** Milliseconds of the server's processor for each of so many acts. */
async function timeOf(server: NatsServer, count: number, act: (turn: number) => Promise<unknown>) {
  const before = processorTime(server.pid);
  for (let turn = 0; turn < count; turn++) await act(turn);
  const after = processorTime(server.pid);
  return before === undefined || after === undefined ? undefined : (after - before) / count;
}

/** Milliseconds of a process, where the system tells of them: Linux counts a hundred a second. */
function processorTime(pid: number | undefined): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
    return 10 * (Number(fields[11]) + Number(fields[12]));
  } catch {
    return undefined;
  }
}
