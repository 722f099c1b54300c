// firstNonFinite: which instruction of a program first makes a NaN or an infinity.
import { aFunction } from "../check.ts";
import { checkForm } from "../program/form.ts";
import type { Program } from "../program/program.ts";
import type { TypedArray } from "../runtime/executor.ts";
import { firstBadInstruction } from "../runtime/non-finite.ts";

/**
 * Runs one step of a program and tells which instruction first wrote a NaN or an infinity.
 * @param read gives the values of a variable by its key
 * @returns a sentence with the instruction's number and what it computes; undefined if all is finite
 *
 * @example
 * import { compile, Variable } from "simdgrad";
 * import { firstNonFinite } from "simdgrad/debug";
 * const w = new Variable([1], 0, { label: "w" });
 * const program = compile({ outputs: { inverse: w.rsqrt() } });
 * await firstNonFinite(program, () => Float32Array.of(0)); // => "instruction 0 (rsqrt [1]) wrote Infinity"
 */
export async function firstNonFinite(
  program: Program,
  read: (key: string) => TypedArray | Promise<TypedArray>,
): Promise<string | undefined> {
  checkForm(program, "firstNonFinite: program");
  aFunction(read, "firstNonFinite: read");
  return firstBadInstruction(program, read);
}
