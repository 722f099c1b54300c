// What scripts and workers here predict: a bundle of a small network whose weights are known, and what its bits must be.
import type { Numbers } from "simdgrad/predictor";

/** FNV-1a of the bytes of what the network gives for `rows`, on the portable build. */
export const PREDICTED_HASH = "914d1794";

export const rows = Float32Array.from({ length: 5 * 36 }, (_, i) => ((i * 37) % 101) / 101 - 0.5);

export function hashOf({ data }: Numbers): string {
  let hash = 0x811c9dc5;
  for (const byte of new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, "0");
}
