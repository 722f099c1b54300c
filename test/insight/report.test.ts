// Reports: one page that asks nothing of anywhere, says what it was given, and is drawn for whatever a training may have come to.
import { execFileSync } from "node:child_process";
import { ArgumentError, DataError, type Epoch, ShapeError } from "simdgrad";
import { type ReportedTraining, report } from "simdgrad/insight";
import { describe, expect, test } from "vitest";

const history: Epoch[] = Array.from({ length: 30 }, (_, i) => ({
  epoch: i + 1,
  loss: 2 * Math.exp(-i / 5),
  metrics: { accuracy: 1 - 0.5 * Math.exp(-i / 5) },
  validation: { loss: 2 * Math.exp(-i / 5) + (i > 20 ? i / 100 : 0.1), accuracy: 0.5 + i / 100 },
  learningRate: 0.01 / (i + 1),
  seconds: 0.25,
}));

const classes = ["a<b", 'c"d', "e&f"];
const training: ReportedTraining = {
  title: "Kinds <of> things",
  summary: "It works & is not bad.",
  history,
  metrics: { test: { loss: 0.123456, accuracy: 0.75 }, "majority <class>": { accuracy: 0.5 } },
  predictions: {
    outputs: [
      [2, 0, 0],
      [0, 3, 0],
      [0, 1, 0.5],
      [0, 0, 4],
    ],
    targets: [0, 1, 2, 2],
    classes,
  },
  worst: [{ row: 2, loss: 1.5, target: 2, predicted: 1, output: [0, 1, 0.5], "of <whom>": "</script><script>" }],
  configuration: { optimizer: "adam", network: { hidden: [32, 16], dropout: 0.2 }, batch: 32 },
  seeds: { split: 7, training: 3 },
};

/** What is wrong with a page as markup: tags that do not close, and pictures that are no XML. */
function faultsOf(html: string): string {
  const read = `
import sys, re, html.parser, xml.dom.minidom
text = sys.stdin.read()
class Reader(html.parser.HTMLParser):
    open = []
    def handle_starttag(self, tag, attributes):
        if tag not in ("meta",): self.open.append(tag)
    def handle_endtag(self, tag):
        if self.open[-1:] != [tag]: print("wrong end of", tag, "in", self.open[-3:])
        else: self.open.pop()
reader = Reader(); reader.feed(text); print(" ".join(reader.open), end="")
for svg in re.findall(r"<svg.*?</svg>", text, re.S): xml.dom.minidom.parseString(svg)
`;
  return execFileSync("/usr/bin/python3", ["-c", read], { input: html, encoding: "utf8" });
}

/** Texts of the cells of a row, by the text of its first one. */
function rowOf(html: string, name: string): string[] | undefined {
  const rows = [...html.matchAll(/<tr>(.*?)<\/tr>/g)].map(([, row]) =>
    [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/g)].map(([, cell]) => cell),
  );
  return rows.find(([first]) => first === name);
}

test("is markup that closes, without scripts and without anything from elsewhere", async () => {
  const html = await report(training);
  expect(faultsOf(html)).toBe("");
  expect(html).not.toMatch(/<script|<link|<img|<iframe|\bsrc=|\bhref=|@import|url\(/i);
  expect(html.replaceAll(/xmlns(:xlink)?="http:[^"]*"/g, "")).not.toMatch(/https?:/);
  expect(html).toContain(`default-src 'none'`);
  expect(html).toContain("prefers-color-scheme: dark");
  expect(html.match(/aria-label/g)).toHaveLength(5); // of each picture, and of none of its groups
  expect(await report(training)).toBe(html);
});

test("says what it was given", async () => {
  const html = await report(training);
  expect(html).toContain("<h1>Kinds &lt;of&gt; things</h1>");
  expect(html).toContain("It works &amp; is not bad.");
  expect(rowOf(html, "test")).toEqual(["test", "0.1235", "0.75"]);
  expect(rowOf(html, "majority &lt;class&gt;")).toEqual(["majority &lt;class&gt;", "", "0.5"]);
  expect(rowOf(html, "network.hidden")).toEqual(["network.hidden", "32, 16"]);
  expect(rowOf(html, "split")).toEqual(["split", "7"]);
  expect(rowOf(html, "2")).toEqual(["2", "1.5", "e&amp;f", "c&quot;d", "0, 1, 0.5", "&lt;/script&gt;&lt;script&gt;"]);
  expect(rowOf(html, "e&amp;f")).toEqual(["e&amp;f", "2", "0.5", "1"]); // recall and precision
  expect(html).toContain("Confusion matrix: 3 of 4 rows right (75 %)");
  expect(html).toContain("validation at its best");
  expect(rowOf(html, "30")?.[0]).toBe("30");
  expect(html.match(/<svg/g)).toHaveLength(5); // loss, accuracy, rate, confusion, reliability
});

test("a confusion matrix has each count in its cell", async () => {
  const html = await report({ title: "t", predictions: training.predictions });
  const picture = /<svg(?=[^>]*confusion matrix).*?<\/svg>/s.exec(html)?.[0] ?? "";
  const counts = [...picture.matchAll(/<text[^>]*>(\d+)<\/text>/g)].map(([, count]) => Number(count));
  expect(counts).toEqual([1, 1, 1, 1]); // row by row, those that are not 0
  expect(picture.match(/<rect/g)).toHaveLength(9);
});

test("of a thousand classes the most mistaken are drawn, in a file of a page's size", async () => {
  const classes = Array.from({ length: 1000 }, (_, i) => `c${i}`);
  const outputs = classes.map((_, i) => classes.map((_, j) => Number((i === 7 ? 900 : i) === j)));
  const predictions = { outputs, targets: classes.map((_, i) => i), classes, probabilities: true };
  const html = await report({ title: "t", predictions });
  expect(html.length).toBeLessThan(1_000_000);
  expect(html).toContain("Confusion matrix (of the 50 most mistaken of 1000 classes): 999 of 1000 rows right (99.9 %)");
  expect(html).toContain("Classes (of the 500 most mistaken of 1000 classes)");
  expect(rowOf(html, "c7")).toEqual(["c7", "1", "0", ""]);
  expect(rowOf(html, "c900")).toEqual(["c900", "1", "1", "0.5"]);
});

test("of many epochs a page shows the first, the last and some between, and the best of all", async () => {
  const long = Array.from({ length: 200_000 }, (_, i) => ({ ...history[0], epoch: i + 1, validation: { loss: 1 } }));
  long[123_456] = { ...long[0], epoch: 123_457, validation: { loss: 0.5 } };
  const html = await report({ title: "t", history: long });
  expect(html.length).toBeLessThan(1_000_000);
  expect(html).toContain("1000 of 200000 epochs in numbers");
  expect(html).toContain("validation at its best 0.5 after epoch 123457");
  expect(rowOf(html, "1")?.[0]).toBe("1");
  expect(rowOf(html, "200000")?.[0]).toBe("200000");
});

test.each([
  ["of few powers of ten", 0.008, 1.2, ["0.01", "0.1", "1"]],
  ["of parts of them", 0.004, 0.9, ["0.005", "0.01", "0.02", "0.05", "0.1", "0.2", "0.5"]],
  ["of many", 1e-30, 1, ["1.00e-30", "1.00e-27", "1.00e-24", "1.00e-21", "1.00e-18"]],
])("each line of a logarithmic axis has its number: %s", async (_, low, high, numbers) => {
  const html = await report({
    title: "t",
    history: [high, low].map((loss, i) => ({ ...history[i], loss, metrics: {}, validation: undefined })),
  });
  const picture = /<svg(?=[^>]*aria-label="loss").*?<\/svg>/s.exec(html)?.[0] ?? "";
  const written = [...picture.matchAll(/<text y="0.32em"[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);
  expect(written).not.toContain("");
  expect(written.slice(0, numbers.length)).toEqual(numbers);
  expect(picture.match(/<line /g)).toHaveLength(written.length);
});

test("dates are days where they are no more, and may be none", async () => {
  const dates = [Date.UTC(2024, 11, 25), Date.UTC(2024, 11, 25, 7, 30), Number.NaN].map((time) => new Date(time));
  const html = await report({
    title: "t",
    worst: dates.map((date, row) => ({ row, date })),
    configuration: { at: dates[2] },
  });
  expect([0, 1, 2].map((row) => rowOf(html, `${row}`)?.[1])).toEqual(["2024-12-25", "2024-12-25T07:30:00Z", "no date"]);
  expect(rowOf(html, "at")).toEqual(["at", "no date"]);
});

test.each<[string, Omit<ReportedTraining, "title">]>([
  ["nothing but a title", {}],
  ["one epoch", { history: history.slice(0, 1) }],
  ["losses that are all equal", { history: history.map((epoch) => ({ ...epoch, loss: 1 })) }],
  ["losses that are no numbers", { history: history.map((epoch) => ({ ...epoch, loss: Number.NaN })) }],
  ["a loss below 0", { history: history.map((epoch) => ({ ...epoch, loss: -epoch.loss })) }],
  ["many epochs", { history: Array.from({ length: 3000 }, (_, i) => ({ ...history[i % 30], epoch: i + 1 })) }],
  ["two classes of one output", { predictions: { outputs: [[1], [-2]], targets: [1, 0], classes: ["no", "yes"] } }],
  ["one row", { predictions: { outputs: [[1, 2]], targets: [0], classes: ["no", "yes"] } }],
  ["values", { predictions: { outputs: [[1], [2.5], [3]], targets: [1, 2, 3] } }],
  ["values that are all equal", { predictions: { outputs: [1, 1], targets: [1, 1] } }],
  ["more values than are drawn", { predictions: { outputs: new Float32Array(9000), targets: new Float32Array(9000) } }],
  ["a class that is never there", { predictions: { outputs: [[1, 2, 3]], targets: [0], classes } }],
  [
    "forty classes",
    {
      predictions: {
        outputs: [Array.from({ length: 40 }, (_, i) => Math.sin(i))],
        targets: [3],
        classes: Array.from({ length: 40 }, (_, i) => `kind ${i}`),
      },
    },
  ],
  [
    "cells of all kinds",
    { worst: [{ a: null, b: undefined, c: new Date(0), d: { e: 1 }, f: 1e-9, g: Float32Array.of(1, 2), h: true }] },
  ],
])("is drawn of %s", async (_, part) => {
  const html = await report({ title: "t", ...part });
  expect(faultsOf(html)).toBe("");
  expect(html).not.toMatch(/NaN (?=.*d=")|d="[^"]*NaN|(x|y|cx|cy|width|height)="NaN|undefined/);
});

describe("what cannot be told of is refused", () => {
  const told = (predictions: object) => report({ title: "t", predictions: predictions as never });
  test.each([
    ["outputs of another width", () => told({ outputs: [[1, 2]], targets: [0], classes }), ShapeError, "[N, 3]"],
    ["other rows", () => told({ outputs: [1, 2], targets: [0] }), ShapeError, "are not [N]"],
    ["a class outside", () => told({ outputs: [[1, 2, 3]], targets: [3], classes }), DataError, "row 0 is 3"],
    ["NaN", () => told({ outputs: [Number.NaN], targets: [3] }), DataError, "row 0 holds NaN"],
    [
      "one output of three classes",
      () => told({ outputs: [1], targets: [0], classes }),
      ShapeError,
      "of two classes, not of 3",
    ],
    ["no title", () => report({} as never), ArgumentError, "title"],
    [
      "a history of another kind",
      () => report({ title: "t", history: [1] as never }),
      ArgumentError,
      "trainer.history",
    ],
  ])("%s", async (_, run, kind, said) => {
    await expect(run()).rejects.toThrow(kind);
    await expect(run()).rejects.toThrow(said);
  });
});
