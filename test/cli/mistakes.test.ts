// What is typed by mistake, and files that are at fault: an exit code, and words that say which file, line and column.
import { mkdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { serializeSafetensors } from "../../src/io/index.ts";
import { fitTable } from "../../src/tabular/index.ts";
import { people } from "../tabular/tables.ts";
import { file, run } from "./run.ts";

const data = file(
  "people.csv",
  `age,town,came\n${Array.from({ length: 40 }, (_, i) => `${i % 9},${i % 2 ? "Oslo" : "Rome"},${i % 2 ? "yes" : "no"}`).join("\n")}\n`,
);
const out = file("out.safetensors");
const model = await fitTable(people(60), { target: "came", epochs: 1 });
const saved = file("model.safetensors", await model.save());
const damaged = file("damaged.safetensors", (await model.save()).fill(7, 5000, 5001));
const weights = file("weights.safetensors", serializeSafetensors({ w: { data: Float32Array.of(1), shape: [1] } }));
mkdirSync(file("folder"));

describe("of the line: exit code 2", () => {
  test.each([
    [[], "simdgrad COMMAND [options]"],
    [["trian"], "there is no command trian; did you mean train?"],
    [["bake"], "there is no command bake; there are train, predict, evaluate, tune, inspect, export"],
    [["train"], "DATA is missing: simdgrad train DATA"],
    [["predict", saved], "DATA is missing: simdgrad predict MODEL DATA"],
    [["train", data, "more.csv", "-t", "came"], "more.csv is too much: simdgrad train DATA"],
    [["train", data], "--target is missing: which column is to be told?"],
    [["train", data, "--traget", "came"], "there is no option --traget; did you mean --target?"],
    [["train", data, "--tar", "came"], "there is no option --tar; did you mean --target?"],
    [["train", data, "--lr", "1"], "there is no option --lr; did you mean --rate?"],
    [["tune", data, "--lr", "1"], "there is no option --lr\n"],
    [["train", data, "--batch_size=8"], "there is no option --batch_size; did you mean --batch?"],
    [["--json"], "COMMAND is missing before --json: one of train, predict"],
    [
      ["train", data, "-t", "came", "--encoding", "klingon"],
      "--encoding must be the name of one, such as windows-1252",
    ],
    [["train", data, "-t", "came", "--features", "age,came"], "--features: came is the target, which is to be told"],
    [["tune", data, "-t", "came", "--features", "twon"], "--features: ", 'has no column "twon"; did you mean "town"?'],
    [["train", data, "-t", "came", "--test", "1000"], "--test 1000: of 40 rows of ", "none is left to train on"],
    [["train", data, "-t", "came", "--test", "39"], "--test 39: of 40 rows of ", "none is left to train on"],
    [["tune", data, "-t", "came", "--validation", "0.9"], "--validation 0.9: of 40 rows of "],
    [["tune", data, "-t", "came", "--study", file("folder")], "folder: it is a folder, and a file is wanted"],
    [["tune", data, "-t", "came", "-o", file("b"), "--study", file("b")], "is another file of this command already"],
    [["train", data, "-x"], "there is no option -x"],
    [["train", data, "--target"], "--target needs a value: --target COLUMN"],
    [["train", data, "--target", "--json"], "--target needs a value: --target COLUMN"],
    [["train", data, "--json=yes", "-t", "came"], "--json takes no value, got yes"],
    [["train", data, "-t", "came", "--seed", "1", "--seed", "2"], "--seed is given twice"],
    [["train", data, "-t", "Came"], 'people.csv has no column "Came"; did you mean "came"?'],
    [["train", data, "-t", "price"], 'people.csv has no column "price"; it has age, town, came'],
    [
      ["train", data, "-t", "came", "--features", "age,twon"],
      "--features: ",
      'has no column "twon"; did you mean "town"?',
    ],
    [["train", data, "-t", "came", "--features", "age,age"], '--features: "age" comes twice'],
    [["train", data, "-t", "came", "--epochs", "many"], "--epochs must be a whole number >= 1, got many"],
    [["train", data, "-t", "came", "--epochs", "0"], "--epochs must be a whole number >= 1, got 0"],
    [["train", data, "-t", "came", "--dropout", "1.5"], "--dropout must be at least 0 and below 1, got 1.5"],
    [["train", data, "-t", "came", "--rate", "-1"], "--rate must be a number > 0, got -1"],
    [["train", data, "-t", "came", "--hidden", "64,x"], "--hidden.1 must be a whole number from 1 to 16384, got x"],
    [["train", data, "-t", "came", "--test", ""], "--test must be a share between 0 and 1, or a number of rows, got"],
    [["train", data, "-t", "came", "--task", "guess"], '--task must be "classification" or "regression", got guess'],
    [["train", data, "-t", "came", "--threads", "0"], '--threads must be "auto" or a whole number from 1 to 64, got 0'],
    [["train", data, "-t", "came", "--delimiter", ";;"], "--delimiter must be one character, or tab, and not ;;"],
    [["train", data, "-t", "came", "--decimal", "x"], "--decimal must be . or , and not x"],
    [
      ["train", data, "-t", "came", "--out", data],
      "is another file of this command already, and would be written over it",
    ],
    [["train", data, "-t", "came", "--out", "no/a.safetensors"], "--out no/a.safetensors: there is no folder no"],
    [["train", data, "-t", "came", "--report", "a", "--no-report"], "--report and --no-report do not go together"],
    [["predict", saved, data, "--format", "xml"], "--format must be csv or jsonl, and not xml"],
    [["predict", "-", "-"], "MODEL and DATA cannot both be stdin"],
    [["export", saved, "--format", "pt"], "--format must be safetensors or onnx, and not pt"],
    [["export", saved, "--format", "onnx", "--out", "a.safetensors"], "what is written is onnx, and no safetensors"],
    [["export", saved, "--to", "keras"], "--to must be pytorch, and not keras"],
    [["export", saved, "--to", "pytorch", "--format", "onnx"], "--to and --format do not go together"],
    [["export", saved, "--to", "pytorch", "--out", saved], "it is a file, and a folder is wanted"],
    [["export", saved, "--to", "pytorch", "--out", "no/folder"], "there is no folder no"],
    [["tune", data, "-t", "came", "--trials", "none"], "--trials must be a whole number >= 1, got none"],
    [["runs", "all"], "all is too much: simdgrad runs\n"],
  ])("%j", async (args, ...messages) => {
    const { code, err } = await run(args as string[]);
    expect(code).toBe(2);
    for (const message of messages) expect(err).toContain(message);
  });
});

describe("of data and models: exit code 1", () => {
  const train = (name: string, content: string | Uint8Array, ...more: string[]) => [
    "train",
    file(name, content),
    "-t",
    "y",
    "-o",
    out,
    ...more,
  ];
  const rows = (count: number, row: (i: number) => string) =>
    `x,y\n${Array.from({ length: count }, (_, i) => row(i)).join("\n")}\n`;

  test.each([
    [["train", "nowhere.csv", "-t", "y"], "nowhere.csv: there is no such file or folder"],
    [["train", file("folder"), "-t", "y"], "folder: it is a folder"],
    [["predict", "nowhere.safetensors", data], "nowhere.safetensors: there is no such file or folder"],
    [train("empty.csv", ""), "empty.csv has no rows"],
    [
      train(
        "short.csv",
        rows(4, (i) => `${i},a`),
      ),
      "4 rows are too few to learn from: 10 at the least",
    ],
    [
      train("uneven.csv", `${rows(20, (i) => `${i},a`)}1,2,3\n`),
      "uneven.csv, line 22: 3 cells, where there are 2 columns",
    ],
    [train("quote.csv", 'x,y\n1,"a\n'), "quote.csv, line 2, character 3: a quote has no end"],
    [train("twice.csv", "y,y\n1,2\n"), 'twice.csv, line 1: two columns are called "y"'],
    [
      train("bytes.csv", Uint8Array.of(120, 44, 121, 10, 0xff, 10)),
      "bytes.csv, line 2: the bytes are no utf-8; --encoding windows-1252 is another one",
    ],
    [train("one.csv", `y\n${"a\nb\n".repeat(10)}`), "there is no column to learn y from"],
    [
      train(
        "same.csv",
        rows(20, (i) => `${i},a`),
      ),
      'the target "y" is "a" in all rows: there is nothing to learn',
    ],
    [
      train(
        "dates.csv",
        rows(20, (i) => `${i},2024-01-${10 + i}`),
      ),
      'the target "y" is a date',
    ],
    [
      ["evaluate", saved, file("other.csv", "age,came\n1,yes\n")],
      'other.csv, line 1: there is no column "income", only [age, came]',
    ],
    [
      ["predict", saved, file("cells.csv", "age,income,town,date\n1,2,Oslo,2024-01-01\nold,2,Oslo,2024-01-01\n")],
      'cells.csv, line 3, column "age": "old" is of no type number',
    ],
    [["predict", damaged, data], "damaged.safetensors: ", "the checksum of its bytes"],
    [
      ["predict", weights, data],
      "weights.safetensors: a safetensors file, and no model of a table; simdgrad inspect tells what it holds",
    ],
    [["predict", data, data], "people.csv is no model; MODEL comes first, then DATA"],
    [["predict", file("nothing.safetensors", ""), data], "nothing.safetensors is empty"],
    [["predict", saved, file("torn.csv.gz", "age,town")], "torn.csv.gz: it is no gzip file, or a torn one"],
    [["inspect", data], "people.csv is no safetensors file, as models and checkpoints are"],
    [["inspect", damaged], "damaged.safetensors: ", "checksum"],
    [["export", weights, "--out", out], "weights.safetensors: a safetensors file, and no model of a table"],
    [["export", data, "--format", "onnx"], "people.csv is no model"],
    [["export", data, "--to", "pytorch"], "people.csv is no model"],
    [["tune", data, "-t", "came", "--study", file("bad.jsonl", "nonsense\n"), "-o", out], "bad.jsonl"],
    [
      train(
        "rare.csv",
        rows(20, (i) => `${i},c${i % 10}`),
      ),
      "no class has three rows: one to train, one to validate",
    ],
    [
      train(
        "known.csv",
        rows(40, (i) => `${i},${i < 12 ? "ab"[i % 2] : ""}`),
        "--test",
        "11",
      ),
      "of 12 rows, 11 to test and 2 to validate leave none to train",
    ],
    [
      ["evaluate", saved, file("classes.csv", "age,income,town,date,came\n1,2,Oslo,2024-01-01,maybe\n")],
      'classes.csv, row 1 below the names, column "came": "maybe" is no class that the model knows: no, yes',
    ],
    [
      ["predict", saved, file("digits.csv", "age,income,town,date\n99999999999999999999,2,Oslo,2024-01-01\n")],
      'column "age": "99999999999999999999" is of no type number: it has more digits than a number holds',
    ],
    [["train", data, "-t", "came", "--rate", "1e30", "-o", out], "is NaN or infinite: a rate below 1e+30 is wanted"],
    [
      train("comma.csv", `x;y\n${Array.from({ length: 20 }, (_, i) => `${i % 5},5;${i % 2}`).join("\n")}\n`),
      'comma.csv: column "x": texts that look like numbers with a decimal comma, such as 0,5: --decimal , reads them',
    ],
    [["tune", file("comma.csv"), "-t", "y", "-o", out], "--decimal , reads them, --decimal . leaves them texts"],
    [train("row.csv", "x,y\n1,a\n"), "1 row is too few to learn from: 10 at the least"],
  ])("%j", async (args, ...messages) => {
    const { code, err } = await run(args as string[]);
    for (const message of messages) expect(err).toContain(message);
    expect(err).not.toMatch(/a mistake in simdgrad|readCsv|fitTable|\(\)/);
    expect(code).toBe(1);
  });

  test("is an object for programs", async () => {
    const { json, code } = await run(["predict", damaged, data, "--json"]);
    expect(json).toEqual({ command: "predict", error: expect.stringContaining("checksum"), code: 1 });
    expect(code).toBe(1);
  });
});

test("every command has a help that names all its options, an example of which runs through its parser", async () => {
  const names = ["train", "predict", "evaluate", "tune", "inspect", "export", "import", "worker", "runs"];
  const { out: all, code } = await run(["--help"]);
  expect(code).toBe(0);
  for (const name of names) {
    expect(all).toContain(`  ${name} `);
    const { out: help } = await run([name, "--help"]);
    expect(help).toMatch(new RegExp(`^simdgrad ${name}( [A-Z]+)* \\[options\\]\n`));
    expect(help).toContain("--json");
    expect(help.split("\n").every((line) => line.length <= 140)).toBe(true);
    expect((await run(["help", name])).out).toBe(help);
    for (const [, example] of help.matchAll(/ {2}npx simdgrad (.*)/g)) {
      const args = example.replace(/ < .*/, "").replaceAll("'", "").split(" ");
      expect((await run([...args, "--help"])).code).toBe(0); // an option that there is not would be 2
    }
  }
  for (const args of [["--version"], ["train", "--version"], ["-v"]])
    expect((await run(args)).out).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test("columns whose names have commas are named in quotes, and told so", async () => {
  const rows = Array.from({ length: 30 }, (_, i) => `${i % 5},${(i * 7) % 11},${i % 2 ? "yes" : "no"}`).join("\n");
  const calls = file("calls.csv", `"support, calls","say ""x""",left\n${rows}\n`);
  const args = ["train", calls, "-t", "left", "--epochs", "1", "-o", out, "--no-report", "--features"];
  const named = await run([...args, '"support, calls", "say ""x"""']);
  expect(named.code).toBe(0);
  expect(named.out).toContain('columns     "support, calls" (number), "say ""x""" (number)');
  expect((await run([...args, "support"])).err).toContain('did you mean "support, calls"?');
  expect((await run([...args, 'a "b",c "d'])).err).toContain('has no column "a \\"b\\""');
  expect((await run([...args, "nothing"])).err).toContain('it has "support, calls", "say ""x""", left');
});

test("a search does not write over what a training made", async () => {
  const near = file("near");
  mkdirSync(near);
  const cwd = process.cwd();
  process.chdir(near);
  try {
    expect((await run(["train", data, "-t", "came", "--epochs", "1", "-q"])).code).toBe(0);
    const { code, json } = await run(["tune", data, "-t", "came", "--epochs", "1", "--trials", "1", "--json"]);
    expect(code).toBe(0);
    expect(json).toMatchObject({ out: "people.tuned.safetensors", report: "people.tuned.html" });
  } finally {
    process.chdir(cwd);
  }
});
