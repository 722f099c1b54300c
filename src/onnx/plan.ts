// What is known of an ONNX graph before it is built: which nodes somebody needs, what they read outside, which names decide shapes.
import { DataError } from "../errors.ts";
import type { FunctionProto, GraphProto, ModelProto, NodeProto } from "./proto.ts";
import type { Rule } from "./rule.ts";
import { ruleOf } from "./rules.ts";

/** Nodes with what their names mean: a graph's, or the body of a function. */
export interface Body {
  readonly nodes: readonly NodeProto[];
  /** Versions of operators by domain. */
  readonly versions: ReadonlyMap<string, number>;
}

/** A model's parts by name. */
export interface Library {
  readonly functions: ReadonlyMap<string, FunctionProto>;
}

export function versionsOf({ opsetImport }: Pick<ModelProto, "opsetImport">): Map<string, number> {
  return new Map(opsetImport.map(({ domain, version }) => [domainOf(domain), Number(version)]));
}

/** ONNX's own domain has two names. */
function domainOf(domain: string): string {
  return domain === "ai.onnx" ? "" : domain;
}

/** The version of a node's operators; 0 where its domain is not imported. */
export function versionOf({ domain }: NodeProto, versions: ReadonlyMap<string, number>): number {
  return versions.get(domainOf(domain)) ?? 0;
}

/** The name of a function, and of what calls it. */
function functionKey(
  { domain, overload }: { readonly domain: string; readonly overload: string },
  name: string,
): string {
  return JSON.stringify([domainOf(domain), name, overload]);
}

export function libraryOf({ functions }: ModelProto): Library {
  return { functions: new Map(functions.map((each) => [functionKey(each, each.name), each])) };
}

export function functionOf({ functions }: Library, node: NodeProto): FunctionProto | undefined {
  return functions.get(functionKey(node, node.opType));
}

/** Graphs that are attributes of a node. */
export function subgraphs(node: NodeProto): GraphProto[] {
  return node.attribute.flatMap(({ g, graphs }) => (g === undefined ? graphs : [g, ...graphs]));
}

const reads = new WeakMap<NodeProto, ReadonlySet<string>>();

const texts = new TextDecoder();

/** Names that the attributes of a node hold: what Gradient differentiates, and by what. */
function namedBy({ opType, attribute }: NodeProto): string[] {
  if (opType !== "Gradient") return [];
  const of = (wanted: string) => attribute.filter(({ name }) => name === wanted);
  return [...of("y").map(({ s }) => s), ...of("xs").flatMap(({ strings }) => strings)].map((each) =>
    texts.decode(each),
  );
}

/** Names that a node reads: its inputs, what its attributes name, and what its subgraphs read outside. */
export function readBy(node: NodeProto): ReadonlySet<string> {
  const known = reads.get(node);
  if (known !== undefined) return known;
  const names = new Set([...node.input.filter((name) => name !== ""), ...namedBy(node)]);
  for (const graph of subgraphs(node)) for (const name of readOutside(graph)) names.add(name);
  reads.set(node, names);
  return names;
}

function readOutside({ node: nodes, initializer, sparseInitializer, input, output }: GraphProto): string[] {
  const own = new Set([
    ...input.map(({ name }) => name),
    ...initializer.map(({ name }) => name),
    ...sparseInitializer.map(({ values }) => values?.name ?? ""),
    ...nodes.flatMap((each) => each.output),
  ]);
  const names = [...output.map(({ name }) => name), ...nodes.flatMap((each) => [...readBy(each)])];
  return names.filter((name) => !own.has(name));
}

/** The nodes that outputs need, in their order, where these names are given from outside. @throws DataError for a name that two nodes make */
export function neededNodes(
  nodes: readonly NodeProto[],
  outputs: readonly string[],
  given: { has(name: string): boolean },
): NodeProto[] {
  const makers = new Map<string, NodeProto>();
  for (const node of nodes)
    for (const name of node.output) {
      if (name !== "" && makers.has(name)) throw new DataError(`onnx: two nodes make ${name}`);
      makers.set(name, node);
    }
  const needed = new Set<NodeProto>();
  const open = [...outputs];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const maker = given.has(name) ? undefined : makers.get(name);
    if (maker === undefined || needed.has(maker)) continue;
    needed.add(maker);
    open.push(...readBy(maker));
  }
  return nodes.filter((node) => needed.has(node));
}

/**
 * Looks at a graph and at those inside it. @throws DataError where a name means two things in one of them: two inputs, two initialisers, what a
 * node makes and either of them; an initialiser of an input's name is its value where it is not given
 */
export function checkNames(graph: GraphProto): void {
  const open = [graph];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { input, initializer, sparseInitializer, node } = next;
    const inputs = input.map(({ name }) => name);
    const initials = [
      ...initializer.map(({ name }) => name),
      ...sparseInitializer.map(({ values }) => values?.name ?? ""),
    ];
    checkOnce(inputs, "inputs are called");
    checkOnce(initials, "initialisers are called");
    checkMade(node, inputs, "an input");
    checkMade(node, initials, "an initialiser");
    open.push(...node.flatMap(subgraphs));
  }
}

/** The same of the body of a function. */
export function checkFunction({ input, node }: FunctionProto): void {
  checkOnce(input, "inputs are called");
  checkMade(node, input, "an input");
  for (const graph of node.flatMap(subgraphs)) checkNames(graph);
}

function checkOnce(names: readonly string[], what: string): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (name !== "" && seen.has(name)) throw new DataError(`onnx: two ${what} ${name}`);
    seen.add(name);
  }
}

function checkMade(nodes: readonly NodeProto[], names: readonly string[], what: string): void {
  const taken = new Set(names);
  for (const { opType, output } of nodes) {
    const name = output.find((each) => each !== "" && taken.has(each));
    if (name !== undefined) throw new DataError(`onnx: ${opType} makes ${name}, which is ${what}`);
  }
}

/** What names of initialisers are for. */
export interface Roles {
  /** Names whose numbers must be known while the graph is built. */
  readonly decisive: ReadonlySet<string>;
  /** Names of running statistics. */
  readonly buffers: ReadonlySet<string>;
}

/**
 * Follows decisions back from where they are taken: whatever an input that decides is made of decides, too, unless it depends on `data`: that
 * is never known.
 */
export function rolesOf(body: Body, library: Library, data: readonly string[], depth = 0): Roles {
  const roots: string[] = [];
  const buffers = new Set<string>();
  const made = new Links();
  const open = [...body.nodes];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    const { input, output } = node;
    const { decides = [], looks = [], buffers: kept = [] } = partsOf(node, body, library, depth);
    roots.push(...decides.flatMap((i) => input[i] ?? []));
    for (const i of kept) if (input[i] !== undefined) buffers.add(input[i]);
    const read = input.filter((_, i) => !looks.includes(i));
    for (const name of output) made.of(name, read);
    for (const graph of subgraphs(node)) {
      open.push(...graph.node);
      linkSubgraph(node, graph, made, roots);
    }
  }
  const unknown = reached(data, made.forward, new Set());
  return { decisive: reached(roots, made.back, unknown), buffers };
}

/** Which names are made of which. */
class Links {
  readonly back = new Map<string, string[]>();
  readonly forward = new Map<string, string[]>();

  of(made: string, from: readonly string[]): void {
    for (const name of from) {
      listIn(this.back, made).push(name);
      listIn(this.forward, name).push(made);
    }
  }
}

function listIn(map: Map<string, string[]>, name: string): string[] {
  const list = map.get(name) ?? [];
  map.set(name, list);
  return list;
}

/** All names to which links lead from some, themselves among them; through those to leave out there is no way. */
function reached(from: readonly string[], links: ReadonlyMap<string, readonly string[]>, without: ReadonlySet<string>) {
  const found = new Set<string>();
  const open = [...from];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (name === "" || found.has(name) || without.has(name)) continue;
    found.add(name);
    for (const next of links.get(name) ?? []) open.push(next);
  }
  return found;
}

/** How names of a subgraph stand for those outside. */
function linkSubgraph({ opType, input, output }: NodeProto, graph: GraphProto, made: Links, roots: string[]): void {
  const [inside, results] = [graph.input.map(({ name }) => name), graph.output.map(({ name }) => name)];
  const ofLoop = opType === "Loop";
  if (ofLoop) roots.push(results[0] ?? "");
  const given = ofLoop ? results.slice(1) : results;
  output.forEach((name, i) => {
    if (given[i] !== undefined) made.of(name, [given[i]]);
  });
  if (opType === "If") return;
  inside.forEach((name, i) => {
    if (input[i] !== undefined) made.of(name, [input[i]]);
    const again = ofLoop ? given[i - 2] : given[i];
    if (again !== undefined) made.of(name, [again]);
  });
}

/** Most calls of functions in one another. */
export const DEEPEST_CALL = 32;

const ofFunctions = new WeakMap<FunctionProto, Omit<Rule, "build">>();

/** What the inputs of a node are for: by its rule, or, of a function, by its body. */
function partsOf(node: NodeProto, body: Body, library: Library, depth: number): Omit<Rule, "build"> {
  const called = functionOf(library, node);
  if (called === undefined) return ruleOf(node, body.versions) ?? {};
  const known = ofFunctions.get(called);
  if (known !== undefined) return known;
  if (depth > DEEPEST_CALL) throw new DataError(`onnx: function ${called.name} calls itself, or lies too deep`);
  const roles = rolesOf({ nodes: called.node, versions: versionsOf(called) }, library, [], depth + 1);
  const among = (names: ReadonlySet<string>) => called.input.flatMap((name, i) => (names.has(name) ? [i] : []));
  const parts = { decides: among(roles.decisive), buffers: among(roles.buffers) };
  ofFunctions.set(called, parts);
  return parts;
}
