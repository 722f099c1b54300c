// Models as files: safetensors, with what they are made of in the metadata.
import type { NumericArray } from "simdgrad/data";
import { parseSafetensors, serializeSafetensors } from "simdgrad/io";
import { Problem } from "../shared/problems.ts";
import { type Activation, type Architecture, activations, architectureOf, type Dense } from "./model.ts";

const KIND = "simdgrad digits";
const MOST_STEPS = 1e9; // more than any visit makes

export interface Model {
  readonly architecture: Architecture;
  readonly weights: Readonly<Record<string, NumericArray>>;
  /** Steps that made it; undefined where its file does not say. */
  readonly steps?: number;
}

/** What a file of weights says besides them. */
export function metadataOf({ architecture, steps }: Omit<Model, "weights">): Record<string, string> {
  return {
    kind: KIND,
    input: "784 pixels row by row, 28 x 28: 0 is paper, 255 is ink",
    output: "scores of the digits 0 to 9",
    classes: JSON.stringify([0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(String)),
    architecture: JSON.stringify(architectureOf(architecture)),
    ...(steps !== undefined && { steps: String(steps) }),
  };
}

export function toFile(model: Model): Uint8Array {
  return serializeSafetensors(model.weights, { format: "pt", ...metadataOf(model) });
}

/** @throws Problem, in words, where the file is none of this page */
export function fromFile(bytes: Uint8Array): Model {
  const { tensors, metadata } = parsed(bytes);
  if (metadata.kind !== KIND)
    throw new Problem("This safetensors file was not saved by this page: it does not say what its network is made of.");
  for (const [name, { data }] of Object.entries(tensors))
    if (!data.every((value) => Number.isFinite(Math.fround(value))))
      throw new Problem(`The weights “${name}” of this file are not all finite numbers: its network cannot answer.`);
  return {
    architecture: readArchitecture(metadata.architecture),
    weights: tensors,
    ...(metadata.steps !== undefined && { steps: readSteps(metadata.steps) }),
  };
}

function parsed(bytes: Uint8Array): ReturnType<typeof parseSafetensors> {
  try {
    return parseSafetensors(bytes);
  } catch (error) {
    throw new Problem(`This is not a whole safetensors file (${error instanceof Error ? error.message : error}).`);
  }
}

/** What a file may say of its network. */
type Unchecked = Partial<Omit<Dense, "kind"> & { readonly kind: string }>;

function readArchitecture(text: string | undefined): Architecture {
  try {
    // Files that say no kind are of the time when there was one alone, and convolutional ones that say no dropout had none.
    const { kind = "dense", hidden, activation, dropout = 0 } = JSON.parse(text ?? "") as Unchecked;
    const leavesOut = typeof dropout === "number" && dropout >= 0 && dropout < 1;
    if (kind === "convolutional" && leavesOut) return { kind, dropout };
    const widths = Array.isArray(hidden) && hidden.length <= 2 && hidden.every(isWidth);
    const known = typeof activation === "string" && Object.hasOwn(activations, activation);
    if (kind === "dense" && widths && known && leavesOut)
      return { kind, hidden, activation: activation as Activation, dropout };
  } catch {
    // Said below.
  }
  throw new Problem("This file describes a network that this page does not offer.");
}

function readSteps(text: string): number {
  const steps = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (steps <= MOST_STEPS) return steps;
  throw new Problem(
    `This file says that ${JSON.stringify(text)} steps made its network, which is no whole number up to ${MOST_STEPS.toLocaleString("en")}.`,
  );
}

function isWidth(width: unknown): boolean {
  return Number.isInteger(width) && Number(width) >= 1 && Number(width) <= 512;
}
