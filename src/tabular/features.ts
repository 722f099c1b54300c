// From columns to features: the steps of simdgrad/data on columns under names of their own, so that no two features are called the same.
import type { TypedData } from "../data/array.ts";
import { type ColumnSteps, type FittedPreprocessing, preprocessing } from "../data/preprocessing/preprocessing.ts";
import { hashing, imputeMissing, oneHot, standardize } from "../data/preprocessing/steps.ts";
import { type Column, Table } from "../data/table.ts";
import { DataError } from "../errors.ts";
import { show } from "../show.ts";
import type { TabularColumn } from "./columns.ts";
import { daysOf, hoursOf, namesOf } from "./dates.ts";

/** Features that the texts of a column of many are hashed to. */
const HASHED = 64;

/** Columns under names that are not like those of their features: c0, and of dates c0m, c0w and c0h. */
export function innerTable(table: Table, columns: readonly TabularColumn[]): Table {
  return new Table(
    columns.flatMap((column, i) => innerColumns(table.column(column.name), column, `c${i}`)),
    table.rows,
  );
}

function innerColumns({ values }: Column, { use, parts }: TabularColumn, name: string): Column[] {
  const number = (own: string, numbers: Float64Array): Column => ({ name: own, type: "number", values: numbers });
  if (use === "number") return [number(name, (values as Float64Array).map(finiteOrMissing))];
  if (use !== "date") return [{ name, type: use === "hash" ? "text" : "category", values }];
  const dates = values as Float64Array;
  return [
    number(name, daysOf(dates)),
    ...parts.map((part): Column => {
      const own = `${name}${part[0]}`;
      return part === "hour"
        ? number(own, hoursOf(dates))
        : { name: own, type: "category", values: namesOf(dates, part) };
    }),
  ];
}

function finiteOrMissing(value: number): number {
  return Number.isFinite(value) ? value : Number.NaN;
}

/** Steps fitted to the columns of `innerTable`. */
export function fitFeatures(inner: Table): FittedPreprocessing {
  const named = (type: Column["type"]) =>
    inner.columns.filter((column) => column.type === type).map(({ name }) => name);
  const steps: ColumnSteps[] = [
    { columns: named("number"), steps: [imputeMissing({ strategy: "median", indicator: true }), standardize()] },
    {
      columns: named("category"),
      steps: [imputeMissing({ strategy: "constant", value: "" }), oneHot({ unknown: "ignore" })],
    },
    ...named("text").map((name) => ({ columns: [name], steps: [hashing({ features: HASHED })] })),
  ];
  return preprocessing(steps.filter(({ columns }) => columns.length > 0)).fit(inner);
}

/** How a feature of numbers comes from its column. */
export interface FeatureScale {
  /** What people call the feature. */
  readonly name: string;
  /** What stands for a number that is missing. */
  readonly median: number;
  /** The feature is (number - mean) / scale; of dates the number is days since 1970, or the hour; of "COLUMN missing" it is 1 where the cell is, else 0. */
  readonly mean: number;
  readonly scale: number;
}

interface Fitted {
  readonly entries: readonly {
    readonly steps: readonly {
      readonly kind: string;
      readonly names: readonly string[];
      readonly state: readonly Readonly<Record<string, number>>[];
    }[];
  }[];
}

/** The scales of the features of numbers, by their inner names; also of those that say which are missing. */
function innerScales(fitted: FittedPreprocessing): Map<string, Omit<FeatureScale, "name">> {
  const steps = (fitted.toJSON() as Fitted).entries.flatMap((entry) => entry.steps);
  const known = (kind: string) =>
    new Map(
      steps
        .filter((step) => step.kind === kind)
        .flatMap(({ names, state }) => names.map((name, i) => [name, state[i]])),
    );
  const medians = known("imputeMissing");
  return new Map(
    [...known("standardize")].map(([name, { center, scale }]) => [
      name,
      { median: medians.get(name)?.value ?? 0, mean: center, scale },
    ]),
  );
}

/** How features of numbers come from their columns; all others are 0 or 1 for a category, or what texts are hashed to. */
export function scalesOf(fitted: FittedPreprocessing, columns: readonly TabularColumn[]): FeatureScale[] {
  const names = new Map(fitted.names.map((inner, i) => [inner, featureNames(fitted, columns)[i]]));
  return [...innerScales(fitted)].map(([inner, scale]) => ({ name: names.get(inner) as string, ...scale }));
}

/** Deviations from the mean from which on f32 has no room for what a network makes of them. */
const REACH = 1e30;

/**
 * Features of rows.
 * @throws DataError with row and column for a number that is too far from those of the training
 */
export function featuresOf(
  fitted: FittedPreprocessing,
  table: Table,
  columns: readonly TabularColumn[],
  place: (row: number) => string,
): TypedData {
  const inner = innerTable(table, columns);
  for (const [name, { mean, scale }] of innerScales(fitted)) {
    if (!inner.names.includes(name)) continue; // whether one is missing is never far
    const values = inner.column(name).values as Float64Array;
    const far = values.findIndex((value) => Math.abs(value - mean) / scale > REACH);
    if (far < 0) continue;
    const column = columns[Number(/\d+/.exec(name))]?.name ?? name;
    throw new DataError(
      `${place(far)}, column ${show(column)}: ${values[far]} is too far from the numbers of the rows to train on`,
    );
  }
  return fitted.transform(inner);
}

/** What people call the features of `fitFeatures`. */
export function featureNames(fitted: FittedPreprocessing, columns: readonly TabularColumn[]): string[] {
  const parts = { m: " month", w: " weekday", h: " hour" } as const;
  return fitted.names.map((name) => {
    const [, at, part, rest] = /^c(\d+)([mwh]?)(?:_(.*))?$/s.exec(name) ?? [];
    const column = columns[Number(at)];
    if (column === undefined) return name;
    const own = `${column.name}${part ? parts[part as keyof typeof parts] : ""}`;
    if (rest === undefined) return own;
    if (column.use === "hash") return `${own} hash ${rest.slice(4)}`;
    const isText = column.use === "category" || part === "m" || part === "w";
    return isText ? `${own} = ${rest === "" ? "(missing)" : rest}` : `${own} missing`;
  });
}
