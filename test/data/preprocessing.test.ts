// Preprocessing: figures are scikit-learn's, what was fitted is the same again from JSON, inverses give back what was there, and what does not
// fit is refused by its column.
import { readFileSync } from "node:fs";
import { JsExecutor, SimdgradError, Trainer } from "simdgrad";
import {
  bucketize,
  type ColumnSteps,
  type FittedPreprocessing,
  hashing,
  imputeMissing,
  minMax,
  normalize,
  oneHot,
  ordinal,
  preprocessing,
  preprocessingFromJSON,
  robust,
  type Step,
  standardize,
  type Table,
  table,
} from "simdgrad/data";
import { parseSafetensors, serializeSafetensors } from "simdgrad/io";
import { Linear, mseLoss } from "simdgrad/nn";
import { adam } from "simdgrad/optim";
import { describe, expect, test } from "vitest";
import { numbers } from "../random.ts";
import { MUTATIONS, PATIENCE } from "./mutations.ts";

type Value = number | string | null;

interface Golden {
  readonly tables: Readonly<
    Record<string, { readonly names: readonly string[]; readonly fit: Value[][]; readonly new: Value[][] }>
  >;
  readonly cases: readonly {
    readonly table: string;
    readonly steps: readonly Step[] | readonly ColumnSteps[];
    readonly made: readonly (readonly number[])[];
    readonly inverted: readonly (readonly Value[])[] | null;
  }[];
}

const golden: Golden = JSON.parse(readFileSync(new URL("../golden/preprocessing.json", import.meta.url), "utf8"));

function tableOf(names: readonly string[], rows: readonly (readonly Value[])[]): Table {
  return table(Object.fromEntries(names.map((name, c) => [name, rows.map((row) => row[c])])));
}

/** 1e-6 of the number, or of `size`: features are f32, whose digits end at 6e-8 of it. */
function expectNear(found: number, expected: number, what: string, size = 1): void {
  const isNear = Math.abs(found - expected) <= 1e-6 * Math.max(size, Math.abs(expected));
  expect({ what, found, expected, isNear }).toMatchObject({ isNear: true });
}

describe.each(golden.cases.map((each, i) => [`${i}: ${each.table} ${JSON.stringify(each.steps)}`, each] as const))(
  "%s",
  (_, each) => {
    const { names, ...rows } = golden.tables[each.table];
    const [fit, fresh] = [tableOf(names, rows.fit), tableOf(names, rows.new)];
    const fitted = preprocessing(each.steps as readonly Step[]).fit(fit);

    test("makes what scikit-learn makes", () => {
      const { data, shape } = fitted.transform(fresh);
      expect(shape).toEqual([each.made.length, each.made[0].length]);
      expect(fitted.names.length).toBe(shape[1]);
      for (const [r, row] of each.made.entries())
        for (const [c, value] of row.entries())
          expectNear(data[r * row.length + c], value, `row ${r}, ${fitted.names[c]}`);
    });

    test("gives back what scikit-learn gives back", () => {
      if (each.inverted === null) return;
      const back = fitted.invert(fitted.transform(fresh));
      expect(back.names).toEqual(names);
      for (const [r, row] of each.inverted.entries())
        for (const [c, value] of row.entries()) {
          const found = back.columns[c].values[r];
          // Features tell shares of the column's span, so an inverse has the digits of that.
          const size = Math.max(1, ...rows.fit.map((row) => Math.abs(Number(row[c])) || 0));
          if (typeof value === "number") expectNear(found as number, value, `row ${r}, ${names[c]}`, size);
          else expect(Number.isNaN(found) ? null : found).toBe(value);
        }
    });

    test("is the same from JSON, to the bit", () => {
      const text = JSON.stringify(fitted);
      const again = preprocessingFromJSON(text);
      expect(again.transform(fresh)).toEqual(fitted.transform(fresh));
      expect(again.names).toEqual(fitted.names);
      expect(JSON.stringify(again)).toBe(text);
      expect(preprocessingFromJSON(JSON.parse(text)).names).toEqual(fitted.names);
    });

    test("learns of the rows that are fitted alone", () => {
      const half = fresh.take([0, 1, 2]);
      const { data, shape } = fitted.transform(fresh);
      expect(fitted.transform(half).data).toEqual(data.slice(0, 3 * shape[1]));
    });
  },
);

const mixed = table({
  size: ["S", "L", "M", null],
  age: [31, 46, null, 27],
  open: [true, false, true, true],
  day: [new Date(0), new Date(86_400_000), new Date(43_200_000), new Date(0)],
});

test("columns are chosen by names and by kinds, and come in the order of their steps", () => {
  const fitted = preprocessing([
    { columns: "texts", steps: [oneHot()] },
    { columns: "numbers", steps: [imputeMissing({ strategy: "constant", value: 0 }), minMax()] },
    { columns: ["open"], steps: [] },
  ]);
  expect(() => fitted.fit(mixed)).toThrow('preprocessing: two columns are called "open"');
  const { names } = preprocessing([
    { columns: "texts", steps: [oneHot()] },
    { columns: "numbers", steps: [imputeMissing({ strategy: "constant", value: 0, indicator: true }), minMax()] },
  ]).fit(mixed);
  expect(names).toEqual(["size_L", "size_M", "size_S", "size_missing", "age", "open", "day", "age_missing"]);
});

test("orders of categories are told, unknown ones become a number, missing ones stay so until they are filled", () => {
  const steps = [
    ordinal({ categories: { size: ["S", "M", "L"] }, unknown: -1 }),
    imputeMissing({ strategy: "constant", value: 9 }),
  ];
  const fitted = preprocessing([{ columns: ["size"], steps }]).fit(mixed);
  expect([...fitted.transform(table({ size: ["L", "XL", null, "S"] })).data]).toEqual([2, -1, 9, 0]);
  expect([...fitted.invert([[2], [-1], [0.2]]).column("size").values]).toEqual(["L", null, "S"]);
});

test("a column without a value says nothing of its type", () => {
  const fitted = preprocessing([{ columns: ["size"], steps: [oneHot()] }]).fit(mixed);
  expect([...fitted.transform(table({ size: [null] })).data]).toEqual([0, 0, 0, 1]);
});

test("buckets between borders are torch's of right=True, and the inverse is their middle", () => {
  const fitted = preprocessing([bucketize({ borders: [0, 10] })]).fit([[-4], [20]]);
  expect([...fitted.transform([[-9], [0], [9.5], [10], [99]]).data]).toEqual([0, 1, 1, 2, 2]);
  expect([...fitted.invert([[0], [1], [2]]).column("x0").values]).toEqual([-2, 5, 15]);
});

test("what is fitted is what its file holds, -0 included", () => {
  for (const [step, values] of [
    [minMax(), [-0, 1]],
    [imputeMissing({ strategy: "constant", value: -0 }), [1, null]],
    [robust(), [-0, -0, 5]],
  ] as const) {
    const data = table({ a: values });
    const fitted = preprocessing([step]).fit(data);
    expect(preprocessingFromJSON(JSON.stringify(fitted)).transform(data)).toEqual(fitted.transform(data));
  }
});

test("a column of which no feature is left comes back, in as many rows", () => {
  const steps = [oneHot({ drop: "first" })];
  const data = table({ a: ["x", "x"], b: ["p", "q"] });
  const fitted = preprocessing(steps).fit(data);
  expect([...fitted.invert(fitted.transform(data))]).toEqual([...data]);
  const alone = preprocessing(steps).fit(data.select(["a"]));
  expect([...alone.invert({ data: new Float32Array(), shape: [2, 0] })]).toEqual([{ a: "x" }, { a: "x" }]);
});

test("numbers that are next to one another are one bucket", () => {
  const near = table({ a: [0, 1e-9] });
  const fitted = preprocessing([bucketize({ encode: "oneHot" })]).fit(near);
  expect([...fitted.transform(near).data]).toEqual([1, 1]);
  expect([...fitted.invert([[1]]).column("a").values]).toEqual([5e-10]);
});

/** A preprocessing as JSON, with one thing in it changed. */
function changed(steps: readonly Step[], data: Table, change: (entry: Entry) => void): unknown {
  const json = JSON.parse(JSON.stringify(preprocessing(steps).fit(data)));
  change(json.entries[0]);
  return json;
}

interface Entry {
  readonly columns: unknown[];
  readonly names: string[];
  readonly steps: { kind: string; options: unknown; names: string[]; state: Record<string, unknown>[] }[];
}

const numbersOf = table({ a: [1, 2, 9] });
const word = table({ a: ["x", "y", "x"] });

test.each<[steps: readonly Step[], data: Table, change: (entry: Entry) => void, message: string]>([
  [
    [hashing({ features: 2 })],
    word,
    ({ steps }) => (steps[0].options = {}),
    "steps.0: features must be a whole number",
  ],
  [
    [imputeMissing()],
    numbersOf,
    ({ steps }) => (steps[0].options = { value: 3 }),
    'steps.0: value says nothing without strategy: "constant"',
  ],
  [
    [imputeMissing()],
    numbersOf,
    ({ steps }) => (steps[0].state[0].value = ""),
    '"" does not fill column "a", which holds numbers',
  ],
  [[minMax()], numbersOf, ({ steps }) => (steps[0].state[0].scale = 0), "scale must be a number > 0, got 0"],
  [[minMax()], numbersOf, ({ columns }) => columns.pop(), "entries.0: steps.0: names are [a], but what is there is []"],
  [
    [bucketize()],
    numbersOf,
    ({ steps }) => (steps[0].state[0].edges = [1]),
    "edges must be a list of two borders at the least",
  ],
  [
    [bucketize()],
    numbersOf,
    ({ steps }) => (steps[0].state[0].edges = [2, 1]),
    "edges: b1 must be at least b0 2, got 1",
  ],
  [
    [bucketize({ encode: "oneHot", buckets: 2 })],
    numbersOf,
    ({ names }) => names.pop(),
    "entries.0: names are [a_0], but what is there is [a_0, a_1]",
  ],
  [[oneHot()], word, ({ steps }) => steps.pop(), "entries.0: names are [a_x, a_y], but what is there is [a]"],
  [
    [oneHot(), minMax()],
    word,
    ({ steps }) => steps.shift(),
    "entries.0: steps.0: names are [a_x, a_y], but what is there is [a]",
  ],
])("%#: a file that was changed is refused: %4$s", (steps, data, change, message) => {
  const json = changed(steps, data, change);
  expect(() => preprocessingFromJSON(json)).toThrow(SimdgradError);
  expect(() => preprocessingFromJSON(json)).toThrow(message);
});

test("tenths are borders of buckets of equal width", () => {
  const x = table({ x: Array.from({ length: 11 }, (_, i) => i / 10) });
  const fitted = preprocessing([bucketize({ strategy: "uniform", buckets: 10 })]).fit(x);
  // scikit-learn, whose borders are multiples of a tenth that was rounded: 0 1 2 2 4 5 5 6 8 9 9.
  expect([...fitted.transform(x).data]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9]);
});

test("constants and rows of zeros divide nothing", () => {
  const data = [
    [5, 0.1],
    [5, 0.1],
    [5, 0.1],
  ];
  for (const step of [standardize(), minMax(), robust()])
    expect([...preprocessing([step]).fit(data).transform(data).data]).toEqual([0, 0, 0, 0, 0, 0]);
  expect([
    ...preprocessing([normalize()])
      .fit([[0, 0]])
      .transform([[0, 0]]).data,
  ]).toEqual([0, 0]);
  expect([...preprocessing([bucketize()]).fit(data).transform(data).data]).toEqual([0, 0, 0, 0, 0, 0]);
});

test("booleans come back as they were, whatever f32 made of them", () => {
  for (const step of [standardize(), minMax({ range: [-0.1, 0.7] }), robust(), imputeMissing(), oneHot(), ordinal()])
    for (let rows = 2; rows < 30; rows++)
      for (let trues = 1; trues < rows; trues++) {
        const b = Array.from({ length: rows }, (_, i) => i < trues);
        const fitted = preprocessing([step]).fit(table({ b }));
        const back = fitted.invert(fitted.transform(table({ b })));
        expect([...back].map((row) => row.b)).toEqual(b);
        expect(back.toClasses("b")).toEqual(table({ b }).toClasses("b"));
      }
  const fitted = preprocessing([standardize()]).fit(table({ b: [true, false] }));
  expect([...fitted.invert([[-0.1], [0.1], [7]])].map(({ b }) => b)).toEqual([false, true, true]);
});

test("dates come back as points in time, whole numbers between others say so", () => {
  const days = table({ day: [new Date(0), new Date(3)] });
  const fitted = preprocessing([standardize()]).fit(days);
  expect([...fitted.invert(fitted.transform(days)).column("day").values]).toEqual([0, 3]);
  expect([...fitted.invert([[0.3]]).column("day").values]).toEqual([2]);
  expect(() => fitted.invert([[1e20]])).toThrow('invert: row 0 of column "day" is 15');
  const counts = preprocessing([minMax()]).fit(table({ n: [0, 10] }));
  expect(counts.invert([[0.5], [1]]).types).toEqual({ n: "integer" });
  expect(counts.invert([[0.25], [1]]).types).toEqual({ n: "number" });
});

test("means of many numbers far from 0 lose no digits", () => {
  const n = 1e6;
  const when = Float64Array.from({ length: n }, (_, i) => 1.7e12 + ((i * 7919) % 1000) * 60); // ms within one minute
  const mean = 1.7e12 + 29_970; // of 0 to 999, each of which comes as often, 499.5
  const times = table({ when });
  const fitted = preprocessing([standardize()]).fit(times);
  const [{ center, scale }] = JSON.parse(JSON.stringify(fitted)).entries[0].steps[0].state;
  // Deviation of 0 to 999 in proportion: sqrt((1000^2 - 1) / 12). Within the distance of neighbouring numbers.
  expect(Math.abs(center - mean)).toBeLessThanOrEqual(2 ** -12);
  expectNear(scale, 60 * Math.sqrt((1e6 - 1) / 12), "deviation");
  expectNear(fitted.transform(times).data[0], -29_970 / (60 * Math.sqrt((1e6 - 1) / 12)), "first");
  const filled = preprocessing([imputeMissing()]).fit(times);
  expect(Math.abs(JSON.parse(JSON.stringify(filled)).entries[0].steps[0].state[0].value - mean)).toBeLessThanOrEqual(
    2 ** -12,
  );
  const constant = table({ c: new Float64Array(n).fill(1234567.891) });
  // scikit-learn's: -1.9e-9.
  expect(Math.abs(preprocessing([standardize()]).fit(constant).transform(constant).data[0])).toBeLessThan(1e-9);
});

const first = mixed.take([0]);

/** As JavaScript sees it, which does not know types. */
const unfitted = () => preprocessing([standardize()]) as unknown as FittedPreprocessing;

test.each<[read: () => unknown, message: string]>([
  [() => preprocessing([]), "preprocessing: what is given must be a list of steps"],
  [() => preprocessing([{ columns: "age", steps: [] }] as never), "preprocessing: 0: columns must be a list of names"],
  [
    () => preprocessing([{ columns: ["age"], steps: [{ kind: "scale", options: {} }] }]),
    "preprocessing: 0: steps.0 must be a step",
  ],
  [() => minMax({ range: [1, 0] }), "minMax: range must be [low, high]"],
  [() => hashing({} as never), "hashing: features must be a whole number"],
  [() => preprocessing([{ columns: ["town"], steps: [] }]).fit(mixed), 'preprocessing: the table has no column "town"'],
  [
    () => preprocessing([{ columns: ["Age"], steps: [] }]).fit(table({ age: [1], size: [2] })),
    'preprocessing: the table has no column "Age": it has [age, size], did you mean "age"?',
  ],
  [
    () => preprocessing([{ columns: ["age", "age"], steps: [] }]).fit(table({ age: [1] })),
    'preprocessing: columns: "age" comes twice',
  ],
  [
    () =>
      preprocessing([standardize()])
        .fit(table({ age: [1] }))
        .transform(table({ ages: [1] })),
    'transform: the table has no column "age": it has [ages], did you mean "ages"?',
  ],
  [() => unfitted().transform(mixed), "preprocessing: transform is of what fit gives: call fit(...) first"],
  [() => unfitted().names, "preprocessing: names is of what fit gives"],
  [() => JSON.stringify(unfitted()), "preprocessing: toJSON is of what fit gives"],
  [() => preprocessing([{ columns: "texts", steps: [] }]).fit(table({ a: [1] })), "the table has no columns of texts"],
  [() => preprocessing([standardize()]).fit(mixed), 'standardize: column "size" holds texts'],
  [
    () => preprocessing([{ columns: ["size"], steps: [] }]).fit(mixed),
    'preprocessing: column "size" still holds texts',
  ],
  [
    () => preprocessing([standardize()]).fit(table({ a: [null, null] })),
    'standardize: all rows of column "a" are missing',
  ],
  [
    () => preprocessing([standardize()]).fit(table({ a: [1, Number.POSITIVE_INFINITY] })),
    'standardize: row 1 of column "a" is Infinity',
  ],
  ...[
    ordinal(),
    ordinal({ unknown: -1 }),
    oneHot({ unknown: "ignore" }),
    imputeMissing({ strategy: "mostFrequent" }),
  ].map((step): [() => unknown, string] => [
    () => preprocessing([step]).fit(table({ a: [1, Number.NEGATIVE_INFINITY] })),
    `${step.kind}: row 1 of column "a" is -Infinity`,
  ]),
  ...[standardize(), minMax(), robust(), bucketize({ strategy: "uniform" }), imputeMissing()].map(
    (step): [() => unknown, string] => [
      () => preprocessing([step]).fit(table({ a: [1.7e308, 1.7e308, -1.7e308, -1.7e308, 1.7e308] })),
      `${step.kind}: the numbers of column "a" are too large`,
    ],
  ),
  [
    () => preprocessing([{ kind: "hashing", options: {} }]),
    "preprocessing: 0: steps.0: features must be a whole number",
  ],
  [
    () => preprocessing([{ kind: "imputeMissing", options: { value: 1 } }]),
    'steps.0: value says nothing without strategy: "constant"',
  ],
  [
    () =>
      preprocessing([imputeMissing()])
        .fit(table({ a: [1, 2] }))
        .transform(table({ a: [1, 1e300] })),
    'transform: row 1 of "a" is 1e+300, which is beyond f32',
  ],
  [
    () =>
      preprocessing([minMax()])
        .fit(table({ a: [1, 2] }))
        .transform(table({ a: [1e300] })),
    'transform: row 0 of "a" is 1e+300, which is no f32',
  ],
  [
    () => {
      const days = table({ day: [new Date(1.7e12), new Date(1.7e12 + 30_000)] });
      preprocessing([{ columns: ["day"], steps: [] }])
        .fit(days)
        .transform(days);
    },
    'transform: row 1 of "day" is 2023-11-14T22:13:50.000Z, which f32 does not tell from 2023-11-14T22:13:20.000Z',
  ],
  [() => preprocessing([standardize()]).fit(table({ a: [] })), "fit: there are no rows to learn from"],
  [
    () => preprocessing([imputeMissing({ strategy: "constant", value: 1 })]).fit(table({ a: ["x"] })),
    "imputeMissing: value must be a text",
  ],
  [
    () => preprocessing([oneHot({ categories: { b: ["x"] } })]).fit(table({ a: ["x"] })),
    'oneHot: categories are of column "b"',
  ],
  [
    () =>
      preprocessing([{ columns: ["size"], steps: [oneHot()] }])
        .fit(first)
        .transform(mixed),
    'oneHot: row 1 of column "size" is "L", none of [S]',
  ],
  [
    () =>
      preprocessing([{ columns: ["size"], steps: [ordinal()] }])
        .fit(first)
        .transform(mixed.take([3])),
    'transform: row 0 of "size" is missing',
  ],
  [
    () =>
      preprocessing([{ columns: ["age"], steps: [] }])
        .fit(mixed)
        .transform(mixed),
    'transform: row 2 of "age" is missing',
  ],
  [
    () =>
      preprocessing([{ columns: ["age"], steps: [] }])
        .fit(mixed)
        .transform(table({ age: ["x"] })),
    'column "age" is of type category; integer was fitted',
  ],
  [
    () =>
      preprocessing([bucketize()])
        .fit(mixed.select(["age"]))
        .transform(mixed),
    'bucketize: row 2 of column "age" is missing',
  ],
  [
    () =>
      preprocessing([normalize()])
        .fit([[1]])
        .invert([[1]]),
    "invert: what normalize() makes does not tell what was there",
  ],
  [
    () =>
      preprocessing([minMax()])
        .fit([[1]])
        .invert([[1, 2]]),
    "invert: data is [1, 2], but there are 1 features",
  ],
  [
    () => preprocessing([minMax()]).fit({ data: [1, 2], shape: [2] }),
    "fit: data is [2], not a table or [rows, columns]",
  ],
  [() => preprocessingFromJSON("{"), "preprocessingFromJSON: this is no JSON"],
  [
    () => preprocessingFromJSON({ format: "simdgrad preprocessing", version: 2 }),
    "version 2 of the format is not known, only 1",
  ],
])("%#: %2$s", (read, message) => {
  expect(read).toThrow(SimdgradError);
  expect(read).toThrow(message);
});

test(`${MUTATIONS} mutated files of JSON are read, or refused in words`, PATIENCE, () => {
  const { names, fit, new: fresh } = golden.tables.both;
  const steps = golden.cases[golden.cases.length - 1].steps as readonly ColumnSteps[];
  const text = JSON.stringify(preprocessing(steps).fit(tableOf(names, fit)));
  const data = tableOf(names, fresh);
  let refused = 0;
  for (let seed = 0; seed < MUTATIONS; seed++) {
    const random = numbers(seed);
    const at = Math.floor(random() * text.length);
    const piece = ["", "0", '"', "null", "}", "[]", "-1", "{}"][Math.floor(random() * 8)];
    const changed = text.slice(0, at) + piece + text.slice(at + Math.floor(random() * 4));
    try {
      const fitted = preprocessingFromJSON(changed);
      expect(fitted.transform(data).shape[0]).toBe(data.rows);
      fitted.invert(fitted.transform(data));
    } catch (error) {
      if (!(error instanceof SimdgradError)) throw error;
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(MUTATIONS / 2);
});

test("it goes with the weights of a model, and what is predicted is told in its own numbers", async () => {
  const rows = Array.from({ length: 60 }, (_, i) => ({
    area: 50 + i,
    town: i % 2 ? "Oslo" : "Rome",
    price: 1000 * (50 + i) + (i % 2 ? 20_000 : 0),
  }));
  const data = table(rows);
  const features = preprocessing([
    { columns: ["area"], steps: [standardize()] },
    { columns: ["town"], steps: [oneHot()] },
  ]).fit(data);
  const target = preprocessing([{ columns: ["price"], steps: [standardize()] }]).fit(data);
  const trainer = new Trainer(new Linear(3, 1), { loss: mseLoss, optimizer: adam(0.1), executor: new JsExecutor() });
  await trainer.load({ x: features.transform(data), y: target.transform(data) });
  await trainer.fit({ batch: "all", epochs: 400 });
  const texts = { features: JSON.stringify(features), target: JSON.stringify(target) };
  const { metadata } = parseSafetensors(serializeSafetensors(await trainer.stateDict(), texts));
  const house = table({ area: [80], town: ["Oslo"] });
  const given = await trainer.predict(preprocessingFromJSON(metadata.features).transform(house));
  const price = preprocessingFromJSON(metadata.target)
    .invert(given as never)
    .row(0).price;
  expect(Math.abs(Number(price) - 100_000)).toBeLessThan(500);
  await trainer.dispose();
});
