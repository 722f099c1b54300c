// A checkpoint with something of everything, and checkpoints with a right checksum over wrong bytes.
import type { NumericArray } from "simdgrad/data";
import { type Checkpoint, serializeCheckpoint } from "simdgrad/io";
import { crc32 } from "../../src/io/crc32.ts";

export const state: Record<string, NumericArray> = {
  "0.weight": { data: Float32Array.of(1.5, -0, Number.NaN, Number.POSITIVE_INFINITY), shape: [2, 2] },
  "counters.step": { data: Int32Array.of(-7), shape: [] },
  "history.loss": { data: Float64Array.of(Math.PI, 1e-300), shape: [2] },
  "history.validated": { data: Uint8Array.of(0, 255), shape: [2] },
  none: { data: new Float32Array(0), shape: [0, 3] },
};

export const whole: Checkpoint = {
  state,
  seed: -7,
  callbacks: [{ values: { wait: 3, goal: Number.NaN } }, null, { arrays: { best: state["0.weight"] } }, {}],
  preprocessing: { format: "x", entries: [1, "ü"] },
  notes: [null, true, '\ud800 " \\ \u0000', { "": -0, __proto: Number.NEGATIVE_INFINITY }],
};

export const bytes = serializeCheckpoint(whole);

/** With a checksum that is right, whatever else is wrong. */
export function sealed(file: Uint8Array): Uint8Array {
  const at = 8 + '{"__metadata__":{"crc32":"'.length;
  const own = file.slice();
  own.set(new TextEncoder().encode("00000000"), at);
  own.set(new TextEncoder().encode(crc32(own)), at);
  return own;
}
