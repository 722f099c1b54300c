// What layers that bring numbers to mean 0 and variance 1 are made of: rows normalised in one pass, with their gradient in another, means and
// squares of deviations along an axis, sums beside sums of products. Layers call the functions; they check nothing but what ops infer.
import { ShapeError } from "../errors.ts";
import { checkArity, type Op, perInput } from "../op.ts";
import * as instructions from "../program/instructions.ts";
import { type Aval, checkDType, sameShape, showShape } from "../shape.ts";
import { apply, scalar, type Tensor } from "../tensor.ts";
import { itemsOf } from "./item.ts";

export interface NormalizeAttrs {
  /** Whether the mean is taken off, and the variance is made 1, not the mean square. */
  readonly centred: boolean;
}

function checkRank(aval: Aval, rank: number, name: string): void {
  checkDType(aval, ["f32"], name);
  if (aval.shape.length !== rank) throw new ShapeError(`${name}: takes ${rank} axes, got ${showShape(aval.shape)}`);
}

function checkShapeOf({ shape }: Aval, expected: readonly number[], name: string): void {
  if (!sameShape(shape, expected))
    throw new ShapeError(`${name}: ${showShape(shape)} beside what has ${showShape(expected)}`);
}

/** [rows] as a column beside a matrix. */
function column(rows: Tensor): Tensor {
  return rows.unsqueeze(1);
}

/** Of what there is. */
function sumOf(a: Tensor | undefined, b: Tensor | undefined): Tensor | undefined {
  return a && b ? a.add(b) : (a ?? b);
}

function meanOfRows(a: Tensor): Tensor {
  return a.mean(1, { keepDims: true });
}

// With d = x - mean x (or d = x), r = 1 / sqrt(mean d^2 + eps) and y = d r: dx = r (c - mean c - y mean(c y)) for a cotangent c of y, without
// mean c for d = x; and -c r^2 y / n for a cotangent c of r. Epsilon is a
// number, to which no gradient goes.
export const normalizeRowsOp: Op<NormalizeAttrs> = {
  name: "normalizeRows",
  infer(inputs) {
    checkArity(inputs, 2, "normalizeRows");
    checkRank(inputs[0], 2, "normalizeRows");
    checkRank(inputs[1], 0, "normalizeRows: epsilon");
    return inputs[0];
  },
  outputs: ([x]) => [x, { shape: [x.shape[0]], dtype: "f32" }],
  vjp({ cotangents: [ofValues, ofInverse], inputs: [x], output, attrs }) {
    const [values, inverse] = itemsOf(output);
    const throughValues = ofValues && apply(normalizeGradientOp, [ofValues, values, inverse], attrs);
    const share = ofInverse?.mul(inverse.square()).div(x.shape[1]);
    const throughInverse = share && column(share).mul(values).neg();
    return [sumOf(throughValues, throughInverse), undefined];
  },
  lowering: {
    kind: "kernel",
    emit({ inputs: [from, epsilon], avals: [{ shape }], outputs: [values, inverse], attrs: { centred }, emit }) {
      const [rows, columns] = shape;
      const slots = { values, inverse, from, epsilon, rows, columns, centred: Number(centred) };
      emit.instruction(instructions.normalize, slots);
    },
  },
  rowwise: true,
  key: ({ centred }) => `${centred}`,
};

// h = r (g - mean g - y m) with m = mean(g y). It is symmetric: dg = h of c in the place of g; dy = -r (c m + g mean(c y)); dr = sum c h / r.
export const normalizeGradientOp: Op<NormalizeAttrs> = {
  name: "normalizeGradient",
  infer(inputs) {
    checkArity(inputs, 3, "normalizeGradient");
    const [g, values, inverse] = inputs;
    checkRank(g, 2, "normalizeGradient");
    checkShapeOf(values, g.shape, "normalizeGradient");
    checkShapeOf(inverse, [g.shape[0]], "normalizeGradient");
    return g;
  },
  vjp: perInput(
    ({ cotangent, inputs: [, values, inverse], attrs }) =>
      apply(normalizeGradientOp, [cotangent, values, inverse], attrs),
    ({ cotangent, inputs: [g, values, inverse] }) => {
      const both = cotangent.mul(meanOfRows(g.mul(values))).add(g.mul(meanOfRows(cotangent.mul(values))));
      return both.mul(column(inverse)).neg();
    },
    ({ cotangent, inputs: [g, values], attrs: { centred } }) => {
      const centre = centred ? g.sub(meanOfRows(g)) : g;
      return cotangent.mul(centre.sub(values.mul(meanOfRows(g.mul(values))))).sum(1);
    },
  ),
  lowering: {
    kind: "kernel",
    emit({ inputs: [from, values, inverse], avals: [{ shape }], outputs: [to], attrs: { centred }, emit }) {
      const [rows, columns] = shape;
      const slots = { to, from, values, inverse, rows, columns, centred: Number(centred) };
      emit.instruction(instructions.normalizeGradient, slots);
    },
  },
  key: ({ centred }) => `${centred}`,
};

/** Rows of x [rows, columns] with mean 0 and variance 1, or with mean square 1, and what their deviations were multiplied by, [rows]. */
export function normalizeRows(
  x: Tensor,
  epsilon: number,
  centred: boolean,
): { readonly values: Tensor; readonly inverse: Tensor } {
  const [values, inverse] = itemsOf(apply(normalizeRowsOp, [x, scalar(epsilon)], { centred }));
  return { values, inverse };
}

/** [outer, n, inner] without its middle axis. */
function folded({ shape: [outer, , inner] }: Aval): Aval {
  return { shape: [outer, inner], dtype: "f32" };
}

// dmean = 1 / n, dsquares = 2 (x - mean). What is left of the mean when it is rounded has no gradient of its own.
export const momentsOp: Op<undefined> = {
  name: "moments",
  infer(inputs) {
    checkArity(inputs, 1, "moments");
    checkRank(inputs[0], 3, "moments");
    return folded(inputs[0]);
  },
  outputs: ([x]) => [folded(x), folded(x), folded(x)],
  vjp({ cotangents: [ofMean, , ofSquares], inputs: [x], output }) {
    const [mean, rest] = itemsOf(output).map((each) => each.unsqueeze(1));
    const even = ofMean?.unsqueeze(1).div(x.shape[1]).broadcastTo(x.shape);
    const apart = ofSquares && x.sub(mean).sub(rest).mul(ofSquares.unsqueeze(1).mul(2));
    return [sumOf(even, apart)];
  },
  lowering: {
    kind: "kernel",
    emit({ inputs: [from], avals: [{ shape }], outputs: [mean, rest, squares], emit }) {
      const [outer, n, inner] = shape;
      emit.instruction(instructions.moments, { mean, rest, squares, from, outer, n, inner });
    },
  },
};

/** Along the middle axis of x [outer, n, inner]: the mean, what its rounding to float32 left, and the sum of the squares of deviations. */
export function moments(x: Tensor): { readonly mean: Tensor; readonly rest: Tensor; readonly squares: Tensor } {
  const [mean, rest, squares] = itemsOf(apply(momentsOp, [x]));
  return { mean, rest, squares };
}

// s = sum a, p = sum a b: da = cs + cp b, db = cp a
export const weightedSumsOp: Op<undefined> = {
  name: "weightedSums",
  infer(inputs) {
    checkArity(inputs, 2, "weightedSums");
    checkRank(inputs[0], 3, "weightedSums");
    checkShapeOf(inputs[1], inputs[0].shape, "weightedSums");
    return folded(inputs[0]);
  },
  outputs: ([a]) => [folded(a), folded(a)],
  vjp({ cotangents, inputs: [a, b] }) {
    const [even, weighed] = cotangents.map((each) => each?.unsqueeze(1).broadcastTo(a.shape));
    const share = weighed?.mul(b);
    return [sumOf(even, share), weighed?.mul(a)];
  },
  lowering: {
    kind: "kernel",
    emit({ inputs: [from, weights], avals: [{ shape }], outputs: [sums, products], emit }) {
      const [outer, n, inner] = shape;
      emit.instruction(instructions.weightedSums, { sums, products, from, weights, outer, n, inner });
    },
  },
};

/** Along the middle axis of a and b [outer, n, inner]: sums of a, and of a b. */
export function weightedSums(a: Tensor, b: Tensor): { readonly sums: Tensor; readonly products: Tensor } {
  const [sums, products] = itemsOf(apply(weightedSumsOp, [a, b]));
  return { sums, products };
}
