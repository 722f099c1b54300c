// The steps of a map, decoded. Print and verify read them; kernels decode for themselves.

import type * as mapCodes from "../../assembly/isa/map-code.ts";
import * as code from "../../assembly/isa/map-code.ts";
import { MAP_COUNTS, MAP_FIRST, MAP_STEP_WORDS } from "../../assembly/isa/slots.ts";
import { mapWords } from "./instructions.ts";

/** Numbers of all steps of the block machine. */
export type MapCode = Exclude<Extract<(typeof mapCodes)[keyof typeof mapCodes], number>, typeof mapCodes.MAP_CODES>;

/** One step: registers are numbered as in slots.ts. */
export interface MapStep {
  readonly code: number;
  readonly target: number;
  /** As many as the code takes. */
  readonly sources: readonly number[];
}

/** Of each step, by its number: what it is called in print, and how many registers it reads. */
export const STEPS: readonly { readonly name: string; readonly sources: number }[] = code
  .mapSteps()
  .split(", ")
  .map((step) => {
    const [name, sources] = step.split(" ");
    return { name, sources: Number(sources) };
  });

/** Which of its sources a step takes for scalars: operands read as such. */
export const SCALAR_SOURCES: ReadonlyMap<number, readonly number[]> = new Map([
  [code.AFFINE, [1, 2]],
  [code.SCALED_ADD, [1]],
  [code.BLEND, [1, 3]],
  [code.SQRT_AFFINE, [1, 2]],
  [code.QUOTIENT_ADD, [2]],
]);

/** The steps of a map in their order. */
export function* stepsOf(words: Int32Array, map: number): Generator<MapStep> {
  const end = map + MAP_FIRST + mapWords((slot) => words[map + slot]);
  for (let at = end - (words[map + MAP_COUNTS] >>> 16) * MAP_STEP_WORDS; at < end; at += MAP_STEP_WORDS) {
    const step = words[at];
    const more = words[at + 1];
    const sources = [(step >> 16) & 0xff, step >>> 24, more & 0xff, (more >> 8) & 0xff];
    yield {
      code: step & 0xff,
      target: (step >> 8) & 0xff,
      sources: sources.slice(0, STEPS[step & 0xff]?.sources),
    };
  }
}
