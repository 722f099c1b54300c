// Elementwise ops, their broadcasting, and those of i32.
import type { Tensor } from "../../../src/tensor.ts";
import { type Bounds, exact, kernel, turning } from "../bounds.ts";
import { ANY, type Domain, type Draw, POSITIVE } from "../draw.ts";
import { type Subject, subject } from "../subject.ts";

type Extra = Partial<Omit<Subject, "name" | "bounds" | "draw" | "build">>;

function unary(
  name: string,
  f: (x: Tensor) => Tensor,
  bounds: Bounds,
  extra: Extra = {},
  domain: Domain = ANY,
): Subject {
  return {
    name: `elementwise/${name}`,
    bounds,
    elementwise: true,
    ...extra,
    draw: (draw) => ({ inputs: [draw.reals(draw.shape(), domain)], options: {} }),
    build: ([x]) => f(x),
  };
}

function binary(
  name: string,
  f: (a: Tensor, b: Tensor) => Tensor,
  bounds: Bounds,
  extra: Extra = {},
  domains: readonly [Domain, Domain] = [ANY, ANY],
): Subject {
  return {
    name: `elementwise/${name}`,
    bounds,
    elementwise: true,
    ...extra,
    draw(draw) {
      const shapes = draw.broadcast(2);
      return { inputs: shapes.map((shape, i) => draw.reals(shape, domains[i])), options: {} };
    },
    build: ([a, b]) => f(a, b),
  };
}

function integers(name: string, count: number, f: (...x: Tensor[]) => Tensor): Subject {
  return {
    name: `i32/${name}`,
    bounds: exact,
    elementwise: true,
    draw: (draw) => ({ inputs: draw.broadcast(count).map((shape) => draw.integers(shape)), options: {} }),
    build: (inputs) => f(...inputs),
  };
}

/** A condition: 0, -0 and NaN among what is true. */
function condition(draw: Draw, shape: readonly number[]) {
  return draw.reals(shape, { plain: [0, 1], limits: ANY.limits });
}

const C = { signedZeros: true };
const log = { plain: [0.05, 4], limits: [-1, Number.POSITIVE_INFINITY] } as const;

export const elementwise: readonly Subject[] = [
  binary("add", (a, b) => a.add(b), exact, C),
  binary("sub", (a, b) => a.sub(b), exact, C),
  binary("mul", (a, b) => a.mul(b), exact, C),
  binary("div", (a, b) => a.div(b), exact, C),
  binary("remainder", (a, b) => a.remainder(b), exact, { order: 1 }),
  binary("maximum", (a, b) => a.maximum(b), exact),
  binary("minimum", (a, b) => a.minimum(b), exact),
  binary("pow", (a, b) => a.pow(b), kernel("pow"), { kinks: 1 }, [POSITIVE, ANY]),
  {
    name: "elementwise/pow at 0",
    bounds: exact,
    elementwise: true,
    draw(draw) {
      const shape = draw.shape();
      const of = (list: readonly number[]) => ({
        shape,
        dtype: "f32" as const,
        data: draw.reals(shape).data.map(() => draw.pick(list)),
      });
      return { inputs: [of([0, -0]), of([2, 2.5, 3, 4, 6])], options: {} };
    },
    build: ([a, b]) => a.pow(b),
  },
  binary("less", (a, b) => a.less(b), exact),
  binary("greater", (a, b) => a.greater(b), exact),
  binary("equal", (a, b) => a.equal(b), exact),
  subject<{ readonly exponent: number }>({
    name: "elementwise/pow of a number",
    bounds: kernel("pow"),
    elementwise: true,
    draw: (draw) => ({
      inputs: [draw.reals(draw.shape())],
      options: { exponent: draw.pick([0, 1, 2, 3, 4, -1, -2, 0.5, 1.5]) },
    }),
    build: ([x], { exponent }) => x.pow(exponent),
  }),
  {
    name: "elementwise/select",
    bounds: exact,
    elementwise: true,
    draw(draw) {
      const [first, ...rest] = draw.broadcast(3);
      return { inputs: [condition(draw, first), ...rest.map((shape) => draw.reals(shape))], options: {} };
    },
    build: ([c, a, b]) => c.select(a, b),
  },
  unary("neg", (x) => x.neg(), exact, C),
  unary("abs", (x) => x.abs(), exact, C),
  unary("sign", (x) => x.sign(), exact),
  unary("floor", (x) => x.floor(), exact, C, { plain: [-9, 9], limits: ANY.limits }),
  unary("square", (x) => x.square(), exact),
  unary("exp", (x) => x.exp(), kernel("exp"), { wild: 2 }),
  unary("expm1", (x) => x.expm1(), kernel("expm1"), C),
  unary("log", (x) => x.log(), kernel("log"), {}, { plain: [0.05, 4], limits: ANY.limits }),
  unary("log1p", (x) => x.log1p(), kernel("log1p"), C, log),
  unary("sqrt", (x) => x.sqrt(), exact, C, { plain: [0.05, 4], limits: ANY.limits }),
  unary("rsqrt", (x) => x.rsqrt(), kernel("rsqrt"), {}, { plain: [0.05, 4], limits: ANY.limits }),
  unary("sin", (x) => x.sin(), kernel("sin"), C, { plain: [-30, 30], limits: ANY.limits }),
  unary("cos", (x) => x.cos(), kernel("cos"), {}, { plain: [-30, 30], limits: ANY.limits }),
  unary("tanh", (x) => x.tanh(), kernel("tanh"), C),
  unary("sigmoid", (x) => x.sigmoid(), turning(kernel("sigmoid"))),
  unary("erf", (x) => x.erf(), kernel("erf"), C),
  unary("relu", (x) => x.relu(), exact, { wild: 2 }),
  unary("cast to i32", (x) => x.cast("i32"), exact, {}, { plain: [-100, 100], limits: ANY.limits }),

  integers("add", 2, (a, b) => a.add(b)),
  integers("sub", 2, (a, b) => a.sub(b)),
  integers("mul", 2, (a, b) => a.mul(b)),
  integers("div", 2, (a, b) => a.div(b)),
  integers("remainder", 2, (a, b) => a.remainder(b)),
  integers("maximum", 2, (a, b) => a.maximum(b)),
  integers("minimum", 2, (a, b) => a.minimum(b)),
  integers("less", 2, (a, b) => a.less(b)),
  integers("equal", 2, (a, b) => a.equal(b)),
  integers("neg", 1, (a) => a.neg()),
  integers("abs", 1, (a) => a.abs()),
  integers("sign", 1, (a) => a.sign()),
  integers("cast to f32", 1, (a) => a.cast("f32")),
  {
    name: "i32/select",
    bounds: exact,
    elementwise: true,
    draw(draw) {
      const [first, ...rest] = draw.broadcast(3);
      return { inputs: [condition(draw, first), ...rest.map((shape) => draw.integers(shape))], options: {} };
    },
    build: ([c, a, b]) => c.select(a, b),
  },
];
