// How rounds over NATS go with 2 to 1,000 members: simulated time, traffic, and what the training comes to. With --check, what the simulation says of
// two to four real members beside what they do. Options: in bench/README.md.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { findServer } from "../test/nats/server.ts";
import { describe, digits, machine, table, writeReadme } from "./report.ts";
import { type Comparison, check } from "./scale/check.ts";
import { BATCH, Classroom, RATE } from "./scale/learning.ts";
import { bytesOf, type Precision } from "./scale/network.ts";
import { compareOperations, type OperationComparison, type Speeds, speedsOf } from "./scale/operations-check.ts";
import { type LearningRow, learningRow, type Question, type RoundsRow, roundsRow } from "./scale/tables.ts";
import { describeWorld } from "./scale/world.ts";

const { values } = parseArgs({
  options: {
    members: { type: "string", default: "2,4,8,9,16,64,256,1000" },
    inner: { type: "string", default: "20,100" },
    hidden: { type: "string", default: "32" },
    rounds: { type: "string", default: "8" },
    accuracy: { type: "string", default: "0.9" },
    most: { type: "string", default: "120" },
    trained: { type: "string", default: "64" },
    precision: { type: "string", default: "f32" },
    deadline: { type: "string", default: "30000" },
    "min-members": { type: "string", default: "1" },
    heartbeat: { type: "string", default: "3000" },
    seed: { type: "string", default: "0" },
    check: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    json: { type: "string" },
    write: { type: "boolean", default: false },
  },
});

/** @throws RangeError for what is no whole number from `least` to `most` */
function whole(option: keyof typeof values, text: string | undefined, least = 1, most = 1_000_000): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most)
    throw new RangeError(`--${option} must be a whole number from ${least} to ${most}: ${text}`);
  return value;
}

function several(option: "members" | "inner" | "hidden", most: number): number[] {
  return values[option].split(",").map((text) => whole(option, text, 1, most));
}

function precisionOf(text: string): Precision {
  if (text !== "f32" && text !== "f16") throw new RangeError(`--precision must be f32 or f16: ${text}`);
  return text;
}

function share(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < 1)) throw new RangeError(`--accuracy must be between 0 and 1: ${text}`);
  return value;
}

const megabytes = (bytes: number) => digits(bytes / 1e6);
const kilobytes = (bytes: number) => digits(bytes / 1e3);

function roundsTable(rows: readonly RoundsRow[]): string {
  return table(
    rows.map(({ members, seconds, counted, alive, attempts, traffic, documented, member }) => ({
      members,
      "s a round": digits(seconds),
      counted: digits(counted),
      alive: digits(alive),
      "tries to close": digits(attempts),
      "weights up, MB": megabytes(traffic.weightsUp),
      documented: megabytes(documented.up),
      "weights down, MB": megabytes(traffic.weightsDown),
      "documented ": megabytes(documented.down),
      "records, MB": megabytes(traffic.recordsUp + traffic.recordsDown),
      "a member, kB up": kilobytes(member.up),
      "kB down": kilobytes(member.down),
    })),
  );
}

function learningTable(rows: readonly LearningRow[], accuracy: number): string {
  return table(
    rows.map(({ members, innerSteps, rounds, seconds, accuracy: reached, bytes, member, trained }) => ({
      members,
      "inner steps": innerSteps,
      [`rounds to ${accuracy}`]: rounds ?? `not reached: ${reached.toFixed(3)}`,
      seconds: digits(seconds) ?? "",
      "server, MB": megabytes(bytes),
      "a member, MB": megabytes(member),
      "of a round trained": trained < members ? trained : "all",
    })),
  );
}

function checkTable(all: readonly Comparison[]): string {
  const error = (one: number, other: number) => `${(100 * (one / other - 1)).toFixed(1)} %`;
  return table(
    all.map(({ scenario, predicted, measured, corrected }) => ({
      scenario: scenario.name,
      "ms a round": `${predicted.round.toFixed(0)}, ${measured.round.toFixed(0)}`,
      "error ": error(predicted.round, measured.round),
      longest: `${predicted.longest.toFixed(0)}, ${measured.longest.toFixed(0)}`,
      members: `${digits(predicted.members)}, ${digits(measured.members)}`,
      rounds: `${predicted.rounds}, ${measured.rounds}`,
      "tries to close": `${predicted.attempts}, ${measured.attempts}`,
      "kB up": `${kilobytes(predicted.up)}, ${kilobytes(measured.up)}`,
      error: error(predicted.up, measured.up),
      "of as many tries": error(corrected.up, measured.up),
      "kB down": `${kilobytes(predicted.down)}, ${kilobytes(measured.down)}`,
      "error  ": error(predicted.down, measured.down),
      "of as many tries ": error(corrected.down, measured.down),
    })),
  );
}

function operationsTable(all: readonly OperationComparison[]): string {
  return table(
    all.map(({ name, said, trips, up, down }) => ({
      operation: name,
      trips: `${said.trips}, ${trips.toFixed(1)}`,
      "bytes up": `${said.up}, ${up}`,
      "bytes down": `${said.down}, ${down}`,
    })),
  );
}

function speedsText({ put, get, request, consumer, name }: Speeds): string {
  const server =
    request === undefined
      ? ""
      : ` The server's processor takes ${digits(request)} ms a message, ${digits(consumer)} for the connection and the consumer of who joins, ` +
        `and ${digits(1000 * (name ?? 0))} us for a name of those who are alive.`;
  return `A member beside its server stores ${digits(put / 1000)} and fetches ${digits(get / 1000)} MB a second.${server}`;
}

async function compare(): Promise<{ readonly text: string; readonly results: object }> {
  const program = await findServer();
  if (program === undefined) throw new Error("--check: there is no nats-server here, and none can be had");
  const speeds = await speedsOf(program);
  const operations = await compareOperations(program);
  const courses = await check(program, values.only, ({ scenario }) => console.error(scenario.name));
  if (courses.length === 0) throw new RangeError(`--only: nothing is called ${values.only}`);
  const parts = [describe(machine()), speedsText(speeds), checkTable(courses), operationsTable(operations)];
  return { text: parts.join("\n\n"), results: { speeds, operations, courses } };
}

async function simulateAll(): Promise<{ readonly text: string; readonly results: object }> {
  const [members, inner, hidden] = [several("members", 10_000), several("inner", 100_000), several("hidden", 10_000)];
  const seed = whole("seed", values.seed, 0);
  const precision = precisionOf(values.precision);
  const limits = {
    accuracy: share(values.accuracy),
    rounds: whole("most", values.most),
    trained: whole("trained", values.trained),
  };
  const room = await Classroom.open(hidden, seed);
  const question: Question = {
    seed,
    precision,
    bytes: bytesOf(room.first, precision),
    deadline: whole("deadline", values.deadline),
    minMembers: whole("min-members", values["min-members"], 1, 1000),
    heartbeat: whole("heartbeat", values.heartbeat, 50, 600_000),
  };
  const steps = inner[inner.length - 1];
  const count = whole("rounds", values.rounds);
  const rounds = members.map((each) => roundsRow(question, each, steps, count));
  const learning: LearningRow[] = [];
  for (const innerSteps of inner)
    for (const each of members) {
      learning.push(await learningRow(question, room, each, innerSteps, limits));
      console.error(`${each} members, ${innerSteps} inner steps`);
    }
  await room.close();
  const { change, state } = question.bytes;
  const text = [
    describeWorld(),
    `A 64-${hidden.join("-")}-10 network (a change of ${change} bytes, a state of ${state}), deadline ${question.deadline} ms, seed ${seed}. ` +
      `${count} rounds of ${steps} inner steps; bytes are those of a round.`,
    roundsTable(rounds),
    `To an accuracy of ${limits.accuracy} of the test's digits of 8 x 8 pixels, inner SGD of rate ${RATE} with ${BATCH} rows a step. Bytes are those until then.`,
    learningTable(learning, limits.accuracy),
  ];
  return { text: text.join("\n\n"), results: { question, rounds, learning } };
}

const { text, results } = await (values.check ? compare() : simulateAll());
console.log(text);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(results, undefined, 2)}\n`);
if (values.write) writeReadme(values.check ? "scale-check" : "scale", text);
