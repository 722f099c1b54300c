// The network as a file for other programs: it takes points, or rows of the visitor's file, and makes of them by itself what it sees.
import { constant, type Tensor } from "simdgrad";
import { Sequential } from "simdgrad/nn";
import { toOnnx } from "simdgrad/onnx";
import { rowsMetadata, weightsMetadata } from "./metadata.ts";
import { networkOf, preprocessOf } from "./network.ts";
import { fitsFloats, REACH, type Scale } from "./scale.ts";
import type { Session } from "./session.ts";
import { scaleOf } from "./settings.ts";

export function onnxOf({ layers, settings, executor }: Session): Promise<Uint8Array> {
  const scale = scaleOf(settings);
  const inner = scale !== undefined && fitsFloats(scale) ? scale : undefined;
  const parts = [
    ...(inner ? [fromRows(inner)] : []),
    preprocessOf(settings.features) ?? ((points: Tensor) => points),
    networkOf(layers, settings.activation),
    ...(inner?.numbers ? [toNumbers(inner.numbers)] : []),
  ];
  const signature = { input: ["batch", 2], inputNames: [inner ? "rows" : "points"] };
  const metadata = inner ? rowsMetadata(settings, inner) : weightsMetadata(settings);
  return toOnnx(new Sequential(...parts), signature, { executor, metadata });
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
