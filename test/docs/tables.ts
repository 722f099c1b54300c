// The tables of docs/, made from the code: ops from their table, everything else from exports and their doc comments.

import { constant } from "../../src/create.ts";
import * as metrics from "../../src/metrics/index.ts";
import * as nn from "../../src/nn/index.ts";
import { operators } from "../../src/onnx/rules.ts";
import { nondifferentiable, type Op } from "../../src/op.ts";
import { ops } from "../../src/ops/index.ts";
import { ACCURACY } from "../../src/runtime/wasm/accuracy.ts";
import type { Aval } from "../../src/shape.ts";
import { apply, Tensor } from "../../src/tensor.ts";
import { type Documented, declarations, exportsOf, firstSentence } from "./source.ts";

const main = exportsOf("src/index.ts");
const methods = main.find(({ name }) => name === "Tensor")?.methods ?? [];

/** A Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** How it is called. */
function call({ kind, name, parameters }: Documented): string {
  return `\`${kind === "method" ? "." : kind === "class" ? "new " : ""}${name}(${parameters.join(", ")})\``;
}

function rowOf(item: Documented): [string, string] {
  return [call(item), firstSentence(item.doc)];
}

const becomes: Record<Op["lowering"]["kind"], string> = {
  leaf: "memory",
  map: "map step",
  view: "view",
  broadcast: "operand mode",
  window: "window",
  parts: "parts",
  kernel: "kernel",
  loop: "loop",
  item: "loop result",
};

function programOf({ lowering }: Op): string {
  return becomes[lowering.kind] + (lowering.kind === "kernel" && lowering.epilogue === true ? " with epilogue" : "");
}

/** What says most about an op: the method, function or class that makes it, else its own comment. */
function documentOf(name: string): Documented | undefined {
  const own = ["leaf", "checkpoint", "convolution", "loop", "movement", "normalize", "pooling", "rowwise"].flatMap(
    (file) => declarations(`src/ops/${file}.ts`),
  );
  const candidates = [
    ...methods,
    ...main.filter(({ kind }) => kind === "function" || kind === "class"),
    ...exportsOf("src/functions/index.ts"),
    ...own,
  ];
  return candidates.find(
    (each) => each.doc !== "" && [name, name[0].toUpperCase() + name.slice(1), `${name}Op`].includes(each.name),
  );
}

/** Whether any input gets a gradient. Rules that are all "no gradient" are found by asking them. */
function hasGradient(op: Op): boolean {
  const { vjp, lowering } = op;
  if (vjp === nondifferentiable) return false;
  if (lowering.kind !== "map") return true;
  const inputs = [1, 2, 3]
    .map((count) => Array.from({ length: count }, () => constant([1])))
    .find((list) => takes(op, list));
  if (inputs === undefined) return true;
  const output = new Tensor(op, inputs, undefined, op.infer(inputs, undefined));
  const [cotangent] = inputs;
  const context = {
    inputs,
    output,
    cotangent,
    cotangents: [cotangent],
    attrs: undefined,
    needs: inputs.map(() => true),
  };
  return vjp({ ...context, pullback: () => [], apply }).some((share) => share !== undefined);
}

function takes(op: Op, inputs: readonly Aval[]): boolean {
  try {
    op.infer(inputs, undefined);
    return true;
  } catch {
    return false;
  }
}

function opTable(): string {
  const rows = Object.entries<Op>(ops as unknown as Record<string, Op>).map(([name, op]) => {
    const documented = documentOf(name);
    const how = documented !== undefined && documented.kind !== "constant" ? call(documented) : "";
    return [name, how, firstSentence(documented?.doc ?? ""), programOf(op), hasGradient(op) ? "yes" : "no"];
  });
  return table(["op", "written", "value", "becomes", "gradient"], rows);
}

/** Methods and functions that make graphs of several ops. */
function composedTable(): string {
  const isPrimitive = ({ name }: Documented) => Object.hasOwn(ops, name) || name === "constructor";
  const graph = main.filter(
    ({ kind, file }) => kind === "function" && /^src\/(tensor|create|ops\/\w+)\.ts$/.test(file),
  );
  return table(["written", "value"], [...methods, ...graph].filter((item) => !isPrimitive(item)).map(rowOf));
}

function functionsOf(index: string, choose: (item: Documented) => boolean): string[][] {
  return exportsOf(index)
    .filter((item) => (item.kind === "function" || item.kind === "class") && choose(item))
    .map(rowOf);
}

/** Functions of simdgrad/data, and what pipelines and tables do. */
function dataTable(): string {
  const exported = exportsOf("src/data/index.ts");
  const rows = exported.filter(({ kind }) => kind === "function").map(rowOf);
  const methods = ["Table", "Pipeline", "Preprocessing", "FittedPreprocessing"].flatMap((name) =>
    (exported.find((item) => item.name === name)?.methods ?? [])
      .filter(({ doc, name }) => doc !== "" && !["constructor", "names", "types"].includes(name)) // getters
      .map((method) => [`${name}: ${call(method)}`, firstSentence(method.doc)]),
  );
  return table(["function or method", "value"], [...rows, ...methods]);
}

/** Functions of simdgrad/text, and what vectorizers and weights do. */
function textTable(): string {
  const exported = exportsOf("src/text/index.ts");
  const rows = exported.filter(({ kind }) => kind === "function").map(rowOf);
  const classes = [
    "TextVectorizer",
    "FittedTextVectorizer",
    "HuggingFaceTokenizer",
    "TfIdf",
    "FittedTfIdf",
    "HashedWords",
  ];
  const getters = ["constructor", "size", "tokens", "names", "weights", "padding", "unknown", "begin", "end"];
  const methods = classes.flatMap((name) =>
    (exported.find((item) => item.name === name)?.methods ?? [])
      .filter(({ doc, name }) => doc !== "" && !getters.includes(name))
      .map((method) => [`${name}: ${call(method)}`, firstSentence(method.doc)]),
  );
  return table(["function or method", "value"], [...rows, ...methods]);
}

function lossTable(): string {
  const rows = exportsOf("src/nn/index.ts").filter(
    ({ kind, file }) => kind === "function" && file.startsWith("src/nn/losses/"),
  );
  return table(
    ["loss", "value", "targets"],
    rows.map((item) => {
      const loss = (nn as Record<string, unknown>)[item.name] as nn.Loss;
      return [...rowOf(item), loss.targets === "classes" ? "class indices" : "values"];
    }),
  );
}

/** Metrics, and whether the reports of a fit have them of their steps. */
function metricTable(): string {
  const rows = exportsOf("src/metrics/index.ts").filter(({ kind, name }) => kind === "function" && name !== "measure");
  return table(
    ["metric", "value", "in reports"],
    rows.map((item) => {
      if (item.name === "accuracy") return [...rowOf(item), "of steps and validations"];
      const make = (metrics as unknown as Record<string, (k?: number) => metrics.CountedMetric>)[item.name];
      if (item.returns === "Tensor") return [...rowOf(item), "no: a tensor"];
      const { ofEachRow } = make(item.name === "topKAccuracy" ? 1 : undefined);
      return [...rowOf(item), ofEachRow ? "of validations" : "of steps and validations"];
    }),
  );
}

/** An operator of ONNX, of another domain than its own with that. */
function operatorName(name: string): string {
  const [operator, domain] = name.split(":").reverse();
  return domain === undefined ? `\`${operator}\`` : `\`${operator}\` of \`${domain}\``;
}

function accuracyTable(): string {
  const rows = Object.entries(ACCURACY).map(([name, { relaxed, portable }]) => [name, `${relaxed}`, `${portable}`]);
  return table(["function", "relaxed build, ulp", "portable build, ulp"], rows);
}

/** The generated parts of the files in docs/ that need nothing to run. */
export function tables(): Readonly<Record<string, ReadonlyMap<string, string>>> {
  const layers = functionsOf("src/nn/index.ts", ({ file }) =>
    /^src\/nn\/(?!functional|init|losses|module|summary|with-options)/.test(file),
  );
  const activations = functionsOf("src/nn/index.ts", ({ file }) => file === "src/nn/functional.ts");
  const initialisers = functionsOf("src/nn/index.ts", ({ file }) => file.startsWith("src/nn/init/"));
  const returning = (type: RegExp) => functionsOf("src/optim/index.ts", ({ returns }) => type.test(returns));
  const debug = functionsOf("src/debug/index.ts", () => true);
  return {
    ops: new Map([
      ["ops", opTable()],
      ["composed", composedTable()],
      [
        "functions",
        table(
          ["function", "value"],
          functionsOf("src/functions/index.ts", () => true),
        ),
      ],
    ]),
    layers: new Map([
      ["layers", table(["layer", "value"], layers)],
      ["activations", table(["activation", "value"], activations)],
      ["initialisers", table(["initialiser", "values"], initialisers)],
    ]),
    images: new Map([
      [
        "images",
        table(
          ["function", "value"],
          functionsOf("src/images/index.ts", () => true),
        ),
      ],
    ]),
    data: new Map([["data", dataTable()]]),
    audio: new Map([
      [
        "audio",
        table(
          ["function", "value"],
          functionsOf("src/audio/index.ts", () => true),
        ),
      ],
    ]),
    "fine-tuning": new Map([
      [
        "finetune",
        table(
          ["function or class", "what it does"],
          functionsOf("src/finetune/index.ts", () => true),
        ),
      ],
    ]),
    keras: new Map([
      [
        "keras",
        table(
          ["function", "value"],
          functionsOf("src/keras/index.ts", () => true),
        ),
      ],
    ]),
    onnx: new Map([["operators", `${operators.map(operatorName).join(", ")}.`]]),
    text: new Map([["text", textTable()]]),
    torch: new Map([
      [
        "torch",
        table(
          ["function", "value"],
          functionsOf("src/torch/index.ts", ({ kind }) => kind === "function"),
        ),
      ],
    ]),
    losses: new Map([["losses", lossTable()]]),
    metrics: new Map([["metrics", metricTable()]]),
    optimizers: new Map([
      ["optimizers", table(["optimizer", "what it is"], returning(/^Optimizer$/))],
      ["transforms", table(["transform", "updates"], returning(/^Transform\b/))],
    ]),
    schedules: new Map([["schedules", table(["schedule", "value"], returning(/^Schedule$/))]]),
    debug: new Map([["debug", table(["function", "what it does"], debug)]]),
    numbers: new Map([["accuracy", accuracyTable()]]),
  };
}
