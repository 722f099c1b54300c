// Running sums, sorting, and elements picked and added by an index along an axis.
import { scatterAddAlongAxis, takeAlongAxis } from "../../../src/ops/along.ts";
import { cumulativeSum } from "../../../src/ops/cumulative.ts";
import { argsort, sort, topK } from "../../../src/ops/sort.ts";
import type { Shape } from "../../../src/shape.ts";
import type { Tensor } from "../../../src/tensor.ts";
import { type Bounds, composed, EXACT, exact } from "../bounds.ts";
import { ANY, type Draw } from "../draw.ts";
import { type Subject, subject } from "../subject.ts";

interface Along {
  readonly axis: number;
}

/** Sums are rounded once, whatever their length. */
const summed: Bounds = {
  value: { ulps: 1, conditioned: 1, torch: 0 },
  derivatives: { ulps: 1, conditioned: 1, torch: 1 },
};
/** Moved alone; cotangents, too. */
const moved: Bounds = { value: EXACT, derivatives: EXACT };

function along<O extends Along>(
  name: string,
  f: (x: Tensor, options: O) => Tensor,
  bounds: Bounds,
  more: (draw: Draw, size: number) => Omit<O, "axis">,
  whole = false,
): Subject {
  return subject<O>({
    name: `along/${name}`,
    bounds,
    draw(draw) {
      const shape = draw.shape({ least: 1 });
      const axis = draw.axis(shape);
      const options = { axis, ...more(draw, shape.at(axis) as number) } as unknown as O;
      return { inputs: [whole ? draw.integers(shape) : draw.reals(shape)], options };
    },
    build: ([x], options) => f(x, options),
  });
}

const ends = (draw: Draw) => ({ reverse: draw.chance(0.4), exclusive: draw.chance(0.4) });
const directions = (draw: Draw) => ({ descending: draw.chance(0.5) });

/** An index of a shape that fits, and the axis. */
function indexed(draw: Draw): {
  readonly shape: Shape;
  readonly axis: number;
  readonly index: ReturnType<Draw["indices"]>;
} {
  const shape = draw.shape({ least: 1, smallest: 1 });
  const axis = draw.axis(shape);
  const at = axis < 0 ? axis + shape.length : axis;
  const own = shape.map((size, i) => (i === at ? draw.whole(0, 6) : draw.whole(0, size)));
  return { shape, axis, index: draw.indices(own, 0, shape[at]) };
}

type Ends = Along & { readonly reverse: boolean; readonly exclusive: boolean };
type Direction = Along & { readonly descending: boolean };
type Most = Along & { readonly k: number; readonly largest: boolean };

const most = (draw: Draw, size: number) => ({ k: draw.whole(0, size), largest: draw.chance(0.5) });

export const alongAxes: readonly Subject[] = [
  along<Ends>("cumulativeSum", (x, { axis, ...options }) => cumulativeSum(x, axis, options), summed, ends),
  along<Ends>("cumulativeSum i32", (x, { axis, ...options }) => cumulativeSum(x, axis, options), exact, ends, true),
  along<Direction>("sort", (x, { axis, ...options }) => sort(x, axis, options).values, moved, directions),
  along<Direction>("sort i32", (x, { axis, ...options }) => sort(x, axis, options).values, moved, directions, true),
  along<Direction>("argsort", (x, { axis, ...options }) => argsort(x, axis, options), exact, directions),
  along<Most>("topK", (x, { axis, k, largest }) => topK(x, k, axis, { largest }).values, moved, most),
  subject<Along>({
    name: "along/takeAlongAxis",
    bounds: { value: EXACT, derivatives: composed(1) },
    draw(draw) {
      const { shape, axis, index } = indexed(draw);
      return { inputs: [draw.reals(shape, ANY), index], options: { axis } };
    },
    build: ([x, index], { axis }) => takeAlongAxis(x, index, axis),
  }),
  subject<Along & { readonly shape: Shape }>({
    name: "along/scatterAddAlongAxis",
    bounds: { value: composed(1), derivatives: composed(1) },
    draw(draw) {
      const { shape, axis, index } = indexed(draw);
      return { inputs: [draw.reals(index.shape, ANY), index], options: { axis, shape } };
    },
    build: ([updates, index], { axis, shape }) => scatterAddAlongAxis(updates, index, axis, shape),
  }),
];
