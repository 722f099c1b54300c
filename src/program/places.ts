// Places: what lies where in a program's regions, found by address. Print and verify name memory by it.
import {
  OFFSET_MASK,
  REGION_ARENA,
  REGION_CONSTANTS,
  REGION_IO,
  REGION_SHIFT,
  REGION_STATE,
} from "../../assembly/isa/sizes.ts";
import { type DType, sizeOf } from "../shape.ts";
import { firstIndex } from "./first-index.ts";
import type { Program, ProgramConstant, ProgramSlot } from "./program.ts";

/** Words that belong together. Positions count words through all four regions: region * 2^30 + offset. */
export interface Place {
  readonly kind: "variable" | "input" | "output" | "constant" | "arena";
  readonly name: string;
  /** Whether the program may write there. */
  readonly writable: boolean;
  readonly start: number;
  /** First word beyond its elements: padding is nobody's. */
  readonly end: number;
  /** First word beyond its padding. */
  readonly limit: number;
}

/** Words that elements fill. */
export function filledWords(elements: number, dtype: DType): number {
  return dtype === "u8" ? Math.ceil(elements / 4) : elements;
}

/** First position of a region. */
export function regionStart(region: number): number {
  return region * 2 ** REGION_SHIFT;
}

/** The position that a word of the code addresses. */
export function positionOf(address: number): number {
  return regionStart(address >>> REGION_SHIFT) + (address & OFFSET_MASK);
}

/** What of a program lies somewhere. */
export type Laid = Pick<Program, "variables" | "inputs" | "outputs" | "constants" | "arenaWords">;

export class Places {
  /** Ascending. */
  readonly all: readonly Place[];

  constructor({ variables, inputs, outputs, constants, arenaWords }: Laid) {
    const place = (
      kind: Place["kind"],
      region: number,
      name: string,
      offset: number,
      filled: number,
      words: number,
    ) => {
      const start = regionStart(region) + offset;
      const writable = kind === "output" || kind === "arena";
      return { kind, name, writable, start, end: start + filled, limit: start + words };
    };
    const slots = (kind: Place["kind"], region: number, list: readonly ProgramSlot[]) =>
      list.map(({ name, offset, shape, dtype, words }) =>
        place(kind, region, name, offset, filledWords(sizeOf(shape), dtype), words),
      );
    const variablePlaces = slots("variable", REGION_STATE, variables);
    this.all = [
      ...variablePlaces.map((each, i) => ({ ...each, writable: variables[i].assigned })),
      ...slots("input", REGION_IO, inputs),
      ...slots("output", REGION_IO, outputs),
      place("arena", REGION_ARENA, "arena", 0, arenaWords, arenaWords),
      ...constants.map((each) => {
        const { offset, words, data, dtype } = each;
        return place("constant", REGION_CONSTANTS, constantName(each), offset, filledWords(data.length, dtype), words);
      }),
    ].sort((a, b) => a.start - b.start);
  }

  /** The place around a position. */
  at(position: number): Place | undefined {
    const place = this.all[firstIndex(this.all.length, (i) => this.all[i].start > position) - 1];
    return place !== undefined && position < place.limit ? place : undefined;
  }
}

/** A scalar is called by its value, a table by its offset. */
function constantName({ data, offset }: ProgramConstant): string {
  return data.length === 1 ? `${data[0]}` : `constants+${offset}`;
}
