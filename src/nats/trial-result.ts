// What a member says of a trial that has ended, as a text: no longer than a server takes, and looked at where it arrives.
import { isRecord } from "../check.ts";
import { DataError, WorkerError } from "../errors.ts";
import { nonFiniteOf, type Outcome } from "../tune/trial.ts";
import { toWire, type WireError } from "../worker/wire.ts";
import { fromText, toText } from "./parcel.ts";

const LONGEST = 10_000; // characters of one text of an error
const HEADERS = 512; // bytes that a message has beside its text

/** The object that is an artifact, and the SHA-256 of its bytes. */
const aKept = { object: "", digest: "" };
export type Kept = Readonly<typeof aKept>;

/** How a trial ended: an artifact that came with it is kept elsewhere. */
type End = Outcome | { readonly value: number; readonly kept: Kept };

export interface Result {
  /** Numbers that JSON does not have come as texts. */
  readonly outcome: End | { readonly value: string } | null;
  readonly error: WireError | null;
}

export const aResult: Result = { outcome: null, error: null };

/** Of what the objective gave, without its artifact. */
export function resultOf(outcome: Outcome, kept?: Kept): Result {
  const broken = nonFiniteOf(outcome);
  if (broken !== undefined) return { outcome: { value: String(broken) }, error: null };
  if (typeof outcome !== "object") return { outcome, error: null };
  const { value } = outcome;
  return { outcome: kept === undefined ? value : { value, kept }, error: null };
}

/** Of what the objective threw, whatever that is. */
export function failureOf(error: unknown): Result {
  let wire: WireError;
  try {
    const { name, message, stack, path, step } = toWire(error);
    wire = {
      name: cut(name),
      message: cut(message),
      ...(stack !== undefined && { stack: cut(stack) }),
      ...(path !== undefined && { path: cut(path) }),
      ...(typeof step === "number" && { step }),
    };
  } catch {
    wire = { name: "Error", message: "what was thrown has no text" };
  }
  return { outcome: null, error: wire };
}

function cut(text: unknown): string {
  const whole = String(text);
  if (whole.length <= LONGEST) return whole;
  return `${whole.slice(0, LONGEST)}... (cut: it has ${whole.length} characters)`;
}

/** A result as it travels, of so many bytes at the most, headers included; one that is larger says just that. */
export function resultText(result: Result, trial: number, most = Number.POSITIVE_INFINITY): string {
  const text = toText(result);
  const bytes = new TextEncoder().encode(text).length + HEADERS;
  if (bytes <= most) return text;
  const { name, message } = new WorkerError(
    `the result of trial ${trial} has ${bytes} bytes, and the server takes no more than ${most}`,
  );
  return toText({ outcome: null, error: { name, message } });
}

type Told = { readonly outcome: End; readonly error: null } | { readonly outcome: null; readonly error: WireError };

/** @throws DataError for a text that no member wrote, UnsupportedError for one of another version */
export function resultFrom(text: string, trial: number): Told {
  const { outcome, error } = fromText(text, `the result of trial ${trial}`, aResult);
  if (isError(error)) return { outcome: null, error };
  const end = error === null ? endOf(outcome) : undefined;
  if (end === undefined)
    throw new DataError(`nats: the result of trial ${trial} is neither a value nor an error: ${text.slice(0, 80)}`);
  return { outcome: end, error: null };
}

function endOf(outcome: unknown): End | undefined {
  if (outcome === "pruned" || outcome === "failed") return outcome;
  const { value, kept } = isRecord(outcome) ? outcome : { value: outcome, kept: undefined };
  if (typeof value === "number") return kept === undefined ? value : keptOf(value, kept);
  return isRecord(outcome) && /^(NaN|-?Infinity)$/.test(String(value)) ? Number(value) : undefined;
}

function keptOf(value: number, kept: unknown): End | undefined {
  const { object, digest } = isRecord(kept) ? (kept as { readonly object: unknown; readonly digest: unknown }) : aKept;
  const isKept = typeof object === "string" && object !== "" && typeof digest === "string";
  return isKept ? { value, kept: { object, digest } } : undefined;
}

function isError(error: unknown): error is WireError {
  if (!isRecord(error)) return false;
  const { name, message, stack, path, step } = error;
  const areTexts = [stack, path].every((each) => each === undefined || typeof each === "string");
  const isStep = step === undefined || step === null || typeof step === "number";
  return typeof name === "string" && typeof message === "string" && areTexts && isStep;
}
