// How ops are written. A rule gives a tensor of its op a value: by nodes, as another tensor's, or by tensors of other ops that are the same.
import { ArgumentError } from "../../../errors.ts";
import { scalarOf } from "../../../ops/leaf.ts";
import type { Tensor } from "../../../tensor.ts";
import { type Size, sameSizes } from "../sizes.ts";
import type { Node, Writer } from "../writer.ts";

export type Rule<A = unknown> = (writer: Writer, node: Node<A>) => void;

/** The rule of ops that no model that predicts is made of, or that ONNX has no words for. */
export function refused(why: string): Rule {
  return (_, { tensor }) => {
    throw new ArgumentError(`toOnnx: ${tensor.op.name}: ${why}`);
  };
}

/** A rule for ops with the elements of their first input. */
export const same: Rule = (writer, { tensor, inputs }) => writer.same(tensor, inputs[0]);

/** A tensor before it was broadcast. */
export function unrepeated(tensor: Tensor): Tensor {
  let node = tensor;
  while (node.op.lowering.kind === "broadcast") node = node.inputs[0];
  return node;
}

/** Values of tensors of one shape for an op that broadcasts by itself: as they were before, if all together have the shape. */
export function operands(writer: Writer, inputs: readonly Tensor[], sizes: readonly Size[]): string[] {
  const before = inputs.map(unrepeated);
  const shapes = before.map((each) => writer.sizesOf(each));
  const isCovered = sizes.every((size, axis) =>
    shapes.some((shape) => {
      const own = shape[axis - sizes.length + shape.length];
      return own !== undefined && sameSizes([own], [size]);
    }),
  );
  if (isCovered) return before.map((each) => writer.value(each));
  return before.map((each, i) => writer.value(i === 0 ? inputs[0] : each));
}

/** The number that a tensor is everywhere, at all batches. */
export function numberOf(writer: Writer, tensor: Tensor): number | undefined {
  const values = writer.twinsOf(tensor).map((twin) => scalarOf(twin)?.exact);
  return values.every((value) => value === values[0]) ? values[0] : undefined;
}

/** What a tensor is along one axis of `sizes`, as a list, if it is the same along all others. */
export function alongAxis(writer: Writer, tensor: Tensor, sizes: readonly Size[], axis: number): string | undefined {
  const before = unrepeated(tensor);
  const own = writer.sizesOf(before);
  const at = axis - sizes.length + own.length;
  const fits = at >= 0 && sameSizes([own[at]], [sizes[axis]]) && own.every((size, i) => i === at || size === 1);
  return fits ? writer.as(before, [own[at]]) : undefined;
}

/**
 * Zeros behind an axis that windows with a stride run along, of which so many are needed in each graph: fewer than a stride more make no other
 * result. As many as before, if these do. @throws ArgumentError where no number does for all
 */
export function padBehind(needs: readonly number[], stride: number, before: number): number {
  const least = Math.max(...needs);
  const most = Math.min(...needs) + stride - 1;
  if (least > most)
    throw new ArgumentError(
      `toOnnx: the padding behind an axis is ${[...new Set(needs)].join(" or ")}, which depends on the batch: an ONNX graph cannot say so`,
    );
  return before >= 0 && before >= least && before <= most ? before : least;
}
