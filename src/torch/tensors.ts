// Tensors: views of storages, by an offset and strides, as arrays of their own.

import type { NumericArray } from "../data/array.ts";
import { type ElementType, elementTypes, readElements } from "../data/elements.ts";
import { DataError } from "../errors.ts";
import { type Shape, showShape, sizeOf } from "../shape.ts";
import type { Cursor } from "./cursor.ts";
import { kindOf, shortened, TorchName, TorchObject, type TorchTensor, type TorchValue } from "./values.ts";

/** bfloat16 is the upper half of a float32. */
const bfloat16: ElementType = {
  size: 2,
  read(buffer) {
    const halves = new Uint16Array(buffer);
    const whole = new Uint32Array(halves.length);
    for (let i = 0; i < halves.length; i++) whole[i] = halves[i] << 16;
    return new Float32Array(whole.buffer);
  },
};

/** dtypes that are read: the names of their storages, and of their elements in files. */
const dtypes: readonly (readonly [dtype: string, storage: string, element: string])[] = [
  ["float32", "Float", "f4"],
  ["float64", "Double", "f8"],
  ["float16", "Half", "f2"],
  ["bfloat16", "BFloat16", "bf2"],
  ["int64", "Long", "i8"],
  ["int32", "Int", "i4"],
  ["int16", "Short", "i2"],
  ["int8", "Char", "i1"],
  ["uint8", "Byte", "u1"],
  ["bool", "Bool", "b1"],
  // Of tensors that say their dtype beside their storage, which is of bytes.
  ["uint16", "UInt16", "u2"],
  ["uint32", "UInt32", "u4"],
  ["uint64", "UInt64", "u8"],
];

const byDType = new Map(
  dtypes.map(([dtype, , element]) => [
    dtype,
    element === "bf2" ? bfloat16 : (elementTypes.get(element) as ElementType),
  ]),
);
const byStorage = new Map(dtypes.map(([dtype, storage]) => [`${storage}Storage`, dtype]));

/** Axes that a tensor of PyTorch has at the most. */
const MOST_AXES = 64;

/** Elements of views that overlap, beyond those of the file: a tensor of one element may say that it has a million. */
const SPARE = 2 ** 24;

/** Elements that lie one after the other. As a value it is an object without attributes. */
export class TorchStorage extends TorchObject {
  /** "bytes" for one that leaves the dtype to its tensors. */
  readonly dtype: string;
  /** Undefined while they are only counted. */
  readonly bytes: Uint8Array | undefined;

  constructor(className: string, key: string, dtype: string, bytes: Uint8Array | undefined) {
    super(className, [key]);
    this.dtype = dtype;
    this.bytes = bytes;
  }
}

/** The dtype of a storage's class. @throws DataError for those whose numbers have no array here */
export function dtypeOfStorage(given: TorchValue, cursor: Cursor): string {
  if (!(given instanceof TorchName))
    throw cursor.fault(`${kindOf(given)} is no class of a storage, before byte ${cursor.at}`);
  const [, name = ""] = /^torch\.(?:storage\.|cuda\.)?(\w+)$/.exec(given.name) ?? [];
  if (name === "UntypedStorage") return "bytes";
  const dtype = byStorage.get(name);
  if (dtype !== undefined) return dtype;
  if (name.startsWith("Q")) throw cursor.fault(`quantised numbers, ${name}, are not read: dequantize() gives others`);
  throw cursor.fault(`storages of ${shortened(given.name)} are not read; those of ${known()} are`);
}

function known(): string {
  return [...byDType.keys()].join(", ");
}

/** Bytes of an element. */
export function sizeOfDType(dtype: string): number {
  return dtype === "bytes" ? 1 : (byDType.get(dtype) as ElementType).size;
}

/** Makes tensors of views, as long as there is room for them. */
export class Views {
  /** Elements that may still be made. */
  #left: number;

  constructor(bytes: number) {
    this.#left = 4 * bytes + SPARE;
  }

  /** A tensor, of nothing while storages are only counted. @throws DataError for a view that its storage does not hold */
  tensorOf(view: View, cursor: Cursor): TorchTensor {
    const { storage, dtype, offset, shape, strides, requiresGrad } = view;
    const type = byDType.get(dtype);
    if (type === undefined) throw cursor.fault(`tensors of ${dtype} are not read; those of ${known()} are`);
    if (storage.bytes === undefined) return { data: new Float32Array(), shape: [0], torchDType: dtype, requiresGrad };
    const size = sizeOf(shape);
    const end = size === 0 ? 0 : offset + shape.reduce((sum, length, axis) => sum + (length - 1) * strides[axis], 1);
    const held = Math.floor(storage.bytes.length / type.size);
    const what = `${cursor.name}: the tensor ${showShape(shape)} before byte ${cursor.at}`;
    if (end > held)
      throw new DataError(
        `${what} has its last element at ${end - 1} of storage ${shortened(`${storage.args[0]}`)}, which has ${held}`,
      );
    this.#left -= size;
    if (this.#left < 0) throw new DataError(`${what} makes far more elements of the file than it has bytes`);
    const bytes = gathered(storage.bytes, view, type.size);
    return { data: readElements(bytes, type, false, what), shape, torchDType: dtype, requiresGrad };
  }
}

/** A view of a storage: sizes, and steps in elements. */
export interface View {
  readonly storage: TorchStorage;
  readonly dtype: string;
  readonly offset: number;
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly requiresGrad: boolean;
}

/** What a function that makes a tensor was given. @throws DataError */
export function viewOf(args: readonly TorchValue[], dtype: TorchValue | undefined, cursor: Cursor): View {
  const [storage, offset, sizes, steps, requiresGrad = false] = args;
  if (!(storage instanceof TorchStorage))
    throw cursor.fault(`a tensor of ${kindOf(storage)}, which is no storage, before byte ${cursor.at}`);
  const [shape, strides] = [countsOf(sizes, cursor), countsOf(steps, cursor)];
  if (shape.length !== strides.length || !isCount(offset) || !Number.isSafeInteger(sizeOf(shape)))
    throw cursor.fault(`a tensor of sizes, strides and an offset that do not fit, before byte ${cursor.at}`);
  const said = dtype instanceof TorchName ? dtype.name.replace(/^torch\./, "") : undefined;
  const own = said ?? (storage.dtype === "bytes" ? "uint8" : storage.dtype);
  return { storage, dtype: shortened(own), offset, shape, strides, requiresGrad: requiresGrad === true };
}

/** A list of its own: the one of the file may still change. */
function countsOf(given: TorchValue, cursor: Cursor): number[] {
  if (!Array.isArray(given) || given.length > MOST_AXES || !given.every(isCount))
    throw cursor.fault(`no sizes or strides of a tensor, but ${kindOf(given)}, before byte ${cursor.at}`);
  return [...given];
}

function isCount(value: TorchValue): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** The bytes of a view's elements, row-major. */
function gathered(bytes: Uint8Array, { offset, shape, strides }: View, size: number): Uint8Array {
  const count = sizeOf(shape);
  const from = offset * size;
  if (isContiguous(shape, strides)) return bytes.subarray(from, from + count * size);
  const result = new Uint8Array(count * size);
  const place = shape.map(() => 0);
  for (let to = 0, at = from; to < result.length; to += size) {
    for (let i = 0; i < size; i++) result[to + i] = bytes[at + i];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis] * size;
      if (++place[axis] < shape[axis]) break;
      at -= strides[axis] * size * shape[axis];
      place[axis] = 0;
    }
  }
  return result;
}

/** Whether the elements follow one another; steps along axes of one element, or in nothing, do not count. */
function isContiguous(shape: Shape, strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] === 0) return true;
    if (shape[axis] > 1 && strides[axis] !== expected) return false;
    expected *= shape[axis];
  }
  return true;
}

/** A number or a truth value of NumPy's, of the dtype and the bytes that it is pickled as; undefined for anything else. */
export function scalarOf(dtype: TorchValue, bytes: TorchValue): number | boolean | undefined {
  const [name] = dtype instanceof TorchObject && dtype.className === "numpy.dtype" ? dtype.args : [];
  const type = elementTypes.get(typeof name === "string" ? name : "");
  const isOne = (typeof bytes === "string" || bytes instanceof Uint8Array) && bytes.length === type?.size;
  if (type === undefined || !isOne) return undefined;
  const own = typeof bytes === "string" ? Uint8Array.from(bytes, (letter) => letter.charCodeAt(0)) : bytes;
  const [, order] = Array.isArray((dtype as TorchObject).state) ? ((dtype as TorchObject).state as TorchValue[]) : [];
  if (type.size === 8 && name !== "f8") return wideOf(own, name === "i8", order === ">");
  const data: NumericArray["data"] = readElements(own, type, order === ">", "a number of NumPy's");
  return name === "b1" ? data[0] === 1 : data[0];
}

/** A whole number of 64 bits, as near as a number comes to it. */
function wideOf(bytes: Uint8Array, isSigned: boolean, isBig: boolean): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return Number(isSigned ? view.getBigInt64(0, !isBig) : view.getBigUint64(0, !isBig));
}
