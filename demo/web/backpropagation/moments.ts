// Moments: where in the course of updates the page is. An update goes forwards through the layers, makes the loss, and goes backwards through
// them; then the weights move, which is the first moment of the next update.
import { depth, type Setup, type Weight } from "./network.ts";

export type Phase = "start" | "forward" | "loss" | "backward" | "moved";

export interface Moment {
  /** Updates that were made before. */
  readonly made: number;
  readonly phase: Phase;
  /** The layer that a pass has just come to; 0 in other phases. */
  readonly layer: number;
  /** The last layer whose outputs are known; 0 where none but the inputs are. */
  readonly forwards: number;
  /** The first layer whose gradients are known; more than there are where none is. */
  readonly backwards: number;
  readonly hasLoss: boolean;
}

/** Moments that an update takes. */
export function momentsEach(setup: Pick<Setup, "sizes">): number {
  return 2 * depth(setup) + 2;
}

export function momentAt(setup: Pick<Setup, "sizes">, position: number): Moment {
  const layers = depth(setup);
  const each = momentsEach(setup);
  const made = Math.floor(position / each);
  const at = position - made * each;
  const known = { made, forwards: Math.min(at, layers), backwards: layers + 1, hasLoss: at > layers };
  if (at === 0) return { ...known, phase: made === 0 ? "start" : "moved", layer: 0 };
  if (at <= layers) return { ...known, phase: "forward", layer: at };
  if (at === layers + 1) return { ...known, phase: "loss", layer: 0 };
  const layer = 2 * layers + 2 - at;
  return { ...known, phase: "backward", layer, backwards: layer };
}

/** The weight that is unrolled while none is chosen: the first that got its gradient last, or that will get it next. */
export function followedWeight(setup: Pick<Setup, "sizes">, { phase, layer }: Moment): Weight {
  const last = depth(setup);
  return { layer: phase === "backward" ? layer : phase === "moved" ? 1 : last, from: 0, to: 0 };
}
