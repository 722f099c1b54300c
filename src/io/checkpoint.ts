// Checkpoints: a whole training in one safetensors file, with a version and a checksum of everything in its metadata. The arrays have the
// names that `snapshot()` gives them, so that others read the weights.
import { aListOf, anInteger, aRecordOf, checkOptions, isRecord, must } from "../check.ts";
import type { NumericArray } from "../data/array.ts";
import { bytesOf } from "../data/bytes.ts";
import { ArgumentError, DataError } from "../errors.ts";
import { exactJson, type Json, readJson } from "./exact-json.ts";
import { parseSafetensors } from "./safetensors.ts";
import { faultOfSeal, serializeSealed } from "./sealed.ts";

/** What a callback knows of its fit: plain values and arrays. */
export interface CallbackState {
  readonly values?: Json;
  readonly arrays?: Readonly<Record<string, NumericArray>>;
}

/** A training at one moment. */
export interface Checkpoint {
  /** What `trainer.snapshot()` gave: weights, moments, counters, the place in the data, hyper-parameters, history. */
  readonly state: Readonly<Record<string, NumericArray>>;
  /** The seed of its trainer. */
  readonly seed?: number;
  /** Of each callback of the fit, in their order; null of one that keeps none. Default: none. */
  readonly callbacks?: readonly (CallbackState | null)[];
  /** A fitted preprocessing of simdgrad/data, or its JSON; read back it is JSON, for `preprocessingFromJSON`. */
  readonly preprocessing?: object;
  /** Whatever else is to be known. */
  readonly notes?: Json;
}

const MARKS = { format: "simdgrad-checkpoint", version: 1 };

/**
 * A checkpoint as a safetensors file, which `parseCheckpoint` brings back to the last bit; NaN, infinities and -0 in notes, too.
 * @throws ArgumentError for notes that are no plain values, and two arrays of one name; ShapeError for a shape that does not fit its array
 *
 * @example
 * import { Trainer } from "simdgrad";
 * import { parseCheckpoint, serializeCheckpoint } from "simdgrad/io";
 * import { Linear, mseLoss } from "simdgrad/nn";
 * import { adam } from "simdgrad/optim";
 * const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: adam(0.1) });
 * const bytes = serializeCheckpoint({ state: await trainer.snapshot(), notes: { run: 7 } });
 * const { state, notes } = parseCheckpoint(bytes);
 * await trainer.restore(state);
 * notes; // => { run: 7 }
 */
export function serializeCheckpoint(checkpoint: Checkpoint): Uint8Array<ArrayBuffer> {
  const name = "serializeCheckpoint";
  const any = () => undefined; // looked at below
  checkOptions(
    checkpoint,
    name,
    { state: aRecordOf(anArray), seed: anInteger, callbacks: aListOf(aState), preprocessing: any, notes: any },
    "state",
  );
  const { state, seed, callbacks, preprocessing, notes } = checkpoint;
  const tensors = new Map(Object.entries(state));
  const put = (path: string, array: NumericArray) => {
    if (tensors.has(path)) throw new ArgumentError(`${name}: two arrays are called ${path}`);
    tensors.set(path, array);
    return path;
  };
  const states = callbacks?.map((each, i) => {
    if (each === null) return null;
    const arrays = Object.entries(each.arrays ?? {}).map(([path, array]) => [
      path,
      put(`callbacks.${i}.${path}`, array),
    ]);
    return { ...(each.values !== undefined && { values: each.values }), ...(each.arrays && { arrays }) };
  });
  const texts = { seed, callbacks: states, preprocessing, notes };
  const metadata: Record<string, string> = {};
  for (const [key, value] of Object.entries(texts))
    if (value !== undefined) metadata[key] = exactJson(value, `${name}: ${key}`);
  return serializeSealed(Object.fromEntries(tensors), MARKS, metadata);
}

function anArray(value: unknown, what: string): void {
  must(isRecord(value), value, what, "{ data, shape }");
}

function aState(value: unknown, what: string): void {
  if (value === null) return;
  checkOptions(value as CallbackState, what, { values: () => undefined, arrays: aRecordOf(anArray) });
}

/**
 * The checkpoint that a file holds. Nothing is read of one that is not whole.
 * @throws DataError saying what is wrong and where: for other files, those of a newer version, and changed or torn ones
 *
 * @example
 * import { parseCheckpoint, serializeCheckpoint } from "simdgrad/io";
 * const bytes = serializeCheckpoint({ state: { weight: { data: Float32Array.of(1, 2), shape: [2] } } });
 * parseCheckpoint(bytes).state; // => { weight: { data: [1, 2], shape: [2] } }
 * bytes[bytes.length - 1] ^= 1;
 * parseCheckpoint(bytes); // => throws DataError: checkpoint: the checksum of its bytes
 */
export function parseCheckpoint(given: Uint8Array | ArrayBuffer): Checkpoint {
  const bytes = bytesOf(given, "parseCheckpoint: bytes");
  const { tensors, metadata } = parseSafetensors(bytes);
  const wrong = faultOfSeal(bytes, metadata, MARKS);
  if (wrong !== undefined) throw fault(wrong);
  const { seed, callbacks, preprocessing, notes } = Object.fromEntries(
    ["seed", "callbacks", "preprocessing", "notes"].map((name) => [name, textOf(metadata, name)]),
  );
  if (seed !== undefined && !Number.isSafeInteger(seed)) throw fault(`its seed is ${metadata.seed}, no whole number`);
  const state = new Map(Object.entries(tensors));
  const take = (path: string): NumericArray => {
    const found = state.get(path);
    if (found === undefined) throw fault(`callbacks: there is no array ${path}`);
    state.delete(path);
    return found;
  };
  if (callbacks !== undefined && !(Array.isArray(callbacks) && callbacks.every(isStored)))
    throw fault("callbacks are no list of states");
  const states = callbacks?.map((each: Stored) => each && stateOf(each, take));
  return {
    state: Object.fromEntries(state),
    ...(seed !== undefined && { seed: seed as number }),
    ...(states && { callbacks: states }),
    ...(preprocessing !== undefined && { preprocessing: preprocessing as object }),
    ...(notes !== undefined && { notes }),
  };
}

/** A state as the metadata holds it: its arrays by their names, each with the name of a tensor. */
type Stored = { readonly values?: Json; readonly arrays?: readonly (readonly [string, string])[] } | null;

function isStored(value: unknown): value is Stored {
  if (value === null) return true;
  const isPair = (pair: unknown) =>
    Array.isArray(pair) && pair.length === 2 && pair.every((each) => typeof each === "string");
  return isRecord(value) && (value.arrays === undefined || (Array.isArray(value.arrays) && value.arrays.every(isPair)));
}

function stateOf({ values, arrays }: NonNullable<Stored>, take: (path: string) => NumericArray): CallbackState {
  return {
    ...(values !== undefined && { values }),
    ...(arrays && { arrays: Object.fromEntries(arrays.map(([name, path]) => [name, take(path)])) }),
  };
}

function textOf(metadata: Readonly<Record<string, string>>, name: string): Json | undefined {
  if (!Object.hasOwn(metadata, name)) return undefined;
  try {
    return readJson(metadata[name]);
  } catch (cause) {
    throw fault(`${name} is not JSON: ${(cause as Error).message}`, { cause });
  }
}

function fault(message: string, options?: ErrorOptions): DataError {
  return new DataError(`checkpoint: ${message}`, options);
}
