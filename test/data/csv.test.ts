// CSV files: what is found in them, in whatever pieces they come, and what is said of those that are broken.
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DataError } from "simdgrad";
import { type CsvOptions, readCsv, readJsonLines, streamCsv, type Table, type TextSource, table } from "simdgrad/data";
import { afterAll, describe, expect, test } from "vitest";
import { numbers } from "../random.ts";
import { MUTATIONS, mutated, outcomeOf, PATIENCE } from "./mutations.ts";

const text = [
  "id,price,open,day,colour,comment",
  '1,2.5,true,2024-02-29,red,"one, two"',
  '2,-1e3,FALSE,2024-03-01T12:30:00Z,blue,"he said ""no"""',
  '3,,true,NA,red,"two',
  'lines"',
  "",
  "+4, .5 ,false,2024-03-01 12:30+02:00,NA,x",
  "",
].join("\n");

const bytes = new TextEncoder().encode(text);

function all({ names, columns }: Table): Record<string, unknown> {
  return Object.fromEntries(columns.map(({ name, values }) => [name, [...values]])) as Record<
    (typeof names)[number],
    unknown
  >;
}

const expected = {
  id: [1, 2, 3, 4],
  price: [2.5, -1000, Number.NaN, 0.5],
  open: [1, 0, 1, 0],
  day: [Date.UTC(2024, 1, 29), Date.UTC(2024, 2, 1, 12, 30), Number.NaN, Date.UTC(2024, 2, 1, 10, 30)],
  colour: ["red", "blue", "red", null],
  comment: ["one, two", 'he said "no"', "two\nlines", "x"],
};

function* pieces<T extends string | Uint8Array>(whole: T, size: number): Generator<T> {
  for (let at = 0; at < whole.length; at += size) yield whole.slice(at, at + size) as T;
}

async function* later<T>(values: Iterable<T>): AsyncGenerator<T> {
  for (const value of values) {
    await null;
    yield value;
  }
}

describe("sources", () => {
  const folder = mkdtempSync(join(tmpdir(), "csv-"));
  const path = join(folder, "shop.csv");
  writeFileSync(path, bytes);
  afterAll(() => rmSync(folder, { recursive: true }));
  const sources: readonly (readonly [string, () => TextSource])[] = [
    ["a string", () => text],
    ["a string with a byte order mark", () => `\uFEFF${text}`],
    ["bytes", () => bytes],
    ["bytes with a byte order mark", () => Uint8Array.of(0xef, 0xbb, 0xbf, ...bytes)],
    ["an ArrayBuffer", () => Uint8Array.from(bytes).buffer],
    ["UTF-16 with its mark", () => Uint8Array.from([0xff, 0xfe, ...[...text].flatMap((c) => [c.charCodeAt(0), 0])])],
    ["a Blob", () => new Blob([bytes])],
    ["a File", () => new File([bytes], "shop.csv")],
    ["a Response", () => new Response(bytes)],
    ["a ReadableStream", () => new Blob([bytes]).stream() as TextSource],
    ["a stream of a file", () => createReadStream(path)],
    ["texts of one character", () => pieces(text, 1)],
    ["UTF-16 byte by byte", () => pieces(Uint8Array.from(Buffer.from(`\uFEFF${text}`, "utf16le")), 1)],
    [
      "UTF-16 of the other order byte by byte",
      () => pieces(Uint8Array.from(Buffer.from(`\uFEFF${text}`, "utf16le").swap16()), 1),
    ],
    ["UTF-8 with a mark byte by byte", () => pieces(Uint8Array.of(0xef, 0xbb, 0xbf, ...bytes), 1)],
    ["bytes one by one, later", () => later(pieces(bytes, 1))],
    ["lines", () => later(text.split(/(?<=\n)/))],
  ];

  test.each(sources)("%s", async (_, source) => {
    const table = await readCsv(source());
    expect(table.types).toEqual({
      id: "integer",
      price: "number",
      open: "boolean",
      day: "date",
      colour: "category",
      comment: "category",
    });
    expect(all(table)).toEqual(expected);
    expect(table.rows).toBe(4);
  });

  test("a stream of a file that there is not", async () => {
    await expect(readCsv(createReadStream(join(folder, "none.csv")))).rejects.toThrow("ENOENT");
  });

  test("a source that is left is closed", async () => {
    let closed = 0;
    async function* endless() {
      try {
        yield "a,b\n";
        for (;;) yield "1,2\n".repeat(10_000);
      } finally {
        closed++;
      }
    }
    for await (const { rows } of streamCsv(endless(), { chunk: 100 })) {
      expect(rows).toBe(100);
      break;
    }
    expect(closed).toBe(1);
    async function* faulty() {
      yield* endless();
    }
    const options: CsvOptions = { types: { b: "boolean" } };
    await expect(readCsv(faulty(), options)).rejects.toThrow('csv, line 2, column "b": "2" is of no type boolean');
    expect(closed).toBe(2);
  });

  test("what a source throws goes on", async () => {
    async function* broken() {
      yield "a,b\n";
      throw new RangeError("the line is cut");
    }
    await expect(readCsv(broken())).rejects.toThrow(RangeError);
  });
});

describe("separators", () => {
  test.each([",", ";", "\t", "|"])("%j is found", async (sign) => {
    const table = await readCsv(`a${sign}b\n1${sign}x\n2${sign}"y${sign}z"\n`);
    expect(all(table)).toEqual({ a: [1, 2], b: ["x", `y${sign}z`] });
  });

  test.each(["\n", "\r\n", "\r"])("lines end in %j", async (end) => {
    for (const last of ["", end]) {
      const whole = `a,b${end}1,x${end}2,"y"${last}`;
      for (const size of [1, 2, 3, 100]) {
        const table = await readCsv(pieces(whole, size));
        expect(all(table)).toEqual({ a: [1, 2], b: ["x", "y"] });
      }
    }
  });

  test("lines may end in both ways", async () => {
    expect(all(await readCsv('a,b\r\n1,x\n2,"y"\r\n3,z'))).toEqual({ a: [1, 2, 3], b: ["x", "y", "z"] });
  });

  test("one column, and a hundred", async () => {
    expect(all(await readCsv("a\n1\n\n2\n"))).toEqual({ a: [1, 2] });
    expect(all(await readCsv("a"))).toEqual({ a: [] });
    const row = (of: (i: number) => unknown) => Array.from({ length: 100 }, (_, i) => of(i)).join(",");
    const table = await readCsv(`${row((i) => `c${i}`)}\n${row((i) => i)}\n${row((i) => i / 2)}\n`);
    expect(table.names.length).toBe(100);
    expect(table.toArray().data).toEqual(Float32Array.from({ length: 200 }, (_, i) => (i < 100 ? i : (i - 100) / 2)));
  });

  test.each(["\n", "\r\n", "\r"])(
    "quotes around nothing are a cell, not a blank line, where lines end in %j",
    async (end) => {
      const height = ["height", "170", '""', "", " ", "180", '" "', '"1', '85"', '""', ""].join(end);
      for (const size of [1, 3, 1000]) {
        const table = await readCsv(pieces(height, size));
        expect(table.column("height").values).toEqual(["170", null, "180", null, `1${end}85`, null]);
      }
      const bare = await readCsv(`""${end}${end}1${end}""`, { header: false, types: { column1: "integer" } });
      expect([...bare.column("column1").values]).toEqual([Number.NaN, 1, Number.NaN]);
      await expect(readCsv(`a,b${end}1,2${end}""${end}`)).rejects.toThrow(
        "csv, line 3: 1 cell, where there are 2 columns",
      );
      const quoted = await readCsv(`a,b${end}1,"x${end}""${end}"""${end}${end}2,y`);
      expect(quoted.column("b").values).toEqual([`x${end}"${end}"`, "y"]);
    },
  );

  test("a decimal comma", async () => {
    const options: CsvOptions = { decimal: "," };
    const table = await readCsv("a;b\n1,5;x\n-,5e2;y\n3;1.5\n", options);
    expect(all(table)).toEqual({ a: [1.5, -50, 3], b: ["x", "y", "1.5"] });
    expect(all(await readCsv("x\n1,5\n2,5\n", options))).toEqual({ x: [1.5, 2.5] });
    expect(all(await readCsv("1,5\n2,5\n", { ...options, header: false }))).toEqual({ column1: [1.5, 2.5] });
    expect(all(await readCsv("a\tb\n1,5\t2,5\n", options))).toEqual({ a: [1.5], b: [2.5] });
    expect(all(await readCsv('a,b\n"1,5","2,5"\n', options))).toEqual({ a: [1.5], b: [2.5] });
    expect(all(await readCsv('a,b\n"1,5",2\n', { ...options, delimiter: "," }))).toEqual({ a: [1.5], b: [2] });
  });
});

describe("columns", () => {
  test.each<[string, string, unknown[]]>([
    ["integer", "1 -2 +3 0", [1, -2, 3, 0]],
    [
      "number",
      "1 2.5 1e3 .5 2. -inf Infinity",
      [1, 2.5, 1000, 0.5, 2, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
    ],
    ["number", "NA NaN null", [Number.NaN, Number.NaN, Number.NaN]],
    ["category", "01 02 1", ["01", "02", "1"]],
    ["category", "12345678901234567890 1", ["12345678901234567890", "1"]],
    ["category", "1 2 x", ["1", "2", "x"]],
    ["category", "1_000 0x10 1,0", ["1_000", "0x10", "1,0"]],
    ["boolean", "true False TRUE", [1, 0, 1]],
    ["category", "true 1", ["true", "1"]],
    ["date", "2024-01-31 NA", [Date.UTC(2024, 0, 31), Number.NaN]],
    ["date", "0001-01-01 1969-12-31T23:59:59.5Z", [-62135596800000, -500]],
    ["category", "2024-02-30 2023-02-29", ["2024-02-30", "2023-02-29"]],
    ["number", "1e308 -1e308", [1e308, -1e308]],
    ["category", "1e400 -1e309 1", ["1e400", "-1e309", "1"]],
    [
      "date",
      "2024-01-01T00:00+23:59 2024-01-01T00:00-0030",
      [Date.UTC(2023, 11, 31, 0, 1), Date.UTC(2024, 0, 1, 0, 30)],
    ],
    ["category", "2024-01-01T00:00+99:99 2024-01-01T00:00-01:60", ["2024-01-01T00:00+99:99", "2024-01-01T00:00-01:60"]],
    ["category", "2024-01-01T24:00 2024-13-01", ["2024-01-01T24:00", "2024-13-01"]],
  ])("are %s: %s", async (type, cells, values) => {
    const table = await readCsv(`a;b\n${cells.replaceAll(" ", ";\n")};\n`, { delimiter: ";" });
    expect(table.types.a).toBe(type);
    expect([...table.column("a").values]).toEqual(values);
  });

  test("of many different texts are text", async () => {
    const lines = Array.from({ length: 65 }, (_, i) => `x${i}`).join("\n");
    expect((await readCsv(`a\n${lines}`)).types).toEqual({ a: "text" });
    expect((await readCsv(`a\n${lines}`, { categories: 65 })).types).toEqual({ a: "category" });
  });

  test("are chosen, named and typed by options", async () => {
    const options: CsvOptions = {
      header: false,
      names: ["a", "b", "c"],
      columns: ["c", "a"],
      types: { a: "text" },
      missing: ["?"],
    };
    const table = await readCsv("1,2,?\n3,4,5\n", options);
    expect(table.types).toEqual({ c: "integer", a: "text" });
    expect(all(table)).toEqual({ c: [Number.NaN, 5], a: ["1", "3"] });
    expect((await readCsv("1,,x\n", { header: false })).names).toEqual(["column1", "column2", "column3"]);
    expect((await readCsv(",x\n1,2\n")).names).toEqual(["column1", "x"]);
    expect((await readCsv("column2,,x\n1,2,3\n")).names).toEqual(["column2", "column2_", "x"]);
    expect((await readCsv(",column1,,column1_\n1,2,3,4\n")).names).toEqual([
      "column1__",
      "column1",
      "column3",
      "column1_",
    ]);
    expect((await readCsv("column2,,x\n1,2,3\n", { header: false })).names).toEqual(["column1", "column2", "column3"]);
    const { buffer } = Uint8Array.of(0x61, 0x0a, 0xe9);
    expect(all(await readCsv(buffer, { encoding: "windows-1252" }))).toEqual({ a: ["é"] });
  });
});

test.each<[source: TextSource, options: CsvOptions, message: string]>([
  ["", {}, "readCsv: csv has no rows"],
  ["\n \n", { file: "a.csv" }, "readCsv: a.csv has no rows"],
  ["a,b\n1\n", {}, "csv, line 2: 1 cell, where there are 2 columns"],
  ["a\n1\n1,2\n", { delimiter: "," }, "csv, line 3: 2 cells, where there is 1 column"],
  ['a,b\n"1\n2",3\n4,5,6\n', {}, "csv, line 4: 3 cells, where there are 2 columns"],
  ['a,b\n1,"2\n3,4\n', {}, "csv, line 2, character 3: a quote has no end"],
  ['a,b\n1,2\n3,"x"y"\n4,5\n', {}, "csv, line 3, character 3: a quote ends within a cell; two quotes are one"],
  ["a,b,a\n1,2,3\n", {}, 'csv, line 1: two columns are called "a"'],
  ["a,b\n1,x\n", { types: { b: "number" } }, 'csv, line 2, column "b": "x" is of no type number'],
  ["a,b\n1,2.5\n", { types: { b: "integer" } }, 'csv, line 2, column "b": "2.5" is of no type integer'],
  ["a,b\n1,2\n", { columns: ["c"] }, 'csv, line 1: there is no column "c", only [a, b]'],
  ["a,b\n1,2\n", { columns: ["a", "b", "a"] }, 'readCsv: columns: "a" comes twice'],
  ["a\n1e400\n", { types: { a: "number" } }, 'csv, line 2, column "a": "1e400" is of no type number'],
  ["a,b\n1,2\n", { types: { c: "text" } }, 'csv, line 1: there is no column "c", only [a, b]'],
  ["a,b\n1,2\n", { names: ["x"] }, "csv, line 1: 2 cells, but 1 name"],
  [
    Uint8Array.of(0x61, 0x0a, 0x62, 0x0a, 0xe9, 0x0a),
    {},
    'csv, line 3: the bytes are no utf-8; encoding: "windows-1252"',
  ],
  [new Response("gone", { status: 404 }), {}, "readCsv: csv: the response has status 404"],
  [new File(["a,b\n1\n"], "shop.csv"), {}, "readCsv: shop.csv, line 2: 1 cell"],
  ["churn.csv", {}, 'source is a path, "churn.csv", not what the file holds: readCsv(await readFile(path)) in Node'],
  ["../my data/a.TSV", {}, "is a path"],
  ["C:\\data\\a.csv.gz", {}, "is a path"],
  ["https://example.org/data?rows=5", {}, "readCsv(await fetch(path)) in pages"],
  [[1] as never, {}, "csv: a piece must be a string or a Uint8Array, got 1"],
])("%j with %j: %s", async (source, options, message) => {
  await expect(readCsv(source, options)).rejects.toThrow(message);
});

test("a line that ends, or has separators, is no path", async () => {
  expect((await readCsv("churn.csv\n", { header: false })).rows).toBe(1);
  expect((await readCsv("id,churn.csv")).names).toEqual(["id", "churn.csv"]);
  expect(() => streamCsv("churn.csv")).toThrow("streamCsv: source is a path");
});

test("a quote without an end is told, however long the file is, and in time that grows with it", async () => {
  function* file() {
    yield 'a,b\n1,"2';
    for (let i = 0; i < 400; i++) yield "3,4\n".repeat(4096);
  }
  await expect(readCsv(file())).rejects.toThrow("csv, line 2, character 3: a quote has no end");
});

test("tables of chunks are the whole, whatever the pieces", async () => {
  const random = numbers(7);
  const rows = Array.from(
    { length: 3000 },
    (_, i) => `${i},${random()},${random() < 0.1 ? '"a\n""b"""' : `c${i % 7}`}`,
  );
  const long = `i,x,name\n${rows.join("\n")}\n`;
  const whole = await readCsv(long);
  expect(whole.rows).toBe(3000);
  for (const [size, chunk] of [
    [1000, 7],
    [70_000, 1024],
    [1e6, 5000],
  ]) {
    const tables: Table[] = [];
    for await (const each of streamCsv(pieces(long, size), { chunk })) tables.push(each);
    expect(tables.length).toBe(Math.ceil(3000 / chunk));
    expect(tables.flatMap((each) => [...each])).toEqual([...whole]);
  }
});

test("a chunk's cells are of the types of the first", async () => {
  const tables = streamCsv("a\n1\n2\nx\n", { chunk: 2 });
  expect((await tables.next()).value?.types).toEqual({ a: "integer" });
  await expect(tables.next()).rejects.toThrow('streamCsv: csv, line 4, column "a": "x" is of no type integer');
});

test(`${MUTATIONS} mutated files are read, or refused in words`, PATIENCE, async () => {
  const outcomes = new Set<string>();
  const read = async (file: Uint8Array) => {
    const table = await readCsv(file, { types: { id: "integer" } });
    return all(table);
  };
  for (let seed = 0; seed < MUTATIONS; seed++) {
    const outcome = await outcomeOf(read, mutated(bytes, seed));
    if (/Error/.test(outcome)) expect(outcome).toMatch(/readCsv: csv(, line \d+| has no rows)/);
    outcomes.add(outcome);
  }
  expect(outcomes.size).toBeGreaterThan(200);
});

describe("JSON lines", () => {
  const read = async (source: TextSource) => {
    const values: unknown[] = [];
    for await (const value of readJsonLines(source)) values.push(value);
    return values;
  };
  const lines = '{"x":1,"y":"ä"}\r\n\n[2]\n"three"\nnull';

  test.each([1, 2, 7, 1000])("in pieces of %d", async (size) => {
    const values = [{ x: 1, y: "ä" }, [2], "three", null];
    expect(await read(pieces(lines, size))).toEqual(values);
    expect(await read(pieces(new TextEncoder().encode(lines), size))).toEqual(values);
  });

  test("are no path", async () => {
    await expect(read("rows.jsonl")).rejects.toThrow("readJsonLines: source is a path");
    expect(await read('"rows.jsonl"')).toEqual(["rows.jsonl"]);
  });

  test("name the line of what is none", async () => {
    await expect(read('{"a":1}\n{"a":\n')).rejects.toThrow("readJsonLines: jsonl, line 2 is no JSON");
  });

  test(`${MUTATIONS} mutated files are read, or refused in words`, PATIENCE, async () => {
    const file = new TextEncoder().encode(lines);
    for (let seed = 0; seed < MUTATIONS; seed++) {
      const outcome = await outcomeOf(read, mutated(file, seed));
      if (/Error/.test(outcome)) expect(outcome).toMatch(/readJsonLines: jsonl, line \d+/);
    }
  });
});

describe("tables", () => {
  const people = table({ age: [31, null, 46], city: ["Rome", "Oslo", null], born: [new Date(0), null, new Date(1)] });

  test("take, filter, select and drop", () => {
    expect([...people.take([2, 0, 0]).column("age").values]).toEqual([46, 31, 31]);
    expect(people.filter(({ age }) => age !== null).rows).toBe(2);
    expect(people.select(["city", "age"]).names).toEqual(["city", "age"]);
    expect(people.drop(["city"]).names).toEqual(["age", "born"]);
    expect(people.row(1)).toEqual({ age: null, city: "Oslo", born: null });
    expect([...people][2].born).toEqual(new Date(1));
  });

  test("say what they do not hold", () => {
    expect(() => people.select(["town"])).toThrow('the table has no column "town": it has [age, city, born]');
    expect(() => people.select(["age", "age"])).toThrow('select: names: "age" comes twice');
    expect(() => people.take([3])).toThrow("take: rows.0 must be a whole number from 0 to 2, got 3");
    expect(() => people.toArray(["age"])).toThrow('toArray: row 1 of column "age" is missing');
    expect(() => people.toArray(["city"])).toThrow('toArray: column "city" is of type category');
    expect(() => people.toClasses("city")).toThrow('toClasses: row 2 of column "city" is missing');
    expect(() => people.take([0]).toClasses("city", ["Oslo"])).toThrow(
      'row 0 of column "city" is "Rome", none of [Oslo]',
    );
    expect(() => table({ a: [1], b: [1, 2] })).toThrow(DataError);
    expect(() => table({ a: [1, "x"] })).toThrow('table: column "a" holds numbers and texts: row 1');
  });

  test("become f32 where that loses nothing that counts", () => {
    expect(() => table({ a: [1, 1e39] }).toArray()).toThrow(
      'toArray: row 1 of column "a" is 1e+39, which is beyond f32',
    );
    expect([...table({ a: [0.1, 0.1 + 1e-12, Number.NEGATIVE_INFINITY] }).toArray().data]).toEqual([
      Math.fround(0.1),
      Math.fround(0.1),
      Number.NEGATIVE_INFINITY,
    ]);
    const day = (...times: string[]) => table({ day: times.map((time) => new Date(`2024-01-${time}Z`)) });
    expect(() => day("01T00:00:01", "01T00:00:31").toArray()).toThrow(
      'toArray: row 1 of column "day" is 2024-01-01T00:00:31.000Z, which f32 does not tell from 2024-01-01T00:00:01.000Z',
    );
    expect(new Set(day("01T00:00", "02T00:00", "02T00:05").toArray().data).size).toBe(3);
    expect(new Set(day("01T00:00", "01T00:00").toArray().data).size).toBe(1);
  });

  test("read of rows what is their own", () => {
    const cars = table([{ a: 1 }, { a: 2, constructor: "Ford", valueOf: 3 } as never, JSON.parse('{"__proto__":4}')]);
    expect(cars.names).toEqual(["a", "constructor", "valueOf", "__proto__"]);
    expect(cars.columns.map(({ values }) => [...values])).toEqual([
      [1, 2, Number.NaN],
      [null, "Ford", null],
      [Number.NaN, 3, Number.NaN],
      [Number.NaN, Number.NaN, 4],
    ]);
    expect(Object.entries(cars.row(2))).toEqual([
      ["a", null],
      ["constructor", null],
      ["valueOf", null],
      ["__proto__", 4],
    ]);
  });

  test("have classes of numbers by size, of truths by their words", () => {
    expect(table({ a: [10, 9, 10] }).toClasses("a")).toEqual({
      data: Int32Array.of(1, 0, 1),
      shape: [3],
      classes: ["9", "10"],
    });
    expect(table({ a: [true, false] }).toClasses("a").classes).toEqual(["false", "true"]);
  });
});
