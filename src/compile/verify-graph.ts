// Verifies a graph: every node is what its op infers from its inputs, and loop bodies read nothing but their parameters. For tests and
// between passes; building a graph through the public functions cannot break these rules.
import { ProgramError } from "../errors.ts";
import { topological } from "../graph.ts";
import type { LoopBody } from "../op.ts";
import { type Aval, sameShape, showShape } from "../shape.ts";
import { type Tensor, tensors } from "../tensor.ts";

function showAval({ dtype, shape }: Aval): string {
  return `${dtype}${showShape(shape)}`;
}

/**
 * Checks the graph under `roots`.
 * @throws ProgramError naming the first node that breaks a rule
 *
 * @example
 * import { constant } from "simdgrad";
 * import { verifyGraph } from "simdgrad/debug";
 * verifyGraph([constant([1, 2]).exp()]); // => undefined
 */
export function verifyGraph(roots: readonly Tensor[]): void {
  tensors(roots, "verifyGraph: roots");
  verifyScope(roots, new Set(), "");
}

function verifyScope(roots: readonly Tensor[], parameters: ReadonlySet<Tensor>, place: string): void {
  topological(roots).forEach((node, i) => {
    const name = `${place}%${i} ${node.op.name}`;
    const { lowering } = node.op;
    if (lowering.kind === "leaf" && lowering.place === "captured" && !parameters.has(node))
      throw new ProgramError(`${name}: belongs to a loop, but is read outside it`);
    if (lowering.kind === "leaf" && node.inputs.length > 0) throw new ProgramError(`${name}: a leaf has inputs`);
    const several = lowering.kind === "item" ? undefined : node.inputs.find(({ op }) => op.outputs !== undefined);
    if (several !== undefined) throw new ProgramError(`${name}: reads no item of ${several.op.name}, but all of it`);
    const inferred = inferredOf(node);
    if (inferred.dtype !== node.dtype || !sameShape(inferred.shape, node.shape))
      throw new ProgramError(`${name}: is ${showAval(node)}, its inputs give ${showAval(inferred)}`);
    if (lowering.kind === "loop") verifyBody(lowering.body(node.attrs), node.inputs, `${name}: `);
  });
}

function inferredOf(node: Tensor): Aval {
  const { lowering } = node.op;
  if (lowering.kind !== "item") return node.op.infer(node.inputs, node.attrs);
  const [parent] = node.inputs;
  const outputs = parent.op.outputs?.(parent.inputs, parent.attrs) ?? [];
  const index = lowering.index(node.attrs);
  if (outputs[index] === undefined) throw new ProgramError(`${node.op.name}: ${parent.op.name} has no output ${index}`);
  return outputs[index];
}

function verifyBody(body: LoopBody, inputs: readonly Tensor[], place: string): void {
  const { parameters, carries, sequences, results, length } = body;
  if (parameters.length !== inputs.length)
    throw new ProgramError(`${place}${inputs.length} inputs for ${parameters.length} parameters`);
  parameters.forEach((parameter, i) => {
    const isElement = i >= carries && i < carries + sequences;
    const wanted = isElement ? { dtype: parameter.dtype, shape: [length, ...parameter.shape] } : parameter;
    if (inputs[i].dtype !== wanted.dtype || !sameShape(inputs[i].shape, wanted.shape))
      throw new ProgramError(`${place}parameter ${i} takes ${showAval(wanted)}, gets ${showAval(inputs[i])}`);
  });
  results.slice(0, carries).forEach((result, i) => {
    if (result.dtype !== parameters[i].dtype || !sameShape(result.shape, parameters[i].shape))
      throw new ProgramError(`${place}carry ${i} changes from ${showAval(parameters[i])} to ${showAval(result)}`);
  });
  verifyScope(results, new Set(parameters), place);
}
