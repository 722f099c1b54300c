// Movement: the same elements elsewhere. Views cost nothing; the rest are strided copies that consumers often absorb.
import { DTypeError, ShapeError } from "../errors.ts";
import { exactly, type Op, perInput, type StridedCopy } from "../op.ts";
import {
  checkDType,
  checkShape,
  type DType,
  type Shape,
  sameShape,
  showAval,
  showShape,
  sizeOf,
  stridesOf,
} from "../shape.ts";
import { show } from "../show.ts";

const movable: readonly DType[] = ["f32", "i32"]; // bytes move as whole rows (gather) or not at all

/** The same elements in another shape. */
export const reshape: Op<{ readonly shape: readonly number[] }> = {
  name: "reshape",
  infer([aval], { shape }) {
    if (sizeOf(aval.shape) !== sizeOf(shape))
      throw new ShapeError(`reshape: ${showShape(aval.shape)} does not have the elements of ${showShape(shape)}`);
    return { shape, dtype: aval.dtype };
  },
  vjp: perInput(({ cotangent, inputs }) => cotangent.reshape(inputs[0].shape)),
  lowering: { kind: "view" },
  linear: true,
  simplify: ([a], { shape }) => {
    if (a.op === reshape) return a.inputs[0].reshape(shape);
    return sameShape(a.shape, shape) ? a : undefined;
  },
  key: ({ shape }) => shape.join(),
};

/** Axes in another order: result axis i is input axis order[i]. */
export const permute: Op<{ readonly order: readonly number[] }> = {
  name: "permute",
  infer([aval], { order }) {
    const { shape, dtype } = aval;
    checkDType(aval, movable, "permute");
    if (order.length !== shape.length || [...order].sort((a, b) => a - b).some((axis, i) => axis !== i))
      throw new ShapeError(`permute: [${order}] is not an order of the axes of ${showShape(shape)}`);
    return { shape: order.map((axis) => shape[axis]), dtype };
  },
  vjp: perInput(({ cotangent, attrs: { order } }) => cotangent.permute(order.map((_, i) => order.indexOf(i)))),
  lowering: {
    kind: "move",
    copies([from], to, { order }) {
      const strides = stridesOf(from.shape);
      return [
        copyOf(
          0,
          to.shape,
          stridesOf(to.shape),
          order.map((axis) => strides[axis]),
        ),
      ];
    },
  },
  linear: true,
  simplify([a], { order }) {
    if (order.every((axis, i) => axis === i)) return a;
    if (a.op === permute) {
      const inner = (a.attrs as { readonly order: readonly number[] }).order;
      return a.inputs[0].permute(order.map((axis) => inner[axis]));
    }
    // Moving axes of size 1 about moves no element.
    const moving = order.filter((axis) => a.shape[axis] !== 1);
    return moving.every((axis, i) => i === 0 || axis > moving[i - 1])
      ? a.reshape(order.map((axis) => a.shape[axis]))
      : undefined;
  },
  key: ({ order }) => order.join(),
};

/** NumPy broadcasting to a larger shape. */
export const broadcastTo: Op<{ readonly shape: readonly number[] }> = {
  name: "broadcastTo",
  infer([aval], { shape }) {
    const { shape: from, dtype } = aval;
    checkDType(aval, movable, "broadcastTo");
    const lead = shape.length - from.length;
    if (lead < 0 || from.some((size, i) => size !== 1 && size !== shape[lead + i]))
      throw new ShapeError(`broadcastTo: ${showShape(from)} does not broadcast to ${showShape(shape)}`);
    return { shape, dtype };
  },
  // The transpose of repeating is summing.
  vjp: perInput(({ cotangent, inputs }) => cotangent.sumTo(inputs[0].shape)),
  lowering: { kind: "broadcast" },
  linear: true,
  simplify([a], { shape }) {
    if (a.op === broadcastTo) return a.inputs[0].broadcastTo(shape);
    return sameShape(a.shape, shape) ? a : undefined;
  },
  key: ({ shape }) => shape.join(),
};

export interface SliceAttrs {
  readonly starts: readonly number[];
  readonly sizes: readonly number[];
  /** Not 0; negative steps walk backwards from the start. */
  readonly steps: readonly number[];
}

/** @throws ShapeError unless whole numbers name elements of `shape`, or none, along every axis */
function checkRanges(shape: Shape, { starts, sizes, steps }: SliceAttrs, name: string): void {
  const lists = [starts, sizes, steps];
  const isOneAnAxis = lists.every((list) => list?.length === shape.length);
  const isInside = (size: number, i: number) => {
    const last = starts[i] + (sizes[i] - 1) * steps[i];
    const within = starts[i] >= 0 && starts[i] < size && last >= 0 && last < size;
    return (
      [starts[i], sizes[i], steps[i]].every(Number.isInteger) &&
      steps[i] !== 0 &&
      (sizes[i] === 0 || (sizes[i] > 0 && within))
    );
  };
  if (!isOneAnAxis || !shape.every(isInside)) {
    const [start, size, step] = lists.map(show);
    throw new ShapeError(`${name}: starts ${start}, sizes ${size}, steps ${step} leave ${showShape(shape)}`);
  }
}

/** Whether ranges name all elements of `shape` in their order. */
function isIdentity(shape: Shape, { sizes, steps }: SliceAttrs): boolean {
  return sameShape(shape, sizes) && steps.every((step, i) => step === 1 || sizes[i] < 2);
}

/** Where ranges start in the elements of `shape`, and how far apart they walk there. */
function walk(shape: Shape, { starts, steps }: SliceAttrs): { readonly start: number; readonly strides: number[] } {
  const strides = stridesOf(shape);
  return {
    start: strides.reduce((sum, stride, i) => sum + stride * starts[i], 0),
    strides: strides.map((stride, i) => stride * steps[i]),
  };
}

/** Elements start, start + step, ... along every axis. */
export const slice: Op<SliceAttrs> = {
  name: "slice",
  infer([aval], attrs) {
    checkDType(aval, movable, "slice");
    checkRanges(aval.shape, attrs, "slice");
    return { shape: attrs.sizes, dtype: aval.dtype };
  },
  vjp: perInput(({ cotangent, inputs: [{ shape }], attrs, apply }) =>
    apply(spread, [cotangent], { ...attrs, shape, value: 0 }),
  ),
  lowering: {
    kind: "move",
    copies([from], to, attrs) {
      const { start, strides } = walk(from.shape, attrs);
      return [copyOf(0, to.shape, stridesOf(to.shape), strides, 0, start)];
    },
  },
  linear: true,
  simplify: ([a], attrs) => (isIdentity(a.shape, attrs) ? a : undefined),
  key: ({ starts, sizes, steps }) => `${starts};${sizes};${steps}`,
};

/** The transpose of slice: a larger tensor of `value` with the input at start, start + step, ... (pad, when the steps are 1). */
export const spread: Op<SliceAttrs & { readonly shape: readonly number[]; readonly value: number }> = {
  name: "spread",
  infer([aval], { shape, starts, sizes, steps }) {
    checkDType(aval, movable, "spread");
    checkRanges(checkShape(shape, "spread"), { starts, sizes, steps }, "spread");
    if (!sameShape(sizes, aval.shape))
      throw new ShapeError(`spread: sizes [${sizes}] are not the shape ${showShape(aval.shape)}`);
    return { shape, dtype: aval.dtype };
  },
  vjp: perInput(({ cotangent, attrs: { starts, sizes, steps }, apply }) =>
    apply(slice, [cotangent], { starts, sizes, steps }),
  ),
  lowering: {
    kind: "move",
    fill: ({ value }) => value,
    copies([from], to, attrs) {
      const { start, strides } = walk(to.shape, attrs);
      return [copyOf(0, from.shape, strides, stridesOf(from.shape), start, 0)];
    },
  },
  simplify: ([a], attrs) => (isIdentity(attrs.shape, attrs) ? a : undefined),
  key: ({ starts, steps, shape, value }) => `${starts};${steps};${shape};${exactly(value)}`,
};

/** Tensors one after the other along an axis. */
export const concat: Op<{ readonly axis: number }> = {
  name: "concat",
  infer(inputs, { axis }) {
    if (inputs.length === 0) throw new ShapeError("concat: needs at least one tensor");
    const [first] = inputs;
    for (const aval of inputs) {
      const { shape, dtype } = aval;
      const fits =
        shape.length === first.shape.length && shape.every((size, i) => i === axis || size === first.shape[i]);
      checkDType(aval, movable, "concat");
      if (dtype !== first.dtype)
        throw new DTypeError(`concat: dtypes differ: ${showAval(first)} and ${showAval(aval)}`);
      if (!fits)
        throw new ShapeError(`concat: ${showShape(first.shape)} and ${showShape(shape)} differ outside axis ${axis}`);
    }
    const total = inputs.reduce((sum, { shape }) => sum + shape[axis], 0);
    return { shape: first.shape.map((size, i) => (i === axis ? total : size)), dtype: first.dtype };
  },
  vjp({ cotangent, inputs, attrs: { axis } }) {
    let start = 0;
    return inputs.map(({ shape }) => {
      const part = cotangent.narrow(axis, start, shape[axis]);
      start += shape[axis];
      return part;
    });
  },
  lowering: {
    kind: "move",
    copies(inputs, to, { axis }) {
      const strides = stridesOf(to.shape);
      let start = 0;
      return inputs.map(({ shape }, i) => {
        const copy = copyOf(i, shape, strides, stridesOf(shape), start * strides[axis], 0);
        start += shape[axis];
        return copy;
      });
    },
  },
  linear: true,
  simplify: (inputs) => (inputs.length === 1 ? inputs[0] : undefined),
  key: ({ axis }) => `${axis}`,
};

function copyOf(
  input: number,
  sizes: readonly number[],
  toStrides: readonly number[],
  fromStrides: readonly number[],
  toStart = 0,
  fromStart = 0,
): StridedCopy {
  return { input, sizes, toStrides, fromStrides, toStart, fromStart };
}

/** The copy that materialises a broadcast: stride 0 along the repeated axes. */
export function broadcastCopy(from: readonly number[], to: readonly number[]): StridedCopy {
  const lead = to.length - from.length;
  const strides = stridesOf(from);
  return copyOf(
    0,
    to,
    stridesOf(to),
    to.map((_, i) => (i < lead || from[i - lead] === 1 ? 0 : strides[i - lead])),
  );
}
