// A study as parallel coordinates: an axis a parameter, a line a trial.
import { dimensionsOf } from "./dimensions.ts";
import { checkSearched, type Searched, written } from "./searched.ts";
import type { Leaf } from "./space.ts";

/** One axis. */
export interface Axis {
  /** The path of a parameter; "value" of the last one. */
  readonly path: string;
  /** Places from 0 to 1, and what stands there. */
  readonly ticks: readonly { readonly place: number; readonly label: string }[];
}

/** One complete trial. */
export interface Line {
  readonly trial: number;
  readonly value: number;
  /** On each axis; undefined on those of branches that were not taken. */
  readonly places: readonly (number | undefined)[];
}

/** What a picture of parallel coordinates shows. */
export interface ParallelCoordinates {
  readonly axes: readonly Axis[];
  readonly lines: readonly Line[];
}

/**
 * Complete trials as places on parallel axes, one a parameter on its own scale, and the last one of the values.
 *
 * @example
 * import { choice, grid, openStudy, parallelCoordinates } from "simdgrad/tune";
 * const study = await openStudy({ space: { units: choice([16, 64]) }, sampler: grid() });
 * await study.trials(2, { objective: ({ values }) => values.units });
 * const { axes, lines } = parallelCoordinates(study);
 * axes.map(({ path }) => path); // => ["units", "value"]
 * lines.map(({ places }) => places); // => [[0.25, 0], [0.75, 1]]
 */
export function parallelCoordinates(study: Searched): ParallelCoordinates {
  checkSearched(study, "parallelCoordinates");
  const dimensions = dimensionsOf(study.space);
  const complete = study.history.filter(({ value }) => value !== undefined);
  const values = complete.map(({ value }) => value ?? 0);
  const low = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  // Halves: the distance of two numbers may be infinite.
  const placeOf = (value: number) => (high > low ? (value / 2 - low / 2) / (high / 2 - low / 2) : 0.5);
  const lines = complete.map(({ number, parameters }, i): Line => {
    const places = dimensions.map(({ path, leaf }) =>
      Object.hasOwn(parameters, path) ? leaf.place(parameters[path]) : undefined,
    );
    return { trial: number, value: values[i], places: [...places, placeOf(values[i])] };
  });
  const ends = [...new Set(values.length === 0 ? [] : [low, high])];
  const last: Axis = { path: "value", ticks: ends.map((value) => ({ place: placeOf(value), label: written(value) })) };
  return { axes: [...dimensions.map(({ path, leaf }): Axis => ({ path, ticks: ticksOf(leaf) })), last], lines };
}

/** Values that all have a tick. */
const FEW = 8;

function ticksOf(leaf: Leaf): Axis["ticks"] {
  const values =
    leaf.count <= FEW || !leaf.isNumeric
      ? Array.from({ length: leaf.count }, (_, i) => leaf.nth(i))
      : [0, 0.5, 1].map((t) => leaf.at(t));
  return values.map((value) => ({ place: leaf.place(value), label: written(value) }));
}
