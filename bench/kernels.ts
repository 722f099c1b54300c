// Kernel ladders: both Wasm builds and the pure-TypeScript baseline in rounds (A B A B ...), each sample of Wasm between two of what
// it is held against: the micro-kernel's peak, or a copy of as many bytes. A kernel that differs from the Float64 oracle is not timed.
// Options: --only TEXT,TEXT (parts of names), --rounds N, --plain (peak of plain loops), --json FILE, --write (the tables of README.md).
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { TypedArray } from "../src/runtime/executor.ts";
import type { Machine } from "../src/runtime/machine.ts";
import { Space } from "../src/runtime/space.ts";
import { createWasmMachine, decoded } from "../src/runtime/wasm/machine.ts";
import { type Baseline, startBaseline } from "./kernels/baseline.ts";
import { type Case, cases, copyOf } from "./kernels/cases.ts";
import { Subject } from "./kernels/subject.ts";
import { type Peak, peakOf } from "./peak.ts";
import { describe, digits, machine as host, median, table, writeReadme } from "./report.ts";

const BUILDS = ["relaxed", "portable"] as const;
type Build = (typeof BUILDS)[number];

interface Stage {
  readonly build: Build;
  readonly machine: Machine;
  readonly space: Space;
  readonly peak: Peak;
}

/** Of one build, or of the baseline; one number a round. */
interface Samples {
  /** Seconds of a step. */
  readonly seconds: number[];
  /** Its rate over that of the peak or copy beside it. */
  readonly fractions: number[];
  /** The baseline's time over its own. */
  readonly ratios: number[];
  /** Margin of error in percent, of samples that were not taken in rounds. */
  readonly error?: number;
  note?: string;
}

interface Row extends Omit<Case, "computation" | "limit"> {
  readonly relaxed: Samples;
  readonly portable: Samples;
  readonly js: Pick<Samples, "seconds" | "note">;
}

/** Of the largest number of a result; sums of 1024 products in Float32 stay well below. */
const TOLERANCE = 1e-5;
const WARM_UPS = 2;
/** The baseline takes seconds for large products: it makes so many rounds of these. */
const SLOW = 0.1;
const SLOW_ROUNDS = 3;
/** Seconds at least that a look at the peak takes, about. */
const LOOK = 1e-3;

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    rounds: { type: "string", default: "9" },
    json: { type: "string" },
    plain: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1)
  throw new RangeError(`--rounds must be a whole number >= 1: ${values.rounds}`);
const wanted = [...cases.values()].filter(({ name }) => values.only.split(",").some((part) => name.includes(part)));
if (wanted.length === 0) throw new RangeError(`--only: no kernel is called ${values.only}`);

const stages: Stage[] = [];
for (const build of BUILDS) stages.push(await stageOf(build));
const rows: Row[] = [];
for (const each of wanted) {
  rows.push(await compare(each));
  process.stderr.write(`${each.name}\n`);
}
const text = report(rows);
console.log(text);
if (values.json !== undefined)
  writeFileSync(values.json, `${JSON.stringify({ machine: host(), peaks: peakNames(), rows }, undefined, 2)}\n`);
if (values.write) writeReadme("kernels", text);
for (const { machine } of stages) await machine.dispose();

async function stageOf(build: Build): Promise<Stage> {
  const { wasm } = await import(`../src/runtime/wasm/generated/${build}.ts`);
  const bytes = decoded(wasm);
  const machine = await createWasmMachine(bytes, { threads: 1 });
  return { build, machine, space: new Space(machine, false), peak: await peakOf(build, values.plain) };
}

async function compare(each: Case): Promise<Row> {
  const { name, flops, bytes, elements } = each;
  const oracle = await startBaseline(name, "float64");
  oracle.end();
  const baseline = await startBaseline(name, "float32");
  const contenders = await Promise.all(
    stages.map(async ({ build, machine, space, peak }) => {
      const subject = await Subject.of(machine, space, each);
      const copy = bytes === undefined ? undefined : await Subject.of(machine, space, copyOf(bytes));
      return { build, subject, copy, peak, ...newSamples(subject.results, oracle.results) };
    }),
  );
  const js = newSamples(baseline.results, oracle.results);
  for (let round = -WARM_UPS; round < rounds; round++) {
    const seconds = await sampleOf(baseline, js, round);
    for (const { subject, copy, peak, ...samples } of contenders) {
      if (samples.note !== undefined) continue;
      // Together the two looks take as long as the sample: a machine that changes its speed does so in either alike.
      const look = () =>
        copy === undefined ? timeOf(peak, subject.seconds / 2) / peak.flops : copy.sample() / (bytes ?? 0);
      const before = look();
      const time = subject.sample();
      const limit = (before + look()) / 2;
      if (round < 0) continue;
      samples.seconds.push(time);
      samples.fractions.push(((flops ?? bytes ?? 0) * limit) / time);
      if (seconds !== undefined) samples.ratios.push(seconds / time);
    }
  }
  for (const { subject, copy } of contenders) {
    subject.end();
    copy?.end();
  }
  baseline.end();
  const [relaxed, portable] = contenders.map(({ subject: { error }, seconds, fractions, ratios, note }) => {
    return { seconds, fractions, ratios, error, note };
  });
  return { name, flops, bytes, elements, relaxed, portable, js: { seconds: js.seconds, note: js.note } };
}

/** Nothing yet; with a note, and never to be filled, if the results are wrong. */
function newSamples(results: readonly TypedArray[], expected: readonly TypedArray[]): Samples {
  const worst = Math.max(...results.map((result, i) => difference(result, expected[i])));
  const note = worst <= TOLERANCE ? undefined : `wrong by ${worst} of its largest number: not timed`;
  return { seconds: [], fractions: [], ratios: [], note };
}

/** Largest difference, as a part of the largest number expected; NaN where lengths or NaN differ, or all is zero. */
function difference(result: TypedArray, expected: TypedArray): number {
  let [largest, worst] = [0, result.length === expected.length ? 0 : Number.NaN];
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i]));
    worst = Math.max(worst, Math.abs(result[i] - expected[i]));
  }
  return worst / largest;
}

async function sampleOf(baseline: Baseline, { seconds, note }: Samples, round: number): Promise<number | undefined> {
  const slow = seconds.length >= SLOW_ROUNDS && median(seconds) > SLOW;
  if (note !== undefined || slow) return undefined;
  const sample = await baseline.sample();
  if (round >= 0) seconds.push(sample);
  return sample;
}

/** Seconds of a tile of the peak's loop at this moment, found in about so many. */
function timeOf({ flops, run }: Peak, seconds: number): number {
  const tiles = Math.ceil((Math.max(LOOK, seconds) * 45e9) / flops);
  const start = performance.now();
  run(tiles);
  return (performance.now() - start) / 1e3 / tiles;
}

function peakNames(): Record<string, string> {
  return Object.fromEntries(stages.map(({ build, peak }) => [build, peak.name]));
}

function report(all: readonly Row[]): string {
  const of = (unit: string, rowsOfUnit: readonly Row[], value: (row: Row, seconds: number) => number) => {
    if (rowsOfUnit.length === 0) return [];
    const cell = (row: Row, { seconds, note }: Row["js"]) =>
      seconds.length === 0 ? (note ?? "") : digits(value(row, median(seconds)));
    const middle = (list: readonly number[]) => (list.length === 0 ? "" : digits(median(list)));
    return [
      table(
        rowsOfUnit.map((row) => ({
          [unit]: row.name,
          relaxed: cell(row, row.relaxed),
          "of the limit": middle(row.relaxed.fractions),
          "x js": middle(row.relaxed.ratios),
          portable: cell(row, row.portable),
          "of its limit": middle(row.portable.fractions),
          "x js ": middle(row.portable.ratios),
          js: cell(row, row.js),
        })),
      ),
    ];
  };
  const names = stages.map(({ build, peak }) => `${build}: ${peak.name}`).join("; ");
  return [
    `${describe(host())}. ${rounds} rounds. Peak: ${names}.`,
    ...of(
      "GFLOP/s",
      all.filter(({ flops }) => flops !== undefined),
      ({ flops = 0 }, seconds) => flops / seconds / 1e9,
    ),
    ...of(
      "ns an element",
      all.filter(({ elements }) => elements !== undefined),
      ({ elements = 1 }, seconds) => (1e9 * seconds) / elements,
    ),
    ...of(
      "GB/s",
      all.filter(({ flops, elements }) => (flops ?? elements) === undefined),
      ({ bytes = 0 }, seconds) => bytes / seconds / 1e9,
    ),
  ].join("\n\n");
}
