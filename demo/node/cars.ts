// Cars of 1970 to 1982 (Auto MPG), from the npm package vega-datasets: what is known of each, and how far it goes on a gallon.
import { readFile } from "node:fs/promises";
import { type Table, table } from "simdgrad/data";

interface Car {
  readonly Name: string;
  readonly Miles_per_Gallon: number | null;
  readonly Cylinders: number;
  readonly Displacement: number;
  readonly Horsepower: number | null;
  readonly Weight_in_lbs: number;
  readonly Acceleration: number;
  readonly Year: string;
  readonly Origin: string;
}

/** Cars whose way on a gallon is known; the horsepower of six is not. */
export async function loadCars(): Promise<Table> {
  const path = new URL("../data/cars.json", import.meta.resolve("vega-datasets"));
  const cars: readonly Car[] = JSON.parse(await readFile(path, "utf8"));
  const rows = cars.map((car) => ({
    miles: car.Miles_per_Gallon,
    cylinders: car.Cylinders,
    displacement: Math.log(car.Displacement),
    horsepower: car.Horsepower === null ? null : Math.log(car.Horsepower),
    weight: Math.log(car.Weight_in_lbs),
    acceleration: car.Acceleration,
    year: Number(car.Year.slice(0, 4)),
    origin: car.Origin,
  }));
  return table(rows).filter(({ miles }) => miles !== null);
}
