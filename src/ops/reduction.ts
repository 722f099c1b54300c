// Reductions over axes. The axes are dropped from the shape; the tensor methods put them back where keepDims is asked.
import * as slot from "../../assembly/isa/slots.ts";
import { type EmitContext, nondifferentiable, type Op, perInput } from "../op.ts";
import { reduce } from "../program/instructions.ts";
import type { Buffer } from "../program/lir.ts";
import { checkDType, checkNotEmpty, type DType, type Shape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

export interface ReduceAttrs {
  /** Ascending. */
  readonly axes: readonly number[];
}

/** A run of neighbouring reduced axes: fold n, for every outer and inner index. */
interface AxisRun {
  readonly outer: number;
  readonly n: number;
  readonly inner: number;
}

// Reductions to few results are cut into parts of this length, fixed by shape, so that threads can share them.
const PART = 4096;

// An f32 sum is several ones side by side: of a row 16 of every 16th element, of a column 4 of every 4th. Where one of these has more
// elements than this, whose roundings would add up to more than a unit or two in the last place, it is kept in float64.
const MANY = 64;

/** The runs of reduced axes, last first, with the shape shrinking as they are folded. Axes of size 1 are no obstacle. */
function runsOf(shape: Shape, axes: readonly number[]): AxisRun[] {
  const runs: AxisRun[] = [];
  const sizes = [...shape];
  let axis = shape.length - 1;
  while (axis >= 0) {
    if (!axes.includes(axis)) {
      axis--;
      continue;
    }
    let first = axis;
    while (first > 0 && (axes.includes(first - 1) || sizes[first - 1] === 1)) first--;
    const n = sizeOf(sizes.slice(first, axis + 1));
    runs.push({ outer: sizeOf(sizes.slice(0, first)), n, inner: sizeOf(sizes.slice(axis + 1)) });
    sizes.fill(1, first, axis + 1);
    axis = first - 1;
  }
  return runs;
}

function emitRun(
  emit: EmitContext<ReduceAttrs>["emit"],
  kind: number,
  to: Buffer,
  from: Buffer,
  { outer, n, inner }: AxisRun,
): void {
  const parts = Math.floor(n / PART);
  if (kind !== slot.KIND_ARGMAX && outer === 1 && parts >= 2) {
    const rest = n - parts * PART;
    // A part of a sum is two numbers, itself and what its rounding left, so that only the last rounding counts.
    const isSum = kind === slot.KIND_SUM || kind === slot.KIND_WIDE_SUM;
    const [partKind, each] = isSum ? [slot.KIND_SUM_IN_TWO, 2] : [kind, 1];
    const rows = each * (parts + (rest > 0 ? 1 : 0));
    const partial = emit.temporary(rows * inner, to.dtype, `${to.label} in parts`);
    emit.instruction(reduce, { to: partial, from, kind: partKind, outer: parts, n: PART, inner });
    if (rest > 0) {
      const target = { buffer: partial, words: each * parts * inner };
      const source = { buffer: from, words: parts * PART * inner };
      emit.instruction(reduce, { to: target, from: source, kind: partKind, outer: 1, n: rest, inner });
    }
    emitRun(emit, isSum ? slot.KIND_WIDE_SUM : kind, to, partial, { outer: 1, n: rows, inner });
    return;
  }
  const isLong = n > MANY * (inner === 1 ? 16 : 4);
  const ownKind = kind === slot.KIND_SUM && isLong ? slot.KIND_WIDE_SUM : kind;
  emit.instruction(reduce, { to, from, kind: ownKind, outer, n, inner });
}

interface ReductionOptions extends Pick<Op<ReduceAttrs>, "linear" | "total"> {
  /** Default: the dtype that is reduced. */
  readonly result?: DType;
  /** Whether nothing has a result. */
  readonly ofNothing?: boolean;
  /** Whether the result of one element is that element. */
  readonly ofOne?: boolean;
}

function reduction(
  name: string,
  kinds: { readonly f32?: number; readonly i32?: number },
  vjp: Op<ReduceAttrs>["vjp"],
  { result, ofNothing = false, ofOne = false, linear, total }: ReductionOptions = {},
): Op<ReduceAttrs> {
  const allowed = (["f32", "i32"] as const).filter((dtype) => kinds[dtype] !== undefined);
  return {
    name,
    infer([aval], { axes }) {
      const { shape, dtype } = aval;
      checkDType(aval, allowed, name);
      if (!ofNothing) checkNotEmpty(shape, axes, name);
      return { shape: shape.filter((_, i) => !axes.includes(i)), dtype: result ?? dtype };
    },
    vjp,
    lowering: {
      kind: "kernel",
      emit({ inputs: [from], avals: [{ shape, dtype }], outputs: [to], attrs: { axes }, emit }) {
        const kind = kinds[dtype as "f32" | "i32"] as number;
        const runs = runsOf(shape, axes);
        let source = from;
        runs.forEach((run, i) => {
          const target =
            i === runs.length - 1 ? to : emit.temporary(run.outer * run.inner, dtype, `${to.label} in part`);
          emitRun(emit, kind, target, source, run);
          source = target;
        });
      },
    },
    linear,
    total,
    simplify([a], { axes }) {
      if (!ofOne || !axes.every((axis) => a.shape[axis] === 1)) return undefined;
      return a.reshape(a.shape.filter((_, i) => !axes.includes(i)));
    },
    key: ({ axes }) => axes.join(),
  };
}

/** A reduced tensor with its axes back, broadcast to the input again. */
function restore(reduced: Tensor, input: Tensor, axes: readonly number[]): Tensor {
  return reduced.reshape(input.shape.map((size, i) => (axes.includes(i) ? 1 : size))).broadcastTo(input.shape);
}

// d sum = every element's share
export const sum = reduction(
  "sum",
  { f32: slot.KIND_SUM, i32: slot.KIND_SUM_I32 },
  perInput(({ cotangent, inputs: [a], attrs: { axes } }) => restore(cotangent, a, axes)),
  {
    ofNothing: true,
    ofOne: true,
    linear: true,
    total: ([stack], { axes }) => stack.sum([0, ...axes.map((axis) => axis + 1)]),
  },
);

// n = sqrt(sum x^2), whose squares cannot overflow; dx = (x / n) c, 0 where n = 0 (a subgradient, as PyTorch's)
export const norm = reduction(
  "norm",
  { f32: slot.KIND_NORM },
  perInput(({ cotangent, inputs: [a], output, attrs: { axes } }) => {
    const isZero = output.equal(0);
    const direction = a.div(restore(isZero.select(1, output), a, axes));
    return direction.mul(restore(isZero.select(0, cotangent), a, axes));
  }),
  { ofNothing: true },
);

// The cotangent goes to the largest element, in equal parts where several tie (torch.amax); where NaN is the largest, NaN to all.
export const max = reduction(
  "max",
  { f32: slot.KIND_MAX, i32: slot.KIND_MAX_I32 },
  perInput(({ cotangent, inputs: [a], output, attrs: { axes } }) => {
    const winners = a.equal(restore(output, a, axes));
    const count = winners.sum(axes);
    const none = count.equal(0).select(Number.NaN, 0);
    return winners.select(restore(cotangent.div(count), a, axes), restore(none, a, axes));
  }),
  { ofOne: true },
);

/** Index of the first largest element along one axis, or of the flat tensor; NaN counts as largest. */
export const argmax = reduction("argmax", { f32: slot.KIND_ARGMAX }, nondifferentiable, { result: "i32" });
