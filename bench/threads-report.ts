// What chunks and barriers allow: for each program the bound on its speed-up by a team of threads. Every instruction is timed on one
// thread; its time is dealt to its chunks, these to threads as the kernels claim them, and every barrier costs a microsecond. No team
// runs here, so this machine need not have as many cores. Options: --only TEXT[,TEXT], --build relaxed|portable, --json FILE, --write.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import * as op from "../assembly/isa/opcode.ts";
import { LOOP_BODY } from "../assembly/isa/slots.ts";
import { compile, input, JsExecutor, type Program } from "../src/index.ts";
import { lengthAt, opcodeAt } from "../src/program/addresses.ts";
import { threadsFor } from "../src/runtime/wasm/threads-for.ts";
import { chunksOf, timeOf } from "../src/runtime/wasm/work.ts";
import { type Timed, timedInstructions } from "./instructions.ts";
import { networks } from "./networks.ts";
import { describe, digits, machine, table, writeReadme } from "./report.ts";
import { startOf, trainerOf } from "./start.ts";

interface Instruction extends Timed {
  /** Its opcode and label. */
  readonly what: string;
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
  if (values.only.split(",").some((part) => name.includes(part))) reports.push(await reportOf(name, await make()));
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
  const instructions = new Map(
    (await timedInstructions(program, build)).map((timed): [number, Instruction] => {
      const { at, label } = timed;
      const what = `${NAMES[opcodeAt(code, at)]} ${label}`;
      return [at, { ...timed, what, chunks: chunksOf(code, at, panel).count }];
    }),
  );
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

/** As the team meets: at barriers outside of loops, and before each loop. */
function sectionsOf(code: Int32Array, instructions: ReadonlyMap<number, Instruction>): Instruction[][] {
  const sections: Instruction[][] = [[]];
  for (let at = 0, end = 0; at < code.length; at += lengthAt(code, at)) {
    const instruction = instructions.get(at);
    const opcode = opcodeAt(code, at);
    if (instruction !== undefined) sections[sections.length - 1].push(instruction);
    else if (at >= end && (opcode === op.BARRIER || opcode === op.LOOP)) sections.push([]);
    if (at >= end && opcode === op.LOOP) end = at + lengthAt(code, at) + code[at + LOOP_BODY];
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
            .map(({ what, loops, chunks, microseconds: own }) =>
              [chunks, what, ...loops.map(() => "in a loop"), `(${digits(own)} us)`].join(" "),
            )
            .join("; "),
        })),
    ),
  );
}
