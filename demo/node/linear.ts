// Linear functions by least squares: what networks are compared with.
import { Matrix, solve } from "ml-matrix";
import type { NumericArray } from "simdgrad/data";

/** The linear function, with a constant, that is the nearest to values of rows. */
export function leastSquares(rows: readonly number[][], values: readonly number[]): (row: readonly number[]) => number {
  const factors = solve(new Matrix(rows.map((row) => [...row, 1])), Matrix.columnVector([...values])).getColumn(0);
  return (row) => [...row, 1].reduce((sum, value, i) => sum + value * factors[i], 0);
}

/** The rows of an array [rows, columns]. */
export function rowsOf({ data, shape: [rows, columns] }: NumericArray): number[][] {
  return Array.from({ length: rows }, (_, row) => Array.from(data.subarray(row * columns, (row + 1) * columns)));
}
