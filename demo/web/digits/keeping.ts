// Models as files: safetensors, with what they are made of in the metadata.
import type { NumericArray } from "simdgrad/data";
import { parseSafetensors, serializeSafetensors } from "simdgrad/io";
import { Problem } from "../shared/problems.ts";
import { type Activation, type Architecture, activations, architectureOf, type Dense } from "./model.ts";

const KIND = "simdgrad digits";

export interface Model {
  readonly architecture: Architecture;
  readonly weights: Readonly<Record<string, NumericArray>>;
}

export function toFile({ architecture, weights }: Model): Uint8Array {
  return serializeSafetensors(weights, {
    format: "pt",
    kind: KIND,
    architecture: JSON.stringify(architectureOf(architecture)),
  });
}

/** @throws Problem, in words, where the file is none of this page */
export function fromFile(bytes: Uint8Array): Model {
  const { tensors, metadata } = parsed(bytes);
  if (metadata.kind !== KIND)
    throw new Problem("This safetensors file was not saved by this page: it does not say what its network is made of.");
  return { architecture: readArchitecture(metadata.architecture), weights: tensors };
}

function parsed(bytes: Uint8Array): ReturnType<typeof parseSafetensors> {
  try {
    return parseSafetensors(bytes);
  } catch (error) {
    throw new Problem(`This is not a whole safetensors file (${error instanceof Error ? error.message : error}).`);
  }
}

function readArchitecture(text: string | undefined): Architecture {
  try {
    const read = JSON.parse(text ?? "") as { readonly kind?: unknown };
    if (read.kind === "convolutional") return { kind: "convolutional" };
    // Files that say no kind are of the time when there was one alone.
    const { kind = "dense", hidden, activation, dropout } = read as Partial<Dense>;
    const widths = Array.isArray(hidden) && hidden.length <= 2 && hidden.every((width) => width >= 1 && width <= 512);
    const known = typeof activation === "string" && Object.hasOwn(activations, activation);
    if (kind === "dense" && widths && known && typeof dropout === "number" && dropout >= 0 && dropout < 1)
      return { kind, hidden: hidden.map(Number), activation: activation as Activation, dropout };
  } catch {
    // Said below.
  }
  throw new Problem("This file describes a network that this page does not offer.");
}
