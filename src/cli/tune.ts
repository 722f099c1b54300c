// simdgrad tune: a search for the options of a training, kept in a file that it goes on from.

import type { Table } from "../data/table.ts";
import { ArgumentError, DataError, NonFiniteError } from "../errors.ts";
import type { Executor } from "../runtime/executor.ts";
import { linearScores, modelOf, trained, withExecutor } from "../tabular/fit.ts";
import { TabularModel } from "../tabular/index.ts";
import { defaultBatch, defaultDropout, defaultHidden } from "../tabular/network.ts";
import type { TabularOptions } from "../tabular/options.ts";
import { type Prepared, prepare } from "../tabular/prepare.ts";
import type { Scores } from "../tabular/scores.ts";
import {
  bayesian,
  choice,
  fileStorage,
  importance,
  integer,
  logInteger,
  logUniform,
  median,
  openStudy,
  type Sampler,
  type Study,
  type StudyOptions,
  type Trial,
  table as trialTable,
  uniform,
  type Values,
} from "../tune/index.ts";
import { CODES, type Command } from "./command.ts";
import { besides, checkApart, checkEnding, nameOf, type Terminal, type Voice, write } from "./io.ts";
import { description, metricsTable, modelObject } from "./models.ts";
import { REPORT_OPTIONS, reportFile, reportOf } from "./report.ts";
import {
  CSV_OPTIONS,
  checkColumn,
  checkDecimal,
  checkRows,
  csvOptions,
  DATA_OPTIONS,
  numberOf,
  readTable,
  tabularOptions,
} from "./tables.ts";
import { type Given, UsageError } from "./usage.ts";
import { columns, several, shown } from "./words.ts";

const SPACE = {
  layers: integer(0, 3),
  units: logInteger(8, 256),
  dropout: uniform(0, 0.5),
  rate: logUniform(3e-4, 3e-2),
  weightDecay: logUniform(1e-4, 0.3),
  batch: choice([16, 32, 64, 128, 256]),
};

type Space = typeof SPACE;

/** Complete trials from which on importances say something. */
const MANY = 12;

export const tune: Command = {
  usage: {
    name: "tune",
    summary: "Searches for the layers, rate, dropout, weight decay and batch with which train does best.",
    takes: ["DATA"],
    about: `Each trial is a training, the first one as train does it; those that fall behind are given up. Trials are judged by the
loss on the rows to validate with; the rows to test with are seen by nobody before the end. The search is kept in a study file:
the same command goes on where it was interrupted (by Ctrl-C, too), and with more --trials it searches on. The best model goes
to a file as that of train does.`,
    options: {
      ...DATA_OPTIONS,
      trials: { value: "N", help: "trials, those of earlier times included (default 30)" },
      study: { value: "FILE", help: "where the search is kept; default: named as DATA, .study.jsonl, in this folder" },
      out: { value: "FILE", short: "o", help: "where the best model goes; default: named as DATA, .tuned.safetensors" },
      ...REPORT_OPTIONS,
      ...CSV_OPTIONS,
    },
    examples: [
      "tune flowers.csv --target species",
      "tune houses.csv --target price --trials 100 --study prices.study.jsonl",
    ],
  },
  async run(given, terminal, voice) {
    const [path] = given.files;
    const options = tabularOptions(given);
    const count = trialsOf(given);
    const out = given.values.get("out") ?? besides(path, ".tuned.safetensors");
    const file = given.values.get("study") ?? besides(path, ".study.jsonl");
    const report = reportFile(given, out);
    checkApart("out", out, [path, file]);
    checkEnding("out", out, "safetensors");
    checkApart("report", report, [path, file, out]);
    checkApart("study", file, [path]);
    const table = await readTable(path, terminal, csvOptions(given));
    checkColumn("target", options.target, table, path);
    for (const name of options.features ?? []) checkColumn("features", name, table, path);
    checkRows(options, table, path);
    checkDecimal(given, options, table, path);
    const prepared = prepare(table, options);
    const seed = options.seed ?? 0;
    const study = await opened(
      {
        space: SPACE,
        sampler: firstAsTrain(prepared),
        pruner: median({ startup: 8, warmup: 20 }),
        seed,
        conditions: conditionsOf(options, prepared),
        storage: fileStorage(file),
      },
      file,
    );
    const before = ended(study);
    voice.say(
      `${path}: ${several(table.rows, "row")}; ${file}: ${several(before, "trial")}${before > 0 ? ", it goes on" : ""}`,
    );
    await withExecutor(options, (executor) => search(study, count, { prepared, options, executor, terminal, voice }));
    return finish(study, { path: nameOf(path), file, out, report, rows: prepared.tested, terminal, voice });
  },
};

function trialsOf({ values }: Given): number {
  const given = values.get("trials");
  const count = given === undefined ? 30 : numberOf(given);
  if (typeof count !== "number" || !Number.isInteger(count) || count < 1)
    throw new UsageError(`--trials must be a whole number >= 1, got ${given}`);
  return count;
}

/** The first trial is what `train` would do, so that none is sought that is worse; the others are chosen by what came of those before. */
function firstAsTrain({ train }: Prepared): Sampler {
  const { name, suggest } = bayesian();
  const [rows, features] = train.x.shape;
  const [units] = defaultHidden(rows, features);
  const batch = Math.max(16, defaultBatch(rows));
  const first = { layers: 2, units, dropout: defaultDropout(rows), rate: 0.003, weightDecay: 0.01, batch };
  return { name, suggest: (search) => (search.number === 0 ? first : suggest(search)) };
}

/** Trials that are over. */
function ended({ history }: Study<Space>): number {
  return history.filter(({ state }) => state !== "running").length;
}

/** What the trials of a study have in common: what a search that goes on must not change. */
function conditionsOf(options: TabularOptions, { target, columns: read, checksum }: Prepared) {
  const { seed = 0, epochs = "default", patience = "default", test = 0.2, validation = 0.15 } = options;
  const names = read.map(({ name }) => name).join(", ");
  const { name, task } = target;
  return { target: name, task, columns: names, "data checksum": checksum, test, validation, seed, epochs, patience };
}

/** @throws DataError for a study that is another one, with what can be done */
async function opened(options: StudyOptions<Space>, file: string): Promise<Study<Space>> {
  try {
    return await openStudy(options);
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    const advice = `; go on with the same data and options, name another study by --study, or remove ${file}`;
    throw new DataError(`${error.message}${advice}`, { cause: error });
  }
}

/** What trials have in common. */
interface Bench {
  readonly prepared: Prepared;
  readonly options: TabularOptions;
  readonly executor: Executor;
  readonly terminal: Terminal;
  readonly voice: Voice;
}

/** A trial that was interrupted is not told: it is given again, with the same values. */
async function search(study: Study<Space>, count: number, bench: Bench): Promise<void> {
  const { prepared, options, executor, terminal, voice } = bench;
  const { signal } = terminal;
  let linear: Scores | undefined;
  while (ended(study) < count && !signal.aborted) {
    linear ??= await linearScores(prepared, { ...options, signal }, executor);
    const trial = await study.ask();
    const outcome = await attempt(trial, bench, linear);
    if (signal.aborted) return;
    await study.tell(trial, outcome);
    const value = typeof outcome === "string" ? outcome : `loss ${shown(outcome.value)}`;
    const best = study.best?.value;
    const values = Object.entries(trial.values).map(([name, each]) => `${name} ${shown(each)}`);
    voice.note(
      `trial ${trial.number + 1} of ${count}: ${value}${best === undefined ? "" : `, best ${shown(best)}`}; ${values.join(", ")}`,
    );
  }
}

async function attempt(trial: Trial<Values<Space>>, bench: Bench, linear: Scores) {
  const { prepared, options, executor, terminal } = bench;
  const { layers, units, dropout, rate, weightDecay, batch } = trial.values;
  const hidden = Array.from({ length: layers }, (_, i) => Math.max(Math.min(units, 16), units >> i));
  let isPruned = false;
  let least = Number.POSITIVE_INFINITY;
  const own = { ...options, hidden, dropout, rate, weightDecay, batch, signal: terminal.signal };
  try {
    const network = await trained(
      prepared,
      {
        ...own,
        async onEpoch({ epoch, validation }) {
          least = Math.min(least, validation?.loss ?? Number.NaN);
          await trial.report(epoch, least);
          isPruned = trial.shouldPrune();
          return !isPruned;
        },
      },
      executor,
    );
    if (isPruned) return "pruned" as const;
    const model = modelOf(prepared, { reading: options.reading }, network, linear);
    return { value: model.training.loss, artifact: await model.save() };
  } catch (error) {
    if (error instanceof NonFiniteError || terminal.signal.aborted) return "failed" as const;
    throw error;
  }
}

/** Where what was found goes. */
interface Found {
  readonly path: string;
  readonly file: string;
  readonly out: string;
  readonly report: string | undefined;
  readonly rows: Table;
  readonly terminal: Terminal;
  readonly voice: Voice;
}

/** Says what was found, and writes the best model. */
async function finish(study: Study<Space>, { path, file, out, report, rows, terminal, voice }: Found): Promise<number> {
  const { aborted } = terminal.signal;
  const bytes = await study.bestArtifact();
  const head = { command: "tune", data: path, study: file, trials: ended(study), interrupted: aborted };
  if (aborted) voice.say(`interrupted: the same command goes on with ${file}`);
  if (bytes === undefined) {
    if (!aborted) throw new DataError(`${file}: no trial came to its end`);
    voice.result(head);
    return CODES.interrupted;
  }
  const model = await TabularModel.load(bytes);
  await write(out, bytes);
  voice.say(`\n${trialTable(study, { best: 5 })}\n`);
  const complete = study.history.filter(({ value }) => value !== undefined).length;
  if (complete >= MANY) {
    const shares = importance(study).map(({ path: name, importance: share }) => [name, shown(share)]);
    voice.say(`how much of the loss each made:\n${columns(shares)}\n`);
  }
  voice.say(`${description(model)}\n\n${metricsTable(model)}\n\nmodel       ${out}`);
  if (report !== undefined) {
    const { test, linear, baseline } = model.metrics;
    const metrics = { network: test, "linear model": linear, "a guess": baseline };
    await write(report, await reportOf(model, { data: path, rows, metrics }));
    voice.say(`report      ${report}`);
  }
  await model.dispose();
  const best = { trial: study.best?.number, value: study.best?.value, values: study.best?.values };
  voice.result({ ...head, best, out, report: report ?? null, ...modelObject(model) });
  return aborted ? CODES.interrupted : CODES.good;
}
