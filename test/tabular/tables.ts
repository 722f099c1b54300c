// Tables for the tests: with everything in them that files have.
import { type Table, table } from "../../src/data/index.ts";
import { numbers } from "../random.ts";

/** Rows of people: two numbers (one with gaps), a town, a date, a name, a number of the row, a constant, and whether they came. */
export function people(rows: number, seed = 1): Table {
  const random = numbers(seed);
  const towns = ["Oslo", "Rome", "Bonn", null];
  const list = Array.from({ length: rows }, (_, i) => {
    const age = 20 + Math.floor(50 * random());
    const town = towns[Math.floor(4 * random())];
    const date = new Date(Date.UTC(2024, Math.floor(12 * random()), 1 + Math.floor(28 * random())));
    const came = age > 45 || town === "Rome" ? "yes" : "no";
    return {
      row: i + 1,
      name: `name ${i}`,
      age,
      income: i % 7 ? 30 + age + random() : null,
      town,
      date,
      land: "x",
      came,
    };
  });
  return table(list);
}

/** Rows whose price is a known function of the others. */
export function houses(rows: number, seed = 2): Table {
  const random = numbers(seed);
  return table(
    Array.from({ length: rows }, () => {
      const area = 40 + 100 * random();
      const garden = random() < 0.5;
      return { area, garden, price: 1000 * area + 20_000 * Number(garden) + 500_000 };
    }),
  );
}
