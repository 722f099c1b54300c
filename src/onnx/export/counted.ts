// Whole numbers that follow from the batch in a simple way: along axes that grow they go up by a step, elsewhere each of them is some times the
// batch, plus some. So are counters, and places in flat tensors.
import { sizeOf } from "../../shape.ts";
import { type Affine, affineOf, type Size, sizeAt } from "./sizes.ts";

/** Numbers of a tensor, one array a batch. */
export type Known = readonly ArrayLike<number>[];

export interface Counted {
  /** From one element to the next, along axes that grow. */
  readonly steps: readonly (readonly [axis: number, step: Affine])[];
  /** Those at the beginning of all axes that grow, which are as many at each batch. */
  readonly starts: readonly Affine[];
  readonly shape: readonly number[];
}

/** How numbers of so many batches are counted; undefined where they are not. */
export function countedOf(sizes: readonly Size[], numbers: Known, batches: readonly number[]): Counted | undefined {
  const shapes = numbers.map((_, g) => sizes.map((size) => sizeAt(size, g)));
  if (shapes.some((shape) => sizeOf(shape) === 0)) return undefined;
  const strides = shapes.map((shape) => shape.map((_, axis) => sizeOf(shape.slice(axis + 1))));
  const affine = (of: (graph: number) => number) =>
    affineOf(
      numbers.map((_, g) => of(g)),
      batches,
    );
  const growing = sizes.flatMap((size, axis) => (typeof size === "number" ? [] : [axis]));
  const steps = growing.flatMap((axis) => {
    const step = affine((g) => numbers[g][strides[g][axis]] - numbers[g][0]);
    return step ? [[axis, step] as const] : [];
  });
  const shape = sizes.map((size) => (typeof size === "number" ? size : 1));
  const starts = Array.from({ length: sizeOf(shape) }, (_, i) => {
    const places = placesOf(i, shape);
    return affine((g) => numbers[g][flat(places, strides[g])]);
  }).filter((start) => start !== undefined);
  if (steps.length < growing.length || starts.length < sizeOf(shape)) return undefined;
  const counted = { steps, starts, shape };
  const holds = numbers.every((each, g) => {
    for (let i = 0; i < each.length; i++)
      if (each[i] !== numberAt(counted, placesOf(i, shapes[g]), batches[g])) return false;
    return true;
  });
  return holds ? counted : undefined;
}

function numberAt({ steps, starts, shape }: Counted, places: readonly number[], batch: number): number {
  const value = ({ times, plus }: Affine) => times * batch + plus;
  const own = places.reduce((at, place, axis) => at * shape[axis] + Math.min(place, shape[axis] - 1), 0);
  return steps.reduce((sum, [axis, step]) => sum + places[axis] * value(step), value(starts[own]));
}

function flat(places: readonly number[], strides: readonly number[]): number {
  return places.reduce((sum, place, axis) => sum + place * strides[axis], 0);
}

function placesOf(index: number, shape: readonly number[]): number[] {
  const places = shape.map(() => 0);
  let rest = index;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    places[axis] = rest % shape[axis];
    rest = Math.floor(rest / shape[axis]);
  }
  return places;
}
