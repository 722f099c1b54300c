// What training on a stream reaches of the pace on the same rows loaded: interleaved rounds of fits on one executor each, and the median of
// the rounds' ratios. The chunks are there before: what a source does for them is its own. Options: --rounds N, --threads N, --worker,
// --only 1,3: these rows of the table.
import { parseArgs } from "node:util";
import { createExecutor, type Executor, type FitOptions, type Samples, Trainer } from "../src/index.ts";
import { crossEntropy, Linear, relu, Sequential } from "../src/nn/index.ts";
import { adam } from "../src/optim/index.ts";
import { spawn } from "../src/worker/index.ts";
import { describe, digits, machine, median, table } from "./report.ts";

interface Case {
  readonly widths: readonly number[];
  readonly batch: number;
  /** Rows of a chunk. */
  readonly chunk: number;
  readonly rows: number;
  readonly shuffleBuffer?: number;
}

const small = { widths: [2, 32, 32, 2], batch: 32, rows: 65536 } as const;
const medium = { widths: [784, 128, 10], batch: 64, rows: 8192 } as const;
const cases: readonly Case[] = [
  { ...small, chunk: 4096 },
  { ...small, chunk: 32 },
  { ...small, chunk: 4096, shuffleBuffer: 8192 },
  { ...medium, chunk: 1024 },
  { ...medium, chunk: 64 },
  { ...medium, chunk: 1024, shuffleBuffer: 2048 },
  { widths: [784, 512, 512, 10], batch: 128, rows: 4096, chunk: 1024 },
  { widths: [8, 64, 64, 2], batch: 200, rows: 20_000_000, chunk: 4000 },
];

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "9" },
    threads: { type: "string", default: "1" },
    only: { type: "string", default: "" },
    worker: { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds);
const threads = Number(values.threads);
const only = values.only.split(",").filter(Boolean).map(Number);
for (const [name, count] of Object.entries({ rounds, threads }))
  if (!Number.isInteger(count) || count < 1) throw new RangeError(`--${name} must be a whole number >= 1`);

/** Milliseconds that a fit is to take at the least: its beginning and its end are no part of the pace. */
const LEAST = 1200;

function samplesOf({ widths, rows }: Case): { x: Float32Array; y: Int32Array } {
  let state = 1;
  const next = () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state >>> 16;
  };
  const x = Float32Array.from({ length: rows * widths[0] }, () => next() / 32768 - 1);
  const y = Int32Array.from({ length: rows }, () => next() % widths[widths.length - 1]);
  return { x, y };
}

function trainerOf({ widths }: Case, executor: Executor): Trainer {
  const layers = widths.slice(1).flatMap((width, i) => [...(i > 0 ? [relu] : []), new Linear(widths[i], width)]);
  return new Trainer(new Sequential(...layers), { loss: crossEntropy, optimizer: adam(1e-4), executor, metrics: {} });
}

/** Milliseconds of a fit. */
async function time(trainer: Trainer, options: FitOptions): Promise<number> {
  const began = performance.now();
  await trainer.fit(options);
  return performance.now() - began;
}

async function measure(each: Case) {
  const { widths, batch, chunk, rows, shuffleBuffer } = each;
  const { x, y } = samplesOf(each);
  const chunks = Array.from({ length: rows / chunk }, (_, i): Samples => {
    const [start, end] = [i * chunk, (i + 1) * chunk];
    const part = x.subarray(start * widths[0], end * widths[0]);
    return { x: { data: part, shape: [chunk, widths[0]] }, y: { data: y.subarray(start, end), shape: [chunk] } };
  });
  const executors = await Promise.all(
    [0, 1].map(() => (values.worker ? spawn({ threads }) : createExecutor({ threads }))),
  );
  const [loaded, stream] = executors.map((executor) => trainerOf(each, executor));
  await loaded.load({ x: { data: x, shape: [rows, widths[0]] }, y: { data: y, shape: [rows] } });
  const shuffled = shuffleBuffer !== undefined;
  const first = { batch, shuffle: shuffled };
  const second = { batch, data: chunks, ...(shuffled && { shuffleBuffer }) };
  for (let warm = 0; warm < (rows < 1e6 ? 2 : 1); warm++) {
    await time(loaded, first);
    await time(stream, second);
  }
  const epochs = Math.max(1, Math.ceil(LEAST / (await time(loaded, first))));
  const times: [number, number][] = [];
  for (let round = 0; round < rounds; round++) {
    // Each is first as often as second.
    const own = { epochs };
    const swap = round % 2 === 1;
    const one = swap ? await time(stream, { ...second, ...own }) : await time(loaded, { ...first, ...own });
    const other = swap ? await time(loaded, { ...first, ...own }) : await time(stream, { ...second, ...own });
    times.push(swap ? [other, one] : [one, other]);
  }
  for (const executor of executors) await executor.dispose();
  const ratios = times.map(([a, b]) => a / b);
  const perSecond = (at: 0 | 1) => Math.round((1000 * rows * epochs) / median(times.map((pair) => pair[at])));
  return {
    network: widths.join("-"),
    batch,
    chunk,
    buffer: shuffleBuffer ?? "none",
    "rows/s loaded": perSecond(0),
    "rows/s stream": perSecond(1),
    "stream : loaded": digits(median(ratios)),
    least: digits(Math.min(...ratios)),
    most: digits(Math.max(...ratios)),
  };
}

const results = [];
for (const [i, each] of cases.entries())
  if (only.length === 0 || only.includes(i + 1)) results.push(await measure(each));
console.log(table(results));
console.log(
  `\n${describe(machine())}; ${rounds} rounds, ${threads} threads${values.worker ? ", in a worker" : ""}. Wanted: 0.9.`,
);
