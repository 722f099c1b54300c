// Reductions over axes, and products.
import type { Tensor } from "../../../src/tensor.ts";
import type { Value } from "../../golden.ts";
import { type Bound, type Bounds, CHAIN, composed, exact, formula } from "../bounds.ts";
import { type Draw, FINITE } from "../draw.ts";
import { type Subject, subject } from "../subject.ts";

interface Over {
  readonly axes?: number | readonly number[];
  readonly keepDims: boolean;
}

function over(draw: Draw, least = 0): { readonly inputs: readonly Value[]; readonly options: Over } {
  const shape = draw.shape({ least });
  return { inputs: [draw.reals(shape)], options: { axes: draw.axes(shape), keepDims: draw.chance(0.3) } };
}

function reduction(
  name: string,
  f: (x: Tensor, axes: Over["axes"], keep: Pick<Over, "keepDims">) => Tensor,
  bounds: Bounds,
): Subject {
  return subject<Over>({
    name: `reductions/${name}`,
    bounds,
    draw: (draw) => over(draw),
    build: ([x], { axes, keepDims }) => f(x, axes, { keepDims }),
  });
}

function index(name: string, f: (x: Tensor, axis: number | undefined) => Tensor): Subject {
  return subject<{ readonly axis?: number }>({
    name: `reductions/${name}`,
    bounds: exact,
    draw(draw) {
      const shape = draw.shape();
      return {
        inputs: [draw.reals(shape)],
        options: { axis: shape.length === 0 || draw.chance(0.3) ? undefined : draw.axis(shape) },
      };
    },
    build: ([x], { axis }) => f(x, axis),
  });
}

// A sum is as good as one whose terms are each rounded once more, or as PyTorch's.
const SUM: Bound = { ulps: 1, conditioned: 2, torch: 2 };
const sums: Bounds = { value: SUM, derivatives: CHAIN };
/** Long ones have no excuse: their errors must not add up. */
const long: Bounds = { value: { ulps: 1, conditioned: 1, torch: 0 }, derivatives: CHAIN };

function whole(name: "max" | "min"): Subject {
  return subject<{ readonly axes?: number | readonly number[] }>({
    name: `i32/${name}`,
    bounds: exact,
    draw(draw) {
      const shape = draw.shape({ least: 1 });
      return { inputs: [draw.integers(shape)], options: { axes: draw.pick([undefined, draw.axis(shape)]) } };
    },
    build: ([x], { axes }) => x[name](axes),
  });
}

/** Where axes of a shape may be summed to 1, or leave if they lead. */
function summed(draw: Draw, shape: readonly number[]): number[] {
  return shape.slice(draw.chance(0.4) ? draw.whole(0, shape.length + 1) : 0).map((n) => (draw.chance(0.4) ? 1 : n));
}

export const reductions: readonly Subject[] = [
  reduction("sum", (x, axes, options) => x.sum(axes, options), sums),
  reduction("mean", (x, axes, options) => x.mean(axes, options), { value: { ...SUM, ulps: 2 }, derivatives: CHAIN }),
  reduction("max", (x, axes, options) => x.max(axes, options), exact),
  reduction("min", (x, axes, options) => x.min(axes, options), exact),
  subject<Over & { readonly correction: number }>({
    name: "reductions/variance",
    bounds: formula,
    draw(draw) {
      const { inputs, options } = over(draw);
      const none = Array.isArray(options.axes) && options.axes.length === 0; // which PyTorch reads as all
      return {
        inputs,
        options: {
          ...options,
          axes: none ? undefined : options.axes,
          correction: draw.pick(draw.mood === "special" ? [0, 1] : [0, 1, 1, 2]),
        },
      };
    },
    build: ([x], { axes, ...options }) => x.variance(axes, options),
  }),
  index("argmax", (x, axis) => x.argmax(axis)),
  index("argmin", (x, axis) => x.argmin(axis)),
  subject<{ readonly shape: readonly number[] }>({
    name: "reductions/sumTo",
    bounds: sums,
    draw(draw) {
      const shape = draw.shape({ smallest: 1 });
      return { inputs: [draw.reals(shape)], options: { shape: summed(draw, shape) } };
    },
    build: ([x], { shape }) => x.sumTo(shape),
  }),
  subject<{ readonly axis: number }>({
    name: "reductions/long sum",
    bounds: long,
    order: 0,
    draw(draw) {
      const axis = draw.whole(0, 2);
      const count = draw.pick([4095, 4096, 8192, 8193, 20_000, draw.whole(1000, 30_000)]);
      const shape = axis === 0 ? [count, draw.pick([1, 1, 2])] : [draw.pick([1, 1, 2]), count];
      return { inputs: [draw.reals(shape, FINITE)], options: { axis } };
    },
    build: ([x], { axis }) => x.sum(axis),
  }),
  {
    name: "i32/sum",
    bounds: exact,
    draw: (draw) => ({ inputs: [draw.integers(draw.shape({ least: 1 }))], options: {} }),
    build: ([x]) => x.sum(0),
  },
  whole("max"),
  whole("min"),
  subject<{ readonly transposeA: boolean; readonly transposeB: boolean }>({
    name: "products/matmul",
    // Of sums of products: the samples see the sums, one rounding more each product.
    bounds: { value: { ulps: 1, conditioned: 4, torch: 2 }, derivatives: composed(4) },
    // What BLAS skips, zeros that meet infinities, is no matter of ours.
    draw(draw) {
      const wide = () => (draw.chance(0.1) ? draw.whole(16, 100) : draw.size());
      const [m, k, n] = [wide(), draw.chance(0.1) ? draw.whole(30, 400) : draw.size(), wide()];
      const batches = draw.chance(0.5) ? [[], []] : draw.broadcast(2).map((shape) => shape.slice(-2));
      const options = { transposeA: draw.chance(0.3), transposeB: draw.chance(0.3) };
      const a = options.transposeA ? [k, m] : [m, k];
      const b = options.transposeB ? [n, k] : [k, n];
      const [first, second] = draw.pick([[[k], b], [a, [k]], [[k], [k]], ...new Array(9).fill([a, b])]) as number[][];
      const plain = {
        transposeA: options.transposeA && first.length > 1,
        transposeB: options.transposeB && second.length > 1,
      };
      const shapes = [
        first.length > 1 ? [...batches[0], ...first] : first,
        second.length > 1 ? [...batches[1], ...second] : second,
      ];
      return { inputs: shapes.map((shape) => draw.reals(shape, FINITE)), options: plain };
    },
    build: ([a, b], options) => a.matmul(b, options),
  }),
];
