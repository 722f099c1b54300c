// The visitor's own points from a file: which columns and rows are taken, what is left out and why.
import { DataError } from "simdgrad";
import type { Cell, Table } from "simdgrad/data";
import { Problem } from "../shared/problems.ts";
import { MOST_CLASSES, MOST_POINTS, onGrid, type Points } from "./points.ts";
import { REACH, type Scale, scaled, spanOf } from "./scale.ts";

/** Numbers beyond it are refused: nothing that is reckoned with smaller ones is infinite. */
const MOST_NUMBER = 1e100;
/** Rows that are left out and named one by one. */
const MOST_NAMED = 3;

/** What was taken of a file. */
interface Taken {
  readonly points: Points;
  /** Of what was taken and of what was there. */
  readonly words: string;
}

type Row = readonly [x: number, y: number, target: Exclude<Cell, null>];

/**
 * The points of a CSV file: two columns of numbers, and a third of labels (two to four kinds) or of numbers (more). They are those named x, y
 * and label, else the first ones. Numbers are scaled into the square.
 * @throws Problem, in words, for any other file
 */
export async function pointsOfCsv(bytes: Uint8Array): Promise<Taken> {
  const { table, hasNames } = await tableOf(bytes);
  const names = columnsOf(table.names);
  if (names.length < 3) throw new Problem("This file needs three columns: x, y and a label or a number.");
  const { rows, lacks } = wholeRows(table, names);
  if (rows.length < 4)
    throw new Problem(
      `This file has fewer than four rows of two numbers and a label${lacks.length === 0 ? "" : `: ${reasonsOf(lacks)}`}.`,
    );
  const taken = spreadOver(rows);
  const of = taken.length < table.rows ? ` of ${table.rows.toLocaleString("en")}` : "";
  const [x, y, label] = names;
  const words = [
    `${taken.length}${of} points, of the columns ${x}, ${y} and ${label}${hasNames ? "" : ": there is no line of names"}`,
    ...(taken.length < rows.length ? [`There is room for ${MOST_POINTS}: they are taken evenly of all labels`] : []),
    ...(lacks.length > 0 ? [`Left out: ${reasonsOf(lacks)}`] : []),
  ];
  return { points: pointsOf(taken, [x, y, label]), words: words.join(". ") };
}

interface Read {
  readonly table: Table;
  readonly hasNames: boolean;
}

/** The table: with decimal commas where more rows have numbers then. */
async function tableOf(bytes: Uint8Array): Promise<Read> {
  const usual = await readWith(bytes, ".");
  if (rowsIn(usual) === usual.table.rows) return usual;
  const other = await readWith(bytes, ",");
  return rowsIn(other) > rowsIn(usual) ? other : usual;
}

function rowsIn({ table }: Read): number {
  const names = columnsOf(table.names);
  return names.length < 3 ? 0 : wholeRows(table, names).rows.length;
}

/** The first row is not one of names where it begins like a row of points. */
async function readWith(bytes: Uint8Array, decimal: "." | ","): Promise<Read> {
  const { readCsv } = await import("simdgrad/data");
  try {
    const plain = await readCsv(bytes, { header: false, decimal });
    if (isNumbers(plain)) return { table: plain, hasNames: false };
    return { table: await readCsv(bytes, { decimal }), hasNames: true };
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    const said = error.message.replace(/^readCsv: csv, /, "").replace(/^readCsv: csv /, "it ");
    throw new Problem(`This file is no table of rows and columns: ${said}.`);
  }
}

/** Whether the first row is two numbers and a third, or a label that other rows have, too. */
function isNumbers(table: Table): boolean {
  const cells = table.names.map((name) => table.row(0)[name]);
  const [x, y, label] = cells;
  if (!Number.isFinite(numberOf(x)) || !Number.isFinite(numberOf(y))) return false;
  if (cells.every((cell) => Number.isFinite(numberOf(cell)))) return true;
  const others = Array.from({ length: table.rows - 1 }, (_, i) => table.row(i + 1)[table.names[2]]);
  return label !== undefined && label !== null && others.some((other) => String(other) === String(label));
}

function numberOf(cell: Cell | undefined): number {
  if (typeof cell === "string") return cell.trim() === "" ? Number.NaN : Number(cell);
  return typeof cell === "number" ? cell : Number.NaN;
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

/** Rows of two numbers and a label, and what the others lack. */
function wholeRows(table: Table, names: readonly string[]): { rows: Row[]; lacks: string[] } {
  const rows: Row[] = [];
  const lacks: string[] = [];
  for (let i = 0; i < table.rows; i++) {
    const row = table.row(i);
    const cells = names.map((name) => row[name]);
    const far = cells.findIndex((cell) => typeof cell === "number" && Math.abs(cell) > MOST_NUMBER);
    if (far >= 0)
      throw new Problem(
        `Row ${i + 1}, column ${names[far]}: ${cells[far]} is beyond the numbers that this page takes.`,
      );
    const numbers = cells.slice(0, 2).map(numberOf);
    const at = cells.findIndex((cell, k) => cell === null || (k < 2 && !Number.isFinite(numbers[k])));
    const [, , target] = cells;
    if (at < 0 && target !== null) rows.push([numbers[0], numbers[1], target]);
    else lacks.push(`row ${i + 1}, ${lackIn(names[at], cells[at])}`);
  }
  return { rows, lacks };
}

function lackIn(name: string, cell: Cell): string {
  if (cell === null) return `whose ${name} is empty`;
  const text = cell instanceof Date ? cell.toISOString().slice(0, 10) : String(cell);
  return `whose ${name}, “${text}”, is no number`;
}

function reasonsOf(lacks: readonly string[]): string {
  const more = lacks.length - MOST_NAMED;
  const named = lacks.slice(0, MOST_NAMED).join("; ");
  return more > 0 ? `${named}; and ${more.toLocaleString("en")} more` : named;
}

/** As many rows as there may be points, evenly of all labels: files are often sorted by them. */
function spreadOver(rows: readonly Row[]): readonly Row[] {
  if (rows.length <= MOST_POINTS) return rows;
  const sorted = rows.map((row) => [String(row[2]), row] as const).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Array.from({ length: MOST_POINTS }, (_, i) => sorted[Math.floor((i * rows.length) / MOST_POINTS)][1]);
}

function pointsOf(rows: readonly Row[], names: Scale["names"]): Points {
  const columns = [spanOf(rows.map(([x]) => x)), spanOf(rows.map(([, y]) => y))] as const;
  const place = ([x, y]: Row) => [x, y].map((value, i) => onGrid(scaled(value, columns[i], REACH)));
  const labels = [...new Set(rows.map(([, , target]) => String(target)))].sort();
  if (labels.length < 2) throw new Problem("All rows have the same label: there is nothing to tell apart.");
  if (labels.length <= MOST_CLASSES)
    return {
      rows: rows.map((row) => [place(row)[0], place(row)[1], labels.indexOf(String(row[2]))]),
      classes: labels.length,
      scale: { names, columns, labels },
    };
  const targets = rows.map(([, , target]) => (typeof target === "number" ? target : Number.NaN));
  if (!targets.every(Number.isFinite))
    throw new Problem(`There are ${labels.length} labels. This page takes two to four.`);
  const numbers = spanOf(targets);
  return {
    rows: rows.map((row, i) => [place(row)[0], place(row)[1], onGrid(scaled(targets[i], numbers, 1))]),
    classes: 1,
    scale: { names, columns, labels: [], numbers },
  };
}
