// What chunks and barriers allow: for each program the bound on its speed-up by a team of threads. Every instruction is timed on one
// thread; its time is dealt to its chunks, these to threads as the kernels claim them, and every barrier costs a microsecond. No team
// runs here, so this machine need not have as many cores. Options: --only TEXT, --build relaxed|portable, --json FILE, --write.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import * as op from "../assembly/isa/opcode.ts";
import { profile } from "../src/debug/index.ts";
import { compile, input, JsExecutor, type Program } from "../src/index.ts";
import { lengthAt, opcodeAt } from "../src/program/addresses.ts";
import { threadsFor } from "../src/runtime/wasm/threads-for.ts";
import { chunksOf, timeOf } from "../src/runtime/wasm/work.ts";
import { networks } from "./networks.ts";
import { describe, digits, machine, table, writeReadme } from "./report.ts";
import { startOf, trainerOf } from "./start.ts";

interface Instruction {
  readonly what: string;
  /** On one thread. */
  readonly microseconds: number;
  /** That can run at once. */
  readonly chunks: number;
}

/** Instructions between two meetings of the team. */
interface Section {
  readonly instructions: readonly Instruction[];
  /** By number of threads, the barrier at its end included (with one thread there is none). */
  readonly microseconds: Readonly<Record<number, number>>;
  /** With most threads, beyond an even share of the work. */
  readonly lost: number;
}

interface Report {
  readonly program: string;
  /** On one thread. */
  readonly microseconds: number;
  /** Bound on the speed-up by number of threads. */
  readonly bounds: Readonly<Record<number, number>>;
  /** Threads that an executor with most of them gives the program. */
  readonly chosen: number;
  readonly sections: readonly Section[];
}

const THREADS = [2, 4, 8, 16];
const MOST = THREADS[THREADS.length - 1];
const BARRIER_NANOSECONDS = 1000;
const WORST = 8;
const NAMES: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries(op).map(([name, opcode]) => [opcode, name.toLowerCase()]),
);

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    build: { type: "string", default: "relaxed" },
    json: { type: "string" },
    write: { type: "boolean", default: false },
  },
});
const build = buildOf(values.build);
const panel = build === "relaxed" ? 8 : 12;

const programs: Readonly<Record<string, () => Program | Promise<Program>>> = {
  "gemm 1024": () => product(1024),
  ...Object.fromEntries(Object.keys(networks).map((name) => [name, () => stepOf(name)])),
};
const reports: Report[] = [];
for (const [name, make] of Object.entries(programs))
  if (name.includes(values.only)) reports.push(await reportOf(name, await make()));
if (reports.length === 0) throw new RangeError(`--only: no program is called ${values.only}`);
const text = [`${describe(machine())}, ${build}.`, bounds(reports), losses(reports)].join("\n\n");
console.log(text);
if (values.json !== undefined)
  writeFileSync(values.json, `${JSON.stringify({ machine: machine(), build, reports }, undefined, 2)}\n`);
if (values.write) writeReadme("threads", text);

function buildOf(name: string): "relaxed" | "portable" {
  if (name !== "relaxed" && name !== "portable") throw new RangeError(`--build: ${name} is not relaxed or portable`);
  return name;
}

function product(n: number): Program {
  const [a, b] = [input([n, n], "f32", "a"), input([n, n], "f32", "b")];
  return compile({ inputs: { a, b }, outputs: { c: a.matmul(b) } });
}

async function stepOf(name: string): Promise<Program> {
  const network = networks[name];
  const executor = new JsExecutor();
  const trainer = await trainerOf(await startOf(network), executor);
  const program = trainer.stepProgram(network.batch);
  await trainer.dispose();
  await executor.dispose();
  return program;
}

async function reportOf(name: string, program: Program): Promise<Report> {
  const { code } = program;
  const times = new Map<number, number>();
  for (const { instruction, microseconds } of await profile(program, { build, steps: 101 }))
    times.set(instruction, microseconds);
  const instructions = instructionsOf(program, times);
  const team = (threads: number) => {
    const sections: number[] = [];
    timeOf(code, 0, code.length, {
      threads,
      barrier: threads === 1 ? 0 : BARRIER_NANOSECONDS,
      nanoseconds: (_, at) => 1e3 * (instructions.get(at)?.microseconds ?? 0),
      panel,
      onMeeting: (_, nanoseconds) => sections.push(nanoseconds / 1e3),
    });
    return sections;
  };
  const counts = [1, ...THREADS];
  const all = counts.map(team);
  const total = all.map((sections) => sections.reduce((sum, time) => sum + time, 0));
  const sections = sectionsOf(code, instructions).map((list, i): Section => {
    const microseconds = Object.fromEntries(counts.map((threads, t) => [threads, all[t][i]]));
    return { instructions: list, microseconds, lost: microseconds[MOST] - microseconds[1] / MOST };
  });
  const speedUps = THREADS.map((threads, t) => [threads, total[0] / total[t + 1]]);
  return {
    program: name,
    microseconds: total[0],
    bounds: Object.fromEntries(speedUps),
    chosen: threadsFor(code, MOST),
    sections,
  };
}

/** By their places in the code; prefixes, whose time the profiler counts in, are named with what they belong to. */
function instructionsOf({ code, labels }: Program, times: ReadonlyMap<number, number>): Map<number, Instruction> {
  const found = new Map<number, Instruction>();
  let prefix = 0;
  for (let at = 0, number = 0; at < code.length; at += lengthAt(code, at), number++) {
    const opcode = opcodeAt(code, at);
    const microseconds = times.get(number) ?? prefix;
    prefix = opcode === op.INDEX ? microseconds : 0;
    if (opcode === op.INDEX || opcode === op.BARRIER || opcode === op.END) continue;
    found.set(at, {
      what: `${NAMES[opcode]} ${labels[number]}`,
      microseconds,
      chunks: chunksOf(code, at, panel).count,
    });
  }
  return found;
}

function sectionsOf(code: Int32Array, instructions: ReadonlyMap<number, Instruction>): Instruction[][] {
  const sections: Instruction[][] = [[]];
  for (let at = 0; at < code.length; at += lengthAt(code, at)) {
    const instruction = instructions.get(at);
    if (instruction !== undefined) sections[sections.length - 1].push(instruction);
    else if (opcodeAt(code, at) === op.BARRIER) sections.push([]);
  }
  return sections;
}

function bounds(all: readonly Report[]): string {
  return table(
    all.map(({ program, microseconds, bounds: bound, chosen, sections }) => ({
      program,
      "us, one thread": digits(microseconds),
      barriers: sections.length,
      ...Object.fromEntries(THREADS.map((threads) => [`bound at ${threads}`, digits(bound[threads])])),
      [`threads given of ${MOST}`]: chosen,
    })),
  );
}

function losses(all: readonly Report[]): string {
  return table(
    all.flatMap(({ program, sections }) =>
      [...sections]
        .sort((a, b) => b.lost - a.lost)
        .slice(0, WORST)
        .map(({ instructions, microseconds, lost }) => ({
          program,
          [`us lost at ${MOST}`]: digits(lost),
          [`us at ${MOST}`]: digits(microseconds[MOST]),
          "us at 1": digits(microseconds[1]),
          "chunks of instructions up to a barrier": instructions
            .map(({ what, chunks, microseconds: own }) => `${chunks} ${what} (${digits(own)} us)`)
            .join("; "),
        })),
    ),
  );
}
