// Windows over planes: the largest and the sum of each, and what brings gradients back. Planes have three axes; fewer are of one element.
import { ShapeError } from "../errors.ts";
import { checkArity, type Op, perInput } from "../op.ts";
import * as instructions from "../program/instructions.ts";
import { type Aval, checkDType, type Shape, sameShape, showShape, sizeOf } from "../shape.ts";
import { apply, arange, type Tensor } from "../tensor.ts";
import { takeAlongAxis } from "./along.ts";
import { itemsOf } from "./item.ts";

/** Windows along an axis of `size` elements: `out` of them, as assembly/isa/slots.ts says; `kernel` 0 stands for windows that cover it. */
export interface Windows {
  readonly size: number;
  readonly out: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
}

export interface PoolAttrs {
  /** Along D, H and W. */
  readonly axes: readonly [d: Windows, h: Windows, w: Windows];
}

function keyOf({ axes }: PoolAttrs): string {
  return axes.map((axis) => Object.values(axis).join()).join(";");
}

/** Planes [planes, D, H, W] with one window along each axis, or each element, as the result has them. */
function planesOf(inputs: readonly Aval[], { axes }: PoolAttrs, name: string, [takes, gives]: Ends): Aval {
  checkArity(inputs, 1, name);
  const [aval] = inputs;
  checkDType(aval, ["f32"], name);
  const sides = axes.map((axis) => axis[takes]);
  if (!sameShape(aval.shape.slice(1), sides))
    throw new ShapeError(`${name}: takes planes of ${showShape(sides)}, got ${showShape(aval.shape)}`);
  return { shape: [aval.shape[0], ...axes.map((axis) => axis[gives])], dtype: "f32" };
}

type Ends = readonly ["size" | "out", "size" | "out"];
const forth: Ends = ["size", "out"];
const back: Ends = ["out", "size"];

/** The slots of an instruction that say what windows there are. */
function slotsOf(planes: number, { axes: [d, h, w] }: PoolAttrs) {
  return {
    planes,
    ...{ sizeD: d.size, outD: d.out, kernelD: d.kernel, strideD: d.stride, paddingD: d.padding, dilationD: d.dilation },
    ...{ sizeH: h.size, outH: h.out, kernelH: h.kernel, strideH: h.stride, paddingH: h.padding, dilationH: h.dilation },
    ...{ sizeW: w.size, outW: w.out, kernelW: w.kernel, strideW: w.stride, paddingW: w.padding, dilationW: w.dilation },
  };
}

// What reaches the largest goes to where it stands.
/** The largest of each window, and where in its plane it stands. */
export const maxPoolOp: Op<PoolAttrs> = {
  name: "maxPool",
  batched: [0],
  infer: (inputs, attrs) => planesOf(inputs, attrs, "maxPool", forth),
  outputs(inputs, attrs) {
    const values = planesOf(inputs, attrs, "maxPool", forth);
    return [values, { shape: values.shape, dtype: "i32" }];
  },
  vjp: ({ cotangents: [values], inputs: [x], output }) => [
    values && apply(scatterPlanesOp, [values, itemsOf(output)[1]], { shape: x.shape, last: false }),
  ],
  lowering: {
    kind: "kernel",
    emit({ inputs: [from], avals: [{ shape }], outputs: [to, indices], attrs, emit }) {
      emit.instruction(instructions.maxPool, { to, from, ...slotsOf(shape[0], attrs), indices });
    },
  },
  key: keyOf,
};

/** The sum of each window. */
export const sumPoolOp: Op<PoolAttrs> = {
  name: "sumPool",
  batched: [0],
  infer: (inputs, attrs) => planesOf(inputs, attrs, "sumPool", forth),
  vjp: perInput(({ cotangent, attrs }) => apply(sumPoolTransposedOp, [cotangent], attrs)),
  lowering: {
    kind: "kernel",
    emit({ inputs: [from], avals: [{ shape }], outputs: [to], attrs, emit }) {
      emit.instruction(instructions.sumPool, { to, from, ...slotsOf(shape[0], attrs) });
    },
  },
  linear: true,
  key: keyOf,
};

/** For each element the sum over the windows that it is in: the transpose of sumPool. */
export const sumPoolTransposedOp: Op<PoolAttrs> = {
  name: "sumPoolTransposed",
  batched: [0],
  infer: (inputs, attrs) => planesOf(inputs, attrs, "sumPoolTransposed", back),
  vjp: perInput(({ cotangent, attrs }) => apply(sumPoolOp, [cotangent], attrs)),
  lowering: {
    kind: "kernel",
    emit({ inputs: [from], avals: [{ shape }], outputs: [to], attrs, emit }) {
      emit.instruction(instructions.sumPoolTransposed, { to, from, ...slotsOf(shape[0], attrs) });
    },
  },
  linear: true,
  key: keyOf,
};

export interface ScatterPlanesAttrs {
  /** [planes, ...] of the result. */
  readonly shape: Shape;
  /** Of several at one place the last, in place of their sum. */
  readonly last: boolean;
}

/** [planes, elements] */
function flat(x: Tensor): Tensor {
  return x.reshape([x.shape[0], sizeOf(x.shape.slice(1))]);
}

/** Elements of planes by their places in planes of another shape; 0 for places outside. */
function takeFromPlanes(x: Tensor, index: Tensor): Tensor {
  const [from, places] = [flat(x), flat(index)];
  const isInside = places.equal(places.maximum(0).minimum(from.shape[1] - 1));
  return isInside.select(takeAlongAxis(from, places, 1), 0).reshape(index.shape);
}

/** Whether each element is the one that is left at its place, where the last of several is. */
function isLeft(index: Tensor, shape: Shape): Tensor {
  const count = sizeOf(index.shape.slice(1));
  const numbers = arange(count)
    .add(1)
    .reshape([1, ...index.shape.slice(1)])
    .broadcastTo(index.shape);
  return takeFromPlanes(apply(scatterPlanesOp, [numbers, index], { shape, last: true }), index).equal(numbers);
}

/** Elements of planes put at their places in planes of another shape, those of one place added up in their order; other places are 0. */
export const scatterPlanesOp: Op<ScatterPlanesAttrs> = {
  name: "scatterPlanes",
  batched: [0, 1],
  infer(inputs, { shape, last }) {
    checkArity(inputs, 2, "scatterPlanes");
    const [updates, index] = inputs;
    checkDType(updates, last ? ["f32", "i32"] : ["f32"], "scatterPlanes");
    checkDType(index, ["i32"], "scatterPlanes: the index");
    if (!sameShape(updates.shape, index.shape) || shape[0] !== index.shape[0])
      throw new ShapeError(
        `scatterPlanes: updates ${showShape(updates.shape)} and index ${showShape(index.shape)} do not fit planes of ${showShape(shape)}`,
      );
    return { shape, dtype: updates.dtype };
  },
  vjp: perInput(
    ({ cotangent, inputs: [, index], attrs: { shape, last } }) => {
      const taken = takeFromPlanes(cotangent, index);
      return last ? isLeft(index, shape).select(taken, 0) : taken;
    },
    () => undefined,
  ),
  lowering: {
    kind: "kernel",
    emit({ inputs: [from, index], avals, outputs: [to], attrs: { shape, last }, emit }) {
      const [size, count] = [shape, avals[1].shape].map((each) => sizeOf(each.slice(1)));
      const [planes] = shape;
      emit.instruction(instructions.scatterPlanes, { to, from, index, planes, size, count, last: Number(last) });
    },
  },
  key: ({ shape: [, ...sizes], last }) => `${sizes};${last}`, // as many planes as come in
};
