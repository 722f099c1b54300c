// Trials that learn from those before: the tree-structured Parzen estimator.
import { aWholeNumber, checkOptions } from "../check.ts";
import { type Dimension, type Flat, isActive } from "./dimensions.ts";
import { Density, type Widths } from "./parzen.ts";
import { lastReport, loss, type Mode, type TrialRecord } from "./record.ts";
import { drawn, type Sampler, type Search } from "./sampler.ts";
import type { Value } from "./space.ts";

/** How a Bayesian search goes. */
export interface BayesianOptions {
  /** Trials by chance, from which it begins to learn; default 10. */
  readonly startup?: number;
  /** Values that are drawn and judged for each trial; default 24. */
  readonly candidates?: number;
}

/**
 * Trials where those before were good: the tree-structured Parzen estimator.
 *
 * @example
 * import { bayesian, openStudy, uniform } from "simdgrad/tune";
 * const study = await openStudy({ space: { x: uniform(-10, 10) }, sampler: bayesian(), seed: 1 });
 * await study.trials(60, { objective: ({ values }) => (values.x - 2) ** 2 });
 * Math.abs((study.best?.values.x ?? 0) - 2) < 0.2; // => true
 */
export function bayesian(options: BayesianOptions = {}): Sampler {
  checkOptions(options, "bayesian", { startup: aWholeNumber(1), candidates: aWholeNumber(1) });
  const { startup = 10, candidates = 24 } = options;
  return {
    name: "bayesian",
    suggest(search) {
      const ranked = rank(search);
      if (ranked.length < startup) return drawn(search.dimensions, search.draws);
      const values: Record<string, Value> = {};
      // Parameters of one branch are chosen together, those that it depends on before.
      for (const group of groupsOf(search.dimensions))
        if (isActive(group[0], values)) Object.assign(values, suggested(group, ranked, search, candidates));
      return values;
    },
  };
}

function groupsOf(dimensions: readonly Dimension[]): readonly (readonly Dimension[])[] {
  const groups = new Map<string, Dimension[]>();
  for (const dimension of dimensions) {
    const { when } = dimension;
    const key = when === undefined ? "" : `${when.path}.${when.kind}`;
    groups.set(key, [...(groups.get(key) ?? []), dimension]);
  }
  return [...groups.values()];
}

/** Trials that have ended, the best first: complete ones, then pruned ones, of those the ones that went farther before others. */
function rank({ records, mode }: Search): readonly TrialRecord[] {
  const keys = new Map(records.map((record) => [record, keyOf(record, mode)] as const));
  const key = (record: TrialRecord) => keys.get(record) as readonly [number, number];
  return records
    .filter(({ state }) => state === "complete" || state === "pruned")
    .sort((a, b) => key(a)[0] - key(b)[0] || key(a)[1] - key(b)[1] || a.number - b.number);
}

function keyOf(record: TrialRecord, mode: Mode): readonly [number, number] {
  if (record.value !== undefined) return [-Number.MAX_VALUE, loss(record.value, mode)];
  const last = lastReport(record);
  if (last === undefined) return [1, 0];
  return [-last.step, Number.isNaN(last.value) ? Number.MAX_VALUE : loss(last.value, mode)];
}

const MOST_GOOD = 25;

/** A third of Optuna's, whose 0.2 and 1 / (1 + kernels) blur what few good trials say: docs/tuning.md has the comparison. */
const WIDTHS: Widths = { scott: 0.06, least: () => 0.02 };

/** Values of one group: of those drawn where the good trials are, the one that is the least likely among the others. */
function suggested(
  group: readonly Dimension[],
  ranked: readonly TrialRecord[],
  { records, draws }: Search,
  candidates: number,
): Flat {
  const paths = group.map(({ path }) => path);
  const leaves = group.map(({ leaf }) => leaf);
  const good = new Set(ranked.slice(0, Math.min(Math.ceil(0.1 * ranked.length), MOST_GOOD)));
  const known = records.filter(({ state, parameters }) => state !== "failed" && Object.hasOwn(parameters, paths[0]));
  const observe = (some: readonly TrialRecord[]) => some.map(({ parameters }) => paths.map((path) => parameters[path]));
  const above = new Density(leaves, observe(known.filter((record) => !good.has(record))), WIDTHS);
  const below = new Density(leaves, observe(known.filter((record) => good.has(record))), WIDTHS);
  let best: readonly Value[] = [];
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < candidates; i++) {
    const values = below.draw(draws);
    const gain = below.logOf(values) - above.logOf(values);
    if (i > 0 && gain <= most) continue;
    most = gain;
    best = values;
  }
  return Object.fromEntries(paths.map((path, i) => [path, best[i]]));
}
