// Norms of vectors and of windows, local response normalisation, determinants, one-hot rows of the largest.
import { DataError } from "../../errors.ts";
import { avgPool } from "../../functions/pooling.ts";
import { celu } from "../../nn/functional.ts";
import { scan } from "../../ops/loop.ts";
import { normalizeAxis, showShape, sizeOf } from "../../shape.ts";
import { arange, scalar, type Tensor } from "../../tensor.ts";
import type { Node } from "../node.ts";
import type { Rules } from "../rule.ts";
import type { Value } from "../value.ts";

/** x divided by its norms along an axis; vectors of zeros stay. */
function lpNormalization(node: Node): Value {
  const [x, axis] = [node.tensor(0), node.int("axis", -1)];
  const norms = x.norm(axis, { keepDims: true, p: node.int("p", 2) });
  return node.like(0, x.div(norms.equal(0).select(1, norms)));
}

/** Norms of all places of each channel. */
function globalLpPool(node: Node): Value {
  const x = node.tensor(0);
  const axes = [...x.shape.keys()].slice(2);
  return node.like(0, x.norm(axes, { keepDims: true, p: node.int("p", 2) }));
}

/** x / (bias + alpha / size * sum of squares of neighbouring channels)^beta (Krizhevsky et al. 2012) */
function lrn(node: Node): Value {
  const [x, size] = [node.tensor(0), node.int("size")];
  if (x.shape.length < 2 || size < 1) throw new DataError(`size ${size} of ${showShape(x.shape)}`);
  const [batch, channels] = x.shape;
  const before = (size - 1) >> 1;
  const places = sizeOf(x.shape.slice(2));
  // Channels as rows of an image: sums over a column of `size` of them.
  const squares = x.square().reshape([batch, 1, channels, places]);
  const padded = squares.pad([
    [0, 0],
    [0, 0],
    [before, size - 1 - before],
    [0, 0],
  ]);
  const means = avgPool(padded, [size, 1], { stride: 1 }).reshape(x.shape);
  const base = means.mul(node.float("alpha", 1e-4)).add(node.float("bias", 1));
  return node.like(0, x.mul(base.pow(-node.float("beta", 0.75))));
}

/** 1 at the first largest along an axis, of x as a matrix in versions before 13. */
function hardmax(node: Node): Value {
  const x = node.tensor(0);
  const isFlat = node.version < 13;
  const axis = normalizeAxis(node.int("axis", isFlat ? 1 : -1), x.shape, "axis");
  const rows = isFlat ? x.reshape([sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis))]) : x;
  const at = isFlat ? 1 : axis;
  const columns = arange(rows.shape[at]).reshape(rows.shape.map((size, i) => (i === at ? size : 1)));
  return node.like(0, rows.argmax(at, { keepDims: true }).equal(columns).reshape(x.shape));
}

/** Elimination with the largest pivots, one column a step. */
function det(node: Node): Value {
  const given = node.tensor(0);
  const n = given.shape.at(-1) ?? 0;
  if (given.shape.length < 2 || given.shape.at(-2) !== n)
    throw new DataError(`takes square matrices, got ${showShape(given.shape)}`);
  const batch = given.shape.slice(0, -2);
  const count = sizeOf(batch);
  const places = arange(n);
  const step = ([matrices, product]: readonly Tensor[], [k]: readonly Tensor[]) => {
    const here = places.equal(k); // [n]
    const column = matrices.mul(here).sum(2); // [N, n]
    const at = places.less(k).select(-1, column.abs()).argmax(1).unsqueeze(1); // [N, 1]
    const there = places.equal(at); // [N, n]
    const row = (weights: Tensor) => matrices.mul(weights.unsqueeze(-1)).sum(1, { keepDims: true }); // [N, 1, n]
    const [own, best] = [row(here), row(there)];
    const swap = here.sub(there).unsqueeze(-1); // 1 and -1 in the rows that change places
    const swapped = matrices.add(swap.mul(best.sub(own)));
    const pivot = best.mul(here).sum(2); // [N, 1]
    const below = swapped.mul(here).sum(2).mul(places.greater(k)); // [N, n]
    const factors = below.div(pivot.equal(0).select(1, pivot)).unsqueeze(-1);
    const sign = at.equal(k).mul(2).sub(1); // -1 for a swap
    return { carries: [swapped.sub(factors.mul(best)), product.mul(pivot.mul(sign).squeeze(1))] };
  };
  const first = [given.reshape([count, n, n]), scalar(1).broadcastTo([count])];
  return node.like(0, scan(step, first, [places]).carries[1].reshape(batch));
}

export const norms: Rules = {
  LpNormalization: lpNormalization,
  GlobalLpPool: globalLpPool,
  LRN: lrn,
  Hardmax: hardmax,
  Det: det,
  Celu: (node) => node.like(0, celu(node.tensor(0), node.float("alpha", 1))),
};
