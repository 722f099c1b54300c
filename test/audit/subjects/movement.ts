// What moves elements about, and rows by index: exact, whatever the elements are.
import { concat, stack } from "../../../src/create.ts";
import { ops } from "../../../src/ops/index.ts";
import { type Shape, sizeOf } from "../../../src/shape.ts";
import { apply, type Tensor } from "../../../src/tensor.ts";
import { type Bounds, composed, EXACT } from "../bounds.ts";
import { ANY, type Draw } from "../draw.ts";
import { type Subject, subject } from "../subject.ts";

/** Gradients are movements, too, or sums of what was repeated. */
const moved: Bounds = { value: EXACT, derivatives: composed(1) };

function moving<O extends object>(
  name: string,
  draw: (draw: Draw, shape: Shape) => O,
  build: (x: Tensor, options: O) => Tensor,
  shape: Parameters<Draw["shape"]>[0] = {},
): Subject {
  return subject<O>({
    name: `movement/${name}`,
    bounds: moved,
    wild: 2,
    draw(source) {
      const own = source.shape(shape);
      const options = draw(source, own);
      return { inputs: [source.chance(0.2) ? source.integers(own) : source.reals(own)], options };
    },
    build: ([x], options) => build(x, options),
  });
}

/** The same number of elements in another shape, one size perhaps -1. */
function reshaped(draw: Draw, shape: Shape): number[] {
  const sizes: number[] = [];
  for (let rest = sizeOf(shape); sizes.length < 3 && rest > 1; ) {
    const divisors = [...new Array(rest).keys()].map((n) => n + 1).filter((n) => rest % n === 0);
    sizes.push(draw.pick(divisors));
    rest /= sizes[sizes.length - 1];
    if (sizes.length === 3) sizes.push(rest);
  }
  const result = sizeOf(shape) === 0 ? draw.pick([[0], [0, 3], [2, 0]]) : [...sizes, sizeOf(shape) / sizeOf(sizes)];
  return draw.chance(0.3) && sizeOf(shape) > 0 ? result.map((n, i) => (i === 0 ? -1 : n)) : result;
}

function shuffled(draw: Draw, shape: Shape): number[] {
  const order = [...shape.keys()];
  for (let i = order.length - 1; i > 0; i--) {
    const j = draw.whole(0, i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** Starts and steps of ranges of given sizes within a shape. */
function ranges(draw: Draw, shape: Shape, sizes: Shape) {
  const steps = shape.map((size, i) => {
    const most = sizes[i] > 1 ? Math.floor((size - 1) / (sizes[i] - 1)) : Math.max(1, size);
    return draw.whole(1, most + 1) * (draw.chance(0.3) ? -1 : 1);
  });
  const starts = shape.map((size, i) => {
    const span = Math.max(0, sizes[i] - 1) * Math.abs(steps[i]);
    const low = draw.whole(0, Math.max(1, size - span));
    return steps[i] > 0 ? low : low + span;
  });
  return { starts, steps };
}

function several(name: "concat" | "stack"): Subject {
  return subject<{ readonly axis: number }>({
    name: `movement/${name}`,
    bounds: moved,
    wild: 2,
    draw(draw) {
      const shape = draw.shape({ least: name === "concat" ? 1 : 0 });
      const axis = name === "concat" ? draw.axis(shape) : draw.whole(-shape.length - 1, shape.length + 1);
      const at = axis < 0 ? axis + shape.length : axis;
      const own = () => (name === "concat" ? shape.map((n, i) => (i === at ? draw.size() : n)) : shape);
      const shapes = Array.from({ length: draw.whole(1, 4) }, own);
      const dtype = draw.chance(0.2) ? "integers" : "reals";
      return { inputs: shapes.map((each) => draw[dtype](each)), options: { axis } };
    },
    build: (inputs, { axis }) => (name === "concat" ? concat(inputs, axis) : stack(inputs, axis)),
  });
}

const some = { least: 1 };

export const movement: readonly Subject[] = [
  moving(
    "reshape",
    (draw, shape) => ({ shape: reshaped(draw, shape) }),
    (x, { shape }) => x.reshape(shape),
  ),
  moving(
    "flatten",
    (draw, shape) => ({ start: draw.whole(0, shape.length) }),
    (x, { start }) => x.flatten(start),
    some,
  ),
  moving(
    "permute",
    (draw, shape) => ({ order: shuffled(draw, shape) }),
    (x, { order }) => x.permute(order),
  ),
  moving(
    "transpose",
    (draw, shape) => ({ a: draw.axis(shape), b: draw.axis(shape) }),
    (x, { a, b }) => x.transpose(a, b),
    some,
  ),
  moving(
    "broadcastTo",
    (draw, shape) => ({
      shape: [
        ...Array.from({ length: draw.whole(0, 3) }, () => draw.size()),
        ...shape.map((n) => (n === 1 ? draw.size() : n)),
      ],
    }),
    (x, { shape }) => x.broadcastTo(shape),
  ),
  moving(
    "unsqueeze",
    (draw, shape) => ({ axis: draw.whole(-shape.length - 1, shape.length + 1) }),
    (x, { axis }) => x.unsqueeze(axis),
  ),
  moving<{ readonly axis?: number }>(
    "squeeze",
    (draw, shape) => {
      const ones = [...shape.keys()].filter((axis) => shape[axis] === 1);
      return { axis: ones.length > 0 && draw.chance(0.6) ? draw.pick(ones) : undefined };
    },
    (x, { axis }) => x.squeeze(axis),
  ),
  moving(
    "narrow",
    (draw, shape) => {
      const axis = draw.axis(shape);
      const whole = shape[axis < 0 ? axis + shape.length : axis];
      const size = draw.whole(0, whole + 1);
      return { axis, start: draw.whole(0, whole - size + 1), size };
    },
    (x, { axis, start, size }) => x.narrow(axis, start, size),
    some,
  ),
  moving(
    "take",
    (draw, shape) => {
      const sizes = shape.map((n) => draw.whole(0, n + 1));
      return { sizes, ...ranges(draw, shape, sizes) };
    },
    (x, attrs) => apply(ops.slice, [x], attrs),
  ),
  moving(
    "spread",
    (draw, sizes) => {
      const shape = sizes.map((n) => Math.max(1, n * draw.whole(1, 3)) + draw.whole(0, 3));
      return { shape, ...ranges(draw, shape, sizes), value: draw.pick([0, 0, 1, -2]) };
    },
    (x, { shape, starts, steps, value }) =>
      apply(ops.spread, [x], { shape, value, ranges: [{ starts, sizes: x.shape, steps }] }),
  ),
  moving(
    "pad",
    (draw, shape) => ({
      amounts: shape.map(() => [draw.whole(0, 3), draw.whole(0, 3)] as const),
      value: draw.pick([0, 0, 1, -2]),
    }),
    (x, { amounts, value }) => x.pad(amounts, value),
  ),
  several("concat"),
  several("stack"),
  {
    name: "indexing/gather",
    bounds: moved,
    wild: 2,
    draw(draw) {
      const shape = draw.shape({ least: 1, smallest: 1 });
      const index = draw.indices(draw.shape({ most: 2 }), 0, shape[0]);
      return { inputs: [draw.chance(0.2) ? draw.integers(shape) : draw.reals(shape), index], options: {} };
    },
    build: ([x, index]) => x.gather(index),
  },
  subject<{ readonly shape: Shape }>({
    name: "indexing/scatterAdd",
    bounds: { value: composed(1), derivatives: composed(1) },
    draw(draw) {
      const shape = draw.shape({ least: 1, smallest: 1 });
      const index = draw.indices(draw.shape({ most: 2 }), 0, shape[0]);
      return { inputs: [draw.reals([...index.shape, ...shape.slice(1)], ANY), index], options: { shape } };
    },
    build: ([updates, index], { shape }) => index.scatterAdd(updates, shape),
  }),
  subject<{ readonly classes: number }>({
    name: "indexing/oneHot",
    bounds: moved,
    draw(draw) {
      const classes = draw.whole(1, 6);
      return { inputs: [draw.indices(draw.shape(), 0, classes)], options: { classes } };
    },
    build: ([index], { classes }) => index.oneHot(classes),
  }),
];
