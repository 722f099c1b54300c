// Logs and progress: what is written, where, and what a second fit adds.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { ArgumentError, DataError, JsExecutor, Trainer } from "simdgrad";
import { readCsv, readJsonLines } from "simdgrad/data";
import { csvLogger, jsonLines, progressBar } from "simdgrad/insight";
import { Linear, mseLoss } from "simdgrad/nn";
import { sgd } from "simdgrad/optim";
import { StorageError } from "simdgrad/storage";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

const executor = new JsExecutor();
const samples = { x: [[0], [1], [2]], y: [[1], [3], [5]] };
let trainer: Trainer;
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(`${tmpdir()}/logs-`);
});
beforeEach(async () => {
  const metrics = { 'a, "b"': mseLoss };
  trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(0.1), executor, metrics });
  await trainer.load(samples);
});
afterAll(async () => {
  await executor.dispose();
  await rm(folder, { recursive: true });
});

describe("csvLogger", () => {
  test("writes what the history has, in columns that a CSV reader reads", async () => {
    const path = `${folder}/a.csv`;
    const history = await trainer.fit({ epochs: 3, validation: samples, callbacks: [csvLogger(path)] });
    const table = await readCsv(await readFile(path));
    expect(table.columns.map(({ name }) => name)).toEqual([
      "epoch",
      "loss",
      'a, "b"',
      "validation.loss",
      'validation.a, "b"',
      "learningRate",
      "seconds",
    ]);
    for (const [i, { epoch, loss, metrics, validation, learningRate, seconds }] of history.entries())
      expect(table.row(i)).toEqual({
        epoch,
        loss,
        'a, "b"': metrics['a, "b"'],
        "validation.loss": validation?.loss,
        'validation.a, "b"': validation?.['a, "b"'],
        learningRate,
        seconds,
      });
  });

  test("goes on in a second fit, begins anew with a new callback, and goes on with append", async () => {
    const path = `${folder}/b.csv`;
    const rows = async () => (await readFile(path, "utf8")).trim().split("\n").length - 1;
    const logger = csvLogger(path);
    await trainer.fit({ epochs: 2, callbacks: [logger] });
    await trainer.fit({ epochs: 2, callbacks: [logger] });
    expect(await rows()).toBe(4);
    await trainer.fit({ epochs: 1, callbacks: [csvLogger(path, { append: true })] });
    expect(await rows()).toBe(5);
    await expect(trainer.fit({ validation: samples, callbacks: [csvLogger(path, { append: true })] })).rejects.toThrow(
      DataError,
    );
    await expect(trainer.fit({ validation: samples, callbacks: [logger] })).rejects.toThrow("this fit epoch,loss");
    expect(await rows()).toBe(5);
    await trainer.fit({ epochs: 1, callbacks: [csvLogger(path)] });
    expect(await rows()).toBe(1);
  });

  test("a row that a crash has torn stays by itself", async () => {
    const path = `${folder}/c.csv`;
    await trainer.fit({ epochs: 1, callbacks: [csvLogger(path)] });
    const [head] = (await readFile(path, "utf8")).split("\n");
    await writeFile(path, `${head}\n1,0.`);
    await trainer.fit({ epochs: 1, callbacks: [csvLogger(path, { append: true })] });
    const lines = (await readFile(path, "utf8")).split("\n");
    expect(lines[1]).toBe("1,0.");
    expect(lines[2]).toMatch(/^2,/);
  });

  test("the training waits for what a function gives", async () => {
    const told: string[] = [];
    const write = async (text: string) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      told.push(text);
    };
    await trainer.fit({ epochs: 3, callbacks: [csvLogger(write)] });
    expect(told).toHaveLength(4);
  });

  test("a folder that is not there, or is the path, ends the fit with the logger's error", async () => {
    const fit = trainer.fit({ callbacks: [csvLogger(`${folder}/none/a.csv`)] });
    await expect(fit).rejects.toThrow(`csvLogger: ${folder}/none/a.csv was not written: ENOENT`);
    await expect(fit).rejects.toThrow(StorageError);
    for (const append of [true, false])
      await expect(trainer.fit({ callbacks: [jsonLines(folder, { append })] })).rejects.toThrow(
        `jsonLines: ${folder} was not ${append ? "read" : "written"}: EISDIR`,
      );
    expect(() => csvLogger("")).toThrow(ArgumentError);
  });
});

describe("jsonLines", () => {
  test("are the epochs of the history", async () => {
    const path = `${folder}/a.jsonl`;
    const history = await trainer.fit({ epochs: 3, validation: samples, callbacks: [jsonLines(path)] });
    const text = await readFile(path, "utf8");
    expect(
      text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual(history);
    const read: unknown[] = [];
    for await (const line of readJsonLines(new TextEncoder().encode(text))) read.push(line);
    expect(read).toEqual(history);
  });

  test("what is no number in JSON is a string", async () => {
    const lines: string[] = [];
    const logger = jsonLines((text) => lines.push(text));
    const epoch = { epoch: 1, loss: Number.NaN, metrics: { a: Number.POSITIVE_INFINITY }, seconds: 1 };
    await logger.onEpochEnd?.(epoch, {} as never);
    expect(lines).toEqual(['{"epoch":1,"loss":"NaN","metrics":{"a":"Infinity"},"seconds":1}\n']);
  });
});

describe("progressBar", () => {
  const terminal = (isTTY: boolean) => {
    const written: string[] = [];
    return { written, isTTY, columns: 100, write: (text: string) => written.push(text) };
  };

  test("plain lines, about twenty, the last of them of the end", async () => {
    const stream = terminal(false);
    await trainer.fit({ epochs: 200, batch: 1, validation: samples, callbacks: [progressBar({ stream })] });
    expect(stream.written).toHaveLength(20);
    expect(stream.written[0]).toMatch(/^ {2}5 %, epoch 10: loss [\d.e-]+, a, "b" [\d.e-]+, validation\.loss [\d.e-]+/);
    expect(stream.written[19]).toMatch(/^100 %, epoch 200: /);
    expect(stream.written.join("")).not.toContain("\u001b");
  });

  test("lines within an epoch", async () => {
    const stream = terminal(false);
    await trainer.fit({ batch: 1, callbacks: [progressBar({ stream, every: 1 })] });
    expect(stream.written.map((line) => line.slice(0, 5))).toEqual([" 33 %", " 66 %", "100 %"]);
    expect(stream.written.slice(0, 2)).toEqual([" 33 %, in epoch 1\n", " 66 %, in epoch 1\n"]);
    expect(stream.written[2]).toMatch(/epoch 1: loss/);
    await trainer.fit({ batch: 1, callbacks: [progressBar({ stream, every: 1 })] });
    expect(stream.written[3]).toBe(" 33 %, in epoch 2\n");
    expect(stream.written[5]).toMatch(/epoch 2: loss/);
  });

  test("a stream that does not tell its length has a line an epoch", async () => {
    const stream = terminal(false);
    await trainer.fit({ data: () => [samples], epochs: 2, batch: 1, callbacks: [progressBar({ stream })] });
    expect(stream.written.map((line) => line.split(",")[0])).toEqual(["step 3", "step 6"]);
  });

  test("a bar, which is at its end when the fit is, also by an error", async () => {
    const stream = terminal(true);
    await trainer.fit({ epochs: 3, callbacks: [progressBar({ stream })] });
    const text = stream.written.join("");
    expect(text).toContain("[------------------------] 0 %");
    expect(text).toContain("[========================] 100 %");
    expect(text).toContain("epoch 3: loss");
    expect(text.trimEnd().split("\n")).toHaveLength(1);
    const failing = terminal(true);
    const fail = { onEpochEnd: () => Promise.reject(new Error("no")) };
    await expect(trainer.fit({ callbacks: [progressBar({ stream: failing }), fail] })).rejects.toThrow("no");
    expect(failing.written.at(-1)).toBe("\n");
  });
});
