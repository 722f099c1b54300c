// The numbers of ONNX's tensors: of raw bytes, of lists by type, of files beside the model, of places in zeros. Sizes are compared before
// anything is made of them.
import { bytesOf } from "../data/bytes.ts";
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
  checkOneField(tensor, name);
  const raw = tensor.dataLocation === DataLocation.EXTERNAL ? external(tensor, files, name) : tensor.rawData;
  const data = raw.length > 0 ? fromRaw(raw, type, sizeOf(shape), name) : fromLists(tensor, type, sizeOf(shape), name);
  return { type, shape, data };
}

/** @throws DataError where numbers stand in two fields, or in another file, too: which are meant? */
function checkOneField(tensor: TensorProto, name: string): void {
  const fields = ["rawData", "floatData", "int32Data", "int64Data", "doubleData", "uint64Data", "stringData"] as const;
  const filled: string[] = fields.filter((field) => tensor[field].length > 0);
  if (tensor.dataLocation === DataLocation.EXTERNAL) filled.push("another file");
  if (filled.length > 1) throw new DataError(`onnx: ${name} has its numbers in ${filled.join(" and in ")}`);
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
  const given = Object.hasOwn(files, location) ? files[location] : undefined;
  if (given === undefined)
    throw new DataError(
      `onnx: the data of ${name} is in the file ${location}: hand its bytes over in files: { "${location}": bytes }`,
    );
  const file = bytesOf(given, location);
  const offset = Number(entry("offset") ?? 0);
  const length = Number(entry("length") ?? file.length - offset);
  const isInside =
    [offset, length].every((each) => Number.isInteger(each) && each >= 0) && offset + length <= file.length;
  if (!isInside)
    throw new DataError(`onnx: ${name} is ${length} bytes from ${offset} on of ${location}, which has ${file.length}`);
  return file.subarray(offset, offset + length);
}

/** Numbers of raw bytes, which begin a buffer: little-endian, as memory is. */
const read: Readonly<Record<ElementType, (buffer: ArrayBuffer) => Numbers["data"]>> = {
  float32: (buffer) => new Float32Array(buffer),
  float64: (buffer) => new Float64Array(buffer),
  float16: (buffer) => Float32Array.from(new Uint16Array(buffer), float16),
  bfloat16: (buffer) => Float32Array.from(new Uint16Array(buffer), bfloat16),
  bool: (buffer) => Float32Array.from(new Uint8Array(buffer), (byte) => Number(byte !== 0)),
  int8: (buffer) => Int32Array.from(new Int8Array(buffer)),
  int16: (buffer) => Int32Array.from(new Int16Array(buffer)),
  int32: (buffer) => new Int32Array(buffer),
  int64: (buffer) => Float64Array.from(new BigInt64Array(buffer), Number),
  uint8: (buffer) => Int32Array.from(new Uint8Array(buffer)),
  uint16: (buffer) => Int32Array.from(new Uint16Array(buffer)),
  uint32: (buffer) => Float64Array.from(new Uint32Array(buffer)),
  uint64: (buffer) => Float64Array.from(new BigUint64Array(buffer), Number),
};

const bits = new DataView(new ArrayBuffer(4));

/** bfloat16 is the upper half of a float32. */
function bfloat16(half: number): number {
  bits.setUint32(0, half * 65536);
  return bits.getFloat32(0);
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
  return read[type](new Uint8Array(raw).buffer);
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
  const half = type === "float16" ? float16 : type === "bfloat16" ? bfloat16 : undefined;
  for (let i = 0; i < size; i++) data[i] = half?.(Number(list[i]) & 0xffff) ?? Number(list[i]);
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

/**
 * Makes a message independent of the bytes that it was read from, whatever their owner does with them: what it holds is copied, also what
 * lies in other files. Tensors that Variables stand for are emptied.
 */
export function detach(message: object, files: Files, replaced: { has(part: object): boolean }): void {
  const open = [message];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if ("rawData" in next) {
      const tensor = next as TensorProto;
      const isReplaced = replaced.has(tensor);
      if (isReplaced) Object.assign(tensor, { floatData: [], doubleData: [], int32Data: [] });
      else if (tensor.dataLocation === DataLocation.EXTERNAL) bringIn(tensor, files);
      tensor.rawData = isReplaced ? new Uint8Array(0) : new Uint8Array(tensor.rawData);
      continue;
    }
    if (Array.isArray(next) && typeof next[0] !== "object") continue;
    for (const [key, value] of Object.entries(next) as [string, unknown][]) {
      if (value instanceof Uint8Array) Object.assign(next, { [key]: new Uint8Array(value) });
      else if (typeof value === "object" && value !== null) open.push(value);
    }
  }
}

/** Data of a tensor in a file beside the model, where it is there: who reads the tensor is told if not. */
function bringIn(tensor: TensorProto, files: Files): void {
  try {
    tensor.rawData = external(tensor, files, tensor.name) as Uint8Array<ArrayBuffer>;
    tensor.dataLocation = DataLocation.DEFAULT;
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
  }
}
