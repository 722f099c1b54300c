// Real members of a real server on this machine, kept apart by stated latencies and rates, beside what the simulation says of the same: when rounds
// are closed, of whom, and how many bytes pass the server by its own counters.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Msg } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { variables } from "../../src/nn/index.ts";
import { freePort, NatsServer } from "../../test/nats/server.ts";
import { median } from "../median.ts";
import { counters } from "./counters.ts";
import { type Digits, loadDigits, PIXELS } from "./digits.ts";
import { type Distance, DistantServer } from "./distance.ts";
import type { Run, Task } from "./member.ts";
import { bytesOf, networkOf } from "./network.ts";
import { dropping, putting, reading } from "./operations.ts";
import { nameOf, type Plan, type Round } from "./plan.ts";
import { Simulation } from "./simulation.ts";
import { local } from "./world.ts";

/** So many milliseconds after a round was closed: rounds of a busy machine are longer than those that are said. */
interface Moment {
  readonly round: number;
  readonly after: number;
}

/** A member of a scenario: when it comes, if not at once, and is killed. */
interface Part {
  readonly step: number;
  /** Rounds that it takes part in; default the scenario's. */
  readonly rounds?: number;
  readonly joins?: Moment;
  readonly dies?: Moment;
}

export interface Scenario {
  readonly name: string;
  readonly hidden: readonly number[];
  readonly distance: Distance;
  readonly members: readonly Part[];
  readonly rounds: number;
  readonly deadline?: number;
  readonly minMembers?: number;
  readonly heartbeat?: number;
}

/** What was seen of a run, or is said of it. */
export interface Course {
  /** Milliseconds between two rounds that were closed, the median. */
  readonly round: number;
  /** The longest of them. */
  readonly longest: number;
  readonly rounds: number;
  /** Members of a round, on average. */
  readonly members: number;
  /** Times that a member stored a state to close a round with. */
  readonly attempts: number;
  readonly up: number;
  readonly down: number;
}

const near: Distance = { latency: 5, up: 1e6, down: 1e6 };
/** 10 Mbit/s up and 50 down. */
const far: Distance = { latency: 20, up: 1250, down: 6250 };
const [SMALL, LARGE] = [[32], [512, 128]];
const equal = (count: number): Part[] => Array.from({ length: count }, () => ({ step: 200 }));

export const scenarios: readonly Scenario[] = [
  ...[2, 3, 4].map((count) => ({
    name: `${count} members, 9.6 kB, 5 ms`,
    hidden: SMALL,
    distance: near,
    members: equal(count),
    rounds: 8,
    minMembers: count,
  })),
  ...[2, 3, 4].map((count) => ({
    name: `${count} members, 402 kB, 20 ms, 10 and 50 Mbit/s`,
    hidden: LARGE,
    distance: far,
    members: equal(count),
    rounds: 6,
    minMembers: count,
  })),
  {
    name: "4 members of 150 to 300 ms a step",
    hidden: SMALL,
    distance: near,
    members: [150, 200, 250, 300].map((step) => ({ step })),
    rounds: 8,
    minMembers: 4,
  },
  {
    name: "4 members, one too slow for the deadline of 1 s",
    hidden: SMALL,
    distance: near,
    members: [...equal(3), { step: 700, rounds: 2 }],
    rounds: 8,
    deadline: 1000,
    minMembers: 3,
  },
  {
    name: "3 members, one killed, another one comes",
    hidden: SMALL,
    distance: near,
    members: [
      ...equal(2),
      { step: 200, dies: { round: 3, after: 1000 } },
      { step: 200, joins: { round: 5, after: 1000 }, rounds: 3 },
    ],
    rounds: 10,
    minMembers: 2,
    heartbeat: 1000,
  },
  {
    name: "4 members, one killed, deadline 1 s",
    hidden: SMALL,
    distance: near,
    members: [...equal(3), { step: 200, dies: { round: 3, after: 1000 } }],
    rounds: 8,
    deadline: 1000,
    minMembers: 3,
    heartbeat: 2000,
  },
];

/** Bytes of the record of a round of three members, about. */
const SIZE_OF_ROUND = 650;
const SAMPLES = { innerSteps: 10, batch: 16 };

function runOf(scenario: Scenario): Run {
  const { hidden, deadline = 30_000, minMembers = 1, heartbeat = 3000 } = scenario;
  return { run: "check", hidden, ...SAMPLES, deadline, minMembers, heartbeat };
}

function weightsOf({ hidden }: Scenario): Plan["bytes"] {
  const weights = Object.fromEntries(
    [...variables(networkOf(hidden))].map(([path, { shape }]) => {
      const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
      return [path, { data, shape: [...shape] }];
    }),
  );
  return bytesOf(weights, "f32");
}

/** What the simulation says of it, once it has said when its moments are. */
export function predicted(scenario: Scenario): Course {
  let times: readonly number[] = [];
  for (let pass = 0; pass < 2; pass++) times = roundsOf(simulationOf(scenario, times)).map(({ at }) => at);
  const simulation = simulationOf(scenario, times);
  const rounds = roundsOf(simulation);
  const counts = rounds.map(({ members }) => members.length);
  const { weightsUp, weightsDown, recordsUp, recordsDown } = simulation.finish();
  const [up, down] = [weightsUp + recordsUp, weightsDown + recordsDown];
  return courseOf(
    rounds.map(({ at }) => at),
    counts,
    simulation.attempts,
    up,
    down,
  );
}

/** @param times at which rounds are closed, as far as that is known; what is to happen after others never happens */
function simulationOf(scenario: Scenario, times: readonly number[]): Simulation {
  const { innerSteps, batch, ...settings } = runOf(scenario);
  const timeOf = ({ round, after }: Moment) => (times[round] ?? Number.POSITIVE_INFINITY) + after;
  return new Simulation({
    ...local,
    ...settings,
    samples: innerSteps * batch,
    bytes: weightsOf(scenario),
    members: scenario.members.map(({ step, rounds = scenario.rounds, joins, dies }) => ({
      ...scenario.distance,
      joins: joins === undefined ? 0 : timeOf(joins),
      dies: dies === undefined ? Number.POSITIVE_INFINITY : timeOf(dies),
      rounds,
      compute: () => innerSteps * step,
    })),
  });
}

function roundsOf(simulation: Simulation): Round[] {
  const all: Round[] = [];
  for (let round = simulation.next(); round !== undefined; round = simulation.next()) all.push(round);
  return all;
}

/** Of the times at which rounds were closed, from round 0 on, and the numbers of their members. */
function courseOf(
  times: readonly number[],
  counts: readonly number[],
  attempts: number,
  up: number,
  down: number,
): Course {
  const rounds = times.length - 1;
  const members = counts.slice(1).reduce((sum, count) => sum + count, 0) / rounds;
  const between = times.slice(1).map((time, i) => time - times[i]);
  return { round: median(between), longest: Math.max(...between), rounds, members, attempts, up, down };
}

/** What comes of it with members in processes of their own. */
async function measured(scenario: Scenario, program: string, digits: Digits): Promise<Course> {
  const port = await freePort();
  const server = await NatsServer.start(program, `http: "127.0.0.1:${port}"`);
  const distant = await DistantServer.open(server.address, scenario.distance);
  const connection = await connect({ servers: [server.address] });
  const { members } = scenario;
  const timers: ReturnType<typeof setTimeout>[] = [];
  const [times, counts]: [number[], number[]] = [[], []];
  let [attempts, heard] = [0, 0]; // states that were stored, and bytes that this process heard
  connection.subscribe("$KV.simdgrad_run_check.round", {
    callback: (_, message) => {
      heard += sizeOf(message);
      const { round, changes } = message.json<{ readonly round: number; readonly changes: readonly unknown[] }>();
      if (round < times.length) return; // another member was first
      times.push(performance.now());
      counts.push(changes.length);
      members.forEach(({ joins, dies }, place) => {
        if (joins?.round === round) timers.push(setTimeout(() => children[place].send("go"), joins.after));
        if (dies?.round === round) timers.push(setTimeout(() => children[place].kill("SIGKILL"), dies.after));
      });
    },
  });
  connection.subscribe("$O.simdgrad_weights_check.M.>", {
    callback: (_, message) => {
      const { name, deleted } = message.json<{ readonly name: string; readonly deleted: boolean }>();
      if (!deleted && name.startsWith("state.")) attempts++;
      heard += sizeOf(message);
    },
  });
  const run = runOf(scenario);
  const children = await Promise.all(
    members.map(({ step, rounds = scenario.rounds }, place) =>
      ready([{ ...run, member: nameOf(place), servers: distant.address, rounds, step }], digits),
    ),
  );
  members.forEach(({ joins }, place) => {
    if (joins === undefined) children[place].send("go");
  });
  const codes = await Promise.all(children.map(async (child) => (await once(child, "exit"))[0] as number | null));
  timers.forEach(clearTimeout);
  const { up, down } = await counters(port);
  await connection.close();
  await distant.close();
  await server.stop();
  members.forEach(({ dies }, place) => {
    if (dies === undefined && codes[place] !== 0) throw new Error(`member ${place} ended with ${codes[place]}`);
  });
  return courseOf(times, counts, attempts, up, down - heard);
}

function sizeOf({ data, headers }: Msg): number {
  return data.length + (headers?.toString().length ?? 0);
}

async function ready(tasks: readonly Task[], digits: Digits): Promise<ChildProcess> {
  const child = fork(fileURLToPath(new URL("member.ts", import.meta.url)), {
    execArgv: ["--disable-warning=ExperimentalWarning"],
    serialization: "advanced",
  });
  child.send({ tasks, digits });
  await once(child, "message");
  return child;
}

/** What the simulation says of a scenario, and what came of it. */
export interface Comparison {
  readonly scenario: Scenario;
  readonly predicted: Course;
  readonly measured: Course;
  /** The bytes of what is said, with as many tries to close as there were: a vain one stores a state, looks up the round and takes the state away. */
  readonly corrected: { readonly up: number; readonly down: number };
}

function compared(scenario: Scenario, measured: Course): Comparison {
  const said = predicted(scenario);
  const vain = [putting(weightsOf(scenario).state), reading(SIZE_OF_ROUND), dropping];
  const more = (of: "up" | "down") =>
    said[of] + (measured.attempts - said.attempts) * vain.reduce((sum, each) => sum + each[of], 0);
  return { scenario, predicted: said, measured, corrected: { up: more("up"), down: more("down") } };
}

/** Compares scenarios whose names hold a text, with a server's program. */
export async function check(
  program: string,
  only: string,
  told: (comparison: Comparison) => void,
): Promise<Comparison[]> {
  const { train } = await loadDigits();
  const rows = SAMPLES.innerSteps * SAMPLES.batch;
  const digits = { rows, x: train.x.slice(0, rows * PIXELS), y: train.y.slice(0, rows) };
  const all: Comparison[] = [];
  for (const scenario of scenarios.filter(({ name }) => name.includes(only))) {
    const comparison = compared(scenario, await measured(scenario, program, digits));
    all.push(comparison);
    told(comparison);
  }
  return all;
}
