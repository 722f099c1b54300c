// What simdgrad/functions exports, and the methods that are composed as those are.
import * as functions from "../../../src/functions/index.ts";
import type { Tensor } from "../../../src/tensor.ts";
import { type Bounds, composed, exact, formula, kernel } from "../bounds.ts";
import { ANY, type Domain, FINITE } from "../draw.ts";
import { type Subject, subject } from "../subject.ts";

type Extra = Partial<Omit<Subject, "name" | "bounds" | "draw" | "build">>;
type Axes = number | readonly number[] | undefined;

const C = { signedZeros: true };
const INSIDE: Domain = { plain: [-0.99, 0.99], limits: ANY.limits };
const FROM_ONE: Domain = { plain: [1.01, 9], limits: [1, ANY.limits[1]] };
const MODERATE: Domain = { plain: [-1.5, 1.5], limits: [-4, 4] };

function unary(name: string, f: (x: Tensor) => Tensor, bounds: Bounds, extra: Extra = {}, domain = ANY): Subject {
  return {
    name: `functions/${name}`,
    bounds,
    elementwise: true,
    ...extra,
    draw: (draw) => ({ inputs: [draw.reals(draw.shape(), domain)], options: {} }),
    build: ([x]) => f(x),
  };
}

function binary(name: string, f: (a: Tensor, b: Tensor) => Tensor, bounds: Bounds, extra: Extra = {}): Subject {
  return {
    name: `functions/${name}`,
    bounds,
    elementwise: true,
    ...extra,
    draw: (draw) => ({ inputs: draw.broadcast(2).map((shape) => draw.reals(shape)), options: {} }),
    build: ([a, b]) => f(a, b),
  };
}

export const furtherFunctions: readonly Subject[] = [
  unary("round", (x) => x.round(), exact, C, { plain: [-9, 9], limits: ANY.limits }),
  unary("ceil", (x) => x.ceil(), exact, C, { plain: [-9, 9], limits: ANY.limits }),
  unary("log2", functions.log2, kernel("log2"), {}, { plain: [0.05, 4], limits: ANY.limits }),
  unary("log10", functions.log10, kernel("log10"), {}, { plain: [0.05, 4], limits: ANY.limits }),
  unary("tan", functions.tan, kernel("tan"), C, { plain: [-1.4, 1.4], limits: ANY.limits }),
  unary("atan", functions.atan, kernel("atan"), C),
  unary("asin", functions.asin, kernel("asin"), { ...C, wild: 0, kinks: 0 }, INSIDE),
  unary("acos", functions.acos, kernel("acos"), { wild: 0, kinks: 0 }, INSIDE),
  unary("sinh", functions.sinh, kernel("sinh"), C),
  unary("cosh", functions.cosh, kernel("cosh")),
  unary("asinh", functions.asinh, kernel("asinh"), C),
  unary("acosh", functions.acosh, kernel("acosh"), { wild: 0, kinks: 0 }, FROM_ONE),
  unary("atanh", functions.atanh, kernel("atanh"), { ...C, wild: 0, kinks: 0 }, INSIDE),
  binary("atan2", functions.atan2, kernel("atan2"), { ...C, wild: 0, kinks: 0 }),
  binary("lessEqual", (a, b) => a.lessEqual(b), exact),
  binary("greaterEqual", (a, b) => a.greaterEqual(b), exact),
  binary("notEqual", (a, b) => a.notEqual(b), exact),
  binary("logicalAnd", functions.logicalAnd, exact),
  binary("logicalOr", functions.logicalOr, exact),
  binary("logicalXor", functions.logicalXor, exact),
  unary("isNaN", functions.isNaN, exact),
  unary("isFinite", functions.isFinite, exact),
  unary("isInfinite", functions.isInfinite, exact),
  subject<{ readonly min: number; readonly max: number }>({
    name: "functions/clamp",
    bounds: exact,
    elementwise: true,
    wild: 0,
    draw: (draw) => ({
      inputs: [draw.reals(draw.shape())],
      options: { min: draw.pick([-1, -0.5, 0]), max: draw.pick([0, 0.5, 2]) },
    }),
    build: ([x], { min, max }) => x.clamp(min, max),
  }),
  subject<{ readonly axes?: Axes; readonly correction: number }>({
    name: "functions/std",
    bounds: formula,
    wild: 0,
    draw(draw) {
      const shape = draw.shape({ least: 1, smallest: 2 });
      const inputs = [draw.tame().reals(shape, FINITE)];
      return { inputs, options: { axes: draw.pick([undefined, draw.axis(shape)]), correction: draw.pick([0, 1]) } };
    },
    build: ([x], { axes, correction }) => x.std(axes, { correction }),
  }),
  subject<{ readonly axis: number }>({
    name: "functions/prod",
    // Products of n factors, n - 1 roundings each; PyTorch's second slope of a single factor is what is left of its roundings, not 0.
    bounds: { value: composed(8), derivatives: { ...composed(32), scale: () => 1 / 8 } },
    draw(draw) {
      const shape = draw.shape({ least: 1 }).map((size) => Math.min(size, 12));
      return { inputs: [draw.reals(shape, MODERATE)], options: { axis: draw.axis(shape) } };
    },
    build: ([x], { axis }) => functions.prod(x, axis),
  }),
];
