// Texts that people would call numbers or dates: what is said of them, and of those that are none.
import { readCsv } from "simdgrad/data";
import { fitTable } from "simdgrad/tabular";
import { expect, test } from "vitest";
import { lookOf } from "../../src/tabular/looks.ts";

const look = (...values: (string | null)[]) => lookOf({ name: "a", type: "text", values });

test.each<[string, string, ...(string | null)[]]>([
  ["comma", "0,346", "0,346", "-0,330", "12", null],
  ["comma", "25,8", "1,234", "25,8"],
  ["thousands", "5,189", "5,189", "999", "1,234,567"],
  ["thousands", "1,234.50", "1,234.50", "0.5"],
  ["thousands", "1.234,5", "1.234,5", "2,5"],
  ["thousands", "1 234", "1 234", "17"],
  ["sign", "$345,000", "$345,000", "$12"],
  ["sign", "12 %", "12 %", "7.5 %"],
  ["sign", "1.234,50 \u20ac", "1.234,50 \u20ac"],
  ["sign", "EUR 12", "EUR 12", "13"],
  ["date", "4/12/2024", "4/12/2024", "11/15/2024"],
  ["date", "31.12.24", "31.12.24", "1.1.25"],
  ["date", "12-Nov-2024", "12-Nov-2024"],
  ["date", "Nov 12, 2024", "Nov 12, 2024"],
  ["texts", "?", "?", ..."123456789".split("")],
])("%s: %s", (kind, example, ...values) => {
  expect(look(...values)).toMatchObject({ kind, example, words: expect.stringContaining(JSON.stringify(example)) });
});

test.each<(string | null)[]>([
  ["red", "green"],
  ["01010", "01011", "12345"],
  [..."123456789".split(""), "01"],
  ["1.2.3", "1.10.0"],
  ["10.0.0.1", "192.168.0.1"],
  ["555-123-4567"],
  ["A-12", "B-13"],
  ["1", "2", "3+"],
  ["M%", "$"],
  [null, null],
  [],
])("no number and no date: %j, %j", (...values) => {
  expect(look(...values)).toBeUndefined();
});

test("columns and targets that look like such are told, and names of columns that are numbers", async () => {
  const lines = Array.from(
    { length: 60 },
    (_, i) => `"${1 + (i % 6)},${500 + i}";${1 + (i % 4)}/${1 + (i % 7)}/2024;"$${i % 5},000";${i}`,
  );
  const rows = await readCsv(`1;day;fee;0.5\n${lines.join("\n")}\n`);
  const model = await fitTable(rows, { target: "fee", epochs: 1 });
  expect(model.notes).toEqual([
    'fee is taken for texts; they look like numbers with a sign, such as "$0,000": write them without it',
    expect.stringContaining('day is taken for texts; they look like dates, such as "1/1/2024"'),
    "2 columns are called 1, 0.5: if the first line is a row and no header, say so (header: false, --no-header)",
  ]);
  expect(model.dropped).toEqual([
    {
      name: "1",
      reason: expect.stringContaining("text of its own; they look like numbers with a sign between thousands"),
    },
    { name: "0.5", reason: "it numbers the rows" },
  ]);
  await expect(fitTable(rows, { target: "1" })).rejects.toThrow(
    'the target "1" has 60 different values in 60 rows: classes come again; they look like numbers with a sign between',
  );
  await expect(fitTable(rows, { target: "fee", task: "regression" })).rejects.toThrow("write them without it");
});
