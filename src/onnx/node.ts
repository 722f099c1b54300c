// Node: a node of an ONNX graph as its rule sees it: inputs, attributes by type, the version of its operators, subgraphs.
import { DataError } from "../errors.ts";
import type { Context } from "../nn/module.ts";
import type { Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { type ElementType, elementTypeOf } from "./element-types.ts";
import type { Files } from "./files.ts";
import { numbersOf, sparseNumbersOf } from "./numbers.ts";
import { type AttributeProto, AttributeType, type GraphProto, type NodeProto, type TensorProto } from "./proto.ts";
import { Refusal } from "./refusal.ts";
import { Value } from "./value.ts";

/** What a node is told of where it stands. */
export interface Surroundings {
  /** Version of the operators of its domain. */
  readonly version: number;
  readonly context: Context;
  readonly files: Files;
  /** Variables that stand for tensors in the file. */
  readonly variables: ReadonlyMap<unknown, Tensor>;
  /** What has a name where the node stands. */
  readonly named: (name: string) => Value | undefined;
  /** Builds a subgraph, its inputs in their order; it may read what is outside. Undefined are outputs that could not be built. */
  readonly run: (graph: GraphProto, inputs: readonly Value[]) => Value[];
  /** The number of a stream of random numbers of its own: 0, 1, ... */
  readonly stream: () => number;
}

const texts = new TextDecoder();

export class Node {
  readonly op: string;
  readonly domain: string;
  readonly version: number;
  readonly context: Context;
  /** As many as were named; undefined for those that are left out. */
  readonly inputs: readonly (Value | undefined)[];
  readonly #proto: NodeProto;
  readonly #around: Surroundings;
  readonly #attributes: ReadonlyMap<string, AttributeProto>;
  /** Whether all inputs are known, once somebody has asked. */
  #isKnown: boolean | undefined;

  constructor(proto: NodeProto, inputs: readonly (Value | undefined)[], around: Surroundings) {
    this.op = proto.opType;
    this.domain = proto.domain;
    this.version = around.version;
    this.context = around.context;
    this.inputs = inputs;
    this.#proto = proto;
    this.#around = around;
    this.#attributes = new Map(proto.attribute.map((each) => [each.name, each]));
  }

  /** Number of outputs that the node names. */
  get outputs(): number {
    return this.#proto.output.length;
  }

  /** Whether somebody may read output i. */
  wants(i: number): boolean {
    return (this.#proto.output[i] ?? "") !== "";
  }

  has(i: number): boolean {
    return this.inputs[i] !== undefined;
  }

  /** Input i, or undefined where it is left out. */
  optional(i: number): Value | undefined {
    return this.inputs[i];
  }

  /** Input i. @throws DataError where it is left out */
  value(i: number): Value {
    const value = this.inputs[i];
    if (value === undefined) throw new DataError(`input ${i} is missing`);
    return value;
  }

  /** The tensor of input i. Whole numbers that are known are computed where they meet data, a chain of nodes at once. */
  tensor(i: number): Tensor {
    this.#isKnown ??= this.inputs.every((each) => each === undefined || each.isKnown);
    return this.#isKnown ? this.value(i).tensor : this.value(i).settled();
  }

  shape(i: number): Shape {
    return this.value(i).shape;
  }

  type(i: number): ElementType {
    return this.value(i).type;
  }

  /** The numbers of input i, which must be known while the graph is built. @throws Refusal where they depend on data */
  numbers(i: number): number[] {
    const value = this.value(i);
    if (!value.isKnown)
      throw new Refusal(`input ${i} (${this.#proto.input[i]}) decides a shape or what is run, and depends on data`);
    return Array.from(value.numbers());
  }

  /** The one number of input i; `otherwise` where it is left out. */
  number(i: number, otherwise?: number): number {
    if (!this.has(i) && otherwise !== undefined) return otherwise;
    const list = this.numbers(i);
    if (list.length !== 1) throw new DataError(`input ${i} has ${list.length} numbers in place of one`);
    return list[0];
  }

  /** A result of the type of input i. */
  like(i: number, tensor: Tensor): Value {
    return Value.of(tensor, this.type(i));
  }

  hasAttribute(name: string): boolean {
    return this.#attributes.has(name);
  }

  #get<T>(name: string, type: number, read: (attribute: AttributeProto) => T, otherwise: T | undefined): T {
    const attribute = this.#attributes.get(name);
    if (attribute === undefined) {
      if (otherwise === undefined) throw new DataError(`attribute ${name} is missing`);
      return otherwise;
    }
    // Models of the first version do not say the type.
    if (attribute.type !== type && attribute.type !== AttributeType.UNDEFINED)
      throw new DataError(`attribute ${name} is ${AttributeType[attribute.type]}, not ${AttributeType[type]}`);
    return read(attribute);
  }

  /** A whole number. @throws DataError where it is missing and `otherwise` is left out, as for all attributes */
  int(name: string, otherwise?: number): number {
    return this.#get(name, AttributeType.INT, ({ i }) => Number(i), otherwise);
  }

  ints(name: string, otherwise?: readonly number[]): readonly number[] {
    return this.#get<readonly number[]>(name, AttributeType.INTS, ({ ints }) => ints.map(Number), otherwise);
  }

  /** 0 or 1. @throws DataError for another number: whoever wrote it meant something else */
  flag(name: string, otherwise = false): boolean {
    const value = this.int(name, Number(otherwise));
    if (value !== 0 && value !== 1) throw new DataError(`attribute ${name} is ${value}, and neither 0 nor 1`);
    return value === 1;
  }

  float(name: string, otherwise?: number): number {
    return this.#get(name, AttributeType.FLOAT, ({ f }) => f, otherwise);
  }

  floats(name: string, otherwise?: readonly number[]): readonly number[] {
    return this.#get<readonly number[]>(name, AttributeType.FLOATS, ({ floats }) => floats, otherwise);
  }

  text(name: string, otherwise?: string): string {
    return this.#get(name, AttributeType.STRING, ({ s }) => texts.decode(s), otherwise);
  }

  texts(name: string, otherwise?: readonly string[]): readonly string[] {
    const read = ({ strings }: AttributeProto) => strings.map((each) => texts.decode(each));
    return this.#get<readonly string[]>(name, AttributeType.STRINGS, read, otherwise);
  }

  /** A tensor as an attribute: the Variable that stands for it, or its numbers. */
  tensorAttribute(name: string): Value {
    return this.#get(name, AttributeType.TENSOR, ({ t }) => this.#valueOf(given(t, name)), undefined);
  }

  #valueOf(tensor: TensorProto): Value {
    const variable = this.#around.variables.get(tensor);
    return variable === undefined
      ? Value.from(numbersOf(tensor, this.#around.files))
      : Value.of(variable, elementTypeOf(tensor.dataType) ?? "float32");
  }

  sparseAttribute(name: string): Value {
    const read = ({ sparseTensor }: AttributeProto) =>
      Value.from(sparseNumbersOf(given(sparseTensor, name), this.#around.files));
    return this.#get(name, AttributeType.SPARSE_TENSOR, read, undefined);
  }

  graph(name: string): GraphProto {
    return this.#get(name, AttributeType.GRAPH, ({ g }) => given(g, name), undefined);
  }

  /** Builds a subgraph with these as its inputs; it may read what is outside. */
  run(graph: GraphProto, inputs: readonly Value[]): Value[] {
    return this.#around.run(graph, inputs);
  }

  /** The tensor of a name that an attribute holds. @throws DataError where there is none */
  named(name: string): Tensor {
    const value = this.#around.named(name);
    if (value === undefined) throw new DataError(`nothing makes ${name}`);
    return value.tensor;
  }

  /** The number of a stream of random numbers that no other node has. */
  stream(): number {
    return this.#around.stream();
  }
}

function given<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new DataError(`attribute ${name} is empty`);
  return value;
}
