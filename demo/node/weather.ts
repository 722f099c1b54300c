// Four years of weather in two cities, from the npm package vega-datasets: a row a day.
import { readFile } from "node:fs/promises";

/** What is measured each day. */
export const MEASURES = ["temp_max", "temp_min", "precipitation", "wind"] as const;

/** A city's days, one after the other. */
export interface Weather {
  readonly city: string;
  /** ISO dates. */
  readonly dates: readonly string[];
  /** By MEASURES: degrees Celsius, millimetres, metres a second. */
  readonly days: readonly (readonly number[])[];
}

/** Seattle and New York, 2012 to 2015. */
export async function loadWeather(): Promise<Weather[]> {
  const path = new URL("../data/weather.csv", import.meta.resolve("vega-datasets"));
  const [header, ...lines] = (await readFile(path, "utf8")).trim().split(/\r?\n/);
  const names = header.split(",");
  const rows = lines.map((line) => line.split(","));
  const column = (name: string) => {
    const at = names.indexOf(name);
    if (at < 0) throw new Error(`vega-datasets: weather.csv has no column ${name}`);
    return at;
  };
  const [city, date, ...measures] = ["location", "date", ...MEASURES].map(column);
  return [...new Set(rows.map((row) => row[city]))].map((name) => {
    const own = rows.filter((row) => row[city] === name);
    return {
      city: name,
      dates: own.map((row) => row[date]),
      days: own.map((row) => measures.map((at) => Number(row[at]))),
    };
  });
}
