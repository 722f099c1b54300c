// What the parts of one model.py share: constants, layers, functions that its lines call.
import type { DType, Shape } from "../../shape.ts";
import type { Helper } from "./helpers.ts";
import { nested, quoted, quotedPath, TYPES } from "./python.ts";

/** Elements of a constant that is written in the code, at the most: larger ones go to a file. */
const WRITTEN = 64;

/** A tensor that is known beforehand. */
export interface Constant {
  readonly data: Float32Array | Int32Array | Uint8Array;
  readonly shape: Shape;
}

export class ModelFile {
  /** Constants that are too large for the code, by name. */
  readonly constants = new Map<string, Constant>();
  /** What makes a constant, by name. */
  readonly made = new Map<string, string>();
  /** What makes a layer of torch's, by its path. */
  readonly layers = new Map<string, string>();
  readonly helpers = new Set<Helper>();
  readonly #names = new Map<string, string>();
  readonly #isTaken: (name: string) => boolean;

  /** @param isTaken says which names weights and layers have */
  constructor(isTaken: (name: string) => boolean) {
    this.#isTaken = isTaken;
  }

  /** A layer of the model under its path. */
  layer(path: string, made: string): string {
    this.layers.set(path, made);
    return `self[${quotedPath(path)}]`;
  }

  helper(name: Helper): string {
    this.helpers.add(name);
    return name;
  }

  /** A constant, or the one of the same numbers that is there. */
  constant(numbers: ArrayLike<number>, shape: Shape, dtype: DType): string {
    const kinds = { f32: Float32Array, i32: Int32Array, u8: Uint8Array };
    const data = kinds[dtype].from(numbers);
    const isWritten = data.length <= WRITTEN;
    const key = `${dtype} ${shape}: ${isWritten ? Array.from(data, (each) => (Object.is(each, -0) ? "-0" : each)) : digest(data)}`;
    const known = this.#names.get(key);
    if (known !== undefined && (isWritten || isSame(this.constants.get(known)?.data, data))) return `self.${known}`;
    let count = this.made.size + 1;
    while (this.#isTaken(`constant_${count}`)) count++;
    const name = `constant_${count}`;
    this.#names.set(key, name);
    const text = isWritten ? `torch.tensor(${nested(data, shape, dtype)}, dtype=${TYPES[dtype]})` : "";
    if (!isWritten) this.constants.set(name, { data, shape });
    this.made.set(name, text || `constants[${quoted(name)}]`);
    return `self.${name}`;
  }
}

/** Tells most arrays apart. */
function digest(data: ArrayLike<number>): string {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum = (sum * 31 + (Number.isFinite(data[i]) ? data[i] : i)) % 1e9;
  return `${data.length} ${sum}`;
}

function isSame(a: ArrayLike<number> | undefined, b: ArrayLike<number>): boolean {
  if (a?.length !== b.length) return false;
  for (let i = 0; i < b.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}
