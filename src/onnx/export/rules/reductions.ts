// Reductions, running ones too, sorting, and what is normalised by reductions.
import type { CumulativeAttrs, CumulativeMaxAttrs } from "../../../ops/cumulative.ts";
import { scan } from "../../../ops/loop.ts";
import type { NormalizeAttrs } from "../../../ops/normalize.ts";
import type { ReduceAttrs } from "../../../ops/reduction.ts";
import type { SortAttrs } from "../../../ops/sort.ts";
import { arange, scalar, type Tensor } from "../../../tensor.ts";
import { productOf, type Size, sameSizes } from "../sizes.ts";
import type { Node, Value, Writer } from "../writer.ts";
import { alongAxis, numberOf, type Rule, unrepeated } from "./rule.ts";

/** A reduction, whose axes ONNX's version 17 has in an attribute. */
export function reduced(op: string): Rule<ReduceAttrs> {
  return (writer, { tensor, inputs: [a], attrs: [{ axes }] }) => {
    writer.give(tensor, writer.add(op, [writer.value(a)], { axes: [...axes], keepdims: 0 }));
  };
}

/** The one reduction whose axes are an input. */
export const sum: Rule<ReduceAttrs> = (writer, { tensor, inputs: [a], attrs: [{ axes }] }) => {
  const total = (name: string) => writer.add("ReduceSum", [name, writer.int64(axes)], { keepdims: 0 });
  // Sums of i32 wrap; of int32 they need not.
  const name = writer.value(a);
  writer.give(tensor, a.dtype === "f32" ? total(name) : writer.cast(total(writer.cast(name, "int64")), "int32"));
};

export const argmax: Rule<ReduceAttrs> = (writer, { tensor, inputs: [a], attrs: [{ axes }], sizes }) => {
  const isFlat = axes.length !== 1;
  const whole = [productOf(writer.sizesOf(a), writer.count)];
  const name = writer.add("ArgMax", [isFlat ? writer.as(a, whole) : writer.value(a)], {
    axis: isFlat ? 0 : axes[0],
    keepdims: 0,
  });
  writer.give(tensor, writer.cast(name, "int32"), sizes);
};

/** The shape of most axes in which rows lie along the last one of it. */
function inRows(writer: Writer, rows: Tensor): Value {
  const columns = writer.sizesOf(rows)[1];
  writer.value(rows);
  const values = writer.valuesOf(rows).filter(({ sizes }) => sizes.length > 0 && sameSizes(sizes.slice(-1), [columns]));
  return values.reduce((most, value) => (value.sizes.length > most.sizes.length ? value : most));
}

export const softmax: Rule = (writer, { tensor, inputs: [rows] }) => {
  const { name, sizes } = inRows(writer, rows);
  writer.give(tensor, writer.add("Softmax", [name], { axis: -1 }), sizes);
};

export const logSumExp: Rule = (writer, { tensor, inputs: [rows] }) => {
  const { name, sizes } = inRows(writer, rows);
  const result = writer.add("ReduceLogSumExp", [name], { axes: [sizes.length - 1], keepdims: 0 });
  writer.give(tensor, result, sizes.slice(0, -1));
};

export const crossEntropy: Rule = (writer, { tensor, inputs: [logits, target], sizes }) => {
  const logs = writer.add("LogSoftmax", [writer.value(logits)], { axis: 1 });
  const taken = writer.add("GatherElements", [logs, writer.as(target, [sizes[0], 1])], { axis: 1 });
  const losses = writer.add("Neg", [taken]);
  writer.give(tensor, losses, [sizes[0], 1]);
};

export const cumulativeSum: Rule<CumulativeAttrs> = (writer, { tensor, inputs: [a], attrs: [attrs] }) => {
  const axis = writer.int64([attrs.axis], []);
  const options = { exclusive: Number(attrs.exclusive), reverse: Number(attrs.reverse) };
  writer.give(tensor, writer.add("CumSum", [writer.value(a), axis], options));
};

/** Running maxima by a loop along the axis: of equal ones the last. */
export function cumulativeMaxItems({ inputs: [x], attrs }: Tensor): readonly Tensor[] {
  const { axis, smallest } = attrs as CumulativeMaxAttrs;
  const order = [axis, ...[...x.shape.keys()].filter((i) => i !== axis)];
  const lines = x.permute(order);
  const [count, ...rest] = lines.shape;
  const { outputs } = scan(
    ([most, at], [own, i]) => {
      const isBeyond = smallest ? own.less(most) : most.less(own);
      const isMore = isBeyond.add(most.equal(own)).add(own.notEqual(own)); // NaN is beyond all
      const next = isMore.select(own, most);
      const place = isMore.select(i.broadcastTo(rest), at);
      return { carries: [next, place], outputs: [next, place] };
    },
    [lines.narrow(0, 0, 1).squeeze(0), scalar(0, "i32").broadcastTo(rest)],
    [lines, arange(count)],
  );
  const back = order.map((_, i) => order.indexOf(i));
  const [values, places] = outputs.map((each) => each.permute(back));
  return [values, places];
}

export const sort: Rule<SortAttrs> = (writer, { tensor, inputs: [a], attrs: [{ descending }], sizes }) => {
  const count = writer.ints([sizes[1]]);
  const [values, places] = writer.addAll("TopK", [writer.value(a), count], 2, {
    axis: 1,
    largest: Number(descending),
    sorted: 1,
  });
  writer.giveOutputs(tensor, (index) => writer.here(index === 0 ? values : writer.cast(places, "int32"), sizes));
};

/** Axes at the end of a shape of so many elements; undefined where none make so many. */
function lastAxes(sizes: readonly Size[], columns: Size, count: number): number | undefined {
  for (let axis = sizes.length - 1; axis >= 0; axis--)
    if (sameSizes([productOf(sizes.slice(axis), count)], [columns])) return axis;
  return undefined;
}

/** Normalised rows; LayerNormalization weighs columns, too. */
export const normalizeRows: Rule<NormalizeAttrs> = (writer, node) => {
  const { tensor, inputs, attrs, sizes } = node;
  const [rows, epsilon] = inputs;
  const eps = numberOf(writer, epsilon);
  const items = writer.wanted.get(tensor);
  if (attrs[0].centred && eps !== undefined && !items?.has(1)) return layerNormalization(writer, node, eps);
  const x = writer.value(rows);
  const mean = (name: string) => writer.add("ReduceMean", [name], { axes: [1], keepdims: 1 });
  const apart = attrs[0].centred ? writer.add("Sub", [x, mean(x)]) : x;
  const squares = mean(writer.add("Mul", [apart, apart]));
  const size = writer.add("Sqrt", [writer.add("Add", [squares, writer.value(epsilon)])]);
  writer.giveOutputs(tensor, (index) =>
    index === 0
      ? writer.here(writer.add("Div", [apart, size]), sizes)
      : writer.here(writer.reshaped({ name: writer.add("Reciprocal", [size]), sizes: [sizes[0], 1] }, [sizes[0]]), [
          sizes[0],
        ]),
  );
};

function layerNormalization(
  writer: Writer,
  { tensor, inputs: [rows], sizes: [, columns] }: Node,
  epsilon: number,
): void {
  writer.value(rows);
  // The shape of most axes, so that there is the least to be done.
  const fitting = writer.valuesOf(rows).flatMap((value) => {
    const axis = lastAxes(value.sizes, columns, writer.count);
    return axis === undefined || axis === 0 ? [] : [{ ...value, axis }];
  });
  const {
    name: x,
    sizes,
    axis,
  } = fitting.reduce((most, each) => (each.sizes.length > most.sizes.length ? each : most));
  const own = sizes.slice(axis);
  const attributes = { axis: axis - sizes.length, epsilon: { float: epsilon } };
  const of = (...weights: string[]) => writer.add("LayerNormalization", [x, ...weights], attributes);
  /** A weight for each column, as the last axes have them; rows stand as [rows, columns], or with an axis of one element behind. */
  const perColumn = (other: Tensor, standing: readonly Size[]) => {
    const at = standing.length - (standing.length > 2 && standing.at(-1) === 1 ? 2 : 1);
    const isOfColumns = sameSizes([standing[at]], [columns]);
    const found = isOfColumns ? alongAxis(writer, other, standing, at) : undefined;
    return found && writer.as(unrepeated(other), own);
  };
  const plain = of(writer.outside(() => writer.add("Expand", [writer.scalar(1), writer.ints(own)])));
  writer.offers.set(plain, {
    mul(other, standing) {
      const scale = perColumn(other, standing);
      if (scale === undefined) return undefined;
      const scaled = of(scale);
      writer.offers.set(scaled, {
        add(another, place) {
          const bias = perColumn(another, place);
          return bias && of(scale, bias);
        },
      });
      return scaled;
    },
  });
  writer.giveOutputs(tensor, () => writer.here(plain, sizes));
}

/** Mean, what its rounding left (nothing that ONNX could tell), and squares of deviations along the middle axis. */
export const moments: Rule = (writer, { tensor, inputs: [x], sizes }) => {
  const a = writer.value(x);
  const [outer, inner] = sizes;
  const mean = writer.add("ReduceMean", [a], { axes: [1], keepdims: 1 });
  writer.giveOutputs(tensor, (index) => {
    if (index === 0) return writer.here(mean, [outer, 1, inner]);
    if (index === 1) return writer.here(writer.add("Sub", [mean, mean]), [outer, 1, inner]);
    const squares = writer.add("ReduceSumSquare", [writer.add("Sub", [a, mean])], { axes: [1], keepdims: 0 });
    return writer.here(squares, sizes);
  });
};

export const weightedSums: Rule = (writer, { tensor, inputs, sizes }) => {
  const [a, b] = inputs.map((each) => writer.value(each));
  const total = (name: string) => writer.add("ReduceSum", [name, writer.int64([1])], { keepdims: 0 });
  writer.giveOutputs(tensor, (index) => writer.here(total(index === 0 ? a : writer.add("Mul", [a, b])), sizes));
};
