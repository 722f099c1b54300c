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

/** Numbers beyond it are refused: nothing that is reckoned with smaller ones is infinite. */
const MOST_NUMBER = 1e100;

/** What was taken of a file. */
interface Taken {
  readonly points: Points;
  /** Of what was taken and of what was there. */
  readonly words: string;
}

/**
 * The points of a CSV file: two columns of numbers, and a third of labels (two to four kinds) or of numbers (more). They are those named x, y
 * and label, else the first ones. Numbers are scaled into the square.
 * @throws Problem, in words, for any other file
 */
export async function pointsOfCsv(bytes: Uint8Array): Promise<Taken> {
  const { readCsv } = await import("simdgrad/data");
  const refused = new Problem("This file needs three columns under a line of names: x, y and a label or a number.");
  const table = await readCsv(bytes).catch(() => {
    throw refused;
  });
  const names = columnsOf(table.names);
  if (names.length < 3) throw refused;
  const rows = Array.from({ length: table.rows }, (_, i) => {
    const row = table.row(i);
    return names.map((name) => row[name]);
  });
  rows.forEach((row, i) => {
    const at = row.findIndex((value) => typeof value === "number" && Math.abs(value) > MOST_NUMBER);
    if (at >= 0)
      throw new Problem(`Row ${i + 1}, column ${names[at]}: ${row[at]} is beyond the numbers that this page takes.`);
  });
  const whole = rows.filter(
    ([x, y, label]) =>
      [x, y].every((value) => typeof value === "number" && Number.isFinite(value)) &&
      label !== undefined &&
      label !== null,
  ) as [number, number, unknown][];
  if (whole.length < 4) throw new Problem("This file has fewer than four rows of two numbers and a label.");
  const taken = spreadOver(whole);
  const of = taken.length < table.rows ? ` of ${table.rows.toLocaleString("en")}` : "";
  const [x, y, label] = names;
  return { points: scaled(taken), words: `${taken.length}${of} points, of the columns ${x}, ${y} and ${label}` };
}

/** Those named x, y and label, where there are x and y; else the first three. */
function columnsOf(names: readonly string[]): readonly string[] {
  const named = (wanted: string) => names.find((name) => name.toLowerCase() === wanted);
  const [x, y] = [named("x"), named("y")];
  if (x === undefined || y === undefined) return names.slice(0, 3);
  const others = names.filter((name) => name !== x && name !== y);
  const label = named("label") ?? named("class") ?? named("target") ?? others.at(-1);
  return label === undefined ? [] : [x, y, label];
}

/** As many rows as there may be points, evenly of all labels: files are often sorted by them. */
function spreadOver<T extends readonly [number, number, unknown]>(rows: readonly T[]): readonly T[] {
  if (rows.length <= MOST_POINTS) return rows;
  const sorted = rows.map((row) => [String(row[2]), row] as const).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Array.from({ length: MOST_POINTS }, (_, i) => sorted[Math.floor((i * rows.length) / MOST_POINTS)][1]);
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
