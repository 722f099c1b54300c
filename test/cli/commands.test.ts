// From a data file to a model, to predictions, figures, weights and a report, as a shell does it.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Predictor } from "simdgrad";
import { parseNpz, readCsv } from "simdgrad/data";
import { parseSafetensors, serializeCheckpoint, serializeSafetensors } from "simdgrad/io";
import { TabularModel, type TabularParts } from "simdgrad/tabular";
import { describe, expect, test, vi } from "vitest";
import { networkOf } from "../../src/tabular/network.ts";
import { freePort } from "../nats/server.ts";
import { ranElsewhere } from "../onnx/runtime.ts";
import { numbers } from "../random.ts";
import { missing, PYTHON, ranByTorch } from "../torch/export/python.ts";
import { contentOf, file, run } from "./run.ts";

/** A CSV file of fruits, whose kind follows from their size and colour. */
function fruits(rows: number): string {
  const random = numbers(5);
  const lines = Array.from({ length: rows }, (_, i) => {
    const [size, colour] = [(4 * random()).toFixed(2), random() < 0.5 ? "red" : "green, dark"];
    const kind = Number(size) > 2 ? "apple" : colour === "red" ? "cherry" : "grape";
    return `${i},${i % 9 === 0 ? "NA" : size},"${colour}",2024-0${1 + (i % 9)}-01,${kind}`;
  });
  return `\uFEFFid,size,colour,picked,kind\r\n${lines.join("\r\n")}\r\n`;
}

const data = file("fruits.csv", fruits(240));
const model = file("fruits.safetensors");

describe("train", async () => {
  const trained = await run(["train", data, "--target", "kind", "--out", model, "--epochs", "60", "--seed", "3"]);

  test("says what it found, and how good it is", () => {
    expect(trained.code).toBe(0);
    expect(trained.out).toContain(`data        ${data}: 240 rows, 5 columns`);
    expect(trained.out).toContain("target      kind: 3 classes (apple, cherry, grape)");
    expect(trained.out).toContain("columns     size (number), colour (category), picked (date, month, weekday)");
    expect(trained.out).toContain("left out    id: it numbers the rows");
    expect(trained.out).toContain("rows        156 to train on, 36 to validate, 48 to test");
    expect(trained.out).toMatch(/network {2,}[\d.]+ {2,}[\d.]+ {2,}[\d.]+\nlinear model .*\na guess /);
    expect(trained.err).toContain("network: 10 %, epoch 6 of 60 at most: loss ");
  });

  test("writes a model that the library reads, and a report", async () => {
    const own = await TabularModel.load(readFileSync(model));
    expect(own.training.seed).toBe(3);
    expect(own.metrics.test.accuracy).toBeGreaterThan(0.85);
    const html = contentOf("fruits.html");
    expect(html.startsWith("<!doctype html>")).toBe(true);
    for (const word of ["kind of fruits.csv", "linear model", "Confusion matrix", "Worst cases", "cherry"])
      expect(html).toContain(word);
  });

  test("gives the same model for the same seed, and one object for programs", async () => {
    const again = await run([
      "train",
      data,
      "-t",
      "kind",
      "-o",
      file("again.safetensors"),
      "--epochs=60",
      "--seed=3",
      "--json",
      "--no-report",
    ]);
    expect(again.code).toBe(0);
    expect(again.out.trimEnd().split("\n").length).toBe(1);
    expect(again.err).toContain("target      kind: 3 classes");
    expect(again.json).toMatchObject({ command: "train", task: "classification", report: null, interrupted: false });
    expect(readFileSync(file("again.safetensors"))).toEqual(readFileSync(model));
    expect(existsSync(file("again.html"))).toBe(false);
  });

  test("is quiet where it is told so", async () => {
    const quiet = await run(["train", data, "-t", "kind", "-o", file("q.safetensors"), "--epochs", "1", "-q"]);
    expect(quiet).toMatchObject({ code: 0, out: "", err: "" });
  });

  test("predicts a file, whose cells are passed on as they are", async () => {
    const told = await run(["predict", model, data]);
    expect(told.code).toBe(0);
    const table = await readCsv(told.out);
    expect(table.rows).toBe(240);
    expect(told.out.split("\n")[0]).toBe("id,size,colour,picked,kind,predicted_kind,probability");
    expect(told.out.split("\n")[2]).toMatch(/^1,\d\.\d\d,(red|"green, dark"),2024-02-01,\w+,\w+,0\.\d+$/);
    const right = [...table].filter((row) => row.kind === row.predicted_kind).length;
    const { json } = await run(["evaluate", model, data, "--json"]);
    expect(json).toMatchObject({ command: "evaluate", rows: 240, scores: { accuracy: right / 240 } });
    const counts = (json as unknown as { confusion: number[][] }).confusion;
    expect(counts.reduce((sum, row, c) => sum + row[c], 0)).toBe(right);
  });

  test("predicts from stdin, to files, with probabilities, as JSON lines and for programs", async () => {
    const input = "colour,picked,size,more\nred,2024-05-01,3.5,x\n,,,\n";
    const csv = await run(["predict", model, "-", "--only", "--probabilities"], { input });
    expect(csv.out).toMatch(/^predicted_kind,probability_apple,probability_cherry,probability_grape\napple,0\.\d+,/);
    expect(csv.out.trimEnd().split("\n").length).toBe(3);
    const lines = await run(["predict", model, "-", "-o", file("told.jsonl")], { input });
    expect(lines.out).toBe(`2 rows predicted: ${file("told.jsonl")}\n`);
    const [first, second] = contentOf("told.jsonl")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(first).toMatchObject({ colour: "red", size: "3.5", more: "x", predicted_kind: "apple" });
    expect(second).toMatchObject({ colour: null, size: null });
    const { json } = await run(["predict", model, "-", "--json"], { input });
    expect(json).toMatchObject({ rows: 2, predictions: [{ value: "apple" }, {}] });
  });

  test("is evaluated in words, with a report", async () => {
    const { out, code } = await run(["evaluate", model, data, "--report", file("measured.html")]);
    expect(code).toBe(0);
    expect(out).toContain("240 rows with kind");
    expect(out).toMatch(/given \\ told {2}apple {2}cherry {2}grape\napple /);
    expect(contentOf("measured.html")).toContain("Confusion matrix");
  });

  test("is inspected, with its layers and features", async () => {
    const { out } = await run(["inspect", model, "--features"]);
    expect(out).toContain("a model of a table");
    expect(out).toContain("0 Linear");
    expect(out).toContain("  3  colour = green, dark");
    expect((await run(["inspect", model, "--json"])).json).toMatchObject({
      kind: "model",
      target: "kind",
      scales: [
        { name: "size", median: expect.any(Number), mean: expect.any(Number) },
        { name: "picked" },
        { name: "size missing" },
      ],
      outputScale: null,
      weights: expect.any(Number),
    });
  });

  test("is exported to weights that anybody reads", async () => {
    const out = file("plain.safetensors");
    expect((await run(["export", model, "--format", "safetensors", "--out", out])).code).toBe(0);
    const { tensors, metadata } = parseSafetensors(readFileSync(out));
    expect(metadata).toEqual({ format: "pt" });
    expect(tensors).toEqual((await TabularModel.load(readFileSync(model))).weights);
    const { out: said, json } = await run(["inspect", out, "--json"]);
    expect(json).toMatchObject({
      kind: "safetensors",
      tensors: expect.arrayContaining([{ name: "0.bias", dtype: "F32", shape: [16], bytes: 64 }]),
    });
    expect(said).not.toContain("crc32");
  });

  test("is exported for runtimes of ONNX", async () => {
    const out = file("fruits.onnx");
    const { code, json } = await run(["export", model, "--format", "onnx", "--out", out, "--json"]);
    expect([code, json]).toEqual([
      0,
      expect.objectContaining({ format: "onnx", tensors: expect.arrayContaining(["0.bias"]) }),
    ]);
    const { network, weights } = await TabularModel.load(readFileSync(model));
    const shape = [2, network.features];
    const features = { shape, data: Float32Array.from({ length: 2 * network.features }, (_, i) => Math.sin(i)) };
    const { probabilities } = await ranElsewhere(readFileSync(out), { features });
    const predictor = new Predictor(networkOf(network), { state: weights });
    const { data } = await predictor.predict(features, { as: "softmax" });
    await predictor.dispose();
    for (const [i, value] of probabilities.data.entries()) expect(value).toBeCloseTo(data[i], 5);
  });

  test.skipIf(missing)("is exported as PyTorch code, which gives its logits; so is an ONNX file", async () => {
    const out = file("fruits.pytorch");
    const { code, json } = await run(["export", model, "--to", "pytorch", "--out", out, "--json"]);
    const files = ["model.py", "weights.safetensors", "train_ddp.py"];
    expect([code, json]).toEqual([0, expect.objectContaining({ to: "pytorch", out, files })]);
    const { network, weights } = await TabularModel.load(readFileSync(model));
    expect(parseSafetensors(readFileSync(join(out, "weights.safetensors"))).tensors).toEqual(weights);
    const shape = [2, network.features];
    const features = { shape, data: Float32Array.from({ length: 2 * network.features }, (_, i) => Math.sin(i)) };
    const predictor = new Predictor(networkOf(network), { state: weights });
    const { data } = await predictor.predict(features);
    const probabilities = await predictor.predict(features, { as: "softmax" });
    await predictor.dispose();

    const onnx = file("again.onnx");
    await run(["export", model, "--format", "onnx", "--out", onnx]);
    const again = file("again.pytorch");
    expect((await run(["export", onnx, "--to", "pytorch", "--out", again])).code).toBe(0);
    for (const folder of [out, again]) writeFileSync(join(folder, "predict.given"), serializeSafetensors({ features }));
    expect(ranByTorch<{ error?: string }>("run.py", [out, again]).map(({ error }) => error)).toEqual([
      undefined,
      undefined,
    ]);
    for (const [folder, wanted] of [
      [out, data],
      [again, probabilities.data],
    ] as const) {
      const { tensors } = parseSafetensors(readFileSync(join(folder, "predict.made")));
      for (const [i, value] of wanted.entries()) expect(tensors["output 0"].data[i]).toBeCloseTo(value, 5);
    }
  });
});

for (const [target, task, loss] of [
  ["kind", "classification", "CrossEntropyLoss"],
  ["price", "regression", "MSELoss"],
])
  test.skipIf(missing)(
    `a model of ${target} goes to PyTorch with its rows, is trained there, and comes back`,
    async () => {
      const rows = Array.from(
        { length: 90 },
        (_, i) => `${i % 9},${["a", "b", ""][i % 3]},${i === 7 ? "" : i % 9 < 4 ? "low" : "high"},${3 * (i % 9) + 100}`,
      );
      const data = file(`${target}.csv`, `size;town;kind;price\n${rows.join("\n").replaceAll(",", ";")}\n`);
      const [model, out, again] = [`${target}.safetensors`, target, `${target}-again.safetensors`].map((name) =>
        file(name),
      );
      const about = ["--target", target, "--task", task, "--epochs", "2", "--delimiter", ";", "--out", model];
      expect((await run(["train", data, ...about, "--report", file("way.html")])).code).toBe(0);
      const exported = await run(["export", model, "--to", "pytorch", "--data", data, "--out", out, "--json"]);
      expect(exported.json).toMatchObject({ files: ["model.py", "weights.safetensors", "train_ddp.py", "rows.npz"] });
      const arrays = parseNpz(readFileSync(join(out, "rows.npz")));
      const { train: known } = (await TabularModel.load(readFileSync(model))).training.rows;
      expect(arrays.inputs.shape[0]).toBe(known);
      expect(arrays.targets.shape).toEqual(target === "kind" ? [known] : [known, 1]);

      const words = `--data rows.npz --loss ${loss} --steps 300 --batch 32 --learning-rate 0.01 --rank 0 --world-size 1 --master-port ${await freePort()}`;
      execFileSync(PYTHON, ["train_ddp.py", ...words.split(" ")], { cwd: out, stdio: "ignore" });
      const weights = join(out, "trained", "weights.safetensors");
      expect((await run(["import", model, weights, "--out", again])).code).toBe(0);
      const { tensors } = parseSafetensors(readFileSync(weights));
      const imported = await TabularModel.load(readFileSync(again));
      expect(imported.weights).toEqual(tensors);
      expect(imported.notes.at(-1)).toMatch(/trained elsewhere/);
      const scores = async (path: string) =>
        (await run(["evaluate", path, data, "--json"])).json.scores as Record<string, number>;
      const [before, after] = [await scores(model), await scores(again)];
      const figure = target === "kind" ? "logLoss" : "rootMeanSquaredError";
      expect(after[figure]).toBeLessThan(0.8 * before[figure]);
    },
    60_000,
  );

describe("rows for a training elsewhere", async () => {
  const lines = Array.from({ length: 203 }, (_, i) => `${(i * 37) % 101},${i % 70 === 3 ? "" : i % 3 ? "yes" : "no"}`);
  const data = file("rows.csv", `a,b\n${lines.join("\n")}\n`);
  const [model, out] = [file("rows.safetensors"), file("rows.pytorch")];
  await run(["train", data, "-t", "b", "--epochs", "3", "--seed", "5", "-o", model, "--no-report"]);
  const own = await TabularModel.load(readFileSync(model));
  const rowsOf = () => parseNpz(readFileSync(join(out, "rows.npz")));
  const exported = (...more: string[]) => run(["export", model, "--to", "pytorch", "--out", out, ...more]);

  test("are those that the model was trained on, where the file is the one that it was made of", async () => {
    const { code, out: said, err } = await exported("--data", data);
    expect([code, err]).toEqual([0, ""]);
    expect(said).toContain(
      "rows.npz: the 130 rows of " +
        `${data} that the model was trained on; 30 to validate and 40 to test with are kept back\n` +
        "left out: 3 rows without b\n",
    );
    const rows = await readCsv(readFileSync(data));
    const { train, test: tested } = own.partsOf(rows) as TabularParts;
    const { inputs, targets } = own.trainingRows(rows.take(train));
    expect(rowsOf()).toEqual({ inputs: { data: inputs.data, shape: inputs.shape }, targets });
    expect(await own.evaluate(rows.take(tested))).toEqual(own.metrics.test);
    expect((await exported("--data", data, "--json")).json).toMatchObject({
      rows: { written: 130, keptBack: { validation: 30, test: 40 }, missing: 3 },
    });
  });

  test("are all that have a target, where it is another file; so it is said", async () => {
    const other = file("other-rows.csv", `a,b\n${lines.slice(1).join("\n")}\n`);
    const { out: said, err } = await exported("--data", other);
    expect(said).toContain(`rows.npz: all 199 rows of ${other} with b\nleft out: 3 rows without b\n`);
    expect(err).toContain(`note: ${other} is not known as the file that the model was made of: rows that it was`);
    expect(rowsOf().inputs.shape[0]).toBe(199);
    const { json } = await exported("--data", other, "--json");
    expect(json).toMatchObject({ rows: { written: 199, keptBack: null, missing: 3 } });
  });

  test("leave a model that came back to say whose figures it has, and those on the rows that were kept back", async () => {
    const [weights, back] = [file("rows-weights.safetensors"), file("rows-back.safetensors")];
    await run(["export", model, "--out", weights]);
    expect((await run(["import", model, weights, "--out", back])).code).toBe(0);
    const { out: inspected } = await run(["inspect", back]);
    expect(inspected).toContain("of the weights that it had first, on 40 rows that they were not trained on:\n");
    expect(inspected).toContain("\nnetwork then ");
    expect(inspected).toMatch(/training {4}elsewhere; before, epoch \d of 3 was kept;/);
    expect(inspected).not.toContain("that nothing was trained on");
    expect((await run(["inspect", back, "--json"])).json).toMatchObject({ isTrainedElsewhere: true });
    const { out: evaluated } = await run(["evaluate", back, data]);
    expect(evaluated).toContain("weights were trained elsewhere, maybe on them; on the 40 rows to test with, which");
    expect(evaluated).not.toContain("inspect");
    const { json } = await run(["evaluate", back, data, "--json"]);
    expect(json).toMatchObject({ isMadeOf: true, tested: { rows: 40, scores: own.metrics.test } });
    const before = await run(["evaluate", model, data, "--json"]);
    expect(before.json).not.toHaveProperty("tested");
    expect(before.err).toContain("most of them it has learned from");
    expect((await run(["inspect", model])).out).toContain("on 40 rows that nothing was trained on:\n");
  });
});

test("what cannot be imported is said with its file, and nothing is written", async () => {
  const data = file("own.csv", `a,b\n${Array.from({ length: 40 }, (_, i) => `${i},${i % 2}`).join("\n")}\n`);
  const [model, out] = [file("own.safetensors"), file("own-again.safetensors")];
  await run(["train", data, "--target", "b", "--epochs", "1", "--out", model, "--report", file("own.html")]);
  const { weights } = await TabularModel.load(readFileSync(model));
  const first = weights["0.weight"];
  const other = (changed: object) => serializeSafetensors({ ...weights, ...changed });
  for (const [bytes, words] of [
    [other({ more: first }), "others.safetensors: missing [], unknown [more]"],
    [
      other({ "0.weight": { data: first.data, shape: [...first.shape].reverse() } }),
      "others.safetensors: 0.weight is [",
    ],
    [
      other({ "0.weight": { data: first.data.map(() => Number.NaN), shape: first.shape } }),
      "others.safetensors: 0.weight holds NaN",
    ],
    ["a,b", "others.safetensors is no safetensors file"],
    [
      other({ [`\n\u001b[31m${"x".repeat(3000)}`]: first }),
      `others.safetensors: missing [], unknown ["\\n\\u001b[31m${"x".repeat(74)}..."]\n`,
    ],
    [
      other({ "0.weight": { data: Uint8Array.from(first.data), shape: first.shape } }),
      "others.safetensors: 0.weight is U8, and weights are F32, F64, F16 or BF16",
    ],
    [
      other({ "0.weight": { data: Float64Array.from(first.data, () => 1e300), shape: first.shape } }),
      "others.safetensors: 0.weight: element 0 is 1e+300, not of dtype f32",
    ],
    [
      other({ "0.weight": { data: first.data.map(() => 3e38), shape: first.shape } }),
      "others.safetensors: 0.weight holds 3e+38: with weights so large there is nothing that it could predict",
    ],
  ] as const) {
    const { code, err } = await run(["import", model, file("others.safetensors", bytes), "--out", out]);
    expect([code, err]).toEqual([1, expect.stringContaining(words)]);
  }
  expect(existsSync(out)).toBe(false);

  const wide = other({ "0.weight": { data: Float64Array.from(first.data), shape: first.shape } });
  expect((await run(["import", model, file("wide.safetensors", wide), "--out", out])).code).toBe(0);
  const good = readFileSync(out);
  expect((await TabularModel.load(good)).weights).toEqual(weights);
  // A model that nothing reads takes no good one's place.
  const save = vi.spyOn(TabularModel.prototype, "save").mockResolvedValue(new Uint8Array(good.subarray(0, -1)));
  const torn = await run(["import", model, file("wide.safetensors"), "--out", out]);
  save.mockRestore();
  expect([torn.code, torn.err]).toEqual([1, expect.stringContaining("own-again.safetensors: ")]);
  expect(readFileSync(out).equals(good)).toBe(true);
  expect((await run(["export", model, "--data", data])).err).toContain("--data goes with --to pytorch");
  expect((await run(["export", model, "--to", "pytorch", "--delimiter", ";"])).err).toContain(
    "--delimiter goes with --data",
  );
});

test("checkpoints and other safetensors are inspected, and the weights of a checkpoint exported", async () => {
  const state = {
    "0.weight": { data: Float32Array.of(1, 2), shape: [1, 2] },
    "optimizer.0.m": { data: Float32Array.of(1, 2), shape: [1, 2] },
    "counters.step": { data: Int32Array.of(7), shape: [] },
  };
  const path = file("run.safetensors", serializeCheckpoint({ state, seed: 9, notes: { run: 1 } }));
  expect((await run(["inspect", path])).out).toMatch(
    /a checkpoint of a training[\s\S]*seed +9[\s\S]*0.weight +F32 +\[1, 2\]/,
  );
  expect((await run(["inspect", path, "--json"])).json).toMatchObject({
    kind: "checkpoint",
    seed: 9,
    notes: { run: 1 },
  });
  const { json } = await run(["export", path, "--out", file("w.safetensors"), "--json"]);
  expect(json).toMatchObject({ tensors: ["0.weight"] });
  const plain = file(
    "any.safetensors",
    serializeSafetensors({ x: { data: Int32Array.of(1), shape: [1] } }, { by: "me" }),
  );
  expect((await run(["inspect", plain])).out).toMatch(/by {2}me\n1 tensor of 1 number:\n {2}x {2}I32 {2}\[1\]/);
});

test("numbers are told in their own units, from JSON lines, too", async () => {
  const lines = Array.from({ length: 120 }, (_, i) =>
    JSON.stringify({ area: 40 + (i % 60), garden: i % 2 === 0, price: 1000 * (40 + (i % 60)) }),
  );
  const path = file("houses.jsonl", `${lines.join("\n")}\n`);
  const out = file("houses.safetensors");
  const { json, code } = await run(["train", path, "--target", "price", "--out", out, "--json"]);
  expect(code).toBe(0);
  expect(json).toMatchObject({ task: "regression", classes: [] });
  const told = await run(["predict", out, "-", "--only"], { input: "area,garden\n70,true\n" });
  expect(told.out).toMatch(/^predicted_price\n\d+\.?\d*\n$/);
  expect(Math.abs(Number(told.out.split("\n")[1]) - 70_000)).toBeLessThan(5000);
  expect(contentOf("houses.html")).toContain("Predicted by actual values");
  const asked = await run(["predict", out, "-", "--probabilities"], { input: "area,garden\n70,true\n" });
  expect(asked.code).toBe(2);
  expect(asked.err).toContain("houses.safetensors tells numbers, which have none");
});

test("separators, decimal commas, encodings and files without names of columns are read", async () => {
  const rows = Array.from(
    { length: 60 },
    (_, i) => `${i % 2 ? "M\u00fcller" : "Li"}\t${i % 7},${i % 3}\t${i % 2 ? "ja" : "?"}`,
  );
  const path = file(
    "german.tsv",
    Uint8Array.from(rows.join("\n"), (each) => each.charCodeAt(0)),
  );
  const args = ["--no-header", "--delimiter", "tab", "--decimal", ",", "--encoding", "windows-1252", "--missing", "?"];
  const { json, err } = await run([
    "train",
    path,
    "-t",
    "column1",
    "-o",
    file("g.safetensors"),
    "--epochs",
    "20",
    "--json",
    ...args,
  ]);
  expect(err).toContain("column2 (number)");
  expect(json).toMatchObject({
    classes: ["Li", "Müller"],
    columns: [
      { name: "column2", type: "number" },
      { name: "column3", type: "category" },
    ],
  });
});

test("a network that is no better than a guess, or than a linear model, is called so", async () => {
  const random = numbers(8);
  const rows = Array.from({ length: 100 }, () => `${random()},${random() < 0.5},${random()}`);
  const noise = file("noise.csv", `x,y,z\n${rows.join("\n")}\n`);
  const train = async (path: string, target: string, ...more: string[]) =>
    (await run(["train", path, "-t", target, "-o", file("v.safetensors"), "--no-report", ...more])).out;
  expect(await train(noise, "z", "--rate", "0.1")).toMatch(
    /\nthe network is no better than a guess \(by root mean squared error, \S+ to \S+\): it has found nothing in these columns\n/,
  );
  const line = file(
    "line.csv",
    `x,y\n${Array.from({ length: 100 }, (_, i) => `${i / 7},${3 * i + 0.5}`).join("\n")}\n`,
  );
  expect(await train(line, "y", "--dropout", "0.4")).toMatch(
    /\nthe network is no better than the linear model \(by root mean squared error, \S+ to \S+\), which --hidden "" --rate/,
  );
  expect(await train(data, "kind", "--epochs", "60", "--seed", "3")).not.toContain("no better");
});

test("a model knows how its file was written, and files to come are read so, unless told otherwise", async () => {
  const rows = Array.from(
    { length: 60 },
    (_, i) => `${i % 8},5!${i % 5 ? 10 - (i % 8) : "?"}!${i % 8 < 4 ? "a" : "b"}`,
  );
  const path = file("signs.csv", `${rows.join("\n")}\n`);
  const out = file("signs.safetensors");
  const signs = ["--no-header", "--delimiter", "!", "--decimal", ",", "--missing", "?"];
  expect((await run(["train", path, "-t", "column3", "-o", out, "--epochs", "3", "--no-report", ...signs])).code).toBe(
    0,
  );
  const reading = { delimiter: "!", decimal: ",", missing: ["", "?"], header: false };
  expect((await run(["inspect", out, "--json"])).json).toMatchObject({ reading });
  const plain = await run(["predict", out, path, "--only"]);
  expect(plain.code).toBe(0);
  expect(plain.out).toBe((await run(["predict", out, path, "--only", ...signs])).out);
  expect((await run(["predict", out, path, "--missing", "-"])).err).toContain('column "column2": "?" is of no type');
  expect((await run(["predict", out, path, "--decimal", "."])).err).toContain('column "column1": "0,5" is of no type');
  const { json, code, err } = await run(["evaluate", out, path, "--json"]);
  expect({ json, code }).toMatchObject({ code: 0, json: { rows: 60, isMadeOf: true } });
  expect(err).toContain("note: these are the rows that the model was made of");
  const others = file("others.csv", `${rows.slice(1).join("\n")}\n`);
  expect((await run(["evaluate", out, others, "--json"])).json).toMatchObject({ rows: 59, isMadeOf: false });
});

test("gzipped files are read", async () => {
  const path = file("fruits.csv.gz", gzipSync(fruits(240)));
  expect((await run(["evaluate", model, path, "--json"])).json).toMatchObject({ rows: 240 });
});

describe("tune", () => {
  const study = file("t.study.jsonl");
  const args = [
    "tune",
    data,
    "-t",
    "kind",
    "--study",
    study,
    "-o",
    file("tuned.safetensors"),
    "--epochs",
    "12",
    "--json",
  ];

  test("is interrupted and goes on, to the trials of a search that was not", async () => {
    const controller = new AbortController();
    const first = await run([...args, "--trials", "6"], {
      signal: controller.signal,
      onErr: (text) => {
        if (text.includes("trial 3 of 6")) controller.abort();
      },
    });
    expect(first.code).toBe(130);
    expect(first.json).toMatchObject({ trials: 3, interrupted: true });
    expect(first.err).toContain("interrupted: the same command goes on");
    const second = await run([...args, "--trials", "6"]);
    expect(second.code).toBe(0);
    expect(second.err).toContain("3 trials, it goes on");
    expect(second.json).toMatchObject({ trials: 6, interrupted: false });
    const whole = await run([...args.with(5, file("whole.study.jsonl")), "--trials", "6"]);
    expect(whole.json).toMatchObject({ best: (second.json as unknown as { best: object }).best });
    expect((await TabularModel.load(readFileSync(file("tuned.safetensors")))).target).toBe("kind");
  });

  test("begins as train would, and refuses the study of another table", async () => {
    const other = await run([...args.with(3, "colour"), "--trials", "7"]);
    expect(other).toMatchObject({
      code: 1,
      json: { error: expect.stringContaining("is a study of target kind, not colour; go on with the same") },
    });
    const flipped = file("flipped.csv", fruits(240).replaceAll("apple", "grape"));
    for (const [more, text] of [
      [[], "is a study of data checksum "],
      [["--seed", "9"], "of seed 0, not 9"],
      [["--test", "0.3"], "of test 0.2, not 0.3"],
      [["--validation", "0.3"], "of validation 0.15, not 0.3"],
      [["--patience", "5"], "of patience default, not 5"],
      [["--features", "size,colour"], "of columns size, colour, picked, not size, colour"],
    ] as const) {
      const refused = await run([...(more.length ? args : args.with(1, flipped)), "--trials", "7", ...more]);
      expect(refused).toMatchObject({ code: 1, json: { error: expect.stringContaining(text) } });
    }
    const epochs = await run([...args.with(args.indexOf("--epochs") + 1, "40"), "--trials", "7"]);
    expect(epochs).toMatchObject({ code: 1, json: { error: expect.stringContaining("of epochs 12, not 40") } });
    const begun = contentOf("t.study.jsonl").split("\n")[1];
    expect(JSON.parse(begun.slice(0, begun.lastIndexOf("}") + 1))).toMatchObject({ trial: 0 });
    expect(begun).toContain('"rate":0.003');
  });
});

test("Ctrl-C keeps the best weights so far", async () => {
  const controller = new AbortController();
  const out = file("early.safetensors");
  const { code, out: said } = await run(["train", data, "-t", "kind", "-o", out, "--no-report", "--epochs", "200"], {
    signal: controller.signal,
    onErr: (text) => {
      if (text.includes("network: 10 %")) controller.abort();
    },
  });
  expect(code).toBe(130);
  expect(said).toContain("interrupted after epoch 20: the best weights so far are kept");
  expect((await TabularModel.load(readFileSync(out))).training.ran).toBe(20);
  controller.abort();
  const before = await run(["train", data, "-t", "kind", "-o", file("none.safetensors")], {
    signal: controller.signal,
  });
  expect(before).toMatchObject({ code: 130, err: "simdgrad train: interrupted, nothing was written\n" });
  expect(existsSync(file("none.safetensors"))).toBe(false);
});

test("a terminal has a line that is written anew", async () => {
  const { err } = await run(["train", data, "-t", "kind", "-o", file("b.safetensors"), "--epochs", "3"], {
    isTerminal: true,
  });
  expect(
    err.startsWith(`\r\u001b[2Knetwork      [${"=".repeat(8)}${" ".repeat(16)}] epoch 1 of 3 at most: loss `),
  ).toBe(true);
  expect(err.endsWith("\r\u001b[2K")).toBe(true);
});
