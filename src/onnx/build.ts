// Builds the graph of a model for inputs of given shapes: node by node, by their rules. What is not understood is gathered.
import { DataError, SimdgradError, UnsupportedError } from "../errors.ts";
import type { Context } from "../nn/module.ts";
import type { Tensor } from "../tensor.ts";
import { type ElementType, elementTypeOf } from "./element-types.ts";
import { withinBudget } from "./evaluate-now.ts";
import type { Files } from "./files.ts";
import { Node } from "./node.ts";
import { numbersOf, sparseNumbersOf } from "./numbers.ts";
import {
  type Body,
  DEEPEST_CALL,
  functionOf,
  type Library,
  neededNodes,
  readBy,
  versionOf,
  versionsOf,
} from "./plan.ts";
import type { AttributeProto, FunctionProto, GraphProto, NodeProto, SparseTensorProto, TensorProto } from "./proto.ts";
import { Refusal } from "./refusal.ts";
import { ruleOf } from "./rules.ts";
import { checkSignature, tooMany } from "./signatures.ts";
import { Value } from "./value.ts";

/** Nodes that one graph is built of at the most, each turn of an unrolled loop counted. */
const MOST_NODES = 2 ** 16;

/** Names in a graph and around it. */
class Scope {
  readonly #values = new Map<string, Value | undefined>();
  /** Numbers that are made when somebody reads them. */
  readonly #waiting = new Map<string, () => Value>();
  readonly #outer: Scope | undefined;

  constructor(outer?: Scope) {
    this.#outer = outer;
  }

  /** Undefined says that it could not be built. */
  set(name: string, value: Value | undefined): void {
    if (name !== "") this.#values.set(name, value);
  }

  later(name: string, make: () => Value): void {
    this.#waiting.set(name, make);
  }

  has(name: string): boolean {
    return this.#values.has(name) || this.#waiting.has(name) || (this.#outer?.has(name) ?? false);
  }

  /** @throws what making it throws */
  get(name: string): Value | undefined {
    if (this.#values.has(name)) return this.#values.get(name);
    const make = this.#waiting.get(name);
    if (make === undefined) return this.#outer?.get(name);
    const value = make();
    this.#values.set(name, value);
    return value;
  }
}

/** What a builder works with. */
export interface Ground {
  readonly library: Library;
  readonly context: Context;
  readonly files: Files;
  /** Tensors that stand for initialisers. */
  readonly variables: ReadonlyMap<TensorProto | SparseTensorProto, Tensor>;
}

export class Builder {
  readonly #ground: Ground;
  readonly #problems: string[] = [];
  #built = 0;
  #streams = 0;
  #calls = 0;

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  /** Outputs of a model's graph, by name. @throws UnsupportedError that names all that is not understood */
  outputs(body: Body, graph: GraphProto, given: ReadonlyMap<string, Value>, names: readonly string[]): Value[] {
    const scope = new Scope();
    this.#declare(graph, scope);
    for (const [name, value] of given) scope.set(name, value);
    const values = withinBudget(() => this.#results(body, scope, names, given));
    throwProblems(this.#problems);
    const missing = names.find((_, i) => values[i] === undefined);
    if (missing !== undefined) throw new DataError(`onnx: the node of ${missing} has no such output`);
    return values as Value[];
  }

  /** Initialisers: variables, or numbers. */
  #declare({ initializer, sparseInitializer }: GraphProto, scope: Scope): void {
    const { variables, files } = this.#ground;
    const declare = (name: string, proto: TensorProto | SparseTensorProto, numbers: () => Value) => {
      const variable = variables.get(proto);
      if (variable === undefined) scope.later(name, numbers);
      else scope.set(name, Value.of(variable, typeOf(proto)));
    };
    for (const each of initializer) declare(each.name, each, () => Value.from(numbersOf(each, files)));
    for (const each of sparseInitializer)
      declare(each.values?.name ?? "", each, () => Value.from(sparseNumbersOf(each, files)));
  }

  #results(
    body: Body,
    scope: Scope,
    names: readonly string[],
    given: { has(name: string): boolean },
  ): (Value | undefined)[] {
    for (const node of neededNodes(body.nodes, names, given)) this.#node(node, body, scope);
    return names.map((name) => {
      if (!scope.has(name)) throw new DataError(`onnx: nothing makes ${name}`);
      return scope.get(name);
    });
  }

  /** Builds a node in a scope; one that reads what could not be built is left out. */
  #node(proto: NodeProto, body: Body, scope: Scope): void {
    if (++this.#built > MOST_NODES)
      throw new DataError(`onnx: the graph has more than ${MOST_NODES} nodes, turns of loops counted`);
    const missing = [...readBy(proto)].find((name) => !scope.has(name));
    if (missing !== undefined)
      throw new DataError(`onnx: ${shown(proto)} reads ${missing}, which nothing before it makes`);
    let results: readonly (Value | undefined)[] = [];
    try {
      const inputs = proto.input.map((name) => (name === "" ? undefined : scope.get(name)));
      const isWhole = proto.input.every((name, i) => name === "" || inputs[i] !== undefined);
      if (isWhole) results = this.#make(proto, inputs, body, scope);
    } catch (error) {
      if (error instanceof Refusal) {
        if (!(error instanceof Inside)) this.#problems.push(problem(proto, body.versions, error.message));
      } else if (error instanceof UnsupportedError || !(error instanceof SimdgradError)) throw error;
      else throw error.inside(shown(proto));
    }
    proto.output.forEach((name, i) => {
      scope.set(name, results[i]);
    });
  }

  #make(
    proto: NodeProto,
    inputs: readonly (Value | undefined)[],
    body: Body,
    scope: Scope,
  ): readonly (Value | undefined)[] {
    const { context, files, library, variables } = this.#ground;
    const called = functionOf(library, proto);
    if (called !== undefined) return this.#called(called, proto, inputs);
    const rule = ruleOf(proto, body.versions);
    if (rule === undefined) throw new Refusal(NO_RULE);
    checkSignature(proto);
    const node = new Node(proto, inputs, {
      version: versionOf(proto, body.versions),
      context,
      files,
      variables,
      named: (name) => scope.get(name),
      run: (graph, given) => this.#subgraph(graph, given, body, scope),
      stream: () => this.#streams++,
    });
    const built = rule.build(node);
    return built instanceof Value ? [built] : built;
  }

  /** The body of a function, which sees nothing of what is outside. */
  #called(
    called: FunctionProto,
    call: NodeProto,
    inputs: readonly (Value | undefined)[],
  ): readonly (Value | undefined)[] {
    if (++this.#calls > DEEPEST_CALL)
      throw new DataError(`onnx: function ${called.name} calls itself, or lies too deep`);
    if (inputs.length > called.input.length) throw tooMany(called.input.length, inputs.length);
    const scope = new Scope();
    const names = new Set(called.input);
    called.input.forEach((name, i) => {
      scope.set(name, inputs[i]);
    });
    const given = new Map([...called.attributeProto, ...call.attribute].map((each) => [each.name, each]));
    const nodes = called.node.map((node) => withAttributes(node, given));
    const results = this.#results({ nodes, versions: versionsOf(called) }, scope, called.output, names);
    this.#calls--;
    return results;
  }

  #subgraph(graph: GraphProto, given: readonly Value[], body: Body, outer: Scope): Value[] {
    const scope = new Scope(outer);
    this.#declare(graph, scope);
    const inputs = graph.input.map(({ name }) => name);
    if (inputs.length !== given.length)
      throw new DataError(`the graph ${graph.name} takes ${inputs.length} inputs, got ${given.length}`);
    inputs.forEach((name, i) => {
      scope.set(name, given[i]);
    });
    const names = graph.output.map(({ name }) => name);
    const results = this.#results({ nodes: graph.node, versions: body.versions }, scope, names, new Set(inputs));
    if (results.includes(undefined)) throw new Inside();
    return results as Value[];
  }
}

/** The type of floats of an initialiser. */
function typeOf(proto: TensorProto | SparseTensorProto): ElementType {
  const tensor = "dataType" in proto ? proto : proto.values;
  return elementTypeOf(tensor?.dataType ?? 0) ?? "float32";
}

/** Something in a subgraph was refused, and stands among the problems. */
class Inside extends Refusal {}

export const NO_RULE = "there is no such operator here";

/** A node as errors name it. */
function shown({ opType, name, output }: NodeProto): string {
  return `${opType} ${name || output[0] || ""}`;
}

/** A line of what is not understood. */
export function problem(node: NodeProto, versions: ReadonlyMap<string, number>, why: string): string {
  const { domain } = node;
  return `${shown(node)} (${domain || "ai.onnx"} ${versionOf(node, versions)}): ${why}`;
}

/** @throws UnsupportedError where there are problems */
export function throwProblems(problems: readonly string[]): void {
  if (problems.length === 0) return;
  const count = problems.length === 1 ? "a node is" : `${problems.length} nodes are`;
  throw new UnsupportedError(`onnx: ${count} not understood: ${problems.join("; ")}`);
}

/** A node of a function with the attributes of its call in the places that refer to them. */
function withAttributes(node: NodeProto, given: ReadonlyMap<string, AttributeProto>): NodeProto {
  const attribute = node.attribute.flatMap((each): AttributeProto[] => {
    if (each.refAttrName !== "") {
      const found = given.get(each.refAttrName);
      return found === undefined ? [] : [withFields(found, { name: each.name })];
    }
    const { g } = each;
    if (g === undefined) return [each];
    const inner = g.node.map((node) => withAttributes(node, given));
    return [withFields(each, { g: withFields(g, { node: inner }) })];
  });
  return withFields(node, { attribute });
}

/** A message with other fields. Those that are not set are its prototype's. */
function withFields<Message extends object>(message: Message, fields: Partial<Message>): Message {
  return Object.assign(Object.create(Object.getPrototypeOf(message)), message, fields);
}
