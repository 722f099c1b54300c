// Arithmetic that asc compiles with integers of 32 bits and tsc with numbers, to the same results: every quotient is cut by `| 0`, and
// nothing but operators and functions of isa/ is used. Sizes are below 2^30, as words of memory are.

/** The integers of AssemblyScript, for tsc: `asc` has them without this line (source.mjs). */
export type i32 = number;

/** Pieces of an axis: so many long ones, and a rest. */
export function parts(total: i32, part: i32): i32 {
  return ((total + part - 1) / part) | 0;
}

/** x rounded up to a multiple. */
export function upTo(x: i32, multiple: i32): i32 {
  return parts(x, multiple) * multiple;
}
