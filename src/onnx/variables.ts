// Initialisers as Variables: those of floats that somebody reads, but for what decides shapes, and numbers without axes, which are the
// constants of formulas (exponents, epsilons, scales). Some writers keep their weights in Constant nodes: those of more than one element are
// Variables, too.
import { constant } from "../create.ts";
import { Variable } from "../variable.ts";
import { elementTypeOf, elementTypes } from "./element-types.ts";
import type { Files } from "./files.ts";
import { numbersOf, sparseNumbersOf } from "./numbers.ts";
import { type Roles, readBy, subgraphs } from "./plan.ts";
import type { GraphProto, NodeProto, SparseTensorProto, TensorProto } from "./proto.ts";

/** Variables, by the names that they have in a state dictionary and by what they are made of. */
export interface OfInitializers {
  readonly byName: ReadonlyMap<string, Variable>;
  readonly byInitializer: ReadonlyMap<TensorProto | SparseTensorProto, Variable>;
}

/** All graphs of a model, itself first, with those nodes of them that are needed. */
function* graphsOf(
  graph: GraphProto,
  nodes: readonly NodeProto[],
): Generator<readonly [GraphProto, readonly NodeProto[]]> {
  yield [graph, nodes];
  for (const node of nodes) for (const inner of subgraphs(node)) yield* graphsOf(inner, inner.node);
}

/** Variables of a graph and of those in it. Names that stand in several of them get a number. */
export function variablesOf(
  graph: GraphProto,
  nodes: readonly NodeProto[],
  outputs: readonly string[],
  given: ReadonlySet<string>,
  { decisive, buffers }: Roles,
  files: Files,
): OfInitializers {
  const byName = new Map<string, Variable>();
  const byInitializer = new Map<TensorProto | SparseTensorProto, Variable>();
  const make = (
    proto: TensorProto | SparseTensorProto,
    tensor: TensorProto,
    name: string,
    wanted: ReadonlySet<string>,
  ) => {
    const type = elementTypeOf(tensor.dataType);
    const isFloat = type !== undefined && type !== "bool" && elementTypes[type].dtype === "f32";
    if (!isFloat || tensor.dims.length === 0 || !wanted.has(name) || decisive.has(name)) return;
    const { shape, data } =
      "dims" in proto && proto === tensor
        ? numbersOf(tensor, files)
        : sparseNumbersOf(proto as SparseTensorProto, files);
    const path = freeName(name, byName);
    const variable = new Variable(shape, () => constant(data, { shape }), {
      label: path,
      trainable: !buffers.has(name),
    });
    byName.set(path, variable);
    byInitializer.set(proto, variable);
  };
  for (const [each, needed] of graphsOf(graph, nodes)) {
    const results = each === graph ? outputs : each.output.map(({ name }) => name);
    const wanted = new Set([...results, ...needed.flatMap((node) => [...readBy(node)])]);
    if (each === graph) for (const name of given) wanted.delete(name);
    for (const tensor of each.initializer) make(tensor, tensor, tensor.name, wanted);
    for (const sparse of each.sparseInitializer)
      if (sparse.values !== undefined) make(sparse, sparse.values, sparse.values.name, wanted);
    for (const node of needed) {
      const tensor = node.opType === "Constant" ? node.attribute.find(({ t }) => t !== undefined)?.t : undefined;
      if (tensor?.dims.some((size) => size > 1n)) make(tensor, tensor, node.output[0], wanted);
    }
  }
  return { byName, byInitializer };
}

function freeName(name: string, taken: { has(name: string): boolean }): string {
  let free = name;
  for (let i = 1; taken.has(free); i++) free = `${name}.${i}`;
  return free;
}
