// Arrays as callers bring them to a predictor: numbers in a row, rows of numbers, or data with a shape.
import { isRecord, numbers } from "../check.ts";
import { ShapeError } from "../errors.ts";
import { checkElements } from "../runtime/memory.ts";
import { sizeOf } from "../shape.ts";
import type { Port } from "./format.ts";

/** The arrays that hold elements. */
export const kinds = { f32: Float32Array, i32: Int32Array, u8: Uint8Array };

/** Numbers, flat or nested, or with a shape. */
export type Rows =
  | ArrayLike<number>
  | readonly Rows[]
  | { readonly data: ArrayLike<number>; readonly shape: readonly number[] };

/** The elements of an input, and how many rows they are; undefined of one without rows. */
export interface Given {
  readonly data: Float32Array | Int32Array | Uint8Array;
  readonly rows: number | undefined;
}

/** What is given for an input. @throws ArgumentError, ShapeError where it does not fit */
export function givenFor({ name, shape, dtype }: Port, given: unknown): Given {
  const what = `predict: ${name}`;
  const width = sizeOf(shape.map((size) => size ?? 1));
  const isData = isRecord(given) && "data" in given;
  const flat = isData ? given.data : flattened(given, shape, what);
  numbers(flat, what);
  const data = flat as ArrayLike<number>;
  const rows = shape[0] === null ? data.length / width || 0 : undefined;
  const full = shape.map((size) => size ?? (rows as number));
  const said = isData ? given.shape : full;
  if (data.length !== sizeOf(full) || String(said) !== String(full) || !Number.isInteger(rows ?? 0))
    throw new ShapeError(
      `${what} takes [${shape.map((size) => size ?? "rows").join(", ")}], got ${data.length} numbers${isData ? ` of [${said}]` : ""}`,
    );
  checkElements(dtype, data, name);
  const Kind = kinds[dtype];
  return { data: data instanceof Kind ? data : Kind.from(data), rows };
}

/** Lists within lists, each as long as the shape says, as one. @throws ShapeError */
function flattened(given: unknown, [, ...inner]: Port["shape"], what: string): unknown {
  if (!Array.isArray(given) || typeof given[0] !== "object" || inner.length === 0) return given;
  const size = sizeOf(inner as number[]);
  return [...given].flatMap((each) => {
    const row = flattened(each, inner, what) as ArrayLike<number> | undefined;
    if (row?.length !== size) throw new ShapeError(`${what}: ${row?.length} numbers in the place of ${size}`);
    return Array.from(row);
  });
}
