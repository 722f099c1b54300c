// Convolutions as one form, linear in each of three tensors: images x, filters w and results y. The sum over images n, outputs o, inputs i,
// positions p and taps t of
//
//     y[n, o, p] * w[o, i, t] * x[n, i, p * stride + t * dilation - before]
//
// has three derivatives, an op each, and each op's gradients are the two others: whatever is differentiated, and however often.

import { bandColumns, bandRows, filterBand, filterParts, filterRows, filterTaps } from "../../assembly/isa/cuts.ts";
import { parts } from "../../assembly/isa/integers.ts";
import { KIND_SUM } from "../../assembly/isa/slots.ts";
import { ShapeError } from "../errors.ts";
import { checkArity, type Op, perInput } from "../op.ts";
import { filterCut } from "../program/filter-cut.ts";
import * as instructions from "../program/instructions.ts";
import { type Aval, checkDType, type Shape, sameShape, showShape, sizeOf } from "../shape.ts";
import { apply, type Tensor } from "../tensor.ts";

/** What the three tensors do not say: one number for each axis of an image. */
export interface ConvolutionAttrs {
  readonly groups: number;
  readonly stride: readonly number[];
  /** From tap to tap; negative where filters are turned around. */
  readonly dilation: readonly number[];
  /** Places before an image at which the first tap of the first position lies; negative inside of it. */
  readonly before: readonly number[];
  /** Places of an image, taps of a filter, positions of a result. */
  readonly size: Shape;
  readonly taps: Shape;
  readonly positions: Shape;
}

/** Sizes that the axes of an image have nothing to do with. */
interface Counts {
  readonly images: number;
  readonly inputs: number;
  readonly outputs: number;
}

function check(name: string, avals: readonly Aval[], shapes: readonly Shape[]): void {
  checkArity(avals, shapes.length, name);
  avals.forEach((aval, i) => {
    checkDType(aval, ["f32"], name);
    if (!sameShape(aval.shape, shapes[i]))
      throw new ShapeError(`${name}: takes ${shapes.map(showShape).join(" and ")}, got ${showShape(aval.shape)}`);
  });
}

function shapesOf({ images, inputs, outputs }: Counts, { groups, size, taps, positions }: ConvolutionAttrs) {
  return {
    x: [images, inputs, ...size],
    w: [outputs, inputs / groups, ...taps],
    y: [images, outputs, ...positions],
  };
}

/** Each element of y is a sum over the taps of the channels of its group, those that lie outside of an image included. */
function multiplyAdds(x: Shape, y: Shape, { groups, taps }: ConvolutionAttrs): number {
  return (sizeOf(y) * x[1] * sizeOf(taps)) / groups;
}

function key({ groups, stride, dilation, before, size, taps, positions }: ConvolutionAttrs): string {
  return [groups, stride, dilation, before, size, taps, positions].join(";");
}

/** One of three numbers, one an axis, the outer ones of which images may not have. */
function three(list: readonly number[], absent: number): readonly [number, number, number] {
  const [w, h = absent, d = absent] = [...list].reverse();
  return [d, h, w];
}

/** Slots of both instructions: images x and where their taps lie, however these are called. */
function slotsOf(
  { images, inputs, outputs }: Counts,
  groups: number,
  geometry: Readonly<Record<"taps" | "size" | "positions" | "step" | "apart" | "first", readonly number[]>>,
) {
  const [tapsD, tapsH, tapsW] = three(geometry.taps, 1);
  const [sizeD, sizeH, sizeW] = three(geometry.size, 1);
  const [positionsD, positionsH, positionsW] = three(geometry.positions, 1);
  const [stepD, stepH, stepW] = three(geometry.step, 1);
  const [apartD, apartH, apartW] = three(geometry.apart, 1);
  const [firstD, firstH, firstW] = three(geometry.first, 0);
  return {
    ...{ images, groups, rows: outputs / groups, channels: inputs / groups, tapsD, tapsH, tapsW, sizeD, sizeH, sizeW },
    ...{ positionsD, positionsH, positionsW, stepD, stepH, stepW, apartD, apartH, apartW, firstD, firstH, firstW },
  };
}

const negative = (each: number) => 0 - each;

/** [g o, i, ...] as [g i, o, ...]. */
function turned(w: Tensor, groups: number): Tensor {
  const [outputs, inputs, ...taps] = w.shape;
  const axes = taps.map((_, axis) => axis + 3);
  return w
    .reshape([groups, outputs / groups, inputs, ...taps])
    .permute([0, 2, 1, ...axes])
    .reshape([groups * inputs, outputs / groups, ...taps]);
}

/** What y gives back to images x by filters w. */
export function backToImages(y: Tensor, w: Tensor, attrs: ConvolutionAttrs): Tensor {
  const { groups, stride, dilation, before, size, positions } = attrs;
  if (stride.some((each) => each !== 1)) return apply(convolveTransposedOp, [y, turned(w, groups)], attrs);
  // Without strides it is a convolution itself, of filters whose taps are met the other way round.
  const around = { dilation: dilation.map(negative), before: before.map(negative), size: positions, positions: size };
  return apply(convolveOp, [y, turned(w, groups)], { ...attrs, ...around });
}

/** Filters w [outputs, inputs / groups, ...taps] over images x [N, inputs, ...places]: y [N, outputs, ...positions]. */
export const convolveOp: Op<ConvolutionAttrs> = {
  name: "convolve",
  batched: [0],
  infer([x, w, ...more], attrs) {
    const counts = { images: x.shape[0], inputs: x.shape[1], outputs: w.shape[0] };
    const shapes = shapesOf(counts, attrs);
    check("convolve", [x, w, ...more], [shapes.x, shapes.w]);
    return { shape: shapes.y, dtype: "f32" };
  },
  vjp: perInput(
    ({ cotangent, inputs: [, w], attrs }) => backToImages(cotangent, w, attrs),
    ({ cotangent, inputs: [x], attrs }) => apply(convolveFilterOp, [x, cotangent], attrs),
  ),
  lowering: {
    kind: "kernel",
    epilogue: true,
    emit({ inputs: [from, filters], avals: [x, w], outputs: [to], attrs, emit }) {
      const counts = { images: x.shape[0], inputs: x.shape[1], outputs: w.shape[0] };
      const { groups, stride, dilation, before, ...sizes } = attrs;
      const geometry = { ...sizes, step: stride, apart: dilation, first: before.map(negative) };
      const spacing = { spacingD: 1, spacingH: 1, spacingW: 1 };
      emit.instruction(instructions.convolve, { to, filters, from, ...slotsOf(counts, groups, geometry), ...spacing });
    },
  },
  multiplyAdds: ([x], attrs, y) => multiplyAdds(x.shape, y.shape, attrs),
  key,
};

/** What y gives back to images x by strided filters, turned: [inputs, outputs / groups, ...taps]. */
export const convolveTransposedOp: Op<ConvolutionAttrs> = {
  name: "convolveTransposed",
  batched: [0],
  infer([y, w, ...more], attrs) {
    const { groups, taps } = attrs;
    const counts = { images: y.shape[0], inputs: w.shape[0], outputs: y.shape[1] };
    const shapes = shapesOf(counts, attrs);
    check("convolveTransposed", [y, w, ...more], [shapes.y, [counts.inputs, counts.outputs / groups, ...taps]]);
    return { shape: shapes.x, dtype: "f32" };
  },
  vjp: perInput(
    ({ cotangent, inputs: [, w], attrs }) => apply(convolveOp, [cotangent, turned(w, attrs.groups)], attrs),
    ({ cotangent, inputs: [y], attrs }) => turned(apply(convolveFilterOp, [cotangent, y], attrs), attrs.groups),
  ),
  lowering: {
    kind: "kernel",
    epilogue: true,
    emit({ inputs: [from, filters], avals: [y, w], outputs: [to], attrs, emit }) {
      const { groups, stride, dilation, before, size, taps, positions } = attrs;
      // Of the instruction, results are images, and what x is here are its positions.
      const counts = { images: y.shape[0], inputs: y.shape[1], outputs: w.shape[0] };
      const ones = stride.map(() => 1);
      const geometry = {
        taps,
        size: positions,
        positions: size,
        step: ones,
        apart: dilation.map(negative),
        first: before,
      };
      const [spacingD, spacingH, spacingW] = three(stride, 1);
      const slots = { ...slotsOf(counts, groups, geometry), spacingD, spacingH, spacingW };
      emit.instruction(instructions.convolve, { to, filters, from, ...slots });
    },
  },
  multiplyAdds: ([y], attrs, x) => multiplyAdds(x.shape, y.shape, attrs),
  key,
};

/** What y gives back to filters w over images x. */
export const convolveFilterOp: Op<ConvolutionAttrs> = {
  name: "convolveFilter",
  infer([x, y, ...more], attrs) {
    const counts = { images: x.shape[0], inputs: x.shape[1], outputs: y.shape[1] };
    const shapes = shapesOf(counts, attrs);
    check("convolveFilter", [x, y, ...more], [shapes.x, shapes.y]);
    return { shape: shapes.w, dtype: "f32" };
  },
  vjp: perInput(
    ({ cotangent, inputs: [, y], attrs }) => backToImages(y, cotangent, attrs),
    ({ cotangent, inputs: [x], attrs }) => apply(convolveOp, [x, cotangent], attrs),
  ),
  lowering: {
    kind: "kernel",
    emit({ inputs: [from, gradients], avals: [x, y], outputs: [to], outputViews, aval, attrs, emit }) {
      const { groups, stride, dilation, before, ...sizes } = attrs;
      const counts = { images: x.shape[0], inputs: x.shape[1], outputs: y.shape[1] };
      const geometry = { ...sizes, step: stride, apart: dilation, first: before.map(negative) };
      const slots = slotsOf(counts, groups, geometry);
      const size = sizeOf(aval.shape);
      const k = slots.channels * sizeOf(attrs.taps);
      const count = partsOf(slots, k);
      const sums = emit.temporary(count * size, "f32", "gradients of filters");
      emit.instruction(instructions.convolveFilter, { to: sums, gradients, from, ...slots, parts: count });
      let all = sums;
      if (count > 1) {
        all = emit.temporary(size, "f32", "gradient of filters");
        emit.instruction(instructions.reduce, { to: all, from: sums, kind: KIND_SUM, outer: 1, n: count, inner: size });
      }
      const shape = [groups, slots.rows, k];
      const lie = { buffer: all, start: 0, strides: [k * slots.rows, 1, slots.rows] };
      emit.copy(shape, { ...outputViews[0], buffer: to, strides: [k * slots.rows, k, 1] }, lie);
    },
  },
  // Images of all steps are one batch.
  total: (stacks, attrs) => {
    const [x, y] = stacks.map((stack) => stack.reshape([stack.shape[0] * stack.shape[1], ...stack.shape.slice(2)]));
    return apply(convolveFilterOp, [x, y], attrs);
  },
  multiplyAdds: ([x, y], attrs) => multiplyAdds(x.shape, y.shape, attrs),
  key,
};

/** Parts of the sum over all positions, of which each chunk of the instruction makes one. */
function partsOf(slots: ReturnType<typeof slotsOf>, k: number): number {
  const { images, groups, rows, positionsD, positionsH, positionsW } = slots;
  const lines = positionsD * positionsH;
  const cut = filterCut(slots);
  const most = filterBand(cut);
  const columns = Math.max(1, bandColumns(positionsW, most));
  const band = Math.max(1, bandRows(lines, positionsW, most));
  const bands = images * parts(lines, band) * parts(positionsW, columns);
  const others = groups * parts(k, Math.max(1, filterTaps(cut, k))) * parts(rows, Math.max(1, filterRows(rows)));
  return filterParts(bands, others);
}
