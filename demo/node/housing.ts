// Houses in California by the census of 1990, blocks of some hundred households each: from a CSV file to features.
import { createReadStream, existsSync } from "node:fs";
import {
  imputeMissing,
  oneHot,
  preprocessing,
  readCsv,
  standardize,
  type Table,
  type TableRow,
  table,
} from "simdgrad/data";

/** Where a block lies: the first features. */
export const PLACE = ["longitude", "latitude"];
const COUNTS = ["total_rooms", "total_bedrooms", "population", "households"];
const NUMBERS = ["housing_median_age", "median_income", ...COUNTS, "rooms", "people"];
const NEEDED = [...PLACE, "housing_median_age", "median_income", ...COUNTS, "ocean_proximity", "median_house_value"];

/** What an option `--data` says of itself. */
export const HOUSING_OPTION = { about: "housing.csv: California housing as of 1990, 20,640 blocks", value: "" };

/** All blocks, none left out: of some the bedrooms are missing, and prices above 500,000 dollars are written as 500,001. */
export async function readHousing(path: string): Promise<Table> {
  if (!existsSync(path))
    throw new Error(
      `${path === "" ? "--data is missing" : `there is no ${path}`}: give by --data the file housing.csv of "California Housing Prices" ` +
        "(kaggle.com/datasets/camnugent/california-housing-prices), with ocean_proximity as its last column",
    );
  const blocks = await readCsv(createReadStream(path), { file: path, columns: NEEDED });
  return table(Array.from(blocks, withLogarithms));
}

/** Counts and incomes have long tails: their logarithms are taken. Beside them rooms and people a household, and the share of bedrooms. */
function withLogarithms(row: TableRow): TableRow {
  const log = (name: string) => (row[name] === null ? null : Math.log(Number(row[name])));
  const ratio = (a: number | null, b: number | null) => (a === null || b === null ? null : a - b);
  const logs = Object.fromEntries([...COUNTS, "median_income"].map((name) => [name, log(name)]));
  return {
    ...row,
    ...logs,
    rooms: ratio(logs.total_rooms, logs.households),
    bedrooms: ratio(logs.total_bedrooms, logs.total_rooms),
    people: ratio(logs.population, logs.households),
  };
}

/** Features, beginning with PLACE. */
export const features = preprocessing([
  { columns: PLACE, steps: [standardize()] },
  { columns: NUMBERS, steps: [imputeMissing({ strategy: "median" }), standardize()] },
  { columns: ["bedrooms"], steps: [imputeMissing({ strategy: "median", indicator: true }), standardize()] },
  { columns: ["ocean_proximity"], steps: [oneHot({ drop: "first", unknown: "ignore" })] },
]);

/** What is predicted. */
export const price = preprocessing([{ columns: ["median_house_value"], steps: [standardize()] }]);
