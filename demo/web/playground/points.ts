// The visitor's own points, and their text in an address.
import type { Field } from "../shared/address.ts";
import { parsedScale, type Scale, writtenScale } from "./scale.ts";
import type { Sample } from "./sets.ts";

export interface Points {
  readonly rows: readonly Sample[];
  /** Two to four; 1 where targets are numbers. */
  readonly classes: number;
  /** Where they are a file's: how its numbers became these. */
  readonly scale?: Scale;
}

export const MOST_POINTS = 400;
export const MOST_CLASSES = 4;
/** Hundredths of the square's half side that an address tells apart. */
const STEPS = 600;

/** Points that are on the grid that an address can tell: what is trained on is what a link brings. */
export function onGrid(value: number): number {
  return Math.round(Math.min(3, Math.max(-3, value)) * (STEPS / 6)) / (STEPS / 6);
}

function written([x, y, target]: Sample, classes: number): string {
  const place = [x, y].map((value) =>
    Math.round((value + 3) * (STEPS / 6))
      .toString(36)
      .padStart(2, "0"),
  );
  const last =
    classes === 1
      ? Math.round((target + 3) * (STEPS / 6))
          .toString(36)
          .padStart(2, "0")
      : String(target);
  return place.join("") + last;
}

function parsed(text: string, classes: number): Sample {
  const at = (from: number) => Number.parseInt(text.slice(from, from + 2), 36) / (STEPS / 6) - 3;
  const target = classes === 1 ? at(4) : Number(text.slice(4));
  return [onGrid(at(0)), onGrid(at(2)), classes === 1 ? onGrid(target) : target];
}

/** The number of classes, then five or six letters a point; behind a dot the scale of a file. */
export const pointsField: Field<Points> = {
  fallback: { rows: [], classes: 2 },
  parse(text) {
    const dot = text.indexOf(".");
    const letters = dot < 0 ? text : text.slice(0, dot);
    const classes = Number(letters[0]);
    const width = classes === 1 ? 6 : 5;
    if (!/^[1-4][0-9a-z]*$/.test(letters) || (letters.length - 1) % width !== 0) return undefined;
    const count = (letters.length - 1) / width;
    const rows = Array.from({ length: count }, (_, i) =>
      parsed(letters.slice(1 + i * width, 1 + (i + 1) * width), classes),
    );
    const fits = ([x, y, target]: Sample) =>
      [x, y, target].every(Number.isFinite) && (classes === 1 || (Number.isInteger(target) && target < classes));
    if (count > MOST_POINTS || !rows.every(fits)) return undefined;
    if (dot < 0) return { rows, classes };
    const scale = parsedScale(text.slice(dot + 1), classes);
    return scale && { rows, classes, scale };
  },
  write({ rows, classes, scale }) {
    if (rows.length === 0) return "";
    return classes + rows.map((row) => written(row, classes)).join("") + (scale ? `.${writtenScale(scale)}` : "");
  },
};
