// What a file of PyTorch's holds, as plain values: nothing of it can do anything.
import type { NumericArray } from "../data/array.ts";

/** A tensor as an array of this library, row-major, a copy of its own. */
export interface TorchTensor extends NumericArray {
  /** Its dtype in PyTorch, as `float16`. */
  readonly torchDType: string;
  /** Whether gradients are computed of it there. */
  readonly requiresGrad: boolean;
}

/** A class or a function that a file names; it is never looked for. */
export class TorchName {
  /** With its module, as `torch.nn.modules.linear.Linear`. */
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** What Python would have made by a call, which is not made: the object of a class, or what a function would give. */
export class TorchObject {
  /** Of the class or the function, with its module, as `torch.nn.modules.linear.Linear`. */
  readonly className: string;
  /** What it would have been called with. */
  readonly args: readonly TorchValue[];
  /** Its attributes, mostly a Map of them by their names; undefined if the file gives none. */
  state: TorchValue | undefined;
  /** What would have been appended to it, if it is a list of a class of its own. */
  items: TorchValue[] | undefined;
  /** What would have been set in it by keys, if it is such a dictionary. */
  entries: Map<TorchValue, TorchValue> | undefined;

  constructor(className: string, args: readonly TorchValue[]) {
    this.className = className;
    this.args = args;
  }
}

/**
 * None is null, numbers are numbers (whole ones beyond 2^53 bigints), texts strings, bytes Uint8Arrays, lists and tuples arrays, sets Sets,
 * dictionaries of all kinds Maps.
 */
export type TorchValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | TorchTensor
  | TorchName
  | TorchObject
  | TorchList
  | ReadonlySet<TorchValue>
  | TorchMap;

/** A list or a tuple. */
export interface TorchList extends ReadonlyArray<TorchValue> {}

/** A dictionary: its keys may be anything that a dictionary's are in Python. */
export interface TorchMap extends ReadonlyMap<TorchValue, TorchValue> {}

export function isTensor(value: unknown): value is TorchTensor {
  return typeof value === "object" && value !== null && Object.hasOwn(value, "torchDType");
}

export function isMap(value: unknown): value is TorchMap {
  return value instanceof Map;
}

/** What a value is, in a few words for messages. */
export function kindOf(value: unknown): string {
  if (value === null) return "None";
  if (value instanceof TorchObject) return `an object of ${shortened(value.className)}`;
  if (value instanceof TorchName) return shortened(value.name);
  if (isMap(value)) return "a dictionary";
  if (value instanceof Set) return "a set";
  if (value instanceof Uint8Array) return "bytes";
  if (Array.isArray(value)) return "a list";
  if (isTensor(value)) return "a tensor";
  return { string: "a text", boolean: "a truth value" }[typeof value as string] ?? "a number";
}

/** A text of a file in a message: its beginning. */
export function shortened(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}...` : text;
}
