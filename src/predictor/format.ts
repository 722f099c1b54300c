// The form of an inference bundle: a safetensors file of weights and programs, sealed by a checksum, whose metadata say what they are.
// Files are hostile: here every part of it is looked at before it is used.
import { isRecord } from "../check.ts";
import { bytesOf } from "../data/bytes.ts";
import { DataError } from "../errors.ts";
import { faultOfSeal } from "../io/sealed.ts";
import { PROGRAM_VERSION } from "../program/program.ts";
import { type DType, sizeOf } from "../shape.ts";

export const MARKS = { format: "simdgrad-inference", version: 1 };

/** An array that goes in or comes out: its first size is null where that is the number of rows. */
export interface Port {
  readonly name: string;
  readonly shape: readonly (number | null)[];
  readonly dtype: DType;
}

/** How arrays are given: one alone, several in a list, several by their names. */
export type Arrangement = "one" | "list" | "record";

/** A weight: a tensor of the file by its name, of 8 bits where `scales` names another one with a number a row. */
export interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly scales?: string;
}

/** The program for so many rows. */
export interface Entry {
  readonly rows: number;
  /** Names of tensors: its instructions, and what its region of constants holds, word by word. */
  readonly code: string;
  readonly constants: string;
  /** Places of weights in the list of them, and their offsets in its region of variables. */
  readonly variables: readonly number[];
  readonly offsets: readonly number[];
  /** Offsets in its region of inputs and outputs, in the order of the ports. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** Words of its regions of inputs and outputs, and of intermediate results. */
  readonly ioWords: number;
  readonly arenaWords: number;
}

/** What the metadata say. */
export interface Manifest {
  /** Versions of the package that wrote it, and of programs. */
  readonly simdgrad: string;
  readonly program: number;
  /** Whether a row sees nothing of others, so that any number of them can be predicted. */
  readonly apart: boolean;
  readonly x: Arrangement;
  readonly y: Arrangement;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly weights: readonly Weight[];
  readonly programs: readonly Entry[];
}

/** Element types of tensors in bundles. */
export type Kind = "F32" | "I32" | "U8";

/** A bundle that was read: what it says, and how to come by the bytes of a tensor. */
export interface Bundle {
  readonly manifest: Manifest;
  /** The bytes of the tensor of this name, type and number of elements. @throws DataError if there is none */
  readonly bytes: (name: string, kind: Kind, elements?: number) => Uint8Array;
}

/** What stands where: "" for a text, 0 for a count, null for a count or null, a pattern for words, lists and records of such. */
type Form = string | number | boolean | null | RegExp | readonly [Form] | { readonly [name: string]: Form };

const dtype = /^(f32|i32|u8)$/;
const arrangement = /^(one|list|record)$/;
const counts = [0] as const;
const port = { name: "", shape: [null], dtype } as const;
const FORM = {
  simdgrad: "",
  program: 0,
  apart: true,
  x: arrangement,
  y: arrangement,
  inputs: [port],
  outputs: [port],
  weights: [{ name: "", shape: counts, dtype }],
  programs: [
    {
      rows: 0,
      code: "",
      constants: "",
      variables: counts,
      offsets: counts,
      inputs: counts,
      outputs: counts,
      ioWords: 0,
      arenaWords: 0,
    },
  ],
} as const satisfies Form;

function isLike(value: unknown, form: Form): boolean {
  if (form === null && value === null) return true;
  if (form instanceof RegExp) return typeof value === "string" && form.test(value);
  if (Array.isArray(form)) return Array.isArray(value) && value.every((each) => isLike(each, form[0]));
  if (typeof form === "object" && form !== null)
    return isRecord(value) && Object.entries(form).every(([name, each]) => isLike(own(value, name), each));
  return form === 0 || form === null ? Number.isSafeInteger(value) && Number(value) >= 0 : typeof value === typeof form;
}

function own(record: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

/**
 * What a file says that it holds. Of safetensors' rules (src/io) those are looked at that keep it whole: of a tensor what is asked for.
 * @throws DataError saying what is wrong and where
 */
export function readBundle(given: Uint8Array | ArrayBuffer): Bundle {
  const file = new Uint8Array(bytesOf(given, "Predictor.load: bytes")); // a copy, which nobody changes
  const length = file.length < 8 ? -1 : new DataView(file.buffer).getUint32(0, true);
  const start = 8 + length;
  if (length < 0 || start > file.length) throw fault(`${file.length} bytes are not a whole file`);
  const header = parsed(new TextDecoder().decode(file.slice(8, start)), "header");
  const metadata = own(header, "__metadata__");
  const texts = isRecord(metadata) ? metadata : {};
  const wrong = faultOfSeal(file, texts as Readonly<Record<string, string>>, MARKS);
  if (wrong !== undefined) throw fault(wrong);
  const manifest = checked(parsed(String(own(texts, "model")), "manifest"));
  const bytes: Bundle["bytes"] = (name, kind, elements) => {
    const tensor = own(header, name);
    const { dtype, shape, data_offsets: offsets } = isRecord(tensor) ? tensor : {};
    const size = isLike(shape, counts) ? sizeOf(shape as number[]) : -1;
    const [begin, end] = isLike(offsets, counts) ? (offsets as number[]) : [];
    const fits = dtype === kind && end - begin === (kind === "U8" ? 1 : 4) * size && start + end <= file.length;
    if (!fits || size !== (elements ?? size))
      throw fault(`there is no tensor ${JSON.stringify(name)} of ${elements ?? "some"} ${kind}`);
    return file.subarray(start + begin, start + end);
  };
  return { manifest, bytes };
}

function parsed(text: string, what: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw fault(`its ${what} is not JSON: ${(cause as Error).message}`, { cause });
  }
  if (!isRecord(value)) throw fault(`its ${what} is no object`);
  return value;
}

/** @throws DataError naming what is not as it must be */
function checked(value: Readonly<Record<string, unknown>>): Manifest {
  for (const [name, form] of Object.entries(FORM))
    if (!isLike(own(value, name), form)) throw fault(`its manifest has no right ${name}`);
  const manifest = value as unknown as Manifest;
  const { apart, x, y, inputs, outputs, programs } = manifest;
  const byRows = programs.every(({ rows }) => rows > 0) && outputs.every(({ shape }) => shape[0] === null);
  const arranged = (x !== "one" || inputs.length === 1) && (y !== "one" || outputs.length === 1);
  if (programs.length === 0 || !arranged || (apart && !(byRows && inputs.some(({ shape }) => shape[0] === null))))
    throw fault("its manifest contradicts itself");
  if (manifest.program !== PROGRAM_VERSION)
    throw fault(
      `its programs are of version ${manifest.program}, written by simdgrad ${manifest.simdgrad.slice(0, 40)}; version ${PROGRAM_VERSION} runs here: ` +
        (manifest.program > PROGRAM_VERSION ? "take a newer simdgrad" : "write it anew"),
    );
  return manifest;
}

export function fault(message: string, options?: ErrorOptions): DataError {
  return new DataError(`inference bundle: ${message}`, options);
}
