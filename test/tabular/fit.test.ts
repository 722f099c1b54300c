// What fitTable finds in a table, what comes of it, and that a seed tells all of it.
import { readCsv, table } from "simdgrad/data";
import { fitTable, TabularModel } from "simdgrad/tabular";
import { describe, expect, test } from "vitest";
import { JsExecutor, WasmExecutor } from "../../src/index.ts";
import { houses, people } from "./tables.ts";

describe("a table with everything in it", async () => {
  const rows = people(600);
  const model = await fitTable(rows, { target: "came", epochs: 60 });

  test("is told apart from a guess", () => {
    expect(model.task).toBe("classification");
    expect(model.classes).toEqual(["no", "yes"]);
    const { test: own, linear, baseline } = model.metrics;
    expect(own.accuracy).toBeGreaterThan(0.93);
    expect(own.accuracy).toBeGreaterThan(linear.accuracy);
    expect(linear.accuracy).toBeGreaterThan(baseline.accuracy);
    expect(own.logLoss).toBeLessThan(linear.logLoss);
  });

  test("has its columns used as what they are, and those that say nothing left out", () => {
    expect(model.columns.map(({ name, use }) => `${name}: ${use}`)).toEqual([
      "age: number",
      "income: number",
      "town: category",
      "date: date",
    ]);
    expect(model.dropped).toEqual([
      { name: "row", reason: "it numbers the rows" },
      { name: "name", reason: "nearly every row has a text of its own" },
      { name: "land", reason: "all its cells are x" },
    ]);
    expect(model.features.slice(0, 4)).toEqual(["age", "income", "date", "income missing"]);
    expect(model.features).toContain("town = (missing)");
    expect(model.features).toContain("date month = 12");
    expect(model.features.length).toBe(model.network.features);
    expect(new Set(model.features).size).toBe(model.features.length);
  });

  test("is split into parts of all rows, classes in their shares", () => {
    const { train, validation, test: tested } = model.training.rows;
    expect([train, validation, tested]).toEqual([390, 90, 120]);
    const share = (list: readonly unknown[]) => list.filter((each) => each === "yes").length / list.length;
    const own = [...(model.tested ?? [])].map(({ came }) => came);
    expect(Math.abs(share(own) - share([...rows].map(({ came }) => came)))).toBeLessThan(1 / 120);
  });

  test("is evaluated to the figures that were told", async () => {
    expect(await model.evaluate(model.tested ?? [])).toEqual(model.metrics.test);
  });

  test("is predicted row by row as all at once, from rows and from a table", async () => {
    const some = rows.take([0, 1, 2, 3, 4]);
    const told = await model.predict(some);
    for (const [i, row] of [...some].entries()) expect((await model.predict([row]))[0].value).toBe(told[i].value);
    for (const { value, probabilities = {} } of told) {
      expect(Object.keys(probabilities)).toEqual(["no", "yes"]);
      expect(probabilities[value as string]).toBeGreaterThanOrEqual(0.5);
      expect(probabilities.no + probabilities.yes).toBeCloseTo(1, 6);
    }
    expect(await model.predict([])).toEqual([]);
  });

  test("predicts what was not there: categories, gaps, numbers and dates as texts", async () => {
    const row = { age: 60, income: null, town: "Lima", date: "2025-01-31" };
    const [known, asTexts] = await model
      .predict([row])
      .then(async (told) => [told[0], (await model.predict([{ ...row, age: " 60", more: 1 }]))[0]]);
    expect(known.value).toBe("yes");
    expect(asTexts).toEqual(known);
  });

  test("refuses what it cannot read, with row and column", async () => {
    const row = { age: 60, income: 1, town: null, date: null };
    await expect(model.predict([row, { ...row, age: "sixty" }])).rejects.toThrow(
      'predict: the table: row 1, column "age": "sixty" is no number',
    );
    await expect(model.predict([{ age: 3, town: "Rome" }])).rejects.toThrow(
      'predict: the table has no column "income", "date": it has [age, town]',
    );
    await expect(model.predict([{ ...row, date: "yesterday" }])).rejects.toThrow('"yesterday" is no date');
    await expect(model.evaluate([{ ...row, came: "perhaps" }])).rejects.toThrow('"perhaps", none of [no, yes]');
    await expect(model.evaluate([{ ...row, came: null }])).rejects.toThrow('no row with a target "came"');
    await expect(model.evaluate([row])).rejects.toThrow('no column "came"');
  });
});

test("numbers are told in their own units", async () => {
  const model = await fitTable(houses(300), { target: "price", seed: 3 });
  expect(model.task).toBe("regression");
  expect(model.classes).toEqual([]);
  const { test: own, baseline, linear } = model.metrics;
  expect(own.r2).toBeGreaterThan(0.98);
  expect(linear.r2).toBeGreaterThan(0.98);
  expect(baseline.r2).toBeLessThanOrEqual(0);
  expect(own.rootMeanSquaredError).toBeLessThan(5000); // of a deviation of about 30,000
  const [{ value, probabilities }] = await model.predict([{ area: 100, garden: true }]);
  expect(Math.abs(Number(value) - 620_000)).toBeLessThan(10_000);
  expect(probabilities).toBeUndefined();
  expect(await model.evaluate(model.tested ?? [])).toEqual(own);
});

test("the figures of the baseline are those of a guess", async () => {
  const model = await fitTable(people(200), { target: "came", epochs: 1 });
  const shares = { yes: 0, no: 0 };
  const rows = [...(model.tested ?? [])].map(({ came }) => came as "yes" | "no");
  for (const each of rows) shares[each]++;
  const most = Math.max(shares.yes, shares.no);
  expect(model.metrics.baseline.accuracy).toBe(most / rows.length);
});

test("a seed gives the same bytes for one, two and four threads", async () => {
  const files: string[] = [];
  for (const threads of [1, 2, 4]) {
    const executor = new WasmExecutor({ threads });
    const model = await fitTable(people(200), { target: "came", epochs: 4, executor });
    files.push(String(await model.save()));
    await executor.dispose();
  }
  expect(files[1]).toBe(files[0]);
  expect(files[2]).toBe(files[0]);
  const other = await fitTable(people(200), { target: "came", epochs: 4, seed: 1 });
  expect(String(await other.save())).not.toBe(files[0]);
});

test.each([
  ["texts", ["a", "b"], "classification"],
  ["true and false", [true, false], "classification"],
  ["two whole numbers", [0, 1], "classification"],
  ["three whole numbers, ten times each", [1, 2, 3], "classification"],
  ["many whole numbers", Array.from({ length: 30 }, (_, i) => i * i), "regression"],
  ["numbers", [0.5, 1.5], "regression"],
] as const)("%s are told as %s: %s", async (_, values, task) => {
  const x = Array.from({ length: 60 }, (__, i) => i + 0.5);
  const y = x.map((_each, i) => values[i % values.length]);
  const model = await fitTable(table({ x, y }), { target: "y", epochs: 1 });
  expect(model.task).toBe(task);
  if (task === "classification") expect(values).toContain((await model.predict([{ x: 3 }]))[0].value);
});

test("a task may be asked for", async () => {
  const x = Array.from({ length: 60 }, (_, i) => i + 0.5);
  const given = table({ x, y: x.map((each) => Math.floor(each / 20)) });
  expect((await fitTable(given, { target: "y", task: "regression", epochs: 1 })).task).toBe("regression");
  const codes = table({ x, y: x.map((each) => Math.floor(each / 4)) });
  expect((await fitTable(codes, { target: "y", task: "classification", epochs: 1 })).classes.length).toBe(15);
});

test("a class with one row is trained on, and that is said", async () => {
  const rows = [...people(100)].map((row, i) => ({ ...row, came: i === 50 ? "perhaps" : row.came }));
  const model = await fitTable(rows, { target: "came", epochs: 2 });
  expect(model.classes).toEqual(["no", "perhaps", "yes"]);
  expect(model.notes).toEqual(["class perhaps has one row: it is trained on, and never tested"]);
  expect(Object.values(model.metrics.test).every(Number.isFinite)).toBe(true);
});

test("rows without a target are left out, and that is said", async () => {
  const rows = [...people(100)].map((row, i) => ({ ...row, came: i < 3 ? null : row.came }));
  const model = await fitTable(rows, { target: "came", epochs: 2 });
  expect(model.notes).toEqual(["3 rows are left out: the target is missing"]);
  const { train, validation, test: tested } = model.training.rows;
  expect(train + validation + tested).toBe(97);
});

test("texts of many kinds are hashed, features that were asked for stay, infinite numbers are missing", async () => {
  const rows = Array.from({ length: 400 }, (_, i) => ({
    code: `code ${i % 100}`,
    id: i,
    size: i % 50 === 0 ? Number.POSITIVE_INFINITY : i,
    kind: i % 100 < 50 ? "low" : "high",
  }));
  const model = await fitTable(rows, { target: "kind", features: ["code", "id", "size"], epochs: 80 });
  expect(model.columns.map(({ name, use }) => `${name}: ${use}`)).toEqual(["code: hash", "id: number", "size: number"]);
  expect(model.features).toContain("size missing");
  expect(model.features).toContain("code hash 63");
  expect(model.metrics.test.accuracy).toBeGreaterThan(0.7); // of a guess 0.5
});

test("what looks like a name of the rows is learned from where there is nothing else", async () => {
  const rows = Array.from({ length: 60 }, (_, i) => ({ n: i, y: i < 30 ? "low" : "high" }));
  const model = await fitTable(rows, { target: "y" });
  expect(model.dropped).toEqual([]);
  expect(model.metrics.test.accuracy).toBeGreaterThan(0.9);
});

test("columns whose features would be called the same do not meet", async () => {
  const rows = Array.from({ length: 60 }, (_, i) => ({
    a: i % 3 ? i + 0.5 : null,
    a_missing: i % 2 ? "missing" : null,
    a_missing_: i % 5,
    y: i % 3 ? "p" : "q",
  }));
  const model = await fitTable(rows, { target: "y", epochs: 40 });
  expect(new Set(model.features).size).toBe(model.features.length);
  expect(model.metrics.test.accuracy).toBe(1);
});

test("names that every object has are names of columns and classes", async () => {
  const rows = Array.from({ length: 60 }, (_, i) =>
    Object.fromEntries([
      ["__proto__", i + 0.5],
      ["constructor", i < 30 ? "__proto__" : "toString"],
    ]),
  );
  const model = await fitTable(rows, { target: "constructor", epochs: 60 });
  const [{ value, probabilities }] = await model.predict([Object.fromEntries([["__proto__", 3]])]);
  expect(value).toBe("__proto__");
  expect(Object.keys(probabilities ?? {})).toEqual(["__proto__", "toString"]);
  expect(await (await TabularModel.load(await model.save())).evaluate(rows)).toEqual(await model.evaluate(rows));
});

test.each([
  [{ x: [1, 2, 3], y: ["a", "b", "a"] }, "3 rows are too few to learn from: 10 at the least"],
  [{ x: counted(12), y: counted(12).map(() => 0.1) }, 'the target "y" is 0.1 in all rows: there is nothing to learn'],
  [{ x: counted(12), y: counted(12).map(() => "a") }, 'the target "y" is "a" in all rows: there is nothing to learn'],
  [{ x: counted(12), y: counted(12).map((i) => `name ${i}`) }, 'the target "y" has 12 different values in 12 rows'],
  [{ x: counted(12), y: counted(12).map((i) => new Date(i)) }, 'the target "y" is a date'],
  [{ y: counted(12).map((i) => (i % 2 ? "a" : "b")) }, "there is no column to learn y from"],
  [
    { x: counted(12).map(() => 1), z: counted(12).map(() => null), y: counted(12).map((i) => (i % 2 ? "a" : "b")) },
    "there is no column to learn y from (x: all its cells are 1; z: all its cells are missing)",
  ],
  [
    { x: counted(12), y: counted(12).map((i) => 1e160 * (i + 0.5)) },
    'row 0, column "y": 5e+159 is beyond 1e+150, too large to learn from',
  ],
  [{ x: counted(12), y: counted(12).map((i) => 1e-200 * (i + 0.5)) }, 'the values of the target "y" differ by 1.1'],
  [
    { x: counted(12).map((i) => (i === 5 ? -1e160 : i)), y: counted(12).map((i) => (i % 2 ? "a" : "b")) },
    'row 5, column "x": -1e+160 is beyond 1e+150, too large to learn from',
  ],
])("nothing is learned of %j", async (columns, message) => {
  await expect(fitTable(table(columns as never), { target: "y" })).rejects.toThrow(`fitTable: ${message}`);
});

function counted(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

test("a number that is too far from those of the training is told with its row and column", async () => {
  const x = counted(60).map((i) => i % 8);
  const town = x.map((each) => (each < 4 ? "Oslo" : "Rome"));
  const model = await fitTable(table({ town, x, y: town }), { target: "y", epochs: 2 });
  const text = 'the table: row 1, column "x": 1e+308 is too far from the numbers of the rows to train on';
  const far = [
    { town: "Oslo", x: 1, y: "Oslo" },
    { town: "Oslo", x: 1e308, y: "Oslo" },
  ];
  await expect(model.predict(far)).rejects.toThrow(`predict: ${text}`);
  await expect(model.evaluate([{ ...far[0], y: null }, far[1]])).rejects.toThrow(`evaluate: ${text}`);
  for (const each of [1e10, 1e20, -1e29, Number.POSITIVE_INFINITY]) {
    const [{ probabilities = {} }] = await model.predict([{ town: "Oslo", x: each }]);
    expect(probabilities.Oslo + probabilities.Rome).toBeCloseTo(1, 6);
  }
  const outlier = x.map((each, row) => (row === 58 ? 1e140 : each));
  for (const seed of [0, 1, 2, 3]) {
    const fitted = fitTable(table({ town, x: outlier, y: town }), { target: "y", epochs: 1, seed });
    const outcome = await fitted.then(() => "trained", String);
    expect(outcome).toMatch(/^trained$|DataError: fitTable: row 58, column "x": 1e\+140 is too far from/);
  }
});

test("scales tell how features come from columns, and numbers from outputs", async () => {
  const model = await fitTable(houses(80), { target: "price", epochs: 1 });
  const [area] = model.scales;
  expect(model.scales.map(({ name }) => name)).toEqual(["area", "garden"]);
  expect(area.mean > 80 && area.mean < 100 && area.scale > 20 && area.scale < 40).toBe(true);
  expect(Math.abs(area.median - area.mean)).toBeLessThan(area.scale);
  expect(model.outputScale?.mean).toBeGreaterThan(500_000);
  const classes = await fitTable(people(80), { target: "came", epochs: 1 });
  expect(classes.scales.map(({ name }) => name)).toEqual(["age", "income", "date", "income missing"]);
  expect(classes.outputScale).toBeUndefined();

  const rows = people(80);
  const { data, shape } = classes.trainingRows(rows).inputs;
  for (const { name, median, mean, scale } of classes.scales) {
    const place = classes.features.indexOf(name);
    const cells = rows.column(name.replace(" missing", "")).values as Float64Array;
    for (const [row, cell] of cells.entries()) {
      const number = name.endsWith("missing") ? Number(Number.isNaN(cell)) : Number.isNaN(cell) ? median : cell;
      if (name !== "date") expect(data[row * shape[1] + place]).toBeCloseTo((number - mean) / scale, 5);
    }
  }
});

test("options are checked against the table", async () => {
  const given = people(40);
  await expect(fitTable(given, { target: "cam" })).rejects.toThrow('came], did you mean "came"?');
  await expect(fitTable(given, { target: "came", features: ["incoem"] })).rejects.toThrow(
    /fitTable: there is no column "incoem": the table has \[.*\], did you mean "income"\?/,
  );
  await expect(fitTable(given, { target: "came", features: ["came"] })).rejects.toThrow(
    "cannot be learned from itself",
  );
  await expect(fitTable(given, { target: "came", features: ["age", "age"] })).rejects.toThrow(
    'fitTable: features: "age" comes twice',
  );
  await expect(fitTable(given, { target: "came", task: "regression" })).rejects.toThrow("a regression is of numbers");
  await expect(fitTable(given, { target: "came", test: 100 })).rejects.toThrow("leave none to train");
  await expect(fitTable(given, { target: "came", threads: 1, executor: new JsExecutor() })).rejects.toThrow("threads");
});

test("a signal ends it early, with the best weights so far; before the first epoch it is the error", async () => {
  const [early, before] = [new AbortController(), new AbortController()];
  const seen: string[] = [];
  const model = await fitTable(people(200), {
    target: "came",
    epochs: 200,
    signal: early.signal,
    report({ model: which, epoch, epochs, loss, validation }) {
      seen.push(`${which} ${epoch} of ${epochs}`);
      expect(loss > 0 && validation > 0).toBe(true);
      if (epoch === 3) early.abort();
    },
  });
  expect(seen).toEqual(["network 1 of 200", "network 2 of 200", "network 3 of 200"]);
  expect(model.training.ran).toBe(3);
  expect(model.metrics.linear).toEqual({});
  before.abort(new Error("not today"));
  await expect(fitTable(people(200), { target: "came", signal: before.signal })).rejects.toThrow("not today");
});

test("few rows have more epochs, as each has few steps", async () => {
  const of = async (rows: number) => (await fitTable(people(rows), { target: "came", rate: 0.1 })).training;
  expect(await of(40)).toMatchObject({ epochs: 1000, patience: 100 }); // two steps an epoch
  expect(await of(150)).toMatchObject({ epochs: 572, patience: 58 });
  expect(await of(800)).toMatchObject({ epochs: 200, patience: 20 });
});

test("early stopping keeps the weights of the best epoch", async () => {
  const { training, history } = await fitTable(people(200), { target: "came", patience: 3, rate: 0.02 });
  const losses = history.map(({ validation }) => validation?.loss ?? Number.NaN);
  expect(training.loss).toBe(Math.min(...losses));
  expect(losses[training.best - 1]).toBe(training.loss);
  expect(training.ran).toBe(training.best + 3);
});

test("a CSV file is read, learned and predicted", async () => {
  const lines = Array.from({ length: 120 }, (_, i) => `"${i % 2 ? 'a ""b""' : "c;d"}";${(i % 10) + 0.5};${i % 2}`);
  const file = await readCsv(`\uFEFFkind;size;y\n${lines.join("\n")}\n`);
  const model = await fitTable(file, { target: "y", epochs: 60 });
  expect(model.metrics.test.accuracy).toBe(1);
  const more = await readCsv('size;kind\n1;"a ""b"""\n', { types: model.types() });
  expect((await model.predict(more))[0].value).toBe(1);
  expect(model.types({ target: true })).toEqual({ kind: "text", size: "number", y: "number" });
});
