// Init programs: first values of variables are graphs, too, computed once by an executor, so that they have the same bits everywhere.
import { aMapOf, anInteger } from "../check.ts";
import { ShapeError } from "../errors.ts";
import { topological } from "../graph.ts";
import { randomKey } from "../ops/random.ts";
import type { Program } from "../program/program.ts";
import { sameShape, showShape } from "../shape.ts";
import { aTensor, type Tensor } from "../tensor.ts";
import { aVariable, type Variable } from "../variable.ts";
import { type CompileOptions, compile } from "./compile.ts";
import { simplify } from "./simplify.ts";

/**
 * The program that gives variables their first values. Random ones depend on the seed and their path alone.
 * @throws ShapeError where an initialiser gives another shape
 *
 * @example
 * import { compileInit, JsExecutor, Variable } from "simdgrad";
 * const w = new Variable([2], [1, 2]);
 * const executor = new JsExecutor();
 * await executor.run([[await executor.load(compileInit(new Map([["w", w]]), 0)), 1]]).done;
 * await executor.read({ variable: w.key }); // => [1, 2]
 */
export function compileInit(variables: ReadonlyMap<string, Variable>, seed: number, options?: CompileOptions): Program {
  aMapOf(aVariable)(variables, "compileInit: variables");
  anInteger(seed, "compileInit: seed");
  const firsts = [...variables].map(([path, variable]) => {
    const value = variable.initial(variable.shape, randomKey(seed, path));
    aTensor(value, `initial value of ${path}`);
    if (!sameShape(value.shape, variable.shape))
      throw new ShapeError(
        `initial value of ${path}: ${showShape(value.shape)} for a variable of ${showShape(variable.shape)}`,
      );
    return [variable, value] as const;
  });
  // A first value may be made from another variable's: that stands in for the variable, which has none yet.
  const known = new Map<Tensor, Tensor>(firsts);
  const values = firsts.map(([, value]) => value);
  const settled = topological(values).some((node) => known.has(node)) ? simplify(values, known) : values;
  const assignments = firsts.map(([variable], i) => [variable, settled[i]] as const);
  const names = new Map([...variables].map(([path, variable]) => [variable, path]));
  return compile({ assignments, names }, options);
}
