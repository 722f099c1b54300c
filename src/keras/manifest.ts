// Weights of TensorFlow.js: a list of names, shapes and dtypes, and shards, which are one row of bytes.

import { isRecord } from "../check.ts";
import type { NumericArray } from "../data/array.ts";
import { joined } from "../data/bytes.ts";
import { float16 } from "../data/half.ts";
import { type Shape, sizeOf } from "../shape.ts";
import { show } from "../show.ts";
import { fault } from "./fault.ts";

/** How the list says that an array is kept with fewer bits. */
interface Quantization {
  readonly dtype: "uint8" | "uint16" | "float16";
  readonly scale: number;
  readonly min: number;
}

interface Entry {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: "float32" | "int32" | "bool" | "uint8";
  readonly quantization: Quantization | undefined;
  readonly isOfOptimizer: boolean;
}

/** Arrays by their names: those of the model, and those of its optimizer. */
export interface Arrays {
  readonly weights: ReadonlyMap<string, NumericArray>;
  readonly optimizer: ReadonlyMap<string, NumericArray>;
}

const BYTES = { float32: 4, int32: 4, bool: 1, uint8: 1, uint16: 2, float16: 2 } as const;

/** Shards as callers bring them: by their names, in order, or all in one. */
export type Shards = Uint8Array | readonly Uint8Array[] | Readonly<Record<string, Uint8Array>>;

/**
 * Arrays of a manifest. @throws DataError for shards that are missing, too short or too long, and for dtypes that are not known
 */
export function arraysOf(manifest: unknown, shards: Shards): Arrays {
  if (!Array.isArray(manifest)) throw fault(`model.json: weightsManifest is ${show(manifest)}, not a list`);
  const weights = new Map<string, NumericArray>();
  const optimizer = new Map<string, NumericArray>();
  let at = 0;
  const whole = Array.isArray(shards) ? joined(shards) : shards instanceof Uint8Array ? shards : undefined;
  for (const [i, group] of manifest.entries()) {
    const { paths, weights: list } = isRecord(group) ? group : {};
    if (!Array.isArray(list)) throw fault(`model.json: group ${i} of weightsManifest has no list of weights`);
    const entries = list.map((entry) => entryOf(entry, i));
    const size = entries.reduce((sum, entry) => sum + bytesFor(entry), 0);
    const bytes =
      whole === undefined
        ? joined(named(shards as Record<string, Uint8Array>, paths, i))
        : whole.subarray(at, at + size);
    if (bytes.length !== size)
      throw fault(`the weights of group ${i} have ${bytes.length} bytes, where model.json tells of ${size}`);
    at += size;
    let from = 0;
    for (const entry of entries) {
      const into = entry.isOfOptimizer ? optimizer : weights;
      if (into.has(entry.name)) throw fault(`model.json: two weights are called ${entry.name}`);
      const to = from + bytesFor(entry);
      into.set(entry.name, { data: numbersOf(entry, new Uint8Array(bytes.subarray(from, to))), shape: entry.shape });
      from = to;
    }
  }
  if (whole !== undefined && at !== whole.length)
    throw fault(`the weights have ${whole.length} bytes, where model.json tells of ${at}`);
  return { weights, optimizer };
}

/** Shards of a group by the names that the manifest has for them, with or without the folder. */
function named(shards: Readonly<Record<string, Uint8Array>>, paths: unknown, group: number): readonly Uint8Array[] {
  if (!Array.isArray(paths) || !paths.every((path) => typeof path === "string"))
    throw fault(`model.json: group ${group} of weightsManifest has no list of paths`);
  return paths.map((path: string) => {
    const name = [path, path.slice(path.lastIndexOf("/") + 1)].find((each) => Object.hasOwn(shards, each));
    if (name === undefined)
      throw fault(`the weights hold no ${path}, but ${Object.keys(shards).slice(0, 5).join(", ") || "nothing"}`);
    return shards[name];
  });
}

function entryOf(given: unknown, group: number): Entry {
  const { name, shape, dtype, quantization, group: owner } = isRecord(given) ? given : {};
  if (typeof name !== "string") throw fault(`model.json: a weight of group ${group} has no name`);
  const isShape = Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size) && size >= 0);
  if (!isShape) throw fault(`model.json: the shape of ${name} is ${show(shape)}, not a list of sizes`);
  if (dtype !== "float32" && dtype !== "int32" && dtype !== "bool" && dtype !== "uint8")
    throw fault(`model.json: ${name} is of dtype ${show(dtype)}, not of float32, int32, bool, uint8`);
  const kept = quantization === undefined || quantization === null ? undefined : quantizationOf(quantization, name);
  if (kept?.dtype === "float16" && dtype !== "float32")
    throw fault(`model.json: ${name} is kept as float16, but is of dtype ${dtype}`);
  return { name, shape, dtype, quantization: kept, isOfOptimizer: owner === "optimizer" };
}

function quantizationOf(given: unknown, name: string): Quantization {
  const { dtype, scale = 1, min = 0 } = isRecord(given) ? given : {};
  if (dtype !== "uint8" && dtype !== "uint16" && dtype !== "float16")
    throw fault(`model.json: ${name} is kept as ${show(dtype)}, not as uint8, uint16, float16`);
  const { scale: ownScale, min: ownMin } = given as { readonly scale?: unknown; readonly min?: unknown };
  if (dtype !== "float16" && (!Number.isFinite(ownScale) || !Number.isFinite(ownMin)))
    throw fault(`model.json: ${name} is kept as ${dtype} without scale and min`);
  return { dtype, scale: Number(scale), min: Number(min) };
}

function bytesFor({ shape, dtype, quantization }: Entry): number {
  return sizeOf(shape) * BYTES[quantization?.dtype ?? dtype];
}

/** Numbers in little-endian bytes of their own, as TensorFlow.js computes them. */
function numbersOf({ dtype, quantization }: Entry, { buffer }: Uint8Array<ArrayBuffer>): NumericArray["data"] {
  if (quantization === undefined) {
    if (dtype === "float32") return new Float32Array(buffer);
    return dtype === "int32" ? new Int32Array(buffer) : new Uint8Array(buffer);
  }
  if (quantization.dtype === "float16") return Float32Array.from(new Uint16Array(buffer), float16);
  const kept = quantization.dtype === "uint8" ? new Uint8Array(buffer) : new Uint16Array(buffer);
  const { scale, min } = quantization;
  if (dtype === "float32") return Float32Array.from(kept, (each) => each * scale + min);
  return Int32Array.from(kept, (each) => Math.round(each * scale + min));
}
