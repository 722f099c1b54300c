// A graph as the bytes of a file in ONNX's format. Elements are little-endian there, as memory is.
import { AttributeType, type ModelFields, writeModel } from "../proto.ts";
import type { Attribute, ElementType, Graph, Initial, Port } from "./graph.ts";
import { CODES } from "./writer.ts";

type GraphFields = Extract<NonNullable<ModelFields["graph"]>, { readonly $typeName?: unknown }>;
type NodeFields = NonNullable<GraphFields["node"]>[number];
type AttributeFields = NonNullable<NodeFields["attribute"]>[number];

/** The version of the format, and that of ONNX's operators. */
const IR_VERSION = 8n;
const OPSET = 17n;

export function fileOf(
  graph: Graph,
  name: string,
  metadata: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  return writeModel({
    irVersion: IR_VERSION,
    producerName: "simdgrad",
    opsetImport: [{ domain: "", version: OPSET }],
    graph: fieldsOf(graph, name),
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
  });
}

function fieldsOf(graph: Graph, name: string): GraphFields {
  return {
    name,
    input: graph.inputs.map(portFields),
    output: graph.outputs.map(portFields),
    initializer: graph.initials.map(initialFields),
    node: graph.nodes.map(({ op, inputs, outputs, attributes }) => ({
      opType: op,
      name: `${op}:${outputs[0]}`,
      input: withoutEnd(inputs),
      output: [...outputs],
      attribute: Object.entries(attributes).map(([key, value]) => attributeFields(key, value)),
    })),
  };
}

/** Inputs that are left out at the end are not told. */
function withoutEnd(names: readonly string[]): string[] {
  return names.slice(0, names.findLastIndex((name) => name !== "") + 1);
}

function attributeFields(name: string, value: Attribute): AttributeFields {
  if (typeof value === "number") return { name, type: AttributeType.INT, i: BigInt(value) };
  if (typeof value === "string") return { name, type: AttributeType.STRING, s: bytesOf(value) };
  if ("float" in value) return { name, type: AttributeType.FLOAT, f: value.float };
  if ("graph" in value) return { name, type: AttributeType.GRAPH, g: fieldsOf(value.graph, name) };
  if (typeof value[0] === "string")
    return { name, type: AttributeType.STRINGS, strings: (value as readonly string[]).map(bytesOf) };
  return { name, type: AttributeType.INTS, ints: (value as readonly number[]).map(BigInt) };
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;
}

function portFields({ name, type, shape }: Port) {
  const dim = shape.map((size) => {
    if (size === "") return {};
    return typeof size === "number"
      ? { value: { case: "dimValue" as const, value: BigInt(size) } }
      : { value: { case: "dimParam" as const, value: size } };
  });
  return { name, type: { value: { case: "tensorType" as const, value: { elemType: codeOf(type), shape: { dim } } } } };
}

function initialFields({ name, type, shape, data }: Initial) {
  const rawData = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  return { name, dataType: codeOf(type), dims: shape.map(BigInt), rawData };
}

function codeOf(type: ElementType): number {
  return CODES[type];
}
