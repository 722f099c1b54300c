// Movement: the same elements elsewhere. Views cost nothing; the rest are walks through memory, and copies for who cannot walk.
import { DTypeError, ShapeError } from "../errors.ts";
import { checkArity, exactly, type Op, perInput, type Walk } from "../op.ts";
import { checkDType, checkShape, type DType, type Shape, sameShape, showAval, showShape, sizeOf } from "../shape.ts";
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
    kind: "window",
    window: ({ order }, strides) => ({ start: 0, strides: order.map((axis) => strides[axis]) }),
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

/** How the elements that a slice names lie among those of strides. */
function walk({ starts, steps }: SliceAttrs, strides: readonly number[]): Walk {
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
    apply(spread, [cotangent], { shape, value: 0, ranges: [attrs] }),
  ),
  lowering: { kind: "window", window: walk },
  linear: true,
  simplify: ([a], attrs) => (isIdentity(a.shape, attrs) ? a : undefined),
  key: ({ starts, sizes, steps }) => `${starts};${sizes};${steps}`,
};

export interface SpreadAttrs {
  readonly shape: readonly number[];
  readonly value: number;
  /** Of each input; no two name the same element. */
  readonly ranges: readonly SliceAttrs[];
}

/** The transpose of slices: a larger tensor of `value` with every input at start, start + step, ... (pad, of one input with steps of 1). */
export const spread: Op<SpreadAttrs> = {
  name: "spread",
  infer(inputs, { shape, ranges }) {
    checkArity(inputs, ranges.length, "spread");
    checkShape(shape, "spread");
    for (const [i, aval] of inputs.entries()) {
      checkDType(aval, movable, "spread");
      checkRanges(shape, ranges[i], "spread");
      if (!sameShape(ranges[i].sizes, aval.shape))
        throw new ShapeError(`spread: sizes [${ranges[i].sizes}] are not the shape ${showShape(aval.shape)}`);
    }
    return { shape, dtype: inputs[0].dtype };
  },
  vjp: ({ cotangent, needs, attrs: { ranges }, apply }) =>
    ranges.map((range, i) => (needs[i] ? apply(slice, [cotangent], range) : undefined)),
  lowering: {
    kind: "parts",
    fill: ({ shape, value, ranges }) =>
      ranges.reduce((sum, { sizes }) => sum + sizeOf(sizes), 0) < sizeOf(shape) ? value : undefined,
    parts: (_, { ranges }, strides) => ranges.map((range) => walk(range, strides)),
  },
  joined(a, b) {
    const [p, q] = [a, b].map(({ attrs }) => attrs as SpreadAttrs);
    const apart = p.value === 0 && q.value === 0 && p.ranges.every((range) => q.ranges.every((o) => isApart(range, o)));
    if (!apart) return undefined;
    return { inputs: [...a.inputs, ...b.inputs], attrs: { ...p, ranges: [...p.ranges, ...q.ranges] } };
  },
  simplify: ([a, b], { shape, ranges }) => (b === undefined && isIdentity(shape, ranges[0]) ? a : undefined),
  key: ({ shape, value, ranges }) =>
    [...ranges.map(({ starts, steps }) => `${starts};${steps}`), shape, exactly(value)].join(";"),
};

/** Whether two ranges name no element both, as far as their ends tell. */
function isApart(a: SliceAttrs, b: SliceAttrs): boolean {
  const ends = ({ starts, sizes, steps }: SliceAttrs, i: number) => {
    const last = starts[i] + (sizes[i] - 1) * steps[i];
    return [Math.min(starts[i], last), Math.max(starts[i], last)];
  };
  return a.starts.some((_, i) => ends(a, i)[1] < ends(b, i)[0] || ends(b, i)[1] < ends(a, i)[0]);
}

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
    kind: "parts",
    parts(inputs, { axis }, strides) {
      let before = 0;
      return inputs.map(({ shape }) => {
        const start = before * strides[axis];
        before += shape[axis];
        return { start, strides };
      });
    },
  },
  linear: true,
  simplify: (inputs) => (inputs.length === 1 ? inputs[0] : undefined),
  key: ({ axis }) => `${axis}`,
};
