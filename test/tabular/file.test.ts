// Files of models: what was saved comes back to the last bit, anybody reads the weights, and what is no such file is refused in words.
import type { StateDict } from "simdgrad";
import { type NumericArray, readCsv, type Table, table } from "simdgrad/data";
import { parseSafetensors, serializeCheckpoint, serializeSafetensors } from "simdgrad/io";
import { fitTable, TabularModel, type TabularParts } from "simdgrad/tabular";
import { expect, test } from "vitest";
import { serializeSealed } from "../../src/io/sealed.ts";
import { parseModel, serializeModel } from "../../src/tabular/file.ts";
import { mutated, outcomeOf } from "../data/mutations.ts";
import { sealed } from "../io/saved.ts";
import { numbers } from "../random.ts";
import { thrown } from "../thrown.ts";
import { houses, people } from "./tables.ts";

const MUTATIONS = process.env.SOAK ? 20_000 : 1000;

const rows = people(150);
const model = await fitTable(rows, { target: "came", epochs: 3, hidden: [8, 4] });
const bytes = await model.save();

test("what was saved comes back", async () => {
  const again = await TabularModel.load(bytes);
  expect(String(await again.save())).toBe(String(bytes));
  expect(await again.predict(rows)).toEqual(await model.predict(rows));
  for (const member of ["task", "target", "classes", "columns", "dropped", "notes", "features", "network"] as const)
    expect(again[member]).toEqual(model[member]);
  expect(again.training).toEqual(model.training);
  expect(again.metrics).toEqual(model.metrics);
  expect(again.types()).toEqual(model.types());
  expect(again.scales).toEqual(model.scales);
  expect(again.history).toEqual([]);
});

test("a model knows how its file was read, and the rows that it was made of", async () => {
  const reading = { decimal: ",", missing: ["", "?"] } as const;
  const text = `x;kind;y\n${Array.from({ length: 60 }, (_, i) => `${i % 7},5;${i % 9 ? i % 2 === 0 : "?"};${i % 7 < 3 ? "a" : i === 9 ? "?" : "b"}`).join("\n")}\n`;
  const own = await fitTable(await readCsv(text, reading), { target: "y", epochs: 2, reading });
  const again = await TabularModel.load(await own.save());
  expect(again.reading).toEqual(reading);
  const read = (given: string) => readCsv(given, { ...again.reading, types: again.types({ target: true }) });
  expect(again.isMadeOf(await read(text))).toBe(true);
  expect(again.isMadeOf([...(await read(text))])).toBe(true);
  expect(again.isMadeOf((await read(text)).select(["y", "kind", "x"]))).toBe(true);
  for (const other of [text.replace("2,5", "3,5"), text.replace("true", "false"), text.replace("?", "true")])
    expect(again.isMadeOf(await read(other))).toBe(false);
  expect(() => again.isMadeOf([{ x: 1 }])).toThrow('isMadeOf: the table has no column "kind"');
  const { source: _, ...early } = parseModel(await own.save()).description; // a file of earlier times
  const old = await TabularModel.load(serializeModel(early, own.weights));
  expect(old.reading).toEqual({});
  expect(old.isMadeOf(await read(text))).toBe(false);
  await expect(fitTable(rows, { target: "came", reading: { decimal: ";" as never } })).rejects.toThrow(
    'fitTable: reading: decimal must be "." or ","',
  );
});

test.each([
  ["classes in their shares", people(150), { target: "came", seed: 3 }],
  ["numbers", houses(80), { target: "price", test: 7, validation: 0.3, seed: 12 }],
  [
    "a class of one row",
    [...people(90)].map((row, i) => ({ ...row, came: i === 40 ? "perhaps" : row.came })),
    { target: "came" },
  ],
  [
    "few rows of many classes",
    [...people(30)].map((row, i) => ({ ...row, came: `class ${i % 10}` })),
    { target: "came" },
  ],
  [
    "missing targets",
    [...houses(80)].map((row, i) => ({ ...row, price: i % 9 === 2 ? null : row.price })),
    { target: "price" },
  ],
])("a model knows which rows are in which part: %s", async (_, given, options) => {
  const all = table([...given] as never);
  const own = await fitTable(all, { ...options, epochs: 1, hidden: [4] });
  const again = await TabularModel.load(await own.save());
  const { train, validation, test: tested } = again.partsOf(all) as TabularParts;
  expect([...all.take(tested)]).toEqual([...(own.tested as Table)]);
  expect(await again.evaluate(all.take(tested))).toEqual(own.metrics.test);
  expect([train, validation, tested].map(({ length }) => length)).toEqual(Object.values(own.training.rows));
  const known = [...all].flatMap((row, i) => (row[options.target] === null ? [] : [i]));
  expect([...train, ...validation, ...tested].sort((a, b) => a - b)).toEqual(known);
  expect(again.partsOf(all.take(train))).toBeUndefined();
});

test("the weights alone, by PyTorch's names, make the predictions", async () => {
  const priced = await fitTable(houses(80), { target: "price", epochs: 5, hidden: [8, 4] });
  const file = await priced.save();
  const { tensors, metadata } = parseSafetensors(file);
  expect(Object.keys(tensors).sort()).toEqual(["0.bias", "0.weight", "3.bias", "3.weight", "6.bias", "6.weight"]);
  expect(metadata.format).toBe("simdgrad-tabular");
  const { preprocessing, target } = parseModel(file).description;
  const raw = [
    { area: 50.5, garden: true },
    { area: 100, garden: false },
  ];
  const inner = [...raw.map(({ area, garden }) => [area, Number(garden)])];
  const x = preprocessing.transform(
    (await import("simdgrad/data")).table({ c0: inner.map(([each]) => each), c1: inner.map(([, each]) => each) }),
  );
  const told = await priced.predict(raw);
  for (let row = 0; row < raw.length; row++) {
    let values = Array.from(x.data.subarray(row * 2, row * 2 + 2) as Float32Array);
    for (const layer of ["0", "3", "6"]) {
      const { data: weight, shape } = tensors[`${layer}.weight`];
      const { data: bias } = tensors[`${layer}.bias`];
      values = Array.from({ length: shape[0] }, (_, unit) => {
        const sum = values.reduce((all, value, i) => all + value * weight[unit * shape[1] + i], bias[unit]);
        return layer === "6" ? sum : Math.max(0, sum);
      });
    }
    const expected = target.mean + target.scale * values[0];
    expect(Number(told[row].value) / expected).toBeCloseTo(1, 6); // f32 against Float64
  }
});

/** The weights with another array in the place of the first layer's. */
function withFirst(change: (data: number[]) => NumericArray["data"]): StateDict {
  const { data, shape } = model.weights["0.weight"];
  return { ...model.weights, "0.weight": { data: change([...data]), shape } };
}

test("weights from elsewhere are kept as f32, as they were then, and saved", async () => {
  const given = withFirst((data) => Float64Array.from(data, (value) => value + 1e-12));
  const other = model.withWeights(given);
  given["0.weight"].data.fill(7);
  expect(other.weights["0.weight"].data).toEqual(model.weights["0.weight"].data);
  const again = await TabularModel.load(await other.save());
  expect(await again.predict(rows)).toEqual(await model.predict(rows));
});

test("whole numbers, and what f32 has no room for, are no weights", () => {
  const first = (value: number) => (data: number[]) => Float64Array.from(data, (own, i) => (i === 3 ? value : own));
  for (const [change, words] of [
    [(data: number[]) => Int32Array.from(data), "DTypeError: withWeights: 0.weight is i32, and weights are f32"],
    [(data: number[]) => Uint8Array.from(data), "DTypeError: withWeights: 0.weight is u8, and weights are f32"],
    [first(-1e300), "DTypeError: 0.weight: element 3 is -1e+300, not of dtype f32"],
    [first(Number.NEGATIVE_INFINITY), "DataError: withWeights: 0.weight holds -Infinity"],
    [first(-3e38), "DataError: withWeights: 0.weight holds -3e+38: with weights so large there is nothing that"],
  ] as const)
    expect(thrown(() => model.withWeights(withFirst(change)))).toContain(words);
  expect(thrown(() => model.withWeights(withFirst(first(-1e20))))).toBe("nothing");
});

test("weights that lead to no numbers are not said to be a row's fault", async () => {
  const { description, state } = parseModel(bytes);
  const large = Object.fromEntries(
    Object.entries(state).map(([name, { data, shape }]) => [
      name,
      { data: new Float32Array(data.length).fill(3e38), shape },
    ]),
  );
  const spoilt = await TabularModel.load(serializeModel(description, large));
  await expect(spoilt.predict(rows)).rejects.toThrow("row 0: 0.bias holds 3e+38: with weights so large there is");
});

test("other files, newer versions and changed ones are refused in words", async () => {
  const refused = async (file: Uint8Array) => {
    const error = await TabularModel.load(file).then(
      () => undefined,
      (each: unknown) => each,
    );
    return String(error);
  };
  expect(await refused(new TextEncoder().encode("area,price\n1,2\n"))).toMatch(/^DataError: safetensors: /);
  const weights = serializeSafetensors({ w: { data: Float32Array.of(1), shape: [1] } });
  expect(await refused(weights)).toMatch(/^DataError: tabular model: .*no format simdgrad-tabular/);
  expect(await refused(serializeCheckpoint({ state: {} }))).toMatch(/no format simdgrad-tabular/);
  const marks = { format: "simdgrad-tabular", version: 2 };
  expect(await refused(serializeSealed({}, marks, {}))).toMatch(/its version is 2, and this simdgrad reads up to 1/);
  const changed = bytes.slice();
  changed[changed.length - 1] ^= 1;
  expect(await refused(changed)).toMatch(/the checksum of its bytes/);
  expect(await refused(bytes.subarray(0, 100))).toMatch(/^DataError: /);
});

test(`${MUTATIONS} changed files: a typed error or what was written`, { timeout: 600_000 }, async () => {
  const read = (file: Uint8Array) => {
    const { description, state } = parseModel(file);
    return { ...description, state };
  };
  const written = await outcomeOf(read, bytes);
  let refused = 0;
  for (let seed = 0; seed < MUTATIONS; seed++) {
    const file = mutated(bytes, seed);
    const outcome = await outcomeOf(read, file);
    if (/^DataError: (safetensors|tabular model): /.test(outcome)) refused++;
    else expect({ seed, outcome }).toEqual({ seed, outcome: written });
    if (file.length > 50) await outcomeOf(read, sealed(file)); // where the checksum does not find it
  }
  expect(refused).toBeGreaterThan(0.9 * MUTATIONS);
});

/** Values that JSON has, in the place of others. */
const STRANGE: readonly unknown[] = [null, true, -1, 0.5, 1e300, "", "x", [], [1], {}, { name: 1 }, "__proto__"];

/** A copy with a value somewhere in it that does not belong there. */
function spoiled(given: unknown, random: () => number): unknown {
  if (typeof given !== "object" || given === null || random() < 0.1)
    return STRANGE[Math.floor(STRANGE.length * random())];
  const keys = Object.keys(given);
  if (keys.length === 0) return STRANGE[Math.floor(STRANGE.length * random())];
  const key = keys[Math.floor(keys.length * random())];
  const value = spoiled((given as Record<string, unknown>)[key], random);
  return Array.isArray(given) ? given.with(Number(key), value) : { ...given, [key]: value };
}

test(`${MUTATIONS} descriptions with something else in them: read and used with typed errors alone`, {
  timeout: 600_000,
}, async () => {
  const { tensors, metadata } = parseSafetensors(bytes);
  let refused = 0;
  for (let seed = 0; seed < MUTATIONS; seed++) {
    const changed = JSON.stringify(spoiled(JSON.parse(metadata.model), numbers(seed)));
    const file = serializeSealed(tensors, { format: "simdgrad-tabular", version: 1 }, { model: changed });
    const outcome = await outcomeOf((given) => parseModel(given).description, file);
    if (outcome.startsWith("DataError: tabular model: ")) refused++;
    else if (seed % 10 === 0) await outcomeOf(async (given) => (await TabularModel.load(given)).predict(rows), file);
  }
  expect(refused).toBeGreaterThan(0.5 * MUTATIONS);
});
