// Imports go one way through the house: this file holds the order of its rooms, and fails on any import against it.
import { globSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { type ESTree, parseSync, Visitor } from "vite";
import { expect, test } from "vitest";

interface Room {
  /** Files and folders; the longest path that fits a file decides. */
  readonly paths: readonly string[];
  /** Rooms just below: a room may import what is below it, however far, and its own files. */
  readonly above: readonly string[];
}

const house: Readonly<Record<string, Room>> = {
  foundation: {
    paths: ["assembly/isa", "src/errors", "src/show", "src/show-name", "src/check", "src/epsilon", "src/shape"],
    above: [],
  },
  // The language that the compiler writes, and executors and workers speak.
  program: { paths: ["src/program"], above: ["foundation"] },
  op: { paths: ["src/op"], above: ["program"] },
  graph: { paths: ["src/ops", "src/graph", "src/tensor", "src/create", "src/variable"], above: ["op"] },
  // The gradient of a loop is the gradient of its body; that of CTC's gradient is one; the table of all ops holds them.
  autodiff: { paths: ["src/autodiff", "src/ops/loop", "src/ops/ctc", "src/ops/index"], above: ["graph"] },
  functions: { paths: ["src/functions"], above: ["autodiff"] },
  nn: { paths: ["src/nn"], above: ["functions"] },
  optim: { paths: ["src/optim"], above: ["autodiff"] },
  data: { paths: ["src/data"], above: ["autodiff"] },
  images: { paths: ["src/images"], above: ["functions", "data"] },
  audio: { paths: ["src/audio"], above: ["data"] },
  finetune: { paths: ["src/finetune"], above: ["nn", "optim", "data"] },
  text: { paths: ["src/text"], above: ["data"] },
  io: { paths: ["src/io"], above: ["data"] },
  // Models go out as they do to ONNX: traced at several batches.
  torch: { paths: ["src/torch"], above: ["onnx"] },
  compile: { paths: ["src/compile"], above: ["graph"] },
  runtime: { paths: ["src/runtime"], above: ["program"] },
  worker: { paths: ["src/worker"], above: ["runtime"] },
  evaluate: { paths: ["src/evaluate"], above: ["compile", "runtime"] },
  keras: { paths: ["src/keras"], above: ["nn", "data", "evaluate", "train"] },
  onnx: { paths: ["src/onnx"], above: ["functions", "nn", "data", "audio", "train"] },
  train: { paths: ["src/train"], above: ["nn", "optim", "io", "data", "evaluate"] },
  metrics: { paths: ["src/metrics"], above: ["train"] },
  callbacks: { paths: ["src/callbacks"], above: ["train"] },
  storage: { paths: ["src/storage"], above: ["callbacks"] },
  generate: { paths: ["src/generate"], above: ["train"] },
  insight: { paths: ["src/insight"], above: ["metrics", "storage"] },
  // Its workers are started, watched and answered as those of executors are.
  tune: { paths: ["src/tune"], above: ["storage", "worker"] },
  nats: { paths: ["src/nats"], above: ["tune"] },
  tabular: { paths: ["src/tabular"], above: ["callbacks"] },
  // What predicts from a file, without compiler, gradients and layers, and what writes such files.
  predictor: { paths: ["src/predictor"], above: ["runtime", "io"] },
  inference: { paths: ["src/inference"], above: ["predictor", "train"] },
  cli: { paths: ["src/cli"], above: ["tabular", "tune", "insight", "torch", "nats"] },
  // Subjects only: the worker, the search and the command line are imports of their own.
  index: { paths: ["src/index"], above: ["train"] },
  debug: { paths: ["src/debug"], above: ["train"] },
  // All that pages train with, in one file.
  files: {
    paths: ["src/one-file", "src/one-file-core"],
    above: ["tabular", "images", "audio", "text", "generate", "insight", "worker", "index", "debug"],
  },
};

/** Which rooms may import from outside the project, and what. */
const outside = [
  { pattern: /^node:/, rooms: ["src/runtime/wasm", "src/worker", "src/io", "src/cli"] },
  { pattern: /^comlink$/, rooms: ["src/worker"] },
  { pattern: /^(papaparse|fflate)$/, rooms: ["src/data"] },
  { pattern: /^(@observablehq\/plot|cli-progress)$/, rooms: ["src/insight"] },
  { pattern: /^@nats-io\//, rooms: ["src/nats"] },
  { pattern: /^fft\.js$/, rooms: ["src/audio"] },
  { pattern: /^(onnx-buf|@bufbuild\/protobuf)$/, rooms: ["src/onnx"] },
  { pattern: /^jsfive$/, rooms: ["src/keras"] },
] as const;

/** Who loads modules that users name. */
const named: readonly string[] = ["src/cli/member-module.ts"];

/** An op's rules speak of tensors, and tensors are made of ops: the one type that is imported upwards. */
const upwards = [{ from: "src/op.ts", to: "src/tensor.ts", names: ["Tensor"] }] as const;

interface Edge {
  readonly from: string;
  /** A path from the project's root, or the name of a package. */
  readonly to: string;
  /** Names imported, if all of them are types. */
  readonly types?: readonly string[];
  /** Imported while the program runs. */
  readonly dynamic?: true;
}

function within(file: string, path: string): boolean {
  return file.startsWith(`${path}/`) || file === `${path}.ts`;
}

function roomOf(file: string): string | undefined {
  const fits = Object.entries(house).flatMap(([name, { paths }]) =>
    paths.filter((path) => within(file, path)).map((path) => ({ name, path })),
  );
  return fits.sort((a, b) => b.path.length - a.path.length)[0]?.name;
}

function isBelow(low: string, high: string): boolean {
  return house[high].above.some((room) => room === low || isBelow(low, room));
}

/** What is wrong with an import, or undefined. */
function complaint({ from, to, types }: Edge): string | undefined {
  if (!/^(src|assembly)\//.test(to)) {
    const rule = outside.find(({ pattern }) => pattern.test(to));
    if (rule?.rooms.some((room) => within(from, room))) return undefined;
    return `${from} imports ${to}, which is for ${rule ? rule.rooms.join(", ") : "nobody"}`;
  }
  const [low, high] = [roomOf(to), roomOf(from)];
  if (low === undefined) return `${from} imports ${to}, which is in no room of the house`;
  if (high === undefined) return `${from} is in no room of the house: give it one in test/imports.test.ts`;
  if (low === high || isBelow(low, high)) return undefined;
  const allowed = upwards.find((edge) => edge.from === from && edge.to === to);
  if (allowed && types?.every((name) => (allowed.names as readonly string[]).includes(name))) return undefined;
  return `${from} (${high}) imports ${to} (${low}), which is not below it`;
}

function complaints(edges: readonly Edge[]): string[] {
  return edges.map(complaint).filter((text) => text !== undefined);
}

/** Every import, re-export, dynamic import and type import of a source. */
function edgesOf(file: string, source: string): Edge[] {
  const edges: Edge[] = [];
  const add = (specifier: unknown, types?: readonly string[], dynamic?: true) => {
    if (typeof specifier !== "string" && named.includes(file)) return;
    if (typeof specifier !== "string") throw new Error(`${file} imports a name that is computed`);
    edges.push({ from: file, to: resolve(file, specifier), types, dynamic });
  };
  const { program, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`);
  new Visitor({
    ImportDeclaration: (node) => add(node.source.value, importedTypes(node)),
    ExportAllDeclaration: (node) => add(node.source.value),
    ExportNamedDeclaration: (node) => node.source && add(node.source.value),
    ImportExpression: (node) => add(node.source.type === "Literal" && node.source.value, undefined, true),
    TSImportType: (node) => add(node.source.value, ["import type"]),
  }).visit(program);
  return edges;
}

function importedTypes(node: ESTree.ImportDeclaration): readonly string[] | undefined {
  const names = node.specifiers.map((item) =>
    item.type === "ImportSpecifier" && (node.importKind === "type" || item.importKind === "type")
      ? item.imported.type === "Identifier" && item.imported.name
      : undefined,
  );
  return names.every((name) => typeof name === "string") ? names : undefined;
}

function resolve(file: string, specifier: string): string {
  return specifier.startsWith(".") ? posix.join(posix.dirname(file), specifier) : specifier;
}

function read(pattern: string): { readonly file: string; readonly source: string }[] {
  const files = globSync(pattern).sort();
  return files.map((file) => ({ file: file.replaceAll("\\", "/"), source: readFileSync(file, "utf8") }));
}

test("every import of the sources goes down the house", () => {
  const sources = read("src/**/*.ts");
  expect(sources.length).toBeGreaterThan(0);
  expect(complaints(sources.flatMap(({ file, source }) => edgesOf(file, source)))).toEqual([]);
});

/** Files that need one another when they are loaded, as a path from a file back to itself. */
function circles(edges: readonly Edge[]): string[] {
  const next = new Map<string, string[]>();
  for (const { from, to, types } of edges)
    if (types === undefined || types.length === 0) next.set(from, [...(next.get(from) ?? []), to]);
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (file: string, path: readonly string[]) => {
    if (path.includes(file)) found.push([...path.slice(path.indexOf(file)), file].join(" -> "));
    else if (!done.has(file)) for (const to of next.get(file) ?? []) visit(to, [...path, file]);
    done.add(file);
  };
  for (const file of next.keys()) visit(file, []);
  return found;
}

test("no file needs itself to be loaded, by way of others", () => {
  const edges = read("src/**/*.ts").flatMap(({ file, source }) => edgesOf(file, source));
  expect(circles(edges.filter(({ dynamic }) => !dynamic))).toEqual([]);
  const edge = (from: string, to: string, types?: readonly string[]) => ({ from, to, types });
  expect(circles([edge("a", "b"), edge("b", "c"), edge("c", "a")])).toEqual(["a -> b -> c -> a"]);
  expect(circles([edge("a", "b"), edge("b", "a", ["B"])])).toEqual([]);
});

test("the kernels import nothing outside their folder, and the instruction set nothing but itself", () => {
  const imports = /\bfrom\s*["']([^"']+)["']/g;
  for (const { file, source } of read("assembly/**/*.ts"))
    for (const [, specifier] of source.matchAll(imports))
      expect({ file, to: resolve(file, specifier) }).toEqual({
        file,
        to: expect.stringMatching(within(file, "assembly/isa") ? /^assembly\/isa\// : /^assembly\//),
      });
});

test("the order is an order: no room is below itself", () => {
  for (const room of Object.keys(house)) expect(isBelow(room, room)).toBe(false);
});

test.each<Edge>([
  { from: "src/tensor.ts", to: "src/shape.ts" },
  { from: "src/tensor.ts", to: "src/ops/reduction.ts" },
  { from: "src/ops/loop.ts", to: "src/autodiff.ts" },
  { from: "src/op.ts", to: "src/tensor.ts", types: ["Tensor"] },
  { from: "src/train/trainer.ts", to: "src/errors.ts" },
  { from: "src/runtime/wasm/load.ts", to: "node:worker_threads" },
  { from: "src/worker/client.ts", to: "comlink" },
  { from: "src/index.ts", to: "src/nn/linear.ts" },
])("$from may import $to", (edge) => {
  expect(complaints([edge])).toEqual([]);
});

test.each<Edge>([
  { from: "src/shape.ts", to: "src/tensor.ts" },
  { from: "src/op.ts", to: "src/tensor.ts" },
  { from: "src/op.ts", to: "src/tensor.ts", types: ["Tensor", "Variable"] },
  { from: "src/ops/reduction.ts", to: "src/autodiff.ts" },
  { from: "src/nn/linear.ts", to: "src/runtime/executor.ts", types: ["Executor"] },
  { from: "src/optim/adam.ts", to: "src/compile/compile.ts" },
  { from: "src/nn/linear.ts", to: "src/optim/adam.ts" },
  { from: "src/compile/fuse.ts", to: "src/runtime/executor.ts" },
  { from: "src/runtime/space.ts", to: "src/compile/plan.ts", types: ["Plan"] },
  { from: "src/worker/server.ts", to: "src/compile/compile.ts" },
  { from: "src/program/lir.ts", to: "src/op.ts" },
  { from: "src/compile/fuse.ts", to: "src/autodiff.ts" },
  { from: "src/index.ts", to: "src/worker/client.ts" },
  { from: "src/train/trainer.ts", to: "comlink" },
  { from: "src/runtime/js/kernels.ts", to: "node:fs" },
  { from: "src/io/files.ts", to: "lodash" },
  { from: "src/drawer.ts", to: "src/shape.ts" },
  { from: "src/tensor.ts", to: "src/drawer.ts" },
])("$from may not import $to", (edge) => {
  expect(complaints([edge])).toHaveLength(1);
});

test("imports of every form are seen", () => {
  const source = `
    import { a } from "./a.ts";
    import type { B } from "../b.ts";
    import { type C, type D } from "./c.ts";
    export * from "./d.ts";
    export { e } from "./e.ts";
    const f = await import("./f.ts");
    let g: import("./g.ts").G;
    import "node:h";
  `;
  expect(edgesOf("src/x/y.ts", source)).toEqual([
    { from: "src/x/y.ts", to: "src/x/a.ts" },
    { from: "src/x/y.ts", to: "src/b.ts", types: ["B"] },
    { from: "src/x/y.ts", to: "src/x/c.ts", types: ["C", "D"] },
    { from: "src/x/y.ts", to: "src/x/d.ts" },
    { from: "src/x/y.ts", to: "src/x/e.ts" },
    { from: "src/x/y.ts", to: "src/x/f.ts", dynamic: true },
    { from: "src/x/y.ts", to: "src/x/g.ts", types: ["import type"] },
    { from: "src/x/y.ts", to: "node:h", types: [] },
  ]);
});
