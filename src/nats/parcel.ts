// What travels: weights and changes as bytes, records of rounds as texts, and whether they are what they say.
import type { NumericArray } from "../data/array.ts";
import { float16 } from "../data/half.ts";
import { DataError, UnsupportedError } from "../errors.ts";
import { parseSafetensors, serializeSafetensors } from "../io/safetensors.ts";
import type { StateDict } from "../train/state.ts";
import type { Settings } from "./options.ts";
import type { Anchor } from "./round.ts";

/** Of all that travels: members of another version are refused. */
const VERSION = 1;

/** What a member says of its change of a round. */
export interface Contribution {
  readonly member: string;
  readonly round: number;
  readonly samples: number;
  /** Name of the object that holds it, and the SHA-256 of its bytes. */
  readonly object: string;
  readonly digest: string;
}

/** A round that is closed: whose changes it is of, in their order, and what came of it. */
export interface RoundRecord {
  readonly round: number;
  readonly changes: readonly Contribution[];
  /** Weights and momentum after it. */
  readonly object: string;
  readonly digest: string;
}

/** What the first member of a run says for all. */
export interface RunRecord extends Settings {
  /** Names, shapes and dtypes of the variables. */
  readonly variables: string;
}

export function toText(record: object): string {
  return JSON.stringify({ version: VERSION, ...record });
}

/** @throws UnsupportedError for another version, DataError for anything else that is none */
export function fromText<T extends object>(text: string, what: string, kinds: { readonly [K in keyof T]?: string }): T {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    throw new DataError(`nats: ${what} is a foreign message: ${text.slice(0, 60)}`);
  }
  const record = read as Record<string, unknown>;
  if (typeof record !== "object" || record === null) throw new DataError(`nats: ${what} is a foreign message`);
  if (record.version !== VERSION)
    throw new UnsupportedError(`nats: ${what} is of version ${record.version}; this member speaks version ${VERSION}`);
  for (const [name, kind] of Object.entries<string | undefined>(kinds)) {
    const value = record[name];
    const is = kind === "list" ? Array.isArray(value) : kind === "any" || typeof value === kind;
    if (!is) throw new DataError(`nats: ${what} has no ${name}`);
  }
  return read as T;
}

export async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function packChange(change: StateDict, precision: "f32" | "f16"): Uint8Array<ArrayBuffer> {
  if (precision === "f32") return serializeSafetensors(change);
  const halves = Object.entries(change).map(([name, { data, shape }]) => {
    const bytes = new Uint8Array(2 * data.length);
    const view = new DataView(bytes.buffer);
    data.forEach((value, i) => {
      view.setUint16(2 * i, toFloat16(value), true);
    });
    return [name, { data: bytes, shape: [...shape, 2] }] as const;
  });
  return serializeSafetensors(Object.fromEntries(halves));
}

/** @throws DataError for bytes that are none */
export function unpackChange(bytes: Uint8Array): StateDict {
  const { tensors } = parseSafetensors(bytes);
  const entries = Object.entries(tensors).map(([name, value]): [string, NumericArray] => {
    if (!(value.data instanceof Uint8Array)) return [name, value];
    const view = new DataView(value.data.buffer, value.data.byteOffset);
    const data = Float32Array.from({ length: value.data.length / 2 }, (_, i) => float16(view.getUint16(2 * i, true)));
    return [name, { data, shape: value.shape.slice(0, -1) }];
  });
  return Object.fromEntries(entries);
}

/** The nearest of 16 bits, ties to even; what is too large becomes infinite, and is refused with the change. */
function toFloat16(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(size)) return 0x7e00;
  if (size >= 65520) return sign | 0x7c00;
  // The step between neighbours: 2^-24 below 2^-14, and twice as much in every binade above.
  let exponent = 1;
  while (exponent < 30 && size >= 2 ** (exponent - 14)) exponent++;
  const steps = size / 2 ** (exponent - 25);
  const whole = Math.floor(steps);
  const rest = steps - whole;
  const rounded = whole + (rest > 0.5 || (rest === 0.5 && whole % 2 === 1) ? 1 : 0);
  return sign | (((exponent - 1) << 10) + rounded);
}

const MOMENTUM = "outer momentum of ";

export function packAnchor({ weights, momentum }: Anchor): Uint8Array<ArrayBuffer> {
  const speeds = Object.entries(momentum).map(([name, value]) => [MOMENTUM + name, value] as const);
  return serializeSafetensors({ ...weights, ...Object.fromEntries(speeds) });
}

/** @throws DataError for bytes that are none */
export function unpackAnchor(bytes: Uint8Array, round: number): Anchor {
  const [weights, momentum]: [StateDict, StateDict] = [{}, {}];
  for (const [name, value] of Object.entries(parseSafetensors(bytes).tensors)) {
    if (name.startsWith(MOMENTUM)) momentum[name.slice(MOMENTUM.length)] = value;
    else weights[name] = value;
  }
  return { round, weights, momentum };
}
