// How the gradient of filters is cut, by the slots of its instruction.
import { cutFilter, tapSpan } from "../../assembly/isa/cuts.ts";

/** Slots of CONVOLVE_FILTER that say so. */
type Slots = Readonly<
  Record<
    | "rows"
    | "channels"
    | "tapsD"
    | "tapsH"
    | "tapsW"
    | "sizeD"
    | "positionsD"
    | "positionsH"
    | "positionsW"
    | "stepH"
    | "stepW"
    | "apartH"
    | "apartW"
    | "firstD"
    | "firstH"
    | "firstW",
    number
  >
>;

/** As `cutFilter` gives it. */
export function filterCut(slots: Slots): number {
  const { rows, channels, tapsD, tapsH, tapsW, sizeD, positionsD, positionsH, positionsW, stepH, stepW } = slots;
  const isFlat = tapsD === 1 && sizeD === 1 && positionsD === 1 && slots.firstD === 0;
  const spans = [tapSpan(tapsH, slots.apartH, slots.firstH, 1), tapSpan(tapsW, slots.apartW, slots.firstW, 1)] as const;
  const taps = tapsD * tapsH * tapsW;
  return cutFilter(channels, taps, rows, isFlat, positionsH, positionsW, stepH, stepW, ...spans);
}
