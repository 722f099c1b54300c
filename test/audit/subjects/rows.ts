// Fused ops over rows, and activations.
import * as nn from "../../../src/nn/functional.ts";
import { ops } from "../../../src/ops/index.ts";
import type { Shape } from "../../../src/shape.ts";
import { apply, type Tensor } from "../../../src/tensor.ts";
import { amplified, type Bounds, CHAIN, composed, exact, formula, kernel } from "../bounds.ts";
import { ANY, type Domain, type Draw } from "../draw.ts";
import { type Subject, subject } from "../subject.ts";

/**
 * e^x, a sum and a division or a logarithm: the kernels' ulps and a rounding each. Slopes s (u - sum s u) are differences of terms of the
 * size of cotangents where one s is near 1.
 */
const rowwise: Bounds = { value: composed(6), derivatives: { ...CHAIN, scale: () => 1 / 8 } };
const WIDER: Domain = { plain: [-6, 6], limits: ANY.limits };
/** PyTorch's softmax of an infinity is NaN, as ours; what is very large is looked at alone. */
const LOGITS: Domain = { plain: [-6, 6], limits: [-1e30, 1e30] };

const COTANGENT: Domain = { plain: [-2, 2], limits: [-2, 2] };

interface Along {
  readonly axis: number;
}

function along<O extends Along>(
  name: string,
  f: (x: Tensor, o: O) => Tensor,
  more: (draw: Draw) => Omit<O, "axis">,
  bounds = rowwise,
): Subject {
  return subject<O>({
    name,
    bounds,
    draw(draw) {
      const shape = draw.shape({ least: 1 });
      const filled = shape.map((n) => Math.max(n, 1));
      return {
        inputs: [draw.reals(filled, WIDER)],
        options: { axis: draw.axis(shape), ...more(draw) } as unknown as O,
      };
    },
    build: ([x], options) => f(x, options),
  });
}

const nothing = () => ({});

function classes(draw: Draw): { readonly shape: Shape; readonly rows: number } {
  const [rows, columns] = [draw.size(), draw.size(1)];
  return { shape: [rows, columns], rows };
}

export const rows: readonly Subject[] = [
  along("rows/softmax", (x, { axis }) => x.softmax(axis), nothing),
  along("rows/logSoftmax", (x, { axis }) => x.logSoftmax(axis), nothing),
  along<Along & { readonly keepDims: boolean }>(
    "rows/logSumExp",
    (x, { axis, ...options }) => x.logSumExp(axis, options),
    (draw) => ({ keepDims: draw.chance(0.3) }),
  ),
  {
    name: "rows/crossEntropy",
    bounds: rowwise,
    draw(draw) {
      const { shape, rows } = classes(draw);
      return { inputs: [draw.reals(shape, LOGITS), draw.indices([rows], 0, shape[1])], options: {} };
    },
    build: ([x, target]) => x.crossEntropy(target),
  },
  {
    name: "rows/crossEntropyGradient",
    bounds: { ...rowwise, value: { ...rowwise.value, scale: () => 1 / 8 } }, // softmax - 1
    wild: 0,
    draw(draw) {
      const { shape, rows } = classes(draw);
      const scale = draw.reals([rows], draw.mood === "special" ? ANY : COTANGENT);
      return { inputs: [draw.reals(shape, LOGITS), draw.indices([rows], 0, shape[1]), scale], options: {} };
    },
    build: ([x, target, scale]) => apply(ops.crossEntropyGradient, [x, target, scale]),
  },
];

type Extra = Partial<Omit<Subject, "name" | "bounds" | "draw" | "build">>;

function activation<O extends object>(
  name: string,
  bounds: Bounds,
  options: (draw: Draw) => O,
  f: (x: Tensor, options: O) => Tensor,
  extra: Extra = {},
): Subject {
  return subject<O>({
    name: `activations/${name}`,
    bounds,
    elementwise: true,
    ...extra,
    draw: (draw) => ({ inputs: [draw.reals(draw.shape(), WIDER)], options: options(draw) }),
    build: ([x], own) => f(x, own),
  });
}

function halves(name: string, f: (x: Tensor, axis: number) => Tensor): Subject {
  return subject<Along>({
    name: `activations/${name}`,
    bounds: sigmoidal,
    draw(draw) {
      const shape = draw.shape({ least: 1 });
      const axis = draw.axis(shape);
      const even = shape.map((n, i) => (i === (axis < 0 ? axis + shape.length : axis) ? 2 * Math.max(n, 1) : n));
      return { inputs: [draw.reals(even, WIDER)], options: { axis } };
    },
    build: ([x], { axis }) => f(x, axis),
  });
}

/** A formula of one kernel and a few roundings. */
const short: Bounds = { value: composed(8), derivatives: CHAIN };
/** Formulas of sigmoids, whose kernel stands for PyTorch's half an ulp. */
const sigmoidal: Bounds = { value: composed(16), derivatives: amplified(CHAIN, "sigmoid") };
/** (2 x + 3) / 6 has terms of size 1 that cancel within. */
const hardSwish: Bounds = { value: composed(4), derivatives: { ...composed(2), scale: () => 2 } };
const gelu: Bounds = { value: amplified(formula.value, "erf"), derivatives: amplified(formula.derivatives, "erf") };
/** At 1, where its two formulas meet, x - tanh(x) is a quarter of what it is the difference of. */
const tanhshrink: Bounds = { value: amplified(composed(16), "tanh"), derivatives: amplified(CHAIN, "tanh") };
const kinked = { kinks: 1 } as const;

const alpha = (draw: Draw) => ({ alpha: draw.pick([1, 0.5, 2, 1.3]) });
const slopes = (draw: Draw) => ({ slope: draw.pick([0.01, 0.25, 0, 1.5, -0.5]) });
const ends = (draw: Draw) => ({ min: draw.pick([-1, -2, 0]), max: draw.pick([1, 0.5, 3]) });
const approximations = (draw: Draw) => ({ approximate: draw.pick(["none", "tanh"] as const) });
const thresholds = (draw: Draw) => ({ lambd: draw.pick([0.5, 0.25, 0, 2]) });
const limits = (draw: Draw) => ({ limit: draw.pick([0, 0.5, -1]), value: draw.pick([0, 20, -0.5]) });
const bounds = (draw: Draw) => ({ lower: draw.pick([0.125, 0, -0.5]), upper: draw.pick([0.5, 0.75, 1.5]) });
const betas = (draw: Draw) => ({ beta: draw.pick([1, 0.5, 3, 1.3]) });

export const activations: readonly Subject[] = [
  activation("relu", exact, nothing, nn.relu, kinked),
  activation("relu6", exact, nothing, nn.relu6, kinked),
  activation("leakyRelu", short, slopes, (x, { slope }) => nn.leakyRelu(x, slope), kinked),
  {
    name: "activations/prelu",
    bounds: short,
    ...kinked,
    draw(draw) {
      const shape = draw.shape();
      const count = shape.length > 1 && draw.chance(0.6) ? shape[1] : 1;
      return { inputs: [draw.reals(shape, WIDER), draw.reals([Math.max(count, 1)])], options: {} };
    },
    build: ([x, weight]) => nn.prelu(x, weight),
  },
  activation("elu", short, alpha, (x, o) => nn.elu(x, o.alpha), kinked),
  activation("selu", short, nothing, nn.selu, kinked),
  activation("celu", short, alpha, (x, o) => nn.celu(x, o.alpha), kinked),
  activation("sigmoid", kernel("sigmoid"), nothing, nn.sigmoid),
  activation("tanh", kernel("tanh"), nothing, nn.tanh),
  activation("gelu", gelu, approximations, (x, { approximate }) => nn.gelu(x, approximate)),
  activation("silu", sigmoidal, nothing, nn.silu),
  activation("mish", sigmoidal, nothing, nn.mish),
  activation("softplus", sigmoidal, betas, (x, { beta }) => nn.softplus(x, beta)),
  activation("softsign", short, nothing, nn.softsign),
  activation("hardtanh", exact, ends, (x, { min, max }) => nn.hardtanh(x, min, max), kinked),
  activation("hardSigmoid", short, nothing, nn.hardSigmoid, kinked),
  activation("hardSwish", hardSwish, nothing, nn.hardSwish, kinked),
  activation("logSigmoid", sigmoidal, nothing, nn.logSigmoid),
  activation("hardshrink", exact, thresholds, (x, { lambd }) => nn.hardshrink(x, lambd), kinked),
  activation("softshrink", short, thresholds, (x, { lambd }) => nn.softshrink(x, lambd), kinked),
  activation("threshold", exact, limits, (x, { limit, value }) => nn.threshold(x, limit, value), kinked),
  activation("rrelu", short, bounds, (x, { lower, upper }) => nn.rrelu(x, lower, upper), kinked),
  activation("tanhshrink", tanhshrink, nothing, nn.tanhshrink),
  halves("glu", nn.glu),
  halves("swiglu", nn.swiglu),
  along("activations/softmin", (x, { axis }) => nn.softmin(x, axis), nothing),
];
