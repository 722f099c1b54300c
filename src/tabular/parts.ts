// Rows to train on, to validate with and to test with: each class in its share, where there are rows enough.
import { trainTestSplit } from "../data/split.ts";
import type { Classes, Column } from "../data/table.ts";
import { DataError } from "../errors.ts";

/** Rows of a table by their numbers, from 0 on. */
export interface TabularParts {
  readonly train: Int32Array;
  readonly validation: Int32Array;
  readonly test: Int32Array;
}

/** Parts, and what is to be said of how they were chosen. */
export interface Parts extends TabularParts {
  readonly notes: readonly string[];
}

/** Shares of the rows, or numbers of rows. */
export interface PartSizes {
  readonly validation: number;
  readonly test: number;
  readonly seed: number;
}

/** The rows whose target is known: those that a model is made of. */
export function knownRows({ values }: Column): number[] {
  const isKnown = (row: number) => typeof values[row] === "string" || Number.isFinite(values[row]);
  return Array.from({ length: values.length }, (_, row) => row).filter(isKnown);
}

/** Rows that a class needs to be in all three parts. */
const PARTS = 3;

/**
 * Parts of so many rows, of classes if some are given. Rows of a class that has too few for all parts are trained on.
 * @throws DataError if a part would be empty
 */
export function partsOf(rows: number, given: Classes | undefined, sizes: PartSizes): Parts {
  if (given === undefined) return { ...split(rows, undefined, sizes), notes: [] };
  const classes = Array.from(given.data, (c) => given.classes[c]);
  const counts = new Map<string, number>();
  for (const each of classes) counts.set(each, (counts.get(each) ?? 0) + 1);
  const isRare = (row: number) => (counts.get(classes[row]) as number) < PARTS;
  const all = Int32Array.from({ length: rows }, (_, row) => row);
  const [rare, common] = [all.filter(isRare), all.filter((row) => !isRare(row))];
  const notes = [...counts]
    .filter(([, count]) => count < PARTS)
    .map(
      ([name, count]) =>
        `class ${name} has ${count === 1 ? "one row" : `${count} rows`}: it is trained on, and never tested`,
    );
  if (common.length === 0)
    throw new DataError("no class has three rows: one to train, one to validate and one to test");
  const names = Array.from(common, (row) => classes[row]);
  const { parts, isStratified } = stratified(common.length, names, sizes);
  if (!isStratified) notes.push("there are too few rows for every class in every part: the parts are drawn at random");
  const of = (part: Int32Array) => part.map((row) => common[row]);
  return {
    train: Int32Array.from([...rare, ...of(parts.train)]).sort(),
    validation: of(parts.validation),
    test: of(parts.test),
    notes,
  };
}

/** By classes, or at random where these do not fit into the parts. */
function stratified(
  rows: number,
  classes: readonly string[],
  sizes: PartSizes,
): { readonly parts: TabularParts; readonly isStratified: boolean } {
  try {
    return { parts: split(rows, classes, sizes), isStratified: true };
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    return { parts: split(rows, undefined, sizes), isStratified: false };
  }
}

function split(rows: number, stratify: readonly string[] | undefined, sizes: PartSizes): TabularParts {
  const [tested, validated] = [sizes.test, sizes.validation].map((share) =>
    share < 1 ? Math.ceil(share * rows) : share,
  );
  if (tested + validated >= rows)
    throw new DataError(`of ${rows} rows, ${tested} to test and ${validated} to validate leave none to train`);
  const { train, validation, test } = trainTestSplit(rows, { ...sizes, ...(stratify && { stratify }) });
  return { train, validation: validation ?? new Int32Array(0), test };
}
