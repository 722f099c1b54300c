// The cases of tables: what they read, what they compare themselves with, and a short run of each.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { loadCars } from "../../demo/node/cars.ts";
import { readTumours, sensitivityAt } from "../../demo/node/diagnosis.ts";
import { features, PLACE, readHousing } from "../../demo/node/housing.ts";
import { leastSquares, rowsOf } from "../../demo/node/linear.ts";
import { randomOf } from "../../demo/node/random.ts";
import { svgOfPanels } from "../../demo/node/scatter.ts";
import { outcomeOf } from "./short-run.ts";

const folder = mkdtempSync(join(tmpdir(), "cases-"));
afterAll(() => rmSync(folder, { recursive: true }));

const HEADER =
  "longitude,latitude,housing_median_age,total_rooms,total_bedrooms,population,households,median_income,median_house_value,ocean_proximity";

/** Blocks whose price goes up and down from west to east; of every fiftieth the bedrooms are missing. */
function drawnBlocks(count: number): string {
  const random = randomOf(1);
  const lines = Array.from({ length: count }, (_, i) => {
    const [longitude, latitude] = [-124 + 8 * random(), 33 + 8 * random()];
    const households = Math.round(100 + 400 * random());
    const income = 1 + 9 * random();
    const price = Math.min(500_001, Math.round(150_000 + 20_000 * income + 100_000 * Math.sin(2 * longitude)));
    const bedrooms = i % 50 === 0 ? "" : households + 10;
    const [rooms, people] = [3 + 4 * random(), 2 + 2 * random()].map((each) => Math.round(each * households));
    const age = Math.round(50 * random());
    return [
      longitude,
      latitude,
      age,
      rooms,
      bedrooms,
      people,
      households,
      income,
      price,
      random() < 0.5 ? "INLAND" : "NEAR BAY",
    ].join(",");
  });
  return [HEADER, ...lines, ""].join("\n");
}

describe("diagnoses", () => {
  test("are of 569 tumours, in scikit-learn's figures", async () => {
    const tumours = await readTumours();
    expect([tumours.rows, tumours.columns.length]).toEqual([569, 31]);
    expect([...tumours].filter(({ diagnosis }) => diagnosis === "malignant").length).toBe(212);
    const { data } = tumours.toArray(["mean radius", "worst area"]);
    const radii = Array.from(data).filter((_, i) => i % 2 === 0);
    // As load_breast_cancer's description has them: mean 14.127, smallest and largest of each.
    expect(radii.reduce((sum, each) => sum + each, 0) / 569).toBeCloseTo(14.127, 3);
    expect([Math.min(...radii), Math.max(...radii)].map((each) => each.toFixed(3))).toEqual(["6.981", "28.110"]);
    expect(Math.max(...data)).toBe(4254);
  });

  test("find what the best threshold finds", () => {
    const random = randomOf(4);
    for (let round = 0; round < 50; round++) {
      const ill = Array.from({ length: 40 }, (_, i) => i % 2);
      const scores = ill.map((each) => Math.round(10 * (random() + 0.4 * each))); // many are equal
      const share = (of: number, threshold: number) =>
        scores.filter((score, i) => ill[i] === of && score > threshold).length / 20;
      const thresholds = [Number.NEGATIVE_INFINITY, ...scores].filter((threshold) => share(0, threshold) <= 0.05);
      expect(sensitivityAt(0.95, scores, ill)).toBe(Math.max(...thresholds.map((threshold) => share(1, threshold))));
    }
    expect(sensitivityAt(0, [1, 2], [1, 0])).toBe(1);
  });
});

test("cars are 398, the horsepower of six is missing", async () => {
  const cars = await loadCars();
  expect(cars.rows).toBe(398);
  expect([...cars].filter(({ horsepower }) => horsepower === null).length).toBe(6);
  const [first] = cars;
  expect(first).toMatchObject({ miles: 18, cylinders: 8, year: 1970, origin: "USA" });
  expect(Math.exp(Number(first.weight))).toBeCloseTo(3504, 8);
});

describe("houses", () => {
  const path = join(folder, "blocks.csv");
  writeFileSync(path, drawnBlocks(1500));

  test("keep blocks without bedrooms", async () => {
    const blocks = await readHousing(path);
    expect(blocks.rows).toBe(1500);
    const [missing, other] = blocks;
    expect([missing.total_bedrooms, missing.bedrooms]).toEqual([null, null]);
    const [rooms, bedrooms, households] = ["total_rooms", "total_bedrooms", "households"].map((name) =>
      Math.exp(Number(other[name])),
    );
    expect(bedrooms).toBeCloseTo(households + 10, 8);
    expect(Number(other.rooms)).toBeCloseTo(Math.log(rooms / households), 10);
    expect(Number(other.bedrooms)).toBeCloseTo(Math.log(bedrooms / rooms), 10);
    const fitted = features.fit(blocks);
    expect(fitted.names.slice(0, 2)).toEqual(PLACE);
    expect(fitted.names).toContain("bedrooms_missing");
    expect(fitted.transform(blocks).data.every(Number.isFinite)).toBe(true);
  });

  test("are told where to be had", async () => {
    await expect(readHousing("")).rejects.toThrow(/^--data is missing: give by --data the file housing.csv/);
    await expect(readHousing("none.csv")).rejects.toThrow(/^there is no none.csv: give by --data/);
  });

  const { SIMDGRAD_DATA: data } = process.env;
  test.skipIf(data === undefined)("of California are 20,640 blocks (SIMDGRAD_DATA names their folder)", async () => {
    const blocks = await readHousing(join(data as string, "california-housing.csv"));
    const rows = [...blocks];
    expect(rows.length).toBe(20_640);
    expect(rows.filter((row) => row.total_bedrooms === null).length).toBe(207);
    expect(rows.filter((row) => row.median_house_value === 500_001).length).toBe(965);
  });

  test("are learned, in a short run", { timeout: 60_000 }, async () => {
    const sizes = "--epochs 40 --splits 1 --waves 16 --width 32 --batch 32 --seed 1";
    const load = () => import("../../demo/node/california.ts");
    const outcome = await outcomeOf(load, `--data ${path} ${sizes}`, folder);
    expect(outcome.name).toBe("california");
    // Prices go up and down by 100,000 dollars, deviation 70,000: a line does not see that, waves do.
    expect(outcome.baseline).toBeGreaterThan(60_000);
    expect(outcome.value).toBeLessThan(40_000);
    const svg = readFileSync(join(folder, "california.svg"), "utf8");
    expect(svg.match(/<circle /g)?.length).toBe(2 * 300);
  });
});

test("arrays are rows, of which linear functions are found", () => {
  const rows = rowsOf({ data: Float32Array.of(1, 2, 3, 5, 8, 13), shape: [3, 2] });
  expect(rows).toEqual([
    [1, 2],
    [3, 5],
    [8, 13],
  ]);
  const values = rows.map(([a, b]) => 2 * a - b + 4);
  expect(leastSquares(rows, values)([10, 10])).toBeCloseTo(14, 8);
});

test("panels have each point in its place, and their words are escaped", () => {
  const axis = { name: "a<b", from: 0, to: 10 };
  const panel = { title: "x & y", x: axis, y: { ...axis, to: 1, decimals: 1 }, legend: { one: "red" } };
  const points = [{ x: 5, y: 1, colour: "red", ring: true }];
  const lines = [
    {
      points: [
        [0, 0],
        [10, 1],
      ] as const,
      colour: "blue",
    },
  ];
  const svg = svgOfPanels([
    { ...panel, points, lines },
    { ...panel, points: [] },
  ]);
  expect(svg).toContain('<circle cx="240.0" cy="60.0" r="3" fill="red"');
  expect(svg.match(/<circle /g)?.length).toBe(2);
  expect(svg).toContain('points="60.0,420.0 420.0,60.0"');
  expect(svg).toContain("x &amp; y");
  expect(svg).toContain("a&lt;b");
  expect(svg).toContain('viewBox="0 0 880 465"');
});

describe("a short run", { timeout: 60_000 }, () => {
  test("tells species apart, and rings those that it does not", async () => {
    const outcome = await outcomeOf(() => import("../../demo/node/iris.ts"), "--epochs 60", folder);
    expect(outcome.name).toBe("iris");
    expect(outcome.value).toBeGreaterThan(0.9);
    expect(outcome.baseline).toBeGreaterThan(0.8);
    const svg = readFileSync(join(folder, "iris.svg"), "utf8");
    expect(svg.match(/<circle /g)?.length).toBe(150 + Math.round(150 * (1 - outcome.value)));
  });

  test("finds malignant tumours", async () => {
    const load = () => import("../../demo/node/breast-cancer.ts");
    const outcome = await outcomeOf(load, "--shuffles 1 --epochs 4 --width 8", folder);
    expect(outcome.name).toBe("breast-cancer");
    expect(outcome.value).toBeGreaterThan(0.85);
    for (const model of ["network", "logistic regression"]) {
      expect(outcome[`${model}: area`]).toBeGreaterThan(0.9);
      expect(outcome[`${model}: sensitivity`]).toBeGreaterThan(0.7);
      expect(outcome[`${model}: calibration error`]).toBeLessThan(0.4);
    }
    expect(readFileSync(join(folder, "breast-cancer.svg"), "utf8")).toMatch(/^<svg .*<\/svg>\n$/s);
  });

  test("says how far cars go", async () => {
    const outcome = await outcomeOf(() => import("../../demo/node/auto-mpg.ts"), "--splits 1 --epochs 60", folder);
    expect(outcome.name).toBe("auto-mpg");
    // The deviation of all is 7.8 miles.
    expect(outcome.baseline).toBeLessThan(3);
    expect(outcome.value).toBeLessThan(3);
    expect(readFileSync(join(folder, "auto-mpg.svg"), "utf8").match(/<circle /g)?.length).toBe(2 * 80);
  });
});
