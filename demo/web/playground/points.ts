// The visitor's own points: as text for an address, and from a table of a file.
import type { Field } from "../shared/address.ts";
import { Problem } from "../shared/problems.ts";
import type { Sample } from "./sets.ts";

export interface Points {
  readonly rows: readonly Sample[];
  /** Two to four; 1 where targets are numbers. */
  readonly classes: number;
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

/** The number of classes, then five or six letters a point. */
export const pointsField: Field<Points> = {
  fallback: { rows: [], classes: 2 },
  parse(text) {
    const classes = Number(text[0]);
    const width = classes === 1 ? 6 : 5;
    if (!/^[1-4][0-9a-z]*$/.test(text) || (text.length - 1) % width !== 0) return undefined;
    const count = (text.length - 1) / width;
    const rows = Array.from({ length: count }, (_, i) =>
      parsed(text.slice(1 + i * width, 1 + (i + 1) * width), classes),
    );
    const fits = ([x, y, target]: Sample) =>
      [x, y, target].every(Number.isFinite) && (classes === 1 || (Number.isInteger(target) && target < classes));
    return count <= MOST_POINTS && rows.every(fits) ? { rows, classes } : undefined;
  },
  write: ({ rows, classes }) => (rows.length === 0 ? "" : classes + rows.map((row) => written(row, classes)).join("")),
};

/**
 * The points of a CSV file: two columns of numbers, and a third of labels (two to four kinds) or of numbers (more). Numbers are scaled into
 * the square.
 * @throws Problem, in words, for any other file
 */
export async function pointsOfCsv(bytes: Uint8Array): Promise<Points> {
  const { readCsv } = await import("simdgrad/data");
  const refused = new Problem("This file needs three columns under a line of names: x, y and a label or a number.");
  const table = await readCsv(bytes).catch(() => {
    throw refused;
  });
  const names = table.names.slice(0, 3);
  if (names.length < 3) throw refused;
  const rows = Array.from({ length: table.rows }, (_, i) => {
    const row = table.row(i);
    return names.map((name) => row[name]);
  });
  const whole = rows.filter((row) =>
    [row[0], row[1]].every((value) => typeof value === "number" && Number.isFinite(value)),
  );
  const few = whole.filter(([, , label]) => label !== undefined && label !== null).slice(0, MOST_POINTS);
  if (few.length < 4) throw new Problem("This file has fewer than four rows of two numbers and a label.");
  return scaled(few as [number, number, unknown][]);
}

function scaled(rows: readonly (readonly [number, number, unknown])[]): Points {
  const place = [0, 1].map((axis) =>
    spread(
      rows.map((row) => row[axis] as number),
      2.7,
    ),
  );
  const labels = [...new Set(rows.map((row) => String(row[2])))].sort();
  if (labels.length >= 2 && labels.length <= MOST_CLASSES)
    return {
      rows: rows.map((row, i) => [place[0][i], place[1][i], labels.indexOf(String(row[2]))]),
      classes: labels.length,
    };
  const numbers = rows.map(([, , value]) => (typeof value === "number" ? value : Number.NaN));
  if (labels.length < 2) throw new Problem("All rows have the same label: there is nothing to tell apart.");
  if (!numbers.every(Number.isFinite))
    throw new Problem(`There are ${labels.length} labels. This page takes two to four.`);
  const targets = spread(numbers, 1);
  return { rows: rows.map((_, i) => [place[0][i], place[1][i], targets[i]]), classes: 1 };
}

/** Values moved and stretched to lie between -most and most. */
function spread(values: readonly number[], most: number): number[] {
  const [least, top] = [Math.min(...values), Math.max(...values)];
  const half = (top - least) / 2 || 1;
  return values.map((value) => onGrid(((value - least) / half - 1) * most));
}
