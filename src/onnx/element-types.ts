// ONNX's element types, and the dtypes that stand for them here: floats of every width are f32, booleans f32 of 0 and 1, as comparisons give
// them, and whole numbers of every width are i32.
import type { DType } from "../shape.ts";
import { DataType } from "./proto.ts";

/** Element types of which there are tensors here. */
export type ElementType =
  | "float32"
  | "float64"
  | "float16"
  | "bfloat16"
  | "bool"
  | "int8"
  | "int16"
  | "int32"
  | "int64"
  | "uint8"
  | "uint16"
  | "uint32"
  | "uint64";

interface Description {
  readonly code: number;
  /** Bytes of an element in raw data. */
  readonly bytes: number;
  readonly dtype: DType;
  /** The least and the largest whole number. */
  readonly range?: readonly [least: number, largest: number];
}

function whole(code: number, bytes: number, signed: boolean): Description {
  const bits = 8 * bytes;
  return { code, bytes, dtype: "i32", range: signed ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1] };
}

export const elementTypes: Readonly<Record<ElementType, Description>> = {
  float32: { code: DataType.FLOAT, bytes: 4, dtype: "f32" },
  float64: { code: DataType.DOUBLE, bytes: 8, dtype: "f32" },
  float16: { code: DataType.FLOAT16, bytes: 2, dtype: "f32" },
  bfloat16: { code: DataType.BFLOAT16, bytes: 2, dtype: "f32" },
  bool: { code: DataType.BOOL, bytes: 1, dtype: "f32" },
  int8: whole(DataType.INT8, 1, true),
  int16: whole(DataType.INT16, 2, true),
  int32: whole(DataType.INT32, 4, true),
  int64: whole(DataType.INT64, 8, true),
  uint8: whole(DataType.UINT8, 1, false),
  uint16: whole(DataType.UINT16, 2, false),
  uint32: whole(DataType.UINT32, 4, false),
  uint64: whole(DataType.UINT64, 8, false),
};

const byCode = new Map(Object.entries(elementTypes).map(([name, { code }]) => [code, name as ElementType]));

/** The element type of ONNX's number, if there are tensors of it here. */
export function elementTypeOf(code: number): ElementType | undefined {
  return byCode.get(code);
}

/** What ONNX calls an element type, also one of which there are no tensors here. */
export function typeName(code: number): string {
  return byCode.get(code) ?? DataType[code]?.toLowerCase() ?? `of number ${code}`;
}
