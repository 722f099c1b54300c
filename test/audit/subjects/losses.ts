// Losses, by every reduction, with their options and weights.
import * as nn from "../../../src/nn/losses.ts";
import { type Shape, sizeOf } from "../../../src/shape.ts";
import type { Tensor } from "../../../src/tensor.ts";
import type { Value } from "../../golden.ts";
import { type Bounds, composed, formula } from "../bounds.ts";
import { ABOVE_ZERO, ANY, type Domain, type Draw, FINITE, INSIDE, UNIT } from "../draw.ts";
import { type Subject, subject } from "../subject.ts";

interface Reduced {
  readonly reduction: "mean" | "sum" | "none";
  readonly sampleWeight?: readonly number[];
}

type Extra = Partial<Omit<Subject, "name" | "draw" | "build">>;

/** A reduction, and now and then a weight for each of the losses' leading axis. */
function reduced(draw: Draw, leading: number | undefined): Reduced {
  const reduction = draw.pick(["mean", "sum", "none"] as const);
  if (leading === undefined || leading === 0 || !draw.chance(0.25)) return { reduction };
  return { reduction, sampleWeight: Array.from({ length: leading }, () => draw.between(0, 2)) };
}

/** A loss of values of one shape. */
function alike<O extends object>(
  name: string,
  f: (x: readonly Tensor[], options: O & Reduced) => Tensor,
  domains: readonly Domain[],
  options: (draw: Draw) => O = () => ({}) as O,
  extra: Extra = {},
  least = 0,
): Subject {
  return subject<O & Reduced>({
    name: `losses/${name}`,
    bounds: formula,
    ...extra,
    draw(draw) {
      const shape = draw.shape({ least });
      const inputs = domains.map((domain) => draw.reals(shape, domain));
      return { inputs, options: { ...options(draw), ...reduced(draw, shape[0]) } };
    },
    build: (x, own) => f(x, own),
  });
}

/** The last input among -1 and 1, as targets of margins are. */
function signed({ inputs, options }: { readonly inputs: readonly Value[]; readonly options: object }) {
  const last = inputs[inputs.length - 1];
  const signs = { ...last, data: last.data.map((x) => (x < 0 ? -1 : 1)) };
  return { inputs: [...inputs.slice(0, -1), signs], options };
}

function withSigns(given: Subject): Subject {
  return { ...given, draw: (draw) => signed(given.draw(draw)) };
}

/** A target of 0 or 1 now and then, else within. */
function labels(draw: Draw, shape: Shape): Value {
  const hard = draw.chance(0.5);
  return { shape, dtype: "f32", data: draw.reals(shape, INSIDE).data.map((x) => (hard ? Math.round(x) : x)) };
}

interface Classes extends Reduced {
  readonly weight?: readonly number[];
  readonly ignoreIndex?: number;
  readonly labelSmoothing?: number;
}

/** Scores [C], [N, C] or [N, C, ...], and the shape of the rows. */
function scores(draw: Draw) {
  const classes = draw.whole(1, 6);
  const shape = draw.pick<Shape>([
    [classes],
    ...new Array(4).fill([draw.size(1), classes]),
    [draw.size(1), classes, draw.size(1)],
  ]);
  return { classes, shape, rows: shape.length === 1 ? [] : shape.filter((_, i) => i !== 1) };
}

function factors(draw: Draw, classes: number): number[] {
  return Array.from({ length: classes }, () => draw.between(0.1, 2));
}

function ofClasses(
  name: string,
  loss: (x: Tensor, target: Tensor, options: Classes) => Tensor,
  domain: Domain,
): Subject {
  return subject<Classes>({
    name: `losses/${name}`,
    bounds: formula,
    draw(draw) {
      const { classes, shape, rows } = scores(draw);
      const indices = draw.indices(rows, 0, classes);
      const byDefault = draw.chance(0.3);
      const target = byDefault ? { ...indices, data: indices.data.map((i) => (draw.chance(0.3) ? -100 : i)) } : indices;
      const options: Classes = {
        ...reduced(draw, rows[0]),
        ...(draw.chance(0.3) ? { weight: factors(draw, classes) } : {}),
        ...(!byDefault && draw.chance(0.3) ? { ignoreIndex: draw.whole(0, classes) } : {}),
        ...(name === "crossEntropy" && draw.chance(0.3) ? { labelSmoothing: draw.pick([0.125, 0.5, 1]) } : {}),
      };
      return { inputs: [draw.reals(shape, domain), target], options };
    },
    build: ([x, target], options) => loss(x, target, options),
  });
}

const LOGITS: Domain = { plain: [-6, 6], limits: [-1e30, 1e30] };
/** Beyond, both of a float64's sigmoids are 0 or 1, and PyTorch's derivatives NaN. */
const MODERATE: Domain = { plain: [-6, 6], limits: [-500, 500] };
const LOGARITHMS: Domain = { plain: [-6, 0], limits: [-1e6, 0] };
const ABOVE_MINUS_ONE: Domain = { plain: [-0.9, 4], limits: [-0.99, 1e6] };
const kinked = { kinks: 1 } as const;
const linear: Bounds = { value: composed(4), derivatives: composed(4) };

export const losses: readonly Subject[] = [
  alike("mseLoss", ([x, y], o) => nn.mseLoss(x, y, o), [ANY, ANY]),
  alike("l1Loss", ([x, y], o) => nn.l1Loss(x, y, o), [ANY, ANY], undefined, { ...kinked, bounds: linear }),
  alike(
    "huberLoss",
    ([x, y], o) => nn.huberLoss(x, y, o),
    [ANY, ANY],
    (draw) => ({ delta: draw.pick([1, 0.5, 2, 1.3]) }),
    kinked,
  ),
  alike(
    "smoothL1Loss",
    ([x, y], o) => nn.smoothL1Loss(x, y, o),
    [ANY, ANY],
    (draw) => ({ beta: draw.pick([1, 0.5, 2, 0]) }),
    kinked,
  ),
  alike("msleLoss", ([x, y], o) => nn.msleLoss(x, y, o), [ABOVE_MINUS_ONE, ABOVE_MINUS_ONE]),
  // 1 - tanh^2 is off by some ulps of 1, times cotangent and direction.
  alike("logCoshLoss", ([x, y], o) => nn.logCoshLoss(x, y, o), [ANY, ANY], undefined, {
    bounds: { value: composed(16), derivatives: { ...composed(8), scale: () => 4 } },
  }),
  alike(
    "quantileLoss",
    ([x, y], o) => nn.quantileLoss(x, y, o),
    [FINITE, FINITE],
    (draw) => ({ quantile: draw.pick([0.5, 0, 1, 0.75]) }),
    kinked,
  ),
  ofClasses("crossEntropy", nn.crossEntropy, LOGITS),
  ofClasses("nllLoss", nn.nllLoss, LOGARITHMS),
  subject<Classes>({
    name: "losses/crossEntropy of probabilities",
    bounds: formula,
    order: 1, // PyTorch has no second derivative by the targets
    draw(draw) {
      const { classes, shape, rows } = scores(draw);
      const options: Classes = {
        ...reduced(draw, rows[0]),
        ...(draw.chance(0.3) ? { weight: factors(draw, classes) } : {}),
        ...(draw.chance(0.3) ? { labelSmoothing: draw.pick([0.125, 0.5]) } : {}),
      };
      return { inputs: [draw.reals(shape, LOGITS), draw.reals(shape, UNIT)], options };
    },
    build: ([x, target], options) => nn.crossEntropy(x, target, options),
  }),
  alike("binaryCrossEntropy", ([p, y], o) => nn.binaryCrossEntropy(p, y, o), [INSIDE, INSIDE]),
  alike("binaryCrossEntropy at the ends", ([p, y], o) => nn.binaryCrossEntropy(p, y, o), [UNIT, UNIT], undefined, {
    order: 1,
  }),
  subject<Reduced & { readonly posWeight?: number | readonly number[] }>({
    name: "losses/binaryCrossEntropyWithLogits",
    bounds: formula,
    draw(draw) {
      const shape = draw.shape();
      const last = shape[shape.length - 1] ?? 1;
      const posWeight = draw.pick([undefined, undefined, 3, 0.5, shape.length > 0 ? factors(draw, last) : 2]);
      const options = { ...reduced(draw, shape[0]), ...(posWeight === undefined ? {} : { posWeight }) };
      return { inputs: [draw.reals(shape, LOGITS), labels(draw, shape)], options };
    },
    build: ([x, y], options) => nn.binaryCrossEntropyWithLogits(x, y, options),
  }),
  subject<Reduced & { readonly gamma: number; readonly alpha: number | null }>({
    name: "losses/focalLoss",
    // By the target: differences of what is the same at 0 for both signs, of size 1.
    bounds: { value: composed(16), derivatives: { ...composed(8), scale: () => 1 } },
    draw(draw) {
      const shape = draw.shape();
      const options = {
        gamma: draw.pick([2, 1, 3, 1.5, 0.5, 0]),
        alpha: draw.pick([0.25, null, 0.5]),
        ...reduced(draw, shape[0]),
      };
      return { inputs: [draw.reals(shape, MODERATE), labels(draw, shape)], options };
    },
    build: ([x, y], options) => nn.focalLoss(x, y, options),
  }),
  alike(
    "diceLoss",
    ([p, y], o) => nn.diceLoss(p, y, o),
    [UNIT, UNIT],
    (draw) => ({ smooth: draw.pick([1, 0.25, 2]), squared: draw.chance(0.5) }),
    {},
    1,
  ),
  subject<{
    readonly reduction: Reduced["reduction"] | "batchmean";
    readonly logTarget: boolean;
    readonly sampleWeight?: readonly number[];
  }>({
    name: "losses/klDivLoss",
    bounds: formula,
    draw(draw) {
      const shape = draw.shape({ least: 1 });
      const logTarget = draw.chance(0.4);
      const options = { ...reduced(draw, shape[0]), logTarget };
      return {
        inputs: [draw.reals(shape, LOGARITHMS), draw.reals(shape, logTarget ? LOGARITHMS : INSIDE)],
        options: draw.chance(0.3) ? { ...options, reduction: "batchmean" } : options,
      };
    },
    build: ([x, y], options) => nn.klDivLoss(x, y, options),
  }),
  subject<Reduced & { readonly logInput: boolean; readonly full: boolean; readonly eps: number }>({
    name: "losses/poissonNllLoss",
    bounds: formula,
    draw(draw) {
      const shape = draw.shape();
      const logInput = draw.chance(0.5);
      const options = { logInput, full: draw.chance(0.5), eps: draw.pick([1e-8, 0.5]), ...reduced(draw, shape[0]) };
      const target = { plain: [0, 9], limits: [0, 1e6] } as const;
      return { inputs: [draw.reals(shape, logInput ? MODERATE : ABOVE_ZERO), draw.reals(shape, target)], options };
    },
    build: ([x, y], options) => nn.poissonNllLoss(x, y, options),
    ...kinked,
  }),
  subject<Reduced & { readonly full: boolean; readonly eps: number }>({
    name: "losses/gaussianNllLoss",
    bounds: formula,
    draw(draw) {
      const shape = draw.shape({ least: 1 });
      const lead = shape.slice(0, -1);
      const variance = draw.pick([shape, shape, [...lead, 1], lead]);
      const options = { full: draw.chance(0.5), eps: draw.pick([1e-6, 0.25]), ...reduced(draw, shape[0]) };
      return {
        inputs: [draw.reals(shape, FINITE), draw.reals(shape, FINITE), draw.reals(variance, ABOVE_ZERO)],
        options,
      };
    },
    build: ([x, y, v], options) => nn.gaussianNllLoss(x, y, v, options),
  }),
  withSigns(
    alike("hingeLoss", ([x, y], o) => nn.hingeLoss(x, y, o), [FINITE, FINITE], undefined, {
      ...kinked,
      bounds: linear,
    }),
  ),
  withSigns(alike("squaredHinge", ([x, y], o) => nn.squaredHinge(x, y, o), [FINITE, FINITE], undefined, kinked)),
  withSigns(
    alike(
      "hingeEmbeddingLoss",
      ([x, y], o) => nn.hingeEmbeddingLoss(x, y, o),
      [FINITE, FINITE],
      (draw) => ({ margin: draw.pick([1, 0.5, 0]) }),
      {
        ...kinked,
        bounds: linear,
      },
    ),
  ),
  withSigns(
    alike(
      "marginRankingLoss",
      ([a, b, y], o) => nn.marginRankingLoss(a, b, y, o),
      [FINITE, FINITE, FINITE],
      (draw) => ({ margin: draw.pick([1, 0.5, 0]) }),
      { ...kinked, bounds: linear },
    ),
  ),
  withSigns(alike("softMarginLoss", ([x, y], o) => nn.softMarginLoss(x, y, o), [LOGITS, FINITE])),
  subject<Reduced & { readonly weight?: readonly number[] }>({
    name: "losses/multiLabelSoftMarginLoss",
    bounds: formula,
    draw(draw) {
      const classes = draw.whole(1, 6);
      const shape = draw.pick<Shape>([[classes], [draw.size(1), classes]]);
      const weight = draw.chance(0.3) ? { weight: factors(draw, classes) } : {};
      const options = { ...reduced(draw, shape.length > 1 ? shape[0] : undefined), ...weight };
      return { inputs: [draw.reals(shape, LOGITS), labels(draw, shape)], options };
    },
    build: ([x, y], options) => nn.multiLabelSoftMarginLoss(x, y, options),
  }),
  subject<Reduced & { readonly p: 1 | 2; readonly margin: number; readonly weight?: readonly number[] }>({
    name: "losses/multiMarginLoss",
    bounds: formula,
    order: 1, // PyTorch has no second derivative
    ...kinked,
    draw(draw) {
      const classes = draw.whole(1, 6);
      const shape = draw.pick<Shape>([[classes], [draw.size(1), classes]]);
      const rows = shape.slice(0, -1);
      const options = {
        p: draw.pick([1, 2] as const),
        margin: draw.pick([1, 0.47, 10.3]),
        ...reduced(draw, rows[0]),
        ...(draw.chance(0.3) ? { weight: factors(draw, classes) } : {}),
      };
      return { inputs: [draw.reals(shape, FINITE), draw.indices(rows, 0, classes)], options };
    },
    build: ([x, y], options) => nn.multiMarginLoss(x, y, options),
  }),
  subject<Reduced>({
    name: "losses/multiLabelMarginLoss",
    bounds: formula,
    order: 1, // PyTorch has no second derivative
    draw(draw) {
      const classes = draw.whole(1, 6);
      const shape = draw.pick<Shape>([[classes], [draw.size(1), classes]]);
      const rows = sizeOf(shape) / classes;
      const target = Array.from({ length: rows }, () => listed(draw, classes)).flat();
      return {
        inputs: [draw.reals(shape, FINITE), { shape, dtype: "i32", data: target }],
        options: reduced(draw, shape.length > 1 ? rows : undefined),
      };
    },
    build: ([x, y], options) => nn.multiLabelMarginLoss(x, y, options),
  }),
  subject<Reduced & { readonly margin: number }>({
    name: "losses/cosineEmbeddingLoss",
    // The slope is a difference of terms of the size of cotangent / length.
    bounds: { value: composed(16), derivatives: { ...composed(16), scale: () => 1 } },
    ...kinked,
    draw(source) {
      const draw = source.tame();
      const shape = draw.pick<Shape>([[draw.size(2)], [draw.size(1), draw.size(2)], [draw.size(1), draw.size(2)]]);
      const lead = shape.slice(0, -1);
      const options = { margin: draw.pick([0, 0.5, -0.5]), ...reduced(draw, lead[0]) };
      return signed({
        inputs: [draw.reals(shape, FINITE), draw.reals(shape, FINITE), draw.reals(lead)],
        options,
      }) as never;
    },
    build: ([a, b, y], options) => nn.cosineEmbeddingLoss(a, b, y, options),
  }),
  alike(
    "tripletMarginLoss",
    ([a, p, n], o) => nn.tripletMarginLoss(a, p, n, o),
    [FINITE, FINITE, FINITE],
    (draw) => ({
      margin: draw.pick([0.83, 0.47, 10.3]), // that no difference of the usual numbers is, where the slope has a kink
      p: draw.pick([2, 2, 1, 3, 1.5, Number.POSITIVE_INFINITY]),
      eps: draw.pick([1e-6, 0, 0.25]),
      swap: draw.chance(0.3),
    }),
    // Slopes of distances of one number cancel to 0, second ones of terms of the size of cotangents.
    { ...kinked, bounds: { value: composed(16), derivatives: { ...composed(32), scale: () => 1 } } },
    1,
  ),
  subject<Reduced & { readonly temperature: number }>({
    name: "losses/infoNce",
    // Slopes are differences of terms of the size of cotangent / (temperature length).
    bounds: {
      value: composed(16),
      derivatives: { ...composed(16), scale: ({ temperature }) => 1 / Number(temperature) },
    },
    draw(source) {
      const draw = source.tame();
      const shape = [draw.size(1), draw.size(2)];
      const options = { temperature: draw.pick([0.1, 1, 0.5]), ...reduced(draw, shape[0]) };
      return { inputs: [draw.reals(shape, FINITE), draw.reals(shape, FINITE)], options };
    },
    build: ([q, k], options) => nn.infoNce(q, k, options),
    ...kinked,
  }),
];

/** Some classes, then -1 and anything. */
function listed(draw: Draw, classes: number): number[] {
  const chosen = [...new Array(classes).keys()].filter(() => draw.chance(0.4));
  const list = [...chosen, -1, ...new Array(classes).fill(0)].slice(0, classes);
  return list;
}
