// Training steps of ours and of every peer that is there, in rounds, each in a process of its own (README.md).
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startChild } from "./child.ts";
import { type Contender, contenders, oracles } from "./contenders.ts";
import { type Network, networks } from "./networks.ts";
import { describe, machine, writeReadme } from "./report.ts";
import { CHECKED_STEPS, compare, type Entry, type Timing } from "./rounds.ts";
import { startOf } from "./start.ts";
import { encodeStart } from "./start-file.ts";
import { stepTable, versions } from "./step-table.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    peers: { type: "string" },
    rounds: { type: "string", default: "9" },
    threads: { type: "string", default: `${Math.min(16, availableParallelism())}` },
    json: { type: "string" },
    write: { type: "boolean", default: false },
  },
});
const rounds = count("rounds");
const threads = count("threads");
const only = values.only?.split(",") ?? Object.keys(networks);
for (const name of only)
  if (!(name in networks)) throw new RangeError(`--only ${name}: it must be of ${Object.keys(networks).join(", ")}`);
const peers = values.peers?.split(",").map((name) => name.trim());

const where = machine();
const results: Record<string, readonly Timing[]> = {};
for (const name of only) {
  results[name] = await timings(networks[name]);
  console.log(`\n${name}\n${stepTable({ [name]: results[name] })}`);
}
console.log(`\n${describe(where)}\n${versions(results)}`);
if (values.json !== undefined)
  writeFileSync(values.json, `${JSON.stringify({ machine: where, results }, undefined, 2)}\n`);
if (values.write) writeReadme("steps", `${describe(where)}\n${versions(results)}\n\n${stepTable(results)}`);

function count(option: "rounds" | "threads"): number {
  const value = Number(values[option]);
  if (!Number.isInteger(value) || value < 1)
    throw new RangeError(`--${option} must be a whole number >= 1: ${values[option]}`);
  return value;
}

/** Whether it was asked for; what all are compared with always is. */
function asked({ name }: Contender, place: number): boolean {
  return place === 0 || peers === undefined || peers.some((peer) => name.startsWith(peer));
}

async function timings(network: Network): Promise<Timing[]> {
  const folder = mkdtempSync(join(tmpdir(), "simdgrad-bench-"));
  const entries: Entry[] = [];
  try {
    const { json, binary } = encodeStart(await startOf(network));
    writeFileSync(join(folder, "start.json"), json);
    writeFileSync(join(folder, "start.bin"), binary);
    const chosen = contenders(threads).filter(({ takes }) => takes?.(network) ?? true);
    const expected = new Map<string, number>();
    for (const { name, threads, command, environment, oracle = "float64" } of chosen.filter(asked)) {
      if (!expected.has(oracle)) expected.set(oracle, await lossOf(oracles[oracle](folder)));
      const runner = await startChild(command(folder), environment);
      entries.push({ name, threads, runner, expected: expected.get(oracle) ?? Number.NaN });
    }
    return await compare(entries, network.steps, rounds);
  } finally {
    await Promise.all(entries.map(({ runner }) => "missing" in runner || runner.end()));
    rmSync(folder, { recursive: true });
  }
}

/** An oracle's loss; its process is gone before anything is timed. */
async function lossOf(command: readonly string[]): Promise<number> {
  const oracle = await startChild(command);
  if ("missing" in oracle) throw new Error(oracle.missing);
  const { loss } = await oracle.ask(CHECKED_STEPS);
  await oracle.end();
  return loss;
}
