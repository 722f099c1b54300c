// What the scripts here share: options, a progress bar that knows how long is left, files they write, one line of JSON at the end.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type ParseArgsOptionDescriptor, parseArgs } from "node:util";
import { type Epoch, type FitOptions, type Report, type Trainer, WasmExecutor } from "simdgrad";
import { clock, Progress } from "./progress.ts";

/** An option of a script, a text after its name: what it is, and what it is if nothing is said. */
export interface Option {
  readonly about: string;
  readonly value: string;
}

/** What a script has found out. */
export interface Outcome {
  readonly value: number;
  /** What the value is compared with, of the same run. */
  readonly baseline?: number;
  /** Seconds that count. Default: of the whole run. */
  readonly seconds?: number;
  /** What else is told in the line of JSON. */
  readonly more?: Readonly<Record<string, number | string>>;
}

/** What a script works with. */
export interface Task<Name extends string> {
  readonly seed: number;
  /** Disposed of at the end. */
  readonly executor: WasmExecutor;
  readonly options: Readonly<Record<Name, string>>;
  readonly progress: Progress;
  /** An option as a whole number. */
  whole(name: Name, least?: number): number;
  /** Trains, and draws how far it is and how long it takes; `tell` says more of a report than its loss. */
  train<Input, Output, Target, X>(
    trainer: Trainer<Input, Output, Target, X>,
    options: FitOptions<"frame", X, Target>,
    tell?: (report: Report) => string,
  ): Promise<Epoch[]>;
  /** A line that stays. */
  say(text: string): void;
  /** The path of a file of that name in the folder of the script's results. */
  file(name: string): Promise<string>;
}

export interface Script<Name extends string> {
  /** That of `npm run`. */
  readonly name: string;
  /** One line: what is trained on what. */
  readonly about: string;
  /** What the value measures. */
  readonly metric: string;
  readonly options?: Readonly<Record<Name, Option>>;
  readonly run: (task: Task<Name>) => Promise<Outcome>;
}

const COMMON = {
  seed: { about: "of everything random", value: "0" },
  threads: { about: 'a number, or "auto"', value: "auto" },
  out: { about: "folder of the pictures", value: "results" },
};

/** `93.21 %` for 0.9321. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

function wholeNumber(text: string, name: string, least: number): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isInteger(value) || value < least)
    throw new Error(`--${name} ${text}: a whole number >= ${least} is needed`);
  return value;
}

function help(name: string, about: string, options: Readonly<Record<string, Option>>): string {
  const rows = [
    ...Object.entries(options).map(([option, it]) => [
      `--${option} ${it.value === "" ? "PATH" : "V"}`,
      `${it.about}${it.value === "" ? "" : ` (default ${it.value})`}`,
    ]),
    ["--json", "last line as JSON"],
  ];
  const width = Math.max(...rows.map(([option]) => option.length)) + 3;
  return [about, `npm run ${name} -- [options]`, ...rows.map(([option, it]) => `  ${option.padEnd(width)}${it}`)].join(
    "\n",
  );
}

/** Runs a script with the options of the command line. What goes wrong is told in one line; the process then ends with 1. */
export async function script<Name extends string>({ name, about, metric, options, run }: Script<Name>): Promise<void> {
  try {
    const table: Readonly<Record<string, Option>> = { ...options, ...COMMON, ...options }; // a script may have another default
    const descriptors: Record<string, ParseArgsOptionDescriptor> = {
      json: { type: "boolean" },
      help: { type: "boolean" },
    };
    for (const [option, { value }] of Object.entries(table)) descriptors[option] = { type: "string", default: value };
    const { json, help: asks, ...values } = parseArgs({ options: descriptors }).values;
    if (asks) {
      console.log(help(name, about, table));
      return;
    }
    const texts = values as Record<keyof typeof COMMON | Name, string>;
    const seed = wholeNumber(texts.seed, "seed", 0);
    const threads = texts.threads === "auto" ? "auto" : wholeNumber(texts.threads, "threads", 1);
    const executor = new WasmExecutor({ threads });
    const progress = new Progress(process.stdout);
    const start = performance.now();
    const outcome = await run({
      seed,
      executor,
      options: texts,
      progress,
      whole: (option, least = 1) => wholeNumber(texts[option], option, least),
      train: (...training) => train(progress, ...training),
      say: (text) => progress.line(text),
      file: async (file) => {
        await mkdir(texts.out, { recursive: true });
        return join(texts.out, file);
      },
    });
    await executor.dispose();
    const { value, baseline = null, seconds = (performance.now() - start) / 1000, more } = outcome;
    const against = baseline === null ? "" : `, baseline ${baseline.toFixed(4)}`;
    progress.line(`${metric} ${value.toFixed(4)}${against}, ${clock(seconds)} on ${executor.info.name}`);
    if (json) console.log(JSON.stringify({ name, metric, value, baseline, seconds, seed, ...more }));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}

async function train<Input, Output, Target, X>(
  progress: Progress,
  trainer: Trainer<Input, Output, Target, X>,
  options: FitOptions<"frame", X, Target>,
  tell?: (report: Report) => string,
): Promise<Epoch[]> {
  for await (const report of trainer.fit({ ...options, report: "frame" })) {
    const { step, totalSteps, seconds, loss, samplesPerSecond } = report;
    const left = clock(((totalSteps - step) / step) * seconds);
    const rate = `${Math.round(samplesPerSecond).toLocaleString("en")} samples/s`;
    const told = [`loss ${loss.toFixed(4)}`, ...(tell === undefined ? [] : [tell(report)]), rate, `${left} left`];
    progress.draw(step / totalSteps, told.join("  "));
    if (report.validations.length > 0) progress.line(`epoch ${report.epoch}: ${told.slice(0, -1).join("  ")}`);
  }
  return trainer.history;
}
