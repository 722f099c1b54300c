// The network as a file for other programs: it takes points, or rows of the visitor's file, and makes of them by itself what it sees.
import { constant, type Tensor } from "simdgrad";
import { Sequential } from "simdgrad/nn";
import { toOnnx } from "simdgrad/onnx";
import { networkOf, preprocessOf } from "./network.ts";
import { fitsFloats, REACH, type Scale, scaleAsJson } from "./scale.ts";
import type { Session } from "./session.ts";
import { scaleOf } from "./settings.ts";

export async function onnxOf({ layers, settings, executor }: Session): Promise<Uint8Array> {
  const scale = scaleOf(settings);
  const inner = scale !== undefined && fitsFloats(scale) ? scale : undefined;
  const parts = [
    ...(inner ? [fromRows(inner)] : []),
    preprocessOf(settings.features) ?? ((points: Tensor) => points),
    networkOf(layers, settings.activation),
    ...(inner?.numbers ? [toNumbers(inner.numbers)] : []),
  ];
  const signature = { input: ["batch", 2], inputNames: [inner ? "rows" : "points"] };
  const bytes = await toOnnx(new Sequential(...parts), signature, { executor });
  return scale === undefined ? bytes : withMetadata(bytes, "scale", scaleAsJson(scale));
}

/** The file's numbers into the square. */
function fromRows({ columns }: Scale) {
  const from = columns.map(([least]) => least);
  const stretch = columns.map(([least, top]) => (2 * REACH) / (top - least));
  return (rows: Tensor) =>
    rows
      .sub(constant([from]))
      .mul(constant([stretch]))
      .sub(REACH);
}

/** What was learnt between -1 and 1 as the file's numbers. */
function toNumbers([from, to]: NonNullable<Scale["numbers"]>) {
  return (learnt: Tensor) =>
    learnt
      .add(1)
      .mul((to - from) / 2)
      .add(from);
}

/** The file with one entry of metadata more: in its format what comes last in a list may come last in the file. */
function withMetadata(file: Uint8Array, key: string, value: string): Uint8Array {
  const field = (tag: number, bytes: Uint8Array) => [tag, ...sizeOf(bytes.length), ...bytes];
  const text = (tag: number, words: string) => field(tag, new TextEncoder().encode(words));
  const entry = Uint8Array.from([...text(0x0a, key), ...text(0x12, value)]);
  return Uint8Array.from([...file, ...field(0x72, entry)]);
}

/** A length in groups of seven bits, the lowest first. */
function sizeOf(length: number): number[] {
  return length < 128 ? [length] : [(length & 127) | 128, ...sizeOf(length >>> 7)];
}
