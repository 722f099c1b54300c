// Two of our own executors in one process take turns, a few milliseconds each (A B B A A B B A ...): two threads against one, and one
// thread beside a team that has nothing to do against one alone. So neither the machine's changes of speed nor two processes' different
// luck stand between them. Options: --only TEXT, --rounds N, --json FILE, --write.
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { networks } from "./networks.ts";
import { type OwnKind, startOwn, startProduct } from "./own.ts";
import { describe, digits, machine, median, table, writeReadme } from "./report.ts";
import type { Runner } from "./rounds.ts";
import { type Start, startOf } from "./start.ts";

interface Pair {
  readonly name: string;
  /** What the first is to the second. */
  readonly says: string;
  readonly make: () => Promise<readonly [Runner, Runner]>;
}

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    rounds: { type: "string", default: "101" },
    json: { type: "string" },
    write: { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds);

/** Milliseconds of a turn, at least. */
const TURN = 10;
const WARM_UP = 500;
const TEAM = 2;

const speedUps = Object.entries(networks).filter(([name]) => name !== "xor");
const pairs: readonly Pair[] = [
  { name: "gemm 256", says: `${TEAM} workers, nothing in common`, make: independent },
  {
    name: "gemm 1024",
    says: `${TEAM} threads`,
    make: async () => [await startProduct(1024, TEAM), await startProduct(1024, 1)],
  },
  ...speedUps.map(([name, network]) => ({
    name,
    says: `${TEAM} threads`,
    make: () => both(startOf(network), ["wasm-relaxed", TEAM], ["wasm-relaxed", 1]),
  })),
  ...["xor", "mlp-128-adam", "mlp-128-sgd"].map((name) => ({
    name,
    says: "1 thread, idle team",
    make: () => both(startOf(networks[name]), ["idle-team", TEAM], ["wasm-relaxed", 1]),
  })),
];

type Contender = readonly [kind: OwnKind, threads: number];

async function both(start: Promise<Start>, first: Contender, second: Contender): Promise<readonly [Runner, Runner]> {
  const given = await start;
  return [await startOwn(given, ...first), await startOwn(given, ...second)];
}

/** As many workers as a team has threads, at work at the same time on products of their own, and one of them alone. */
async function independent(): Promise<readonly [Runner, Runner]> {
  const workers = Array.from({ length: TEAM }, () => new Worker(new URL("./pair-child.ts", import.meta.url)));
  await Promise.all(workers.map((worker) => once(worker, "message")));
  const ask = async (worker: Worker, steps: number): Promise<number> => {
    worker.postMessage(steps);
    return (await once(worker, "message"))[0];
  };
  const runnerOf = (some: readonly Worker[]): Runner => ({
    engine: "workers",
    async ask(steps) {
      const times = await Promise.all(some.map((worker) => ask(worker, steps)));
      return { ms: Math.max(...times) / some.length, loss: Number.NaN };
    },
    end: async () => {
      await Promise.all(some.map((worker) => worker.terminate()));
    },
  });
  return [runnerOf(workers), runnerOf(workers.slice(0, 1))];
}

/** Ratios of the second's time to the first's, one for each pair of neighbouring turns. */
async function compare([first, second]: readonly [Runner, Runner]): Promise<readonly number[]> {
  const steps: number[] = [];
  for (const runner of [first, second]) {
    const end = performance.now() + WARM_UP;
    let { ms } = await runner.ask(1);
    while (performance.now() < end) ms = (await runner.ask(Math.ceil(TURN / ms))).ms;
    steps.push(Math.ceil(TURN / ms));
  }
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const times = [0, 0];
    for (const turn of round % 2 === 0 ? [0, 1] : [1, 0])
      times[turn] = (await [first, second][turn].ask(steps[turn])).ms;
    ratios.push(times[1] / times[0]);
  }
  return ratios;
}

const results = [];
for (const { name, says, make } of pairs.filter(({ name }) => name.includes(values.only))) {
  const runners = await make();
  const ratios = [...(await compare(runners))].sort((a, b) => a - b);
  for (const runner of runners) await runner.end();
  results.push({ name, says, ratios });
  process.stderr.write(`${name}\n`);
}
if (results.length === 0) throw new RangeError(`--only: no pair is called ${values.only}`);
const rows = results.map(({ name, says, ratios }) => ({
  program: name,
  what: says,
  "times as fast as 1 thread alone": digits(median(ratios)),
  "first quartile": digits(ratios[ratios.length >> 2]),
  "third quartile": digits(ratios[(3 * ratios.length) >> 2]),
}));
const text = `${describe(machine())}, relaxed. ${rounds} pairs of turns.\n\n${table(rows)}`;
console.log(text);
if (values.json !== undefined)
  writeFileSync(values.json, `${JSON.stringify({ machine: machine(), results }, undefined, 2)}\n`);
if (values.write) writeReadme("pairs", text);
