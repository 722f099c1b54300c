// Fused ops over the rows of a matrix [rows, columns]: softmax and what classification losses need, each in one pass over memory.
import { ShapeError } from "../errors.ts";
import { checkArity, type Lowering, type Op, perInput } from "../op.ts";
import * as instructions from "../program/instructions.ts";
import { type Aval, checkDType, sameShape, showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

function checkMatrix(aval: Aval, name: string): void {
  const { shape } = aval;
  checkDType(aval, ["f32"], name);
  if (shape.length !== 2 || shape[1] === 0)
    throw new ShapeError(`${name}: takes rows x columns, got ${showShape(shape)}`);
}

function checkTargets(logits: Aval, index: Aval, name: string): void {
  checkMatrix(logits, name);
  checkDType(index, ["i32"], `${name}: class indices`);
  if (!sameShape(index.shape, [logits.shape[0]]))
    throw new ShapeError(
      `${name}: logits ${showShape(logits.shape)} and targets ${showShape(index.shape)} differ in rows`,
    );
}

/** [rows] as a column beside a matrix. */
function column(rows: Tensor): Tensor {
  return rows.reshape([rows.shape[0], 1]);
}

/** Cotangent c of s = softmax(x), made one of x: s (c - sum c s). */
function throughSoftmax(c: Tensor, s: Tensor): Tensor {
  const weighted = c.mul(s);
  return weighted.sub(s.mul(weighted.sum(1, { keepDims: true })));
}

/** An instruction that takes nothing but a matrix. */
function ofRows(what: instructions.Description<typeof instructions.softmax.named>): Lowering<undefined> {
  return {
    kind: "kernel",
    emit: ({ inputs: [from], avals: [{ shape }], outputs: [to], emit }) =>
      emit.instruction(what, { to, from, rows: shape[0], columns: shape[1] }),
  };
}

// s = e^x / sum e^x; ds = s (c - sum c s)
export const softmax: Op<undefined> = {
  name: "softmax",
  batched: [0],
  infer(inputs) {
    checkArity(inputs, 1, "softmax");
    checkMatrix(inputs[0], "softmax");
    return inputs[0];
  },
  vjp: perInput(({ cotangent, output }) => throughSoftmax(cotangent, output)),
  lowering: ofRows(instructions.softmax),
};

// l = ln sum e^x; dl = softmax(x). Beside an infinity every other element has slope 0, the infinity itself NaN, as e^(x - l) has.
export const logSumExp: Op<undefined> = {
  name: "logSumExp",
  batched: [0],
  infer(inputs) {
    checkArity(inputs, 1, "logSumExp");
    checkMatrix(inputs[0], "logSumExp");
    return { shape: [inputs[0].shape[0]], dtype: "f32" };
  },
  vjp: perInput(({ cotangent, inputs: [x], output }) => {
    const isEndless = column(output.equal(Number.POSITIVE_INFINITY));
    const beside = x.equal(Number.POSITIVE_INFINITY).select(Number.NaN, 0);
    return isEndless.select(beside, x.softmax(1)).mul(column(cotangent));
  }),
  lowering: ofRows(instructions.logSumExp),
};

// l = ln sum e^x - x[target], one a row; dl = softmax(x) - onehot(target)
export const crossEntropy: Op<undefined> = {
  name: "crossEntropy",
  infer(inputs) {
    checkArity(inputs, 2, "crossEntropy");
    checkTargets(inputs[0], inputs[1], "crossEntropy");
    return { shape: inputs[1].shape, dtype: "f32" };
  },
  vjp: perInput(
    ({ cotangent, inputs: [logits, target], apply }) => apply(crossEntropyGradient, [logits, target, cotangent]),
    () => undefined,
  ),
  lowering: {
    kind: "kernel",
    emit: ({ inputs: [from, index], avals: [{ shape }], outputs: [to], emit }) =>
      emit.instruction(instructions.crossEntropy, { to, from, index, rows: shape[0], columns: shape[1] }),
  },
};

// With u = c scale and s = softmax(x): dx = s (u - sum s u); dscale = sum c (s - onehot).
/** The gradient of crossEntropy, itself differentiable: (softmax(row) - onehot(target)) * scale, for scale [rows]. */
export const crossEntropyGradient: Op<undefined> = {
  name: "crossEntropyGradient",
  infer(inputs) {
    checkArity(inputs, 3, "crossEntropyGradient");
    const [logits, target, scale] = inputs;
    checkTargets(logits, target, "crossEntropyGradient");
    if (!sameShape(scale.shape, target.shape))
      throw new ShapeError(`crossEntropyGradient: scale ${showShape(scale.shape)} is not one a row`);
    return logits;
  },
  vjp: perInput(
    ({ cotangent, inputs: [logits, , scale] }) => throughSoftmax(cotangent.mul(column(scale)), logits.softmax(1)),
    () => undefined,
    ({ cotangent, inputs: [logits, target] }) =>
      cotangent.mul(logits.softmax(1).sub(target.oneHot(logits.shape[1]))).sum(1),
  ),
  lowering: {
    kind: "kernel",
    emit: ({ inputs: [from, index, scale], avals: [{ shape }], outputs: [to], emit }) =>
      emit.instruction(instructions.crossEntropyGradient, {
        to,
        from,
        index,
        rows: shape[0],
        columns: shape[1],
        scale,
      }),
  },
};
