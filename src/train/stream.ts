// The plan of a fit on a stream. Loaded with the first one.
import { aSource, isSeekable } from "../data/source.ts";
import { ArgumentError } from "../errors.ts";
import type { PlanEntry, ProgramId, RunHandle, Write } from "../runtime/executor.ts";
import { pathOf } from "./bundle.ts";
import { checkLabels } from "./check-labels.ts";
import { checkMeasures } from "./check-measures.ts";
import { nextEpoch } from "./epoch.ts";
import type { Reporting } from "./fit.ts";
import { lossesOf } from "./objectives.ts";
import type { FitOptions } from "./options.ts";
import { Places } from "./place.ts";
import { type Course, launcher, toldBy, type Workshop } from "./plan.ts";
import type { Recipe } from "./programs.ts";
import { searchPrograms, stepProgramOf } from "./step-programs.ts";
import { Feed, type Start, type StreamCourse, type StreamStep } from "./stream-feed.ts";
import { ChunkReader } from "./stream-reader.ts";
import type { Column, SampleRow } from "./stream-rows.ts";
import { StreamRun } from "./stream-run.ts";
import { forgetSlots, Slots } from "./stream-slots.ts";
import { type FitPlan, Training } from "./training.ts";
import { tryOut } from "./trial.ts";

export { Training };

/** Bytes of a slot, unless one batch has more, and batches in it, unless a chunk has more. */
const MOST_BYTES = 2 ** 22;
const BATCHES = 1024;

/**
 * Finds where the fit begins; its source is not asked before the first step.
 * @throws ArgumentError for options that do not go together, and for what is no source
 */
export async function streamPlanOf(
  workshop: Workshop,
  options: FitOptions<Reporting, unknown, unknown>,
  given: Course,
): Promise<FitPlan> {
  const { executor, recipe, minimizer, program, begins, failed } = workshop;
  const course = courseOf(options, given);
  const { epochs, source } = course;
  const start = await beginning(workshop, course);
  const told = await toldBy(workshop, given.held);
  const search = minimizer && (await import("./search.ts"));
  const rowsOf = new Map<ProgramId, number>();
  const advance = new Map<ProgramId, ProgramId>();
  const launch = launcher(workshop, search, advance);
  const places = new Places(source);
  const reader = new ChunkReader(source, {
    checked: (given) => {
      const samples = workshop.checked(given);
      checkLabels(samples, recipe.loss);
      return samples;
    },
    tried: (samples) => {
      const { check } = tryOut(recipe, samples);
      checkMeasures(recipe, samples);
      return check;
    },
  });
  const slots = (columns: readonly Column[], rows: number) =>
    slotsFor(workshop, columns, reader.row as SampleRow, course.batch, rows);
  const ignored = (column: string) => ignoredBy(recipe, column);
  const feed = new Feed({ course, start, seed: recipe.seed, reader, places, slots, ignored });

  const programOf = async ({ slot, size, ignores }: StreamStep) => {
    const own = workshop.kept.slots as Slots; // a step's rows are in one
    const graph = () => own.graph(recipe, slot, size, ignores);
    const key = own.key(slot, size, ignores);
    if (search === undefined) return program(key, () => stepProgramOf(recipe, graph()));
    const id = await program(key, () => searchPrograms(recipe, graph()).evaluation);
    advance.set(id, await program(`${key} advance`, () => searchPrograms(recipe, graph()).advance));
    return id;
  };
  const entries = async (steps: readonly StreamStep[]): Promise<PlanEntry[]> => {
    const plan: [ProgramId, number][] = [];
    for (const [i, step] of steps.entries()) {
      const before = steps[i - 1];
      if (before?.size === step.size && before.ignores === step.ignores) plan[plan.length - 1][1]++;
      else {
        const id = await programOf(step);
        rowsOf.set(id, step.size);
        plan.push([id, 1]);
      }
    }
    return steps[steps.length - 1].endsEpoch ? [...plan, ...told.after] : plan;
  };
  const { counters } = recipe;
  let writes: readonly Write[] = [
    { slot: { variable: counters.epoch.key }, data: [start.epoch] },
    { slot: { variable: counters.row.key }, data: [start.count] },
  ];
  const run = (most?: number) => {
    const next = (plan: readonly PlanEntry[], after?: RunHandle) => {
      // In one go: a fit that is told to end before its first step leaves the counters as they are.
      begins(places);
      if (writes.length > 0) executor.writeAll(writes).catch(() => undefined); // what refuses it refuses the run, too
      writes = [];
      return launch(plan, 1, 0, after);
    };
    return {
      handle: new StreamRun({ feed, entries, launch: next, follows: search === undefined, most }),
      written: Promise.resolve(),
    };
  };
  return {
    ...told,
    epochs,
    from: start.steps,
    counter: start.epoch,
    row: start.count,
    rows: (source as { readonly rows?: number }).rows,
    stepsOf: (epoch) => feed.stepsOf(epoch),
    totalSteps: feed.totalSteps,
    rowsOf,
    all: () => run(),
    part: (_, most) => run(most),
    onNonFinite: (step) => failed({ plan: [], from: 0, step, before: [], lost: true }),
    finish: async () => {
      await told.finish();
      await feed.close();
    },
  };
}

function courseOf(
  options: FitOptions<Reporting, unknown, unknown>,
  { batch, epochs, lastBatch }: Course,
): StreamCourse {
  const { data, shuffle, stepsPerEpoch, shuffleBuffer, readAhead } = options;
  if (data === undefined) {
    const own = Object.entries({ stepsPerEpoch, shuffleBuffer, readAhead });
    const [name] = own.find(([, each]) => each !== undefined) ?? [];
    throw new ArgumentError(`fit: ${name} is for data of any size: fit({ data, ${name} })`);
  }
  aSource(data, "fit: data");
  if (batch === Number.POSITIVE_INFINITY) throw new ArgumentError('fit: batch "all" is for data that was loaded');
  if (shuffle !== undefined && shuffle !== (shuffleBuffer !== undefined))
    throw new ArgumentError(`fit: shuffle is ${shuffle}: a stream is shuffled by shuffleBuffer, a number of rows`);
  return {
    source: data,
    batch,
    epochs,
    lastBatch,
    stepsPerEpoch,
    shuffleBuffer,
    readAhead: readAhead ?? Number.POSITIVE_INFINITY,
  };
}

/**
 * A source that can seek, and is the one that the counters count in, or that of a snapshot, is gone on with; any other begins a new epoch.
 */
async function beginning({ executor, recipe, streamed }: Workshop, course: StreamCourse): Promise<Start> {
  const { source, stepsPerEpoch = Number.POSITIVE_INFINITY } = course;
  const { row: count, epoch } = await nextEpoch(executor, recipe.counters);
  const stream = streamed();
  const place = stream?.at(epoch, count);
  const begun = count > 0 ? 1 : 0;
  if (place === undefined) return { epoch: epoch + begun, count: 0, steps: 0, pass: epoch + begun, row: 0, total: 0 };
  const { pass, row } = place;
  const isKnown = isSeekable(source) && (stream?.source === undefined || stream.source === source);
  const seeks = isKnown && place.steps < stepsPerEpoch;
  if (seeks) return { ...place, epoch, count };
  const anew = isKnown ? place : { pass: pass + (row > 0 ? 1 : 0), row: 0, total: 0 };
  return { ...anew, steps: 0, epoch: epoch + begun, count: 0 };
}

/** The class index that counts nothing in a column, if there is one. */
function ignoredBy({ loss }: Recipe, column: string): number | null | undefined {
  const isOf = (output: string | undefined) =>
    column === pathOf("y", output) || (output === undefined && column.startsWith("y."));
  return lossesOf(loss).find(([output]) => isOf(output))?.[1].ignoreIndex;
}

/** Slots for rows of such columns: those of the fit before, if they fit. */
async function slotsFor(
  { executor, kept, forget }: Workshop,
  columns: readonly Column[],
  row: SampleRow,
  batch: number,
  rows: number,
): Promise<Slots> {
  if (kept.slots?.fits(columns, batch)) return kept.slots;
  await forgetSlots(kept, forget);
  const bytes = columns.reduce((sum, { dtype, width }) => sum + width * (dtype === "u8" ? 1 : 4), 0);
  const wanted = Math.max(Math.ceil(rows / batch), BATCHES);
  const most = Math.max(1, Math.floor(MOST_BYTES / (bytes * batch)));
  kept.slots = await Slots.create(executor, row, columns, batch, batch * Math.min(wanted, most));
  return kept.slots;
}
