// Words of Python: numbers, lists, names.
import type { DType } from "../../shape.ts";

/** PyTorch's dtypes. */
export const TYPES: Readonly<Record<DType, string>> = { f32: "torch.float32", i32: "torch.int32", u8: "torch.uint8" };

const KEYWORDS = new Set(
  (
    "False None True and as assert async await break class continue def del elif else except finally for from global if import in is " +
    "lambda match nonlocal not or pass raise return try while with yield"
  ).split(" "),
);

/** Functions of Python's that lines call. */
const BUILTINS = new Set(["float", "len", "range", "reversed", "sum", "super", "tuple"]);

/** A number as Python writes it: floats have a point, an exponent or a name. */
export function numberText(value: number, dtype: DType): string {
  if (dtype !== "f32") return `${value}`;
  if (Number.isNaN(value)) return 'float("nan")';
  if (!Number.isFinite(value)) return `float("${value < 0 ? "-inf" : "inf"}")`;
  if (Object.is(value, -0)) return "-0.0";
  return /[.e]/.test(`${value}`) ? `${value}` : `${value}.0`;
}

/** A tuple; that of one element has a comma. */
export function tuple(parts: readonly (string | number)[]): string {
  return parts.length === 1 ? `(${parts[0]},)` : `(${parts.join(", ")})`;
}

/** One value where all are the same. */
export function each(values: readonly number[]): string {
  return values.every((value) => value === values[0]) ? `${values[0]}` : tuple(values);
}

export function flag(value: boolean): string {
  return value ? "True" : "False";
}

/** A text in quotes, of characters that are seen. */
export function quoted(text: string): string {
  // What JSON escapes, Python reads alike, but for characters beyond 16 bits.
  return JSON.stringify(text).replace(/[^\x20-\x7e\p{L}\p{N}]/gu, escaped);
}

/** The path of a layer or a weight in quotes: without brackets and commas, as expressions are looked through for these. */
export function quotedPath(path: string): string {
  return quoted(path).replace(/[()[\]{},]/g, escaped);
}

function escaped(character: string): string {
  const code = (character.codePointAt(0) as number).toString(16);
  return code.length > 4 ? `\\U${code.padStart(8, "0")}` : `\\u${code.padStart(4, "0")}`;
}

/** Letters, digits and underscores of a text: what a comment may say. */
export function plain(text: string): string {
  return text.replace(/[^\p{L}\p{N}_$]+/gu, "_");
}

/** A name of Python's for any text. */
export function identifier(text: string): string {
  // Two underscores before a name have a meaning in classes.
  const name = text.replace(/\W+/g, "_").replace(/^_+|^(?=\d)/, "_");
  if (name === "" || name === "_") return "x";
  return KEYWORDS.has(name) || BUILTINS.has(name) ? `${name}_` : name;
}

/** Numbers as lists in lists by their shape. */
export function nested(numbers: ArrayLike<number>, shape: readonly number[], dtype: DType): string {
  const at = (start: number, axis: number): string => {
    if (axis === shape.length) return numberText(numbers[start], dtype);
    const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
    return `[${Array.from({ length: shape[axis] }, (_, i) => at(start + i * inner, axis + 1)).join(", ")}]`;
  };
  return at(0, 0);
}

/** An expression without parentheses around all of it. */
export function bare(text: string): string {
  if (!text.startsWith("(") || !text.endsWith(")")) return text;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "(") depth++;
    if (text[i] === ")") depth--;
    // A tuple keeps its own; so does what only begins with some.
    if ((depth === 0 && i < text.length - 1) || (depth === 1 && text[i] === ",")) return text;
  }
  return text.slice(1, -1);
}
