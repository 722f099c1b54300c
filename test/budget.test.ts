// Sizes and counts stay within the committed budget (budget.json); UPDATE_BUDGET=1 records new ones. Wall time is never budgeted.
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type Rolldown } from "vite";
import { describe, expect, test } from "vitest";
import { compareWithBudget, overruns } from "./budget.ts";
import { costOf, costOfLoops, costOfProbe, lstmStep, probes, programs } from "./budget-programs.ts";

/**
 * Gzipped bytes of all that src/index.ts exports, the compiler included, may never exceed this, whatever the budget says. What a page that
 * trains begins with is the classifier's number below.
 */
const CORE_LIMIT = 47_600;

/** Gzipped bytes of all that a page has to load that predicts from a bundle, beside the Wasm build. */
const PREDICTOR_LIMIT = 15_100;

const root = fileURLToPath(new URL("..", import.meta.url));

/** All chunks of a page that takes what an entry exports, by their names: not the Wasm builds. */
async function chunksOf(entry: string): Promise<ReadonlyMap<string, Rolldown.OutputChunk>> {
  const results = (await build({
    root,
    configFile: false,
    logLevel: "silent",
    build: {
      write: false,
      target: "es2022",
      lib: { entry: `${root}${entry}`, formats: ["es"], fileName: "core" },
      rolldownOptions: { output: { minify: true }, external: [/^node:/, /\/wasm\/generated\//] },
    },
  })) as Rolldown.RolldownOutput[];
  const chunks = new Map<string, Rolldown.OutputChunk>();
  for (const { output } of results)
    for (const chunk of output) if (chunk.type === "chunk") chunks.set(chunk.fileName, chunk);
  return chunks;
}

/** What a page loads for an entry: not what is imported later, when it is needed. */
function loadedOf(chunks: ReadonlyMap<string, Rolldown.OutputChunk>): ReadonlySet<Rolldown.OutputChunk> {
  const loaded = new Set<Rolldown.OutputChunk>();
  const load = (chunk: Rolldown.OutputChunk | undefined): void => {
    if (chunk === undefined || loaded.has(chunk)) return;
    loaded.add(chunk);
    for (const name of chunk.imports) load(chunks.get(name));
  };
  for (const chunk of chunks.values()) if (chunk.isEntry) load(chunk);
  return loaded;
}

/** Its minified JavaScript. */
async function bundle(entry: string): Promise<string> {
  return [...loadedOf(await chunksOf(entry))].map(({ code }) => code).join("\n");
}

/** The sources whose code is in any chunk of an entry, whenever it is loaded. */
async function sourcesOf(entry: string): Promise<ReadonlySet<string>> {
  const chunks = [...(await chunksOf(entry)).values()];
  const modules = chunks.flatMap((chunk) => Object.entries(chunk.modules));
  return new Set(modules.flatMap(([id, { renderedLength }]) => (renderedLength > 0 ? [id.replace(root, "")] : [])));
}

test("the Wasm builds stay small", () => {
  const size = (name: string) => readFileSync(`${root}build/${name}.wasm`).length;
  expect(compareWithBudget("wasm bytes", { relaxed: size("relaxed"), portable: size("portable") })).toEqual([]);
});

test("the core's JavaScript stays small", async () => {
  const bytes = async (entry: string) => gzipSync(await bundle(entry), { level: 9 }).length;
  const [core, classifier] = [await bytes("src/index.ts"), await bytes("test/core.ts")];
  expect(core).toBeLessThanOrEqual(CORE_LIMIT);
  expect(compareWithBudget("gzipped JavaScript bytes", { core, classifier })).toEqual([]);
});

test.each(["predictor", "predictor/relaxed", "predictor/portable"])("%s stays small, and is alone", async (name) => {
  const entry = `src/${name}/index.ts`;
  const code = [...(await chunksOf(entry)).values()].map((chunk) => chunk.code).join("\n");
  expect(gzipSync(code, { level: 9 }).length).toBeLessThanOrEqual(PREDICTOR_LIMIT);
  const rooms = [...(await sourcesOf(entry))].map((path) => /^(src|assembly)\/[^/]+/.exec(path)?.[0]);
  expect(new Set(rooms)).not.toContain("src/compile");
  for (const room of [
    "src/autodiff",
    "src/nn",
    "src/ops",
    "src/tensor.ts",
    "src/graph.ts",
    "src/train",
    "src/inference",
  ])
    expect(rooms).not.toContain(room);
});

test("a page that trains a classifier never loads what it has no layers for", async () => {
  const families = globSync(
    [
      "src/nn/{attention,cache,channels,convolution,padding,pooling,positions,recurrent,resizing,transformer,unfold}.ts",
      "src/nn/{batch,group}-normalization.ts",
      "src/ops/{convolution,convolve,ctc,loop,pooling}.ts",
      "src/functions/{padding,pooling,resize}.ts",
    ],
    { cwd: root },
  );
  expect(families).toHaveLength(21);
  const [everything, page] = [await sourcesOf("src/nn/index.ts"), await sourcesOf("test/core.ts")];
  expect(families.filter((path) => !everything.has(path))).toEqual([]);
  const others = [...families, ...globSync(["src/images/*.ts"], { cwd: root })];
  expect(others.filter((path) => page.has(path))).toEqual([]);
  expect(page).toContain("src/nn/layers.ts");
});

test("a page that does not convolve loads no convolution", async () => {
  const subjects = /(conv|pool|pad|unfold|resiz)/;
  // The only ones are kernels of the JavaScript machine, which loads where there is no WebAssembly with vectors.
  const kernels = ["src/runtime/js/convolve.ts", "src/runtime/js/pool.ts"];
  const named = [...(await sourcesOf("test/core.ts"))].filter((path) => subjects.test(path));
  expect(named.sort()).toEqual(kernels);
  const chunks = await chunksOf("test/core.ts");
  const loaded = [...loadedOf(chunks)].flatMap((chunk) => Object.keys(chunk.modules));
  expect(loaded.filter((path) => kernels.includes(path.replace(root, "")))).toEqual([]);
  expect(loaded.map((path) => path.replace(root, ""))).toContain("src/nn/layers.ts");
});

test.each(Object.entries(programs))("the training step of %s stays small", (name, make) => {
  expect(compareWithBudget(`step of ${name}`, costOf(make()))).toEqual([]);
});

test("the training step of an LSTM stays small, and each step of its loops", () => {
  const cost = costOfLoops(lstmStep(32, 16));
  expect(compareWithBudget("step of LSTM 32-64-10, T = 32, batch 16, Adam", cost)).toEqual([]);
});

test.each(Object.entries(probes))("%s moves next to no data", (name, make) => {
  expect(compareWithBudget(name, costOfProbe(make()))).toEqual([]);
});

describe("a budget", () => {
  const budget = { counts: { instructions: 40, words: 1000 } };

  test("lets numbers shrink, and grow by two percent", () => {
    expect(overruns(budget, "counts", { instructions: 40, words: 1020 })).toEqual([]);
    expect(overruns(budget, "counts", { instructions: 1, words: 1 })).toEqual([]);
  });

  test("fails on growth, on numbers it does not know and on numbers that are gone", () => {
    expect(overruns(budget, "counts", { instructions: 41, words: 1021 })).toHaveLength(2);
    expect(overruns(budget, "counts", { instructions: 40, words: 1000, barriers: 3 })).toHaveLength(1);
    expect(overruns(budget, "counts", { instructions: 40 })).toHaveLength(1);
    expect(overruns(budget, "bytes", { wasm: 1 })).toHaveLength(1);
  });
});
