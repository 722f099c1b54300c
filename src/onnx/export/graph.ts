// An ONNX graph as plain data, while it is written: nodes in their order, tensors that are known, names.

/** Element types that are written. */
export type ElementType = "float32" | "int32" | "int64" | "uint8" | "bool";

/** Whole numbers are INT, lists of them INTS, texts STRING, lists of them STRINGS. */
export type Attribute =
  | number
  | readonly number[]
  | string
  | readonly string[]
  | { readonly float: number }
  | { readonly graph: Graph };

export type Attributes = Readonly<Record<string, Attribute>>;

export interface GraphNode {
  readonly op: string;
  /** "" for one that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}

/** A tensor that is known. */
export interface Initial {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | BigInt64Array | Uint8Array;
}

/** What goes in or comes out; a text is the name of a size that is known when the model runs. */
export interface Port {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly (number | string)[];
}

/** A graph, or the body of a loop in one, which sees all that lies around it. */
export interface Graph {
  readonly inputs: Port[];
  readonly outputs: Port[];
  nodes: GraphNode[];
  /** Of the outermost graph alone. */
  initials: Initial[];
}

/** The graph in the attributes of a loop. */
function bodyOf({ attributes }: GraphNode): Graph | undefined {
  const body = Object.values(attributes).find(isBody);
  return body?.graph;
}

function isBody(attribute: Attribute): attribute is { readonly graph: Graph } {
  return typeof attribute === "object" && "graph" in attribute;
}

/** Leaves out nodes and known tensors that nothing reads. */
export function prune(graph: Graph): void {
  const read = new Set(graph.outputs.map(({ name }) => name));
  pruneNodes(graph, read);
  graph.initials = graph.initials.filter(({ name }) => read.has(name));
}

function pruneNodes(graph: Graph, read: Set<string>): void {
  const kept: GraphNode[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((name) => read.has(name))) continue;
    for (const name of node.inputs) read.add(name);
    const body = bodyOf(node);
    if (body !== undefined) {
      for (const { name } of body.outputs) read.add(name);
      pruneNodes(body, read);
    }
    kept.push(node);
  }
  graph.nodes = kept.reverse();
}

/** Gives a value another name. */
export function rename(graph: Graph, from: string, to: string): void {
  const named = (name: string) => (name === from ? to : name);
  graph.nodes = graph.nodes.map((node) => {
    const body = bodyOf(node);
    if (body !== undefined) rename(body, from, to);
    const isMeant = node.inputs.includes(from) || node.outputs.includes(from);
    return isMeant ? { ...node, inputs: node.inputs.map(named), outputs: node.outputs.map(named) } : node;
  });
}

/** How often each name is read, as an output too. */
export function readersOf(graph: Graph, counts = new Map<string, number>()): Map<string, number> {
  const count = (name: string) => counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const node of graph.nodes) {
    for (const name of node.inputs) count(name);
    const body = bodyOf(node);
    if (body !== undefined) readersOf(body, counts);
  }
  for (const { name } of graph.outputs) count(name);
  return counts;
}
