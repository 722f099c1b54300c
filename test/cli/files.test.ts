// What is a file to a command: links, pipes, folders, files of other kinds, and cells that are passed on as they are.
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { fitTable } from "../../src/tabular/index.ts";
import { people } from "../tabular/tables.ts";
import { contentOf, file, run } from "./run.ts";

const model = await fitTable(people(60), { target: "came", epochs: 1 });
const saved = file("model.safetensors", await model.save());
const head = "age,income,town,date";
const row = "31,2000,Oslo,2024-01-01";
const data = file("rows.csv", `${head}\n${row}\n`);

describe("what is written to", () => {
  test("a link stays a link, and what it leads to is written, with its rights", async () => {
    const target = file("target.csv", "old");
    chmodSync(target, 0o600);
    const link = file("link.csv");
    symlinkSync("target.csv", link);
    expect((await run(["predict", saved, data, "-o", link])).code).toBe(0);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(contentOf("target.csv")).toContain("predicted_came");
    expect(statSync(target).mode & 0o777).toBe(0o600);
  });

  test("a link to what is not there makes it", async () => {
    const link = file("dangling.csv");
    symlinkSync("made.csv", link);
    expect((await run(["predict", saved, data, "-o", link])).code).toBe(0);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(contentOf("made.csv")).toContain("predicted_came");
  });

  test.skipIf(process.platform === "win32")("a pipe stays a pipe, and is read once", async () => {
    const [inner, outer] = [file("in.fifo"), file("out.fifo")];
    execFileSync("/usr/bin/env", ["mkfifo", inner, outer]);
    const writer = new Promise((resolve) => setTimeout(() => resolve(writeTo(inner, `${head}\n${row}\n`)), 10));
    const reader = import("node:fs/promises").then(({ readFile }) => readFile(outer, "utf8"));
    const { code } = await run(["predict", saved, inner, "-o", outer]);
    expect(code).toBe(0);
    expect(await reader).toContain(`${row},`);
    await writer;
    expect([lstatSync(inner).isFIFO(), lstatSync(outer).isFIFO()]).toEqual([true, true]);
  });

  test("is known to be possible before anything is trained", async () => {
    mkdirSync(file("folder"), { recursive: true });
    const train = ["train", data, "-t", "town"];
    for (const [args, message] of [
      [["-o", file("folder")], "folder: it is a folder, and a file is wanted"],
      [["-o", `${file("none")}/`], "it is a folder, and a file is wanted"],
      [["-o", file("none/a.safetensors")], `there is no folder ${file("none")}`],
      [["-o", `${saved}/a.safetensors`], `${saved} is no folder`],
      [["-o", file("a.safetensors"), "--report", file("none/a.html")], `there is no folder ${file("none")}`],
      [["-o", file("a"), "--report", file("a")], "is another file of this command already"],
      [["-o", "-"], "--out -: a file is wanted"],
      [["-o", ""], "--out : a file is wanted"],
    ] as const) {
      const { code, err } = await run([...train, ...args]);
      expect(err).toContain(message);
      expect(code).toBe(2);
    }
    symlinkSync("rows.csv", file("alias.csv"));
    expect((await run(["predict", saved, data, "-o", file("alias.csv")])).code).toBe(2);
    expect(readFileSync(data, "utf8")).toBe(`${head}\n${row}\n`);
    expect(readdirSync(dirname(saved)).filter((name) => name.endsWith(".new"))).toEqual([]);
  });

  test.each([
    ["export", [saved, "-o", file("x.onnx")], "what is written is safetensors, and no onnx"],
    ["train", [data, "-t", "town", "-o", file("x.csv")], "what is written is safetensors, and no csv"],
    ["tune", [data, "-t", "town", "-o", file("x.pt")], "what is written is safetensors, and no pt"],
    ["predict", [saved, data, "-o", file("x.xlsx")], "what is written is csv, and no xlsx"],
    ["evaluate", [saved, data, "--report", file("x.json")], "what is written is html, and no json"],
    ["predict", [saved, data, "-o", file("x.csv"), "--format", "jsonl"], "what is written is jsonl, and no csv"],
  ])("%s says no wrong format by a name", async (command, args, message) => {
    const { code, err } = await run([command, ...args]);
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
    expect([file("x.onnx"), file("x.csv"), file("x.pt"), file("x.xlsx"), file("x.json")].some(existsSync)).toBe(false);
  });
});

async function writeTo(path: string, text: string): Promise<void> {
  const { writeFile } = await import("node:fs/promises");
  await writeFile(path, text);
}

describe("what is passed on", () => {
  const told = async (name: string, content: string, ...args: string[]) => {
    const outcome = await run(["predict", saved, file(name, content), ...args]);
    expect(outcome.code).toBe(0);
    return { ...outcome, lines: outcome.out.trimEnd().split("\n") };
  };

  test("are cells as they are, also those that mean that one is missing", async () => {
    const cells = ["NA", "null", "NaN", "None", "", " x ", '"a, b"', '"say ""so"""'];
    const { lines } = await told("na.csv", `${head},country\n${cells.map((cell) => `${row},${cell}\n`).join("")}`);
    expect(lines.slice(1).map((line) => line.slice(0, line.lastIndexOf(",", line.lastIndexOf(",") - 1)))).toEqual(
      cells.map((cell) => `${row},${cell}`),
    );
  });

  test("are the separator and the decimal sign", async () => {
    const text = "age;income;town;date;more\n31,5;2000;Oslo;2024-01-01;1,5\n";
    const { lines } = await told("semi.csv", text, "--decimal", ",");
    expect(lines[0]).toBe("age;income;town;date;more;predicted_came;probability");
    expect(lines[1]).toMatch(/^31,5;2000;Oslo;2024-01-01;1,5;(yes|no);0,\d+$/);
    const tab = await told("tab.tsv", `${head}\n${row}\n`.replaceAll(",", "\t"));
    expect(tab.lines[0]).toBe(`${head.replaceAll(",", "\t")}\tpredicted_came\tprobability`);
  });

  test("is no older prediction: the new one takes its place", async () => {
    const first = await told("first.csv", `${head}\n${row}\n`);
    const second = await told("second.csv", first.out);
    expect(second.out).toBe(first.out);
    expect(second.err).toContain("note: predicted_came, probability of");
    const object = { age: 31, income: 2000, town: "Oslo", date: "2024-01-01", probability: "mine", big: 1e21 };
    const lines = await told("old.jsonl", `${JSON.stringify(object)}\n`, "--format", "jsonl");
    expect(lines.err).toContain("note: probability of");
    expect(Object.keys(JSON.parse(lines.lines[0]))).toEqual([
      ...head.split(","),
      "big",
      "predicted_came",
      "probability",
    ]);
  });

  test("- is stdout", async () => {
    expect((await told("dash.csv", `${head}\n${row}\n`, "-o", "-")).lines[0]).toContain("predicted_came");
  });
});

const bin = fileURLToPath(new URL("../../src/cli/bin.ts", import.meta.url));

describe.skipIf(!existsSync("/dev/full"))("when stdout takes no words", () => {
  const shell = (line: string) =>
    spawnSync("/bin/bash", ["-c", line, process.execPath, bin, saved, data, file("shell.safetensors")], {
      encoding: "utf8",
    });

  test("a full one is a fault, without a trace of the stack", () => {
    const { status, stderr } = shell('"$0" "$1" predict "$2" "$3" > /dev/full');
    expect([status, stderr]).toEqual([1, "simdgrad: stdout: there is no space left\n"]);
  });

  test("a training goes on, and its model is written", () => {
    const people = file("many.csv", `x,y\n${Array.from({ length: 40 }, (_, i) => `${i % 7},${i % 2}`).join("\n")}\n`);
    const line = `set -o pipefail; "$0" "$1" train "${people}" -t y --epochs 2 --no-report -o "$4" 2> /dev/full`;
    expect(shell(`${line} | true`).status).toBe(0);
    expect(existsSync(file("shell.safetensors"))).toBe(true);
    expect(shell(`${line} > /dev/full`).status).toBe(1);
  });
});

describe("files of other kinds", () => {
  test("a gzip file is known by its bytes", async () => {
    const zipped = file("zipped.csv", gzipSync(`${head}\n${row}\n`));
    expect((await run(["predict", saved, zipped])).out).toContain(`${row},`);
  });

  test.each([
    ["model", () => [saved, saved], "model.safetensors is a safetensors file, as models are, and no table"],
    ["swapped", () => [data, saved], "rows.csv is no model; MODEL comes first, then DATA"],
    ["xlsx", () => [saved, file("book.xlsx", "PK\u0003\u0004....")], "book.xlsx is a zip archive, as .xlsx files are"],
  ] as const)("%s", async (_, files, message) => {
    const { code, err } = await run(["predict", ...files()]);
    expect([code, err]).toEqual([1, expect.stringContaining(message)]);
  });
});

describe("JSON lines", () => {
  const object = { age: 31, income: 2000, town: "Oslo", date: "2024-01-01" };
  const lines = (...rows: object[]) => rows.map((each) => `${JSON.stringify(each)}\n`).join("\n");

  test("numbers may come as texts, and texts as numbers", async () => {
    const path = file("mixed.jsonl", lines(object, { ...object, age: "32", town: 7 }));
    const { code, out } = await run(["predict", saved, path, "--format", "jsonl"]);
    expect(code).toBe(0);
    expect(
      out
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toMatchObject([object, { ...object, age: "32", town: 7 }]);
  });

  test.each([
    [[object, { ...object, age: "old" }], 'faulty.jsonl, line 3, column "age": "old" is of no type number'],
    [[{ ...object, age: undefined }], 'faulty.jsonl: there is no column "age", only ['],
    [[object, [1]], "faulty.jsonl, line 3: [1] is no object such as"],
    [[{ ...object, town: { x: 1 } }], 'faulty.jsonl, line 1, column "town": '],
  ])("%#: a fault has its file, line and column", async (rows, message) => {
    const { code, err } = await run(["predict", saved, file("faulty.jsonl", lines(...rows))]);
    expect(err).toContain(message);
    expect(code).toBe(1);
  });

  test("columns of numbers and texts are trained on", async () => {
    const rows = Array.from({ length: 30 }, (_, i) => ({
      x: i % 2 ? i % 7 : `${i % 7}`,
      z: i % 3 ? i : "n",
      y: i % 5 > 2,
    }));
    const { code, json } = await run([
      "train",
      file("m.jsonl", lines(...rows)),
      "-t",
      "y",
      "--epochs",
      "1",
      "-o",
      file("m.safetensors"),
      "--json",
    ]);
    expect(code).toBe(0);
    expect(json).toMatchObject({
      columns: [
        { name: "x", type: "integer" },
        { name: "z", type: "category" },
      ],
    });
  });
});
