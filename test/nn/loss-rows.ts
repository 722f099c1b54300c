// Every loss as a row of the table in every-layer.ts: its mean and the losses of its elements, of predictions and of targets that are numbers.
import { constant } from "../../src/create.ts";
import * as losses from "../../src/nn/losses.ts";
import { type Shape, sizeOf } from "../../src/shape.ts";
import type { Tensor } from "../../src/tensor.ts";
import type { Row } from "./every-layer.ts";

export type LossName = keyof typeof losses;

type Options = Partial<Pick<Row, "shapes" | "piecewise" | "batch">>;
const piecewise: Options = { piecewise: true };

/** Matrices of [N, C], two of them unless `options` say otherwise. */
function row(
  call: (reduction: { readonly reduction: "mean" | "none" }, ...inputs: Tensor[]) => Tensor,
  options: Options = {},
): Row {
  const shape: Shape = [4, 3];
  return {
    shapes: [shape, shape],
    make:
      () =>
      (...inputs) => ({ mean: call({ reduction: "mean" }, ...inputs), each: call({ reduction: "none" }, ...inputs) }),
    ...options,
  };
}

const ofOne: Options = { shapes: [[4, 3]] };
const ofThree: Options = {
  shapes: [
    [4, 3],
    [4, 3],
    [4, 3],
  ],
};

/** Numbers of -1 to 1 as numbers of 0.125 to 0.875: probabilities, counts or variances. */
const positive = (x: Tensor) => x.mul(0.375).add(0.5);
const listed = (shape: Shape, of: (i: number) => number, dtype: "i32" | "f32" = "i32") =>
  constant(
    Array.from({ length: sizeOf(shape) }, (_, i) => of(i)),
    { shape, dtype },
  );
const signs = (shape: Shape) => listed(shape, (i) => (i % 3 === 1 ? -1 : 1), "f32");
/** A class a row, of which one is ignored. */
const classes = ({ shape: [rows] }: Tensor, ignored = -100) => listed([rows], (i) => (i % 4 === 3 ? ignored : i % 3));

export const lossRows: Readonly<Record<LossName, Row>> = {
  binaryCrossEntropy: row((o, x, y) => losses.binaryCrossEntropy(positive(x), positive(y), o)),
  binaryCrossEntropyWithLogits: row((o, x, y) =>
    losses.binaryCrossEntropyWithLogits(x, positive(y), { ...o, posWeight: constant([1, 2, 0.5]) }),
  ),
  cosineEmbeddingLoss: row(
    (o, a, b) => losses.cosineEmbeddingLoss(a, b, signs([a.shape[0]]), { ...o, margin: -0.5 }),
    piecewise,
  ),
  crossEntropy: row(
    (o, x) => losses.crossEntropy(x, classes(x), { ...o, labelSmoothing: 0.125, weight: [1, 2, 0.5] }),
    ofOne,
  ),
  ctcLoss: row(
    (o, x) => {
      const batch = x.shape[1];
      const lengths = (of: (i: number) => number) => listed([batch], of);
      return losses.ctcLoss(
        x.logSoftmax(),
        listed([batch, 2], (i) => 1 + ((i >> 1) & i & 1)),
        lengths((i) => 4 - (i % 2)),
        lengths((i) => 1 + (i % 2)),
        o,
      );
    },
    { shapes: [[4, 3, 3]], batch: 1 },
  ),
  diceLoss: row((o, x, y) => losses.diceLoss(positive(x), positive(y), o)),
  focalLoss: row((o, x, y) => losses.focalLoss(x, positive(y), o)),
  gaussianNllLoss: row((o, x, y, v) => losses.gaussianNllLoss(x, y, positive(v), o), ofThree),
  hingeEmbeddingLoss: row((o, x) => losses.hingeEmbeddingLoss(x, signs(x.shape), o), { ...ofOne, ...piecewise }),
  hingeLoss: row((o, x) => losses.hingeLoss(x.mul(2), signs(x.shape), o), { ...ofOne, ...piecewise }),
  huberLoss: row((o, x, y) => losses.huberLoss(x, y, { ...o, delta: 0.5 }), piecewise),
  // Rows have all other rows beside them: longer ones, not more.
  infoNce: row((o, x, y) => losses.infoNce(x, y, o), { batch: 1 }),
  klDivLoss: row((o, x, y) => losses.klDivLoss(x, positive(y), o)),
  l1Loss: row((o, x, y) => losses.l1Loss(x, y, o), piecewise),
  logCoshLoss: row((o, x, y) => losses.logCoshLoss(x, y, o)),
  marginRankingLoss: row((o, a, b) => losses.marginRankingLoss(a, b, signs(a.shape), { ...o, margin: 0.5 }), piecewise),
  mseLoss: row((o, x, y) => losses.mseLoss(x, y, o)),
  msleLoss: row((o, x, y) => losses.msleLoss(positive(x), positive(y), o)),
  multiLabelMarginLoss: row(
    (o, x) =>
      losses.multiLabelMarginLoss(
        x,
        listed(x.shape, (i) => [2, -1, 0][i % 3]),
        o,
      ),
    { ...ofOne, ...piecewise },
  ),
  multiLabelSoftMarginLoss: row((o, x, y) =>
    losses.multiLabelSoftMarginLoss(x, positive(y), { ...o, weight: [1, 2, 0.5] }),
  ),
  multiMarginLoss: row((o, x) => losses.multiMarginLoss(x, classes(x, 1), { ...o, p: 2 }), { ...ofOne, ...piecewise }),
  nllLoss: row((o, x) => losses.nllLoss(x, classes(x), { ...o, weight: [1, 2, 0.5] }), ofOne),
  poissonNllLoss: row((o, x, y) => losses.poissonNllLoss(x, positive(y), o)),
  quantileLoss: row((o, x, y) => losses.quantileLoss(x, y, { ...o, quantile: 0.75 }), piecewise),
  smoothL1Loss: row((o, x, y) => losses.smoothL1Loss(x, y, { ...o, beta: 0.5 }), piecewise),
  softMarginLoss: row((o, x) => losses.softMarginLoss(x, signs(x.shape), o), ofOne),
  squaredHinge: row((o, x) => losses.squaredHinge(x.mul(2), signs(x.shape), o), { ...ofOne, ...piecewise }),
  tripletMarginLoss: row((o, a, p, n) => losses.tripletMarginLoss(a, p, n, { ...o, swap: true }), {
    ...ofThree,
    ...piecewise,
  }),
};
