// Connectionist temporal classification: losses of sequences of class scores against sequences of labels that are not aligned with them.
import { concat } from "../create.ts";
import { ShapeError } from "../errors.ts";
import { type Op, perInput, type VjpContext } from "../op.ts";
import * as instructions from "../program/instructions.ts";
import { type Aval, checkDType, type Shape, sameShape, showShape } from "../shape.ts";
import { apply, arange, scalar, stopGradient, type Tensor } from "../tensor.ts";
import { takeAlongAxis } from "./along.ts";
import { itemsOf } from "./item.ts";
import { customGradient } from "./leaf.ts";
import { scan } from "./loop.ts";

export interface CtcAttrs {
  readonly blank: number;
  /** Whether log-probabilities are [N, T, C] instead of [T, N, C]. */
  readonly batchFirst: boolean;
}

/** Of log-probabilities, targets [N, S] and the lengths of both [N]. */
function sizesOf([logs, targets, ...lengths]: readonly Aval[], { batchFirst }: CtcAttrs, name: string) {
  checkDType(logs, ["f32"], `${name}: log-probabilities`);
  for (const each of [targets, ...lengths.slice(0, 2)]) checkDType(each, ["i32"], `${name}: targets and lengths`);
  const [times, n, classes] = batchFirst ? [logs.shape[1], logs.shape[0], logs.shape[2]] : logs.shape;
  const fits = logs.shape.length === 3 && targets.shape.length === 2 && targets.shape[0] === n;
  if (!fits || !lengths.slice(0, 2).every(({ shape }) => sameShape(shape, [n])))
    throw new ShapeError(
      `${name}: log-probabilities ${showShape(logs.shape)} do not fit targets ${showShape(targets.shape)} and their lengths`,
    );
  return { sequences: n, times, classes, labels: targets.shape[1], states: 2 * targets.shape[1] + 1 };
}

/** Losses [N], and the sums of ways up to each state at each time [N, T, 2 S + 1], as they are kept. */
function outputsOf(inputs: readonly Aval[], attrs: CtcAttrs): Aval[] {
  const { sequences, times, states } = sizesOf(inputs, attrs, "ctc");
  return [
    { shape: [sequences], dtype: "f32" },
    { shape: [sequences, times, states], dtype: "f32" },
  ];
}

// l = -ln of the sum over all ways of e^(sum of their log-probabilities); dl = -(share of the ways that are in a state of that class)
export const ctcOp: Op<CtcAttrs> = {
  name: "ctc",
  infer: (inputs, attrs) => outputsOf(inputs, attrs)[0],
  outputs: outputsOf,
  vjp: ({ cotangents: [losses], inputs, output, attrs }) => [
    losses && apply(ctcGradientOp, [...inputs, itemsOf(output)[1], losses], attrs),
    ...inputs.slice(1).map(() => undefined),
  ],
  lowering: {
    kind: "kernel",
    emit({ inputs: [from, targets, inputLengths, targetLengths], avals, outputs: [to, alphas], attrs, emit }) {
      emit.instruction(instructions.ctc, {
        ...{ to, alphas, from, targets, inputLengths, targetLengths, ...sizesOf(avals, attrs, "ctc") },
        blank: attrs.blank,
        batchFirst: Number(attrs.batchFirst),
      });
    },
  },
  key: ({ blank, batchFirst }) => `${blank} ${batchFirst}`,
};

/** The gradient of ctc, from what ctc kept of its way and a scale for each loss. */
export const ctcGradientOp: Op<CtcAttrs> = {
  name: "ctcGradient",
  infer(inputs, attrs) {
    sizesOf(inputs, attrs, "ctcGradient");
    return inputs[0];
  },
  vjp: perInput<CtcAttrs>(
    (context) => throughGradient(context)[0],
    ...Array(4).fill(() => undefined),
    (context) => throughGradient(context)[1],
  ),
  lowering: {
    kind: "kernel",
    emit({ inputs: [from, targets, inputLengths, targetLengths, alphas, scale], avals, outputs: [to], attrs, emit }) {
      const sizes = sizesOf(avals, attrs, "ctcGradient");
      emit.instruction(instructions.ctcGradient, {
        ...{ to, alphas, from, targets, inputLengths, targetLengths, ...sizes },
        blank: attrs.blank,
        batchFirst: Number(attrs.batchFirst),
        work: emit.temporary(2 * sizes.sequences * sizes.states, "f32", "sums of a CTC"),
        scale,
      });
    },
  },
  key: ({ blank, batchFirst }) => `${blank} ${batchFirst}`,
};

/**
 * The cotangents of log-probabilities and scales, of a cotangent of their gradient: by the gradient of the same losses written as a loop,
 * which is a graph.
 */
function throughGradient({
  inputs,
  cotangent,
  attrs,
  pullback,
}: VjpContext<CtcAttrs>): readonly (Tensor | undefined)[] {
  const [logs, targets, inputLengths, targetLengths, , scale] = inputs;
  const places = [logs, scale].map(placeOf);
  const losses = looped(places[0], targets, inputLengths, targetLengths, attrs);
  const [gradient] = pullback([losses], [places[1]], [places[0]]);
  return gradient === undefined ? [] : pullback([gradient], [cotangent], places);
}

/** The same value as a place of its own in the graph, to be differentiated by alone. */
function placeOf(tensor: Tensor): Tensor {
  return apply(customGradient, [tensor, tensor], { vjp: (cotangent) => [cotangent] });
}

// As in the kernel: the sum of no way, and what is less than any other.
const LOWEST = -3e38;
const IMPOSSIBLE = -1e38;

/** The losses by a loop over time, whose carry is a row of sums, relative to a total. */
export function looped(
  given: Tensor,
  targets: Tensor,
  inputLengths: Tensor,
  targetLengths: Tensor,
  { blank, batchFirst }: CtcAttrs,
): Tensor {
  const logs = batchFirst ? given.transpose(0, 1) : given;
  const [times, n, classes] = logs.shape;
  const labels = withBlanks(targets, blank);
  const states = labels.shape[1];
  // Behind a target's length anything may stand.
  const index = labels
    .maximum(0)
    .minimum(classes - 1)
    .unsqueeze(0)
    .broadcastTo([times, n, states]);
  const emitted = takeAlongAxis(logs, index, 2).maximum(LOWEST);
  const maySkip = labels.notEqual(later(labels, 2, -1)).mul(arange(states).greater(1));
  const start = arange(states).equal(0).select(0, LOWEST).broadcastTo([n, states]);
  const { carries } = scan(
    ([row, total], [own, t]) => {
      const shift = stopGradient(row.max(1));
      const ways = logSum(row, later(row, 1, LOWEST), maySkip.select(later(row, 2, LOWEST), LOWEST));
      const next = ways.add(own).sub(shift.unsqueeze(1)).maximum(LOWEST);
      const isOver = t.greaterEqual(inputLengths);
      return { carries: [isOver.unsqueeze(1).select(row, next), isOver.select(total, total.add(shift))] };
    },
    [start, scalar(0).broadcastTo([n])],
    [emitted, arange(times)],
  );
  const [row, total] = carries;
  const end = targetLengths.mul(2).unsqueeze(1);
  const at = (index: Tensor) => takeAlongAxis(row, index.maximum(0), 1).squeeze(1);
  const last = logSum(at(end), targetLengths.equal(0).select(LOWEST, at(end.sub(1))));
  return last.less(IMPOSSIBLE).select(Number.POSITIVE_INFINITY, last.add(total).neg());
}

/** Labels with a blank before, between and after them: [N, 2 S + 1]. */
function withBlanks(targets: Tensor, blank: number): Tensor {
  const [n, count] = targets.shape;
  const blanks = (shape: Shape) => scalar(blank, "i32").broadcastTo(shape);
  const pairs = concat([blanks([n, count, 1]), targets.unsqueeze(2)], 2).reshape([n, 2 * count]);
  return concat([pairs, blanks([n, 1])], 1);
}

/** Columns moved by so many to the right. */
function later(x: Tensor, by: number, fill: number): Tensor {
  const columns = x.shape[1];
  return x
    .pad(
      [
        [0, 0],
        [by, 0],
      ],
      fill,
    )
    .narrow(1, 0, columns);
}

/** ln of the sum of e^x. The largest divides out, so no gradient passes to it. */
function logSum(...xs: Tensor[]): Tensor {
  const largest = stopGradient(xs.reduce((most, x) => most.maximum(x)));
  return xs
    .map((x) => x.sub(largest).exp())
    .reduce((sum, each) => sum.add(each))
    .log()
    .add(largest);
}
