// How the values of the next trial are chosen: the simple ways, by chance and one after the other.
import { aRecordOf, aWholeNumber, checkOptions, isRecord, must } from "../check.ts";
import { ArgumentError } from "../errors.ts";
import { type Dimension, dimensionsOf, type Flat, isActive, isBranches } from "./dimensions.ts";
import type { Draws } from "./draws.ts";
import type { Mode, TrialRecord } from "./record.ts";
import type { Leaf, Space, Value } from "./space.ts";

/** What is known when a trial is chosen. */
export interface Search {
  /** Of the trial, counted from 0. */
  readonly number: number;
  readonly space: Space;
  readonly dimensions: readonly Dimension[];
  /** All trials before. */
  readonly records: readonly TrialRecord[];
  readonly mode: Mode;
  /** Of this trial alone. */
  readonly draws: Draws;
}

/** Chooses trials. */
export interface Sampler {
  readonly name: string;
  /** The values of a trial, by the paths of their parameters. */
  suggest(search: Search): Flat;
  /** After how many trials it has no further ones. @throws ArgumentError for a space that it cannot search */
  count?(space: Space): number;
}

/** A value of each parameter that the trial has, by chance. */
export function drawn(dimensions: readonly Dimension[], draws: Draws): Flat {
  const values: Record<string, Value> = {};
  for (const dimension of dimensions)
    if (isActive(dimension, values)) values[dimension.path] = dimension.leaf.at(draws.next());
  return values;
}

/**
 * Trials by chance, each parameter by itself (Bergstra and Bengio, "Random search for hyper-parameter optimization", JMLR 2012).
 *
 * @example
 * import { openStudy, random, uniform } from "simdgrad/tune";
 * const study = await openStudy({ space: { x: uniform(-1, 1) }, sampler: random(), seed: 3 });
 * const { values } = await study.ask();
 * Math.abs(values.x) <= 1; // => true
 */
export function random(): Sampler {
  return { name: "random", suggest: ({ dimensions, draws }) => drawn(dimensions, draws) };
}

/** How fine a grid is. */
export interface GridOptions {
  /**
   * Values of each parameter, evenly spaced on its scale, or by the path of the parameter. Parameters that are not named, and whole
   * numbers, choices and steps without `points`, have all their values.
   */
  readonly points?: number | Readonly<Record<string, number>>;
}

/**
 * All combinations of values, one after the other, the last parameter's values first; branches one after the other.
 * @throws ArgumentError for points that are no whole numbers from 1, and from openStudy for a continuous parameter without them
 *
 * @example
 * import { choice, grid, openStudy, uniform } from "simdgrad/tune";
 * const space = { a: uniform(0, 1), b: choice(["x", "y"]) };
 * const study = await openStudy({ space, sampler: grid({ points: { a: 3 } }) });
 * const trials = await study.trials(6, { objective: ({ values }) => values.a });
 * trials.map(({ values }) => `${values.a}${values.b}`).join(" "); // => "0x 0y 0.5x 0.5y 1x 1y"
 */
export function grid(options: GridOptions = {}): Sampler {
  checkOptions(options, "grid", {
    points: (value, what) => (isRecord(value) ? aRecordOf(aWholeNumber(1))(value, what) : aWholeNumber(1)(value, what)),
  });
  const { points } = options;
  const valuesOf = (leaf: Leaf, path: string) =>
    valuesOn(leaf, typeof points === "number" ? points : points?.[path], path);
  const count = (space: Space, prefix = ""): number =>
    Object.entries(space).reduce((product, [name, parameter]) => {
      const path = prefix + name;
      if (!isBranches(parameter)) return product * valuesOf(parameter, path).length;
      const inner = Object.entries(parameter.branches);
      return product * inner.reduce((sum, [kind, each]) => sum + count(each, `${path}.${kind}.`), 0);
    }, 1);
  const put = (values: Record<string, Value>, space: Space, index: number, prefix = ""): void => {
    let rest = index;
    for (const [name, parameter] of Object.entries(space).reverse()) {
      const path = prefix + name;
      const size = count({ [name]: parameter }, prefix);
      let place = rest % size;
      rest = (rest - place) / size;
      if (isBranches(parameter)) {
        for (const [kind, inner] of Object.entries(parameter.branches)) {
          const within = count(inner, `${path}.${kind}.`);
          if (place < within) {
            values[path] = kind;
            put(values, inner, place, `${path}.${kind}.`);
            break;
          }
          place -= within;
        }
      } else values[path] = valuesOf(parameter, path)[place];
    }
  };
  return {
    name: "grid",
    count(space) {
      const paths = dimensionsOf(space).map(({ path }) => path);
      const unknown = Object.keys(isRecord(points) ? points : {}).find((path) => !paths.includes(path));
      if (unknown !== undefined)
        throw new ArgumentError(`grid: points: there is no parameter ${unknown}; there are ${paths.join(", ")}`);
      return count(space);
    },
    suggest({ space, number }) {
      const values: Record<string, Value> = {};
      put(values, space, number % count(space));
      return values;
    },
  };
}

/** Values of a parameter, as evenly spaced as it has them. */
function valuesOn(leaf: Leaf, points: number | undefined, path: string): readonly Value[] {
  if (points === undefined && leaf.count === Number.POSITIVE_INFINITY)
    throw new ArgumentError(
      `grid: ${path} ${leaf.form} is continuous: how many points of it, as in grid({ points: 5 })?`,
    );
  const isAll = !leaf.isNumeric || points === undefined || points >= leaf.count;
  const count = isAll ? leaf.count : points;
  must(
    count <= 2 ** 20,
    count,
    `grid: the values of ${path} ${leaf.form}`,
    `${2 ** 20} at the most; take fewer points`,
  );
  const value = (i: number) => (isAll ? leaf.nth(i) : leaf.at(count === 1 ? 0.5 : i / (count - 1)));
  return [...new Set(Array.from({ length: count }, (_, i) => value(i)))];
}
