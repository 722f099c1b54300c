// What travels: weights and changes as bytes, records of rounds as texts, and whether they are what they say.
import { isRecord } from "../check.ts";
import type { NumericArray } from "../data/array.ts";
import { float16, toFloat16 } from "../data/half.ts";
import { DataError, UnsupportedError } from "../errors.ts";
import { parseSafetensors, serializeSafetensors } from "../io/safetensors.ts";
import type { StateDict } from "../train/state.ts";
import type { Anchor, AsIs } from "./round.ts";

/** Of all that travels: members of another version are refused. */
const VERSION = 1;

/** What a member says of its change of a round: the object that holds it, and the SHA-256 of its bytes. */
export const aContribution = { member: "", round: 0, samples: 0, object: "", digest: "" };
export type Contribution = Readonly<typeof aContribution>;

/** A round that is closed, of which run by its id: whose changes it is of, in their order, and the object with weights and momentum after it. */
const aRound = { id: "", round: 0, changes: [aContribution], object: "", digest: "" };
export type RoundRecord = Omit<Readonly<typeof aRound>, "changes"> & { readonly changes: readonly Contribution[] };

/** What the first member of a run says for all: an id of its own, the settings, and a checksum of names, shapes and dtypes of the variables. */
export const aRun = {
  id: "",
  innerSteps: 0,
  learningRate: 0,
  momentum: 0,
  precision: "",
  maxNorm: null as number | null,
  heartbeat: 0,
  variables: "",
};

/** What a member was called by whom it started: behind it there is an id in records, so that several may have one name. */
export function givenName(member: string): string {
  return member.split(".")[0];
}

export function toText(record: object): string {
  return JSON.stringify({ version: VERSION, ...record });
}

/** A record like the sample. @throws UnsupportedError for another version, DataError for anything else that is none */
export function fromText<T extends object>(text: string, what: string, sample: T): T {
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch {
    // as what is no record
  }
  if (!isRecord(record))
    throw new DataError(`nats: ${what} is ${text === "" ? "empty" : `a foreign message: ${text.slice(0, 60)}`}`);
  const { version, ...given } = record as Record<string, unknown>;
  if (version !== VERSION)
    throw new UnsupportedError(`nats: ${what} is of version ${version}; this member speaks version ${VERSION}`);
  for (const [name, each] of Object.entries(sample))
    if (!isLike(given[name], each)) throw new DataError(`nats: ${what} has no ${name}`);
  return given as T;
}

/** The record of a round. @throws as `fromText` does, and DataError for a round that is none */
export function roundFrom(text: string, what: string): RoundRecord {
  const record = fromText<RoundRecord>(text, what, aRound);
  if (Number.isSafeInteger(record.round) && record.round >= 0) return record;
  throw new DataError(`nats: ${what} has round ${record.round}`);
}

/** Whether a value has the sample's type, and so has all in it; null stands for anything. */
function isLike(value: unknown, sample: unknown): boolean {
  if (sample === null) return true;
  if (typeof sample !== "object") return typeof value === typeof sample;
  if (Array.isArray(sample)) return Array.isArray(value) && value.every((each) => isLike(each, sample[0]));
  return isRecord(value) && Object.entries(sample).every(([name, each]) => isLike(Object(value)[name], each));
}

export async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Values of 16 bits that are too large become infinite, and are refused with the change; what is not trained has its own dtype. */
export function packChange(
  change: StateDict,
  precision: "f32" | "f16",
  asIs: AsIs = new Map(),
): Uint8Array<ArrayBuffer> {
  if (precision === "f32") return serializeSafetensors(change);
  const halves = Object.entries(change).map(([name, value]): [string, NumericArray] => {
    if (asIs.has(name)) return [name, value];
    const { data, shape } = value;
    const bytes = new Uint8Array(2 * data.length);
    const view = new DataView(bytes.buffer);
    for (const [i, value] of data.entries()) view.setUint16(2 * i, toFloat16(value), true);
    return [name, { data: bytes, shape: [...shape, 2] }];
  });
  return serializeSafetensors(Object.fromEntries(halves));
}

/** @throws DataError for bytes that are none */
export function unpackChange(bytes: Uint8Array, asIs: AsIs = new Map()): StateDict {
  const { tensors } = parseSafetensors(bytes);
  const entries = Object.entries(tensors).map(([name, value]): [string, NumericArray] => {
    if (asIs.has(name) || !(value.data instanceof Uint8Array)) return [name, value];
    const view = new DataView(value.data.buffer, value.data.byteOffset);
    const data = Float32Array.from({ length: value.data.length / 2 }, (_, i) => float16(view.getUint16(2 * i, true)));
    return [name, { data, shape: value.shape.slice(0, -1) }];
  });
  return Object.fromEntries(entries);
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
