// Small models, written field by field: nodes with attributes, initialisers, inputs, outputs.
import { AttributeType, DataType, type ModelFields, writeModel } from "../../src/onnx/proto.ts";

type GraphFields = NonNullable<ModelFields["graph"]>;
type NodeFields = NonNullable<GraphFields["node"]>[number];
type AttributeFields = NonNullable<NodeFields["attribute"]>[number];
type TensorFields = NonNullable<GraphFields["initializer"]>[number];

/** What an attribute may be written as: whole numbers are INT, others FLOAT. */
export type Attribute =
  | number
  | string
  | readonly number[]
  | readonly string[]
  | { readonly floats: readonly number[] }
  | GraphFields;

const text = new TextEncoder();

function attribute(name: string, value: Attribute): AttributeFields {
  if (typeof value === "string") return { name, type: AttributeType.STRING, s: text.encode(value) };
  if (typeof value === "number")
    return Number.isInteger(value)
      ? { name, type: AttributeType.INT, i: BigInt(value) }
      : { name, type: AttributeType.FLOAT, f: value };
  if (!Array.isArray(value)) {
    if ("floats" in value) return { name, type: AttributeType.FLOATS, floats: [...(value.floats as number[])] };
    return { name, type: AttributeType.GRAPH, g: value as GraphFields };
  }
  if (value.some((each) => typeof each === "string"))
    return { name, type: AttributeType.STRINGS, strings: value.map((each) => text.encode(each as string)) };
  return { name, type: AttributeType.INTS, ints: value.map((each) => BigInt(each as number)) };
}

/** A node: operators of other domains as `domain:Name`. */
export function node(
  op: string,
  input: readonly string[],
  output: readonly string[],
  attributes: Readonly<Record<string, Attribute>> = {},
): NodeFields {
  const [opType, domain = ""] = op.split(":").reverse();
  const list = Object.entries(attributes).map(([name, value]) => attribute(name, value));
  return { opType, domain, name: output.join(), input: [...input], output: [...output], attribute: list };
}

/** float32. */
export function floats(name: string, dims: readonly number[], data: ArrayLike<number>): TensorFields {
  const rawData = new Uint8Array(Float32Array.from(data).buffer);
  return { name, dataType: DataType.FLOAT, dims: dims.map(BigInt), rawData };
}

/** int64. */
export function wholes(name: string, dims: readonly number[], data: readonly number[]): TensorFields {
  return { name, dataType: DataType.INT64, dims: dims.map(BigInt), int64Data: data.map(BigInt) };
}

type PortFields = NonNullable<GraphFields["input"]>[number];

/** An input or output: sizes, or names of those that are free. */
export function port(name: string, dims: readonly (number | string)[], elemType: number = DataType.FLOAT): PortFields {
  const dim = dims.map((size) => ({
    value:
      typeof size === "number"
        ? { case: "dimValue" as const, value: BigInt(size) }
        : { case: "dimParam" as const, value: size },
  }));
  return { name, type: { value: { case: "tensorType" as const, value: { elemType, shape: { dim } } } } };
}

/** A graph of nodes in order, with what goes in and comes out. */
export function graph(
  node: readonly NodeFields[],
  input: readonly PortFields[],
  output: readonly PortFields[],
  initializer: readonly TensorFields[] = [],
  sparseInitializer: NonNullable<GraphFields["sparseInitializer"]> = [],
): GraphFields {
  return {
    name: "g",
    node: [...node],
    input: [...input],
    output: [...output],
    initializer: [...initializer],
    sparseInitializer,
  };
}

/** The fields of a model of a graph. */
export function model(graph: GraphFields, version = 17, others: Partial<ModelFields> = {}): ModelFields {
  const opsetImport = [
    { domain: "", version: BigInt(version) },
    { domain: "ai.onnx.preview.training", version: 1n },
  ];
  return { irVersion: 8n, opsetImport, graph, ...others } as ModelFields;
}

/** The file of a model of a graph. */
export function file(...given: Parameters<typeof model>): Uint8Array<ArrayBuffer> {
  return writeModel(model(...given));
}
