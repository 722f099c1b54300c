// The networks that members train, and their bytes as they travel.
import { packAnchor, packChange } from "../../src/nats/parcel.ts";
import { Linear, relu, Sequential } from "../../src/nn/index.ts";
import type { StateDict } from "../../src/train/state.ts";
import { CLASSES, PIXELS } from "./digits.ts";

export type Precision = "f32" | "f16";

export function networkOf(hidden: readonly number[]): Sequential {
  const widths = [PIXELS, ...hidden, CLASSES];
  const layers = hidden.flatMap((width, i) => [new Linear(widths[i], width), relu]);
  return new Sequential(...layers, new Linear(widths[hidden.length], CLASSES));
}

/** Bytes of a change, of the state after a round, and of the first weights. */
export function bytesOf(weights: StateDict, precision: Precision) {
  return {
    change: packChange(weights, precision).length,
    state: packAnchor({ round: 1, weights, momentum: weights }).length,
    weights: packAnchor({ round: 0, weights, momentum: {} }).length,
  };
}
