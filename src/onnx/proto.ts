// The one door to onnx-buf, what ONNX's messages are made of, and to Protocol Buffers, by which they are read and written. The build puts
// both into this module's output, so that the package has no dependency.
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataLocation as DataLocation,
  TensorProto_DataType as DataType,
  type ModelProto,
  ModelProtoSchema,
  type TensorProto,
  TensorProtoSchema,
} from "onnx-buf";

export type {
  AttributeProto,
  FunctionProto,
  GraphProto,
  ModelProto,
  NodeProto,
  SparseTensorProto,
  TensorProto,
  ValueInfoProto,
} from "onnx-buf";
export { AttributeType, DataLocation, DataType };

/** What a model is written from: its fields, and those of the messages in it, as plain objects. */
export type ModelFields = MessageInitShape<typeof ModelProtoSchema>;

/** What is no field of a message is left out. Messages lie in one another 100 deep at the most. */
const options = { readUnknownFields: false };

/** The model in a file. @throws an error of the library's for what is none */
export function readModel(bytes: Uint8Array): ModelProto {
  return fromBinary(ModelProtoSchema, bytes, options);
}

/** The tensor in a file of its own. @throws an error of the library's for what is none */
export function readTensor(bytes: Uint8Array): TensorProto {
  return fromBinary(TensorProtoSchema, bytes, options);
}

/** A model as the bytes of its file. */
export function writeModel(fields: ModelFields): Uint8Array<ArrayBuffer> {
  return toBinary(ModelProtoSchema, create(ModelProtoSchema, fields));
}
