// What `threads: "auto"` is worth: its throughput beside that of one thread and that of the team, on a machine that does nothing else and
// beside one and two busy processes. Three executors in one process take turns of a few milliseconds (A B C C B A ...), so no change of the
// machine's speed stands between them. Options: --only TEXT, --rounds N (default 101), --quick, --json FILE, --write.
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { type Network, networks } from "./networks.ts";
import { type OwnRunner, startOwn, type Threads } from "./own.ts";
import { describe, digits, machine, median, table, writeReadme } from "./report.ts";
import { startOf } from "./start.ts";

interface Case {
  readonly name: string;
  readonly network: Network;
}

interface Result {
  readonly name: string;
  readonly batch: number;
  /** Busy processes beside it. */
  readonly busy: number;
  /** Milliseconds a step in each round, of one thread, the team and "auto". */
  readonly rounds: Readonly<Record<Contender, readonly number[]>>;
  /** That "auto" had in the end. */
  readonly threads: number;
}

type Contender = "one" | "team" | "auto";

const CONTENDERS: readonly Contender[] = ["one", "team", "auto"];
/** Milliseconds of a turn, at least. */
const TURN = 8;
/** Milliseconds of steps that do not count. */
const WARM_UP = 100;
/** What "auto" must reach at least: of one thread, and of the better of one thread and the team. */
const BARS = { one: 0.95, better: 0.9 };

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    rounds: { type: "string", default: "101" },
    quick: { type: "boolean", default: false },
    json: { type: "string" },
    write: { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1)
  throw new RangeError(`--rounds must be a whole number >= 1: ${values.rounds}`);
const team = Math.max(2, Math.min(16, availableParallelism()));

const cases = casesOf(values.quick).filter(({ name }) => name.includes(values.only));
if (cases.length === 0) throw new RangeError(`--only: no network is called ${values.only}`);
const results: Result[] = [];
for (const busy of [0, 1, 2]) {
  const end = makeBusy(busy);
  try {
    for (const { name, network } of cases) {
      results.push(await resultOf(name, network, busy));
      const { one, better, auto } = ratiosOf(results[results.length - 1]);
      process.stderr.write(
        `${busy} busy, ${name}, ${network.batch}: ${digits(auto)} us, ${digits(one)}, ${digits(better)}\n`,
      );
    }
  } finally {
    end();
  }
}
const text = [
  `${describe(machine())}, relaxed. ${rounds} rounds of turns.`,
  summary(results),
  resultTable(results),
].join("\n\n");
console.log(text);
if (values.json !== undefined)
  writeFileSync(values.json, `${JSON.stringify({ machine: machine(), results }, undefined, 2)}\n`);
if (values.write) writeReadme("threads-auto", text);

/** Classifiers 2-H-H-2, from those that one thread makes in no time to those that gain by two; and the networks of the other tables. */
function casesOf(quick: boolean): readonly Case[] {
  const small = (hidden: number, batch: number): Case => ({
    name: `2-${hidden}-${hidden}-2`,
    network: {
      kind: "mlp",
      widths: [2, hidden, hidden, 2],
      activation: "relu",
      loss: "crossEntropy",
      optimizer: { name: "adam", rate: 1e-3 },
      batch,
      rows: 1024,
      steps: 1,
    },
  });
  const widths = quick ? [16, 64, 256] : [8, 16, 32, 64, 128, 256];
  const batches = quick ? [120] : [32, 120, 256];
  // Steps of the other convolutional networks are long: a team always pays there, and a hundred rounds would take minutes each.
  const others = Object.entries(networks).filter(([name, { kind }]) =>
    quick ? name === "mlp-128-adam" : kind === "mlp" || name === "cnn-adam",
  );
  return [
    ...widths.flatMap((hidden) => batches.map((batch) => small(hidden, batch))),
    ...others.map(([name, network]) => ({ name, network })),
  ];
}

/** Keeps so many cores busy; returns what ends it. Each process ends by itself, too, once this one is gone. */
function makeBusy(processes: number): () => void {
  const spin = "const parent = process.ppid; while (process.ppid === parent) for (let i = 0; i < 1e7; i++);";
  const children = Array.from({ length: processes }, () => spawn(process.execPath, ["-e", spin], { stdio: "ignore" }));
  return () => {
    for (const child of children) child.kill();
  };
}

async function resultOf(name: string, network: Network, busy: number): Promise<Result> {
  const start = await startOf(network);
  const threads: Readonly<Record<Contender, Threads>> = { one: 1, team, auto: "auto" };
  const runners: OwnRunner[] = [];
  for (const contender of CONTENDERS) runners.push(await startOwn(start, "wasm-relaxed", threads[contender]));
  const steps: number[] = [];
  for (const runner of runners) steps.push(await warmUp(runner));
  const times: Record<Contender, number[]> = { one: [], team: [], auto: [] };
  for (let round = 0; round < rounds; round++)
    for (const place of CONTENDERS.keys()) {
      const i = round % 2 === 0 ? place : CONTENDERS.length - 1 - place;
      const { ms } = await runners[i].ask(steps[i]);
      times[CONTENDERS[i]].push(ms);
      steps[i] = Math.max(1, Math.min(2 * steps[i], Math.max(steps[i] >> 1, Math.ceil(TURN / ms))));
    }
  const chosen = await runners[CONTENDERS.indexOf("auto")].threads();
  for (const runner of runners) await runner.end();
  return { name, batch: network.batch, busy, rounds: times, threads: chosen };
}

/** Makes steps for as long as none count; how many make a turn. */
async function warmUp(runner: OwnRunner): Promise<number> {
  let steps = 1;
  for (let spent = 0; spent < WARM_UP; ) {
    const { ms } = await runner.ask(steps);
    spent += steps * ms;
    steps = Math.max(1, Math.ceil(TURN / ms));
  }
  return steps;
}

/** Microseconds of "auto", and how many times as fast it is as one thread, and as the better of the two: medians over the rounds. */
function ratiosOf({ rounds: times }: Result): Readonly<Record<"auto" | "one" | "team" | "better", number>> {
  const to = (other: Contender) => median(times.auto.map((ms, round) => times[other][round] / ms));
  const [one, team] = [to("one"), to("team")];
  return { auto: 1e3 * median(times.auto), one, team, better: Math.min(one, team) };
}

function summary(all: readonly Result[]): string {
  const missed = all.filter((result) => {
    const { one, better } = ratiosOf(result);
    return one < BARS.one || better < BARS.better;
  });
  const names = missed.map(({ name, batch, busy }) => `${name} with batch ${batch} beside ${busy}`);
  const found = names.length === 0 ? "none" : names.join(", ");
  return `Below ${BARS.one} of one thread or ${BARS.better} of the better choice: ${found} (of ${all.length}).`;
}

function resultTable(all: readonly Result[]): string {
  return table(
    all.map((result) => {
      const ratios = ratiosOf(result);
      return {
        network: result.name,
        batch: result.batch,
        "busy processes": result.busy,
        "us, one thread": digits(1e3 * median(result.rounds.one)),
        [`us, ${team} threads`]: digits(1e3 * median(result.rounds.team)),
        'us, "auto"': digits(ratios.auto),
        "its threads": result.threads,
        "speed over one thread": digits(ratios.one),
        "over the team": digits(ratios.team),
        "over the better": digits(ratios.better),
      };
    }),
  );
}
