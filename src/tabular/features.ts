// From columns to features: the steps of simdgrad/data on columns under names of their own, so that no two features are called the same.
import { type ColumnSteps, type FittedPreprocessing, preprocessing } from "../data/preprocessing/preprocessing.ts";
import { hashing, imputeMissing, oneHot, standardize } from "../data/preprocessing/steps.ts";
import { type Column, Table } from "../data/table.ts";
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
