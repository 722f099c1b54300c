// Where the matrices of operands lie, as PACK and MATMUL are told: found from the strides of tensors.
import type { Matrices, View } from "../program/lir.ts";
import type { Shape } from "../shape.ts";

/** A tensor of matrices, [..., rows, columns]. */
export interface Operand {
  readonly shape: Shape;
  readonly strides: View["strides"];
  /** It stands for its transpose. */
  readonly transposed: boolean;
}

/** How the matrices of an operand lie, wherever they begin. */
export interface Layout extends Omit<Matrices, "at"> {
  /** One for the whole batch. */
  readonly shared: boolean;
}

/** Of each operand; all walk through `batch` times `heads` matrices. */
export interface Layouts {
  readonly batch: number;
  readonly heads: number;
  readonly operands: readonly Layout[];
}

/**
 * How operands that have a batch in common lie, those without one shared by all of it; undefined if no instruction finds them so. The
 * axes of the batch must join to two that all operands walk in step, and of a matrix' two axes one must be without gaps.
 */
export function layMatrices(batch: Shape, operands: readonly Operand[]): Layouts | undefined {
  const axes = joined(batch, operands);
  if (axes.length > 2) return undefined;
  const once: Axis = { size: 1, strides: operands.map(() => 0) };
  const [outer, inner] = [...axes, once, once];
  const list: Layout[] = [];
  for (const [i, operand] of operands.entries()) {
    const rows = rowsOf(operand);
    if (rows === undefined) return undefined;
    const shared = operand.strides.slice(0, -2).every((stride) => stride === 0);
    list.push({ ...rows, stride: outer.strides[i], head: inner.strides[i], shared });
  }
  return { batch: outer.size, heads: inner.size, operands: list };
}

/** An axis that all operands walk, each with its own stride. */
interface Axis {
  readonly size: number;
  readonly strides: readonly number[];
}

/** The axes of a batch, as few as they can be. */
function joined(batch: Shape, operands: readonly Operand[]): Axis[] {
  const axes: Axis[] = [];
  batch.forEach((size, i) => {
    if (size === 1) return;
    const strides = operands.map((operand) => (operand.strides.length > 2 ? operand.strides[i] : 0));
    const last = axes.at(-1);
    if (last?.strides.every((stride, operand) => stride === strides[operand] * size))
      axes[axes.length - 1] = { size: last.size * size, strides };
    else axes.push({ size, strides });
  });
  return axes;
}

/** A matrix by its rows, or by its columns as the rows of its transpose. The stride of an axis of one element says nothing. */
function rowsOf({ shape, strides, transposed }: Operand): Pick<Layout, "row" | "transposed"> | undefined {
  const [rows, columns] = shape.slice(-2);
  const [row, column] = strides.slice(-2);
  if ((column === 1 || columns < 2) && (row > 0 || rows < 2 || columns === 0))
    return { row: rows === 1 ? columns : row, transposed };
  if ((row === 1 || rows < 2) && column > 0) return { row: column, transposed: !transposed };
  return undefined;
}
