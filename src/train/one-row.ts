// Graphs of a batch are checked with one row. What is said of a mistake is about the rows that were given.
import type { Shape } from "../shape.ts";

/**
 * What `make` gives for one row; where it fails, it fails with all of them. Numbers without rows look like a row: these are tried, too, and
 * two of them for none.
 */
export function ofOneRow<T>(shape: Shape, make: (rows: number) => T): T {
  const [rows] = shape;
  try {
    const made = make(1);
    if (rows !== 1 && shape.length === 1) make(rows || 2);
    return made;
  } catch (error) {
    if (rows > 1) make(rows);
    throw error;
  }
}
