// Places: what lies where in a program's regions, found by address. Print and verify name memory by it.
import {
  OFFSET_MASK,
  REGION_ARENA,
  REGION_CONSTANTS,
  REGION_IO,
  REGION_SHIFT,
  REGION_STATE,
} from "../../assembly/isa/sizes.ts";
import type { Program, ProgramConstant } from "./program.ts";

/** Words that belong together. Positions count words through all four regions: region * 2^30 + offset. */
export interface Place {
  readonly kind: "variable" | "input" | "output" | "constant" | "arena";
  readonly name: string;
  /** First word, and the first beyond. */
  readonly start: number;
  readonly end: number;
}

/** First position of a region. */
export function regionStart(region: number): number {
  return region * 2 ** REGION_SHIFT;
}

/** The position that a word of the code addresses. */
export function positionOf(address: number): number {
  return regionStart(address >>> REGION_SHIFT) + (address & OFFSET_MASK);
}

export class Places {
  /** Ascending. */
  readonly all: readonly Place[];

  constructor({ variables, inputs, outputs, constants, arenaWords }: Program) {
    const place = (kind: Place["kind"], region: number, name: string, offset: number, words: number): Place => {
      const start = regionStart(region) + offset;
      return { kind, name, start, end: start + words };
    };
    this.all = [
      ...variables.map(({ name, offset, words }) => place("variable", REGION_STATE, name, offset, words)),
      ...inputs.map(({ name, offset, words }) => place("input", REGION_IO, name, offset, words)),
      ...outputs.map(({ name, offset, words }) => place("output", REGION_IO, name, offset, words)),
      place("arena", REGION_ARENA, "arena", 0, arenaWords),
      ...constants.map((each) => place("constant", REGION_CONSTANTS, constantName(each), each.offset, each.words)),
    ].sort((a, b) => a.start - b.start);
  }

  /** The place around a position. */
  at(position: number): Place | undefined {
    let low = 0;
    let high = this.all.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.all[middle].start <= position) low = middle + 1;
      else high = middle;
    }
    const place = this.all[low - 1];
    return place !== undefined && position < place.end ? place : undefined;
  }

  /** `weight`, `weight+16`, `arena+128`; where nothing lies, the region and the offset. */
  show(position: number): string {
    const place = this.at(position);
    if (place === undefined) return showRaw(position);
    const offset = position - place.start;
    return offset > 0 || place.kind === "arena" ? `${place.name}+${offset}` : place.name;
  }
}

function showRaw(position: number): string {
  const names: Readonly<Record<number, string>> = {
    [REGION_STATE]: "state",
    [REGION_IO]: "io",
    [REGION_ARENA]: "arena",
    [REGION_CONSTANTS]: "constants",
  };
  const region = Math.floor(position / 2 ** REGION_SHIFT);
  return `${names[region]}+${position - regionStart(region)}`;
}

/** A scalar is called by its value, a table by its offset. */
function constantName({ data, offset }: ProgramConstant): string {
  return data.length === 1 ? `${data[0]}` : `constants+${offset}`;
}
