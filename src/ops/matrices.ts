// Where the matrices of operands lie, as PACK and MATMUL are told: found from the strides of tensors.
import type { Matrices, View } from "../program/lir.ts";
import { joinAxes, type Shape } from "../shape.ts";

/** How the matrices of tensors lie that are [..., rows, columns], wherever they begin: `batch` times `heads` of each. */
export interface Layouts {
  readonly batch: number;
  readonly heads: number;
  readonly each: readonly Omit<Matrices, "at">[];
}

/**
 * How tensors with a batch in common lie, those without one shared by all of it; undefined if no instruction finds them so. The axes of
 * the batch must join to two that all walk in step. Of a matrix' two axes one must be without gaps: if that is the first, the matrix is
 * stored transposed.
 */
export function layMatrices(
  batch: Shape,
  shapes: readonly Shape[],
  strides: readonly View["strides"][],
): Layouts | undefined {
  const shared = batch.map(() => 0);
  const axes = joinAxes(
    batch,
    strides.map((each) => (each.length > 2 ? each : shared)),
  );
  const [outer = [1], inner = [1]] = axes;
  const each = shapes.flatMap((shape, i) => {
    const [rows, columns] = shape.slice(-2);
    const [row, column] = strides[i].slice(-2);
    const matrices = { stride: outer[i + 1] ?? 0, head: inner[i + 1] ?? 0 };
    if (matrices.stride < 0 || matrices.head < 0) return []; // a batch the other way round
    // The stride of an axis of one element says nothing.
    if ((column === 1 || columns < 2) && (row > 0 || rows < 2 || columns === 0))
      return { ...matrices, row: rows === 1 ? columns : row, transposed: false };
    return (row === 1 || rows < 2) && column > 0 ? { ...matrices, row: column, transposed: true } : [];
  });
  return axes.length > 2 || each.length < shapes.length ? undefined : { batch: outer[0], heads: inner[0], each };
}
