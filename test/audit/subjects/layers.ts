// Layers, with tensors in place of their parameters.
import { concat } from "../../../src/create.ts";
import { BatchNorm1d, BatchNorm2d } from "../../../src/nn/batch-normalization.ts";
import { WeightNorm } from "../../../src/nn/containers.ts";
import { Embedding } from "../../../src/nn/embedding.ts";
import { GroupNorm, InstanceNorm2d, LocalResponseNorm } from "../../../src/nn/group-normalization.ts";
import { Bilinear, Linear, PReLU } from "../../../src/nn/layers.ts";
import { evaluationContext, trainingContext } from "../../../src/nn/module.ts";
import { LayerNorm, RMSNorm } from "../../../src/nn/normalization.ts";
import type { Shape } from "../../../src/shape.ts";
import type { Tensor } from "../../../src/tensor.ts";
import { scalar } from "../../../src/tensor.ts";
import type { Assignment } from "../../../src/variable.ts";
import { type Bounds, composed } from "../bounds.ts";
import { ABOVE_ZERO, type Domain, type Draw, FINITE } from "../draw.ts";
import { type Subject, subject } from "../subject.ts";

/** The layer with tensors in place of its parameters. */
export function given<L extends object>(layer: L, parameters: Readonly<Record<string, Tensor>>): L {
  return Object.create(layer, Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, { value }])));
}

const training = (assignments: Assignment[] = []) => trainingContext(0, scalar(0, "i32"), assignments);

/** Products and their sums: a rounding each, beside what the samples show. */
const products: Bounds = { value: composed(2), derivatives: composed(4) };
/** Gradients of norms: chains of some thirty roundings of terms that cancel, all of them where one value is brought to length 1. */
const norms: Bounds = { value: composed(16), derivatives: { ...composed(32), scale: () => 1 } };
const MODERATE: Domain = { plain: [-3, 3], limits: [-1000, 1000] };
const FACTORS: Domain = { plain: [0.2, 2], limits: [-8, 8] };

/** Some leading axes. */
function leading(draw: Draw): Shape {
  return draw.pick<Shape>([[], [draw.size()], [draw.size(1), draw.size(1)]]);
}

/** Features of a batch norm: [N, C] or [N, C, L] with more than one value a feature. */
function featured(draw: Draw): Shape {
  return draw.pick([
    [draw.whole(2, 7), draw.size(1)],
    [draw.size(1), draw.size(1), draw.whole(2, 5)],
  ]);
}

/** Images [N, C, H, W] of more than one pixel, of some that are summed in parts. */
function pictured(draw: Draw): Shape {
  return draw.pick([
    [draw.size(1), draw.whole(1, 5), draw.whole(1, 4), draw.whole(2, 5)],
    [draw.whole(1, 3), draw.whole(1, 3), 16, draw.whole(16, 40)],
  ]);
}

function normalised(draw: Draw): { readonly shape: Shape; readonly own: Shape } {
  const own = draw.pick<Shape>([[draw.size(1)], [draw.whole(2, 9)], [draw.size(1), draw.whole(2, 5)]]);
  return { shape: [...leading(draw), ...own], own };
}

const EPSILONS = [1e-5, 1e-3, 0.1];

export const layers: readonly Subject[] = [
  {
    name: "layers/Linear",
    bounds: products,
    draw(draw) {
      const [m, n] = [draw.size(1), draw.size(1)];
      return { inputs: [[...leading(draw), m], [n, m], [n]].map((shape) => draw.reals(shape, FINITE)), options: {} };
    },
    build: ([x, weight, bias]) => given(new Linear(weight.shape[1], weight.shape[0]), { weight, bias }).forward(x),
  },
  {
    name: "layers/Bilinear",
    bounds: products,
    draw(draw) {
      const [first, second, out, lead] = [draw.size(1), draw.size(1), draw.size(1), leading(draw)];
      const shapes = [[...lead, first], [...lead, second], [out, first, second], [out]];
      return { inputs: shapes.map((shape) => draw.reals(shape, MODERATE)), options: {} };
    },
    build: ([a, b, weight, bias]) => {
      const [out, first, second] = weight.shape;
      return given(new Bilinear(first, second, out), { weight, bias }).forward([a, b]);
    },
  },
  {
    name: "layers/PReLU",
    bounds: products,
    kinks: 1,
    draw(draw) {
      const shape = draw.shape();
      const count = shape.length > 1 && shape[1] > 0 && draw.chance(0.6) ? shape[1] : 1;
      return { inputs: [draw.reals(shape, FINITE), draw.reals([count], FACTORS)], options: {} };
    },
    build: ([x, weight]) => given(new PReLU(weight.shape[0]), { weight }).forward(x),
  },
  subject<{ readonly paddingIdx?: number; readonly maxNorm?: number; readonly normType?: number }>({
    name: "layers/Embedding",
    bounds: { value: composed(8), derivatives: composed(2) },
    draw(draw) {
      const [rows, columns] = [draw.whole(1, 7), draw.size(1)];
      const options = {
        ...(draw.chance(0.4) ? { paddingIdx: draw.whole(-rows, rows) } : {}),
        ...(draw.chance(0.4)
          ? { maxNorm: draw.pick([0.5, 1, 2.5]), normType: draw.pick([2, 2, 1, 3, Number.POSITIVE_INFINITY]) }
          : {}),
      };
      return { inputs: [draw.indices(draw.shape({ most: 2 }), 0, rows), draw.reals([rows, columns], FINITE)], options };
    },
    build: ([index, weight], options) => {
      const [rows, columns] = weight.shape;
      return given(new Embedding(rows, columns, options), { weight }).forward(index);
    },
  }),
  subject<{ readonly shape: Shape; readonly eps: number }>({
    name: "layers/LayerNorm",
    bounds: norms,
    draw(draw) {
      const { shape, own } = normalised(draw);
      const inputs = [draw.reals(shape, MODERATE), draw.reals(own, FACTORS), draw.reals(own, MODERATE)];
      return {
        inputs: draw.chance(0.2) ? inputs.slice(0, 1) : inputs,
        options: { shape: own, eps: draw.pick(EPSILONS) },
      };
    },
    build: ([x, weight, bias], { shape, eps }) =>
      weight === undefined
        ? new LayerNorm(shape, { eps, elementwiseAffine: false }).forward(x)
        : given(new LayerNorm(shape, { eps }), { weight, bias }).forward(x),
  }),
  subject<{ readonly shape: Shape; readonly eps: number }>({
    name: "layers/RMSNorm",
    bounds: norms,
    draw(draw) {
      const { shape, own } = normalised(draw);
      const inputs = [draw.reals(shape, MODERATE), draw.reals(own, FACTORS)];
      return { inputs, options: { shape: own, eps: draw.pick([2 ** -23, ...EPSILONS]) } };
    },
    build: ([x, weight], { shape, eps }) => given(new RMSNorm(shape, { eps }), { weight }).forward(x),
  }),
  subject<{ readonly eps: number }>({
    name: "layers/BatchNorm1d",
    bounds: norms,
    draw(draw) {
      const shape = featured(draw);
      const inputs = [draw.reals(shape, MODERATE), draw.reals([shape[1]], FACTORS), draw.reals([shape[1]], MODERATE)];
      return { inputs, options: { eps: draw.pick(EPSILONS) } };
    },
    build: ([x, weight, bias], { eps }) => {
      const layer = new BatchNorm1d(x.shape[1], { eps, trackRunningStats: false });
      return given(layer, { weight, bias }).forward(x, training());
    },
  }),
  subject<{ readonly eps: number }>({
    name: "layers/BatchNorm1d evaluated",
    bounds: norms,
    draw(draw) {
      const shape = featured(draw);
      const features = [MODERATE, ABOVE_ZERO, FACTORS, MODERATE].map((domain) => draw.reals([shape[1]], domain));
      return { inputs: [draw.reals(shape, MODERATE), ...features], options: { eps: draw.pick(EPSILONS) } };
    },
    build: ([x, runningMean, runningVariance, weight, bias], { eps }) => {
      const layer = new BatchNorm1d(x.shape[1], { eps });
      return given(layer, { runningMean, runningVariance, weight, bias }).forward(x, evaluationContext());
    },
  }),
  subject<{ readonly momentum: number | null }>({
    name: "layers/BatchNorm1d running",
    bounds: norms,
    order: 0,
    draw(draw) {
      const shape = featured(draw);
      const statistics = [draw.reals([shape[1]], MODERATE), draw.reals([shape[1]], ABOVE_ZERO)];
      const batches = Array.from({ length: draw.whole(1, 4) }, () => draw.reals(shape, MODERATE));
      return { inputs: [...statistics, ...batches], options: { momentum: draw.pick([0.1, 0.3, 0, 1, null]) } };
    },
    build([runningMean, runningVariance, ...seen], { momentum }) {
      const batches = scalar(0, "i32");
      const layer = given(new BatchNorm1d(seen[0].shape[1], { momentum }), { runningMean, runningVariance, batches });
      const assignments: Assignment[] = [];
      const context = training(assignments);
      for (const x of seen) layer.forward(x, context);
      const after = (old: Tensor) => assignments.find(([variable]) => variable === old)?.[1] ?? old;
      return concat([after(runningMean), after(runningVariance)]);
    },
  }),
  subject<{ readonly eps: number }>({
    name: "layers/BatchNorm2d",
    bounds: norms,
    draw(draw) {
      const shape = pictured(draw);
      const inputs = [draw.reals(shape, MODERATE), draw.reals([shape[1]], FACTORS), draw.reals([shape[1]], MODERATE)];
      return { inputs, options: { eps: draw.pick(EPSILONS) } };
    },
    build: ([x, weight, bias], { eps }) => {
      const layer = new BatchNorm2d(x.shape[1], { eps, trackRunningStats: false });
      return given(layer, { weight, bias }).forward(x, training());
    },
  }),
  subject<{ readonly eps: number }>({
    name: "layers/InstanceNorm2d",
    bounds: norms,
    draw(draw) {
      const shape = pictured(draw);
      const inputs = [draw.reals(shape, MODERATE), draw.reals([shape[1]], FACTORS), draw.reals([shape[1]], MODERATE)];
      return { inputs, options: { eps: draw.pick(EPSILONS) } };
    },
    build: ([x, weight, bias], { eps }) =>
      given(new InstanceNorm2d(x.shape[1], { eps }), { weight, bias }).forward(x, training()),
  }),
  subject<{ readonly groups: number; readonly eps: number }>({
    name: "layers/GroupNorm",
    bounds: norms,
    draw(draw) {
      const groups = draw.whole(1, 4);
      const channels = groups * draw.whole(1, 4);
      const shape = [draw.size(1), channels, ...draw.pick<Shape>([[], [draw.whole(1, 40)], [3, draw.whole(2, 9)]])];
      // Of one value a group the variance is 0, and of one value in all PyTorch takes none.
      const x = shape.length === 2 && channels === groups ? [...shape, 2] : shape;
      const inputs = [draw.reals(x, MODERATE), draw.reals([channels], FACTORS), draw.reals([channels], MODERATE)];
      return { inputs, options: { groups, eps: draw.pick(EPSILONS) } };
    },
    build: ([x, weight, bias], { groups, eps }) =>
      given(new GroupNorm(groups, x.shape[1], { eps }), { weight, bias }).forward(x),
  }),
  subject<{ readonly size: number; readonly alpha: number; readonly beta: number; readonly k: number }>({
    name: "layers/LocalResponseNorm",
    bounds: norms,
    draw(draw) {
      const shape = [draw.size(1), draw.whole(1, 12), ...draw.pick<Shape>([[draw.size(1)], [2, draw.size(1)]])];
      const options = { alpha: draw.pick([1e-4, 0.5]), beta: draw.pick([0.75, 1, 2]), k: draw.pick([1, 2]) };
      return { inputs: [draw.reals(shape, MODERATE)], options: { size: draw.whole(1, 6), ...options } };
    },
    build: ([x], { size, ...options }) => new LocalResponseNorm(size, options).forward(x),
  }),
  subject<{ readonly dim: 0 | 1 | null }>({
    name: "layers/WeightNorm",
    bounds: norms,
    draw(source) {
      const draw = source.tame();
      const [m, n] = [draw.size(1), draw.size(1)];
      const dim = draw.pick([0, 0, 1, null] as const);
      const g = dim === null ? [] : dim === 0 ? [n, 1] : [1, m];
      const inputs = [[draw.size(1), m], [n], g, [n, m]].map((shape) => draw.reals(shape, MODERATE));
      return { inputs, options: { dim } };
    },
    build: ([x, bias, weightG, weightV], { dim }) => {
      const linear = new Linear(x.shape[1], bias.shape[0]);
      const layer = given(linear, { bias }) as unknown as Tensor;
      return given(new WeightNorm(linear, { dim }), { layer, weightG, weightV }).forward(x, training());
    },
  }),
];
