// A study as a table of text.
import { aWholeNumber, checkOptions } from "../check.ts";
import { dimensionsOf } from "./dimensions.ts";
import { loss } from "./record.ts";
import { checkSearched, type Searched, written } from "./searched.ts";

/** Which trials are in a table. */
export interface TableOptions {
  /** So many of the complete ones, the best first; default: all trials, in their order. */
  readonly best?: number;
}

/**
 * Trials as lines of text, with their values, states and parameters.
 *
 * @example
 * import { integer, openStudy, table, grid } from "simdgrad/tune";
 * const study = await openStudy({ space: { n: integer(1, 3) }, sampler: grid() });
 * await study.trials(3, { objective: ({ values: { n } }) => (n === 2 ? "pruned" : 1 / n) });
 * table(study, { best: 1 }).split("\n"); // => ["trial  value    state     n", "    2  0.33333  complete  3"]
 */
export function table(study: Searched, options: TableOptions = {}): string {
  checkSearched(study, "table");
  checkOptions(options, "table", { best: aWholeNumber(1) });
  const { best } = options;
  const paths = dimensionsOf(study.space).map(({ path }) => path);
  const complete = study.history.filter(({ value }) => value !== undefined);
  const sorted = complete.toSorted((a, b) => loss(a.value ?? 0, study.mode) - loss(b.value ?? 0, study.mode));
  const trials = best === undefined ? study.history : sorted.slice(0, best);
  const rows = trials.map(({ number, value, state, error, parameters }) => [
    String(number),
    written(value),
    error === undefined ? state : `${state}: ${error.split("\n")[0]}`,
    ...paths.map((path) => written(parameters[path])),
  ]);
  const all = [["trial", "value", "state", ...paths], ...rows];
  const widths = all[0].map((_, i) => all.reduce((most, row) => Math.max(most, row[i].length), 0));
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join("  ");
  return all.map((row) => line(row).trimEnd()).join("\n");
}
