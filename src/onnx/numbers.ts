// The numbers of ONNX's tensors: of raw bytes, of lists by type, of files beside the model, of places in zeros. Sizes are compared before
// anything is made of them.
import { float16 } from "../data/half.ts";
import { DataError } from "../errors.ts";
import { checkShape, LISTED, type Shape, showShape, sizeOf } from "../shape.ts";
import { type ElementType, elementTypeOf, elementTypes, typeName } from "./element-types.ts";
import type { Files } from "./files.ts";
import { DataLocation, type SparseTensorProto, type TensorProto } from "./proto.ts";
import { Refusal } from "./refusal.ts";

/** Numbers with their shape and type: exact, but that whole ones beyond 2^53 are the nearest that a number can be. */
export interface Numbers {
  readonly type: ElementType;
  readonly shape: Shape;
  readonly data: Float64Array | Float32Array | Int32Array;
}

/** @throws DataError for a tensor whose data does not fill its shape, Refusal for one of a type of which there are no tensors here */
export function numbersOf(tensor: TensorProto, files: Files = {}): Numbers {
  const name = tensor.name === "" ? "a tensor" : `tensor ${tensor.name}`;
  const type = elementTypeOf(tensor.dataType);
  if (type === undefined)
    throw new Refusal(`${name} is ${typeName(tensor.dataType)}, of which there are no tensors here`);
  const shape = shapeOf(tensor.dims, name);
  if (tensor.segment !== undefined) throw new DataError(`onnx: ${name} is a segment of another tensor`);
  const raw = tensor.dataLocation === DataLocation.EXTERNAL ? external(tensor, files, name) : tensor.rawData;
  const data = raw.length > 0 ? fromRaw(raw, type, sizeOf(shape), name) : fromLists(tensor, type, sizeOf(shape), name);
  return { type, shape, data };
}

/** @throws DataError for what is no shape of a tensor */
function shapeOf(dims: readonly bigint[], name: string): Shape {
  try {
    return checkShape(dims.map(Number), name);
  } catch (cause) {
    throw new DataError(`onnx: ${name}: [${dims.join(", ")}] is not a shape`, { cause });
  }
}

function external(tensor: TensorProto, files: Files, name: string): Uint8Array {
  const entry = (key: string) => tensor.externalData.find((each) => each.key === key)?.value;
  const location = entry("location") ?? "";
  const file = Object.hasOwn(files, location) ? files[location] : undefined;
  if (file === undefined)
    throw new DataError(
      `onnx: the data of ${name} is in the file ${location}: hand its bytes over in files: { "${location}": bytes }`,
    );
  const offset = Number(entry("offset") ?? 0);
  const length = Number(entry("length") ?? file.length - offset);
  const isInside =
    [offset, length].every((each) => Number.isInteger(each) && each >= 0) && offset + length <= file.length;
  if (!isInside)
    throw new DataError(`onnx: ${name} is ${length} bytes from ${offset} on of ${location}, which has ${file.length}`);
  return file.subarray(offset, offset + length);
}

type Reader = (view: DataView, at: number) => number;

const readers: Readonly<Record<ElementType, Reader>> = {
  float32: (view, at) => view.getFloat32(at, true),
  float64: (view, at) => view.getFloat64(at, true),
  float16: (view, at) => float16(view.getUint16(at, true)),
  bfloat16: (view, at) => bfloat16(view.getUint16(at, true)),
  bool: (view, at) => Number(view.getUint8(at) !== 0),
  int8: (view, at) => view.getInt8(at),
  int16: (view, at) => view.getInt16(at, true),
  int32: (view, at) => view.getInt32(at, true),
  int64: (view, at) => Number(view.getBigInt64(at, true)),
  uint8: (view, at) => view.getUint8(at),
  uint16: (view, at) => view.getUint16(at, true),
  uint32: (view, at) => view.getUint32(at, true),
  uint64: (view, at) => Number(view.getBigUint64(at, true)),
};

const wide = new DataView(new ArrayBuffer(4));

/** bfloat16 is the upper half of a float32. */
function bfloat16(bits: number): number {
  wide.setUint32(0, bits * 65536);
  return wide.getFloat32(0);
}

/** An array that holds every number of a type. */
function arrayFor(type: ElementType, size: number): Numbers["data"] {
  if (type === "float64" || elementTypes[type].bytes === 8 || type === "uint32") return new Float64Array(size);
  return elementTypes[type].dtype === "f32" ? new Float32Array(size) : new Int32Array(size);
}

function fromRaw(raw: Uint8Array, type: ElementType, size: number, name: string): Numbers["data"] {
  const { bytes } = elementTypes[type];
  if (raw.length !== size * bytes)
    throw new DataError(`onnx: ${name} has ${raw.length} bytes; ${size} elements of ${type} are ${size * bytes}`);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const data = arrayFor(type, size);
  const read = readers[type];
  for (let i = 0; i < size; i++) data[i] = read(view, i * bytes);
  return data;
}

/** Numbers as they stand in lists: those of 16 bits and less in one of 32 bits, halves by their bits. */
function fromLists(tensor: TensorProto, type: ElementType, size: number, name: string): Numbers["data"] {
  const lists: Partial<Record<ElementType, readonly (number | bigint)[]>> = {
    float32: tensor.floatData,
    float64: tensor.doubleData,
    int64: tensor.int64Data,
    uint32: tensor.uint64Data,
    uint64: tensor.uint64Data,
  };
  const list = lists[type] ?? tensor.int32Data;
  if (list.length !== size) throw new DataError(`onnx: ${name} has ${list.length} elements; its shape has ${size}`);
  const data = arrayFor(type, size);
  const bits = type === "float16" ? float16 : type === "bfloat16" ? bfloat16 : undefined;
  for (let i = 0; i < size; i++) data[i] = bits?.(Number(list[i]) & 0xffff) ?? Number(list[i]);
  return data;
}

/** A tensor of zeros but in some places. @throws DataError where these are outside */
export function sparseNumbersOf({ values, indices, dims }: SparseTensorProto, files: Files = {}): Numbers {
  const name = `sparse tensor ${values?.name ?? ""}`;
  if (values === undefined || indices === undefined) throw new DataError(`onnx: ${name} has no values or no indices`);
  const [{ type, data }, places] = [numbersOf(values, files), numbersOf(indices, files)];
  const shape = shapeOf(dims, name);
  if (sizeOf(shape) > LISTED)
    throw new DataError(`onnx: ${name} of ${showShape(shape)} is too large to be filled with zeros`);
  const filled = arrayFor(type, sizeOf(shape));
  const isFlat = places.shape.length === 1;
  const width = isFlat ? 1 : shape.length;
  if (places.data.length !== data.length * width)
    throw new DataError(`onnx: ${name} has ${data.length} values and ${places.data.length} indices`);
  data.forEach((value, i) => {
    let place = 0;
    for (let k = 0; k < width; k++) {
      const index = places.data[i * width + k];
      const size = isFlat ? filled.length : shape[k];
      if (!(index >= 0 && index < size))
        throw new DataError(`onnx: ${name}: index ${index} is outside ${showShape(shape)}`);
      place = isFlat ? index : place * size + index;
    }
    filled[place] = value;
  });
  return { type, shape, data: filled };
}
