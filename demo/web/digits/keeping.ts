// Models as files: safetensors, with what they are made of in the metadata.
import type { NumericArray } from "simdgrad/data";
import { parseSafetensors, serializeSafetensors } from "simdgrad/io";
import { Problem } from "../shared/problems.ts";
import { type Activation, type Architecture, activations } from "./model.ts";

const KIND = "simdgrad digits";

export interface Model {
  readonly architecture: Architecture;
  readonly weights: Readonly<Record<string, NumericArray>>;
}

export function toFile({ architecture, weights }: Model): Uint8Array {
  const { hidden, activation, dropout } = architecture;
  return serializeSafetensors(weights, {
    format: "pt",
    kind: KIND,
    architecture: JSON.stringify({ hidden, activation, dropout }),
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
    const { hidden, activation, dropout } = JSON.parse(text ?? "") as Partial<Architecture>;
    const widths = Array.isArray(hidden) && hidden.length <= 2 && hidden.every((width) => width >= 1 && width <= 512);
    const known = typeof activation === "string" && Object.hasOwn(activations, activation);
    if (widths && known && typeof dropout === "number" && dropout >= 0 && dropout < 1)
      return { hidden: hidden.map(Number), activation: activation as Activation, dropout };
  } catch {
    // Said below.
  }
  throw new Problem("This file describes a network that this page does not offer.");
}
