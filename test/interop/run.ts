// npm run test:interop: the packed package where users have it. Pages from a static server and from another origin, with Vite, webpack, esbuild,
// Rollup, React and Next, under a strict policy, a service worker, and scripts in four versions of Node, in Deno, Bun and Vitest with jsdom:
// everywhere the same training with the same bits. And its types in eight versions of TypeScript. One line for each.
// Usage: node test/interop/run.ts [word ...], for lines with one of the words alone.
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright";
import { chromiumArguments, findChromium } from "../browser/chromium.ts";
import { bundlers, OUT } from "./bundle.ts";
import { above, buildNext, startNext, testInJsdom, writeReact } from "./frameworks.ts";
import { trainTogether } from "./members.ts";
import { models } from "./models/models.ts";
import { importInNode, nodes, predictions, requireInNode, runtimes, trainInNode } from "./node.ts";
import { forEverybody, type Headers, isolation, policyFor, serve, strictPolicy } from "./serve.ts";
import { tensorFlowProblems } from "./tfjs.ts";
import { compileEntries, compilers } from "./types.ts";
import { addUser, importByPath, installPacked, writePage } from "./users.ts";
import { type Expected, visit, visitPredicting } from "./visit.ts";
import { configure, develop } from "./vite.ts";

const work = mkdtempSync(join(tmpdir(), "simdgrad-interop-"));
mkdirSync(above, { recursive: true });
const workAbove = mkdtempSync(above);
process.on("exit", () => {
  for (const folder of [work, workAbove]) rmSync(folder, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));

const ways = ["", ", isolated", ", isolated, strict policy"] as const;

function headersOf(way: (typeof ways)[number], policy = strictPolicy): Headers {
  return way === ways[0] ? {} : way === ways[1] ? isolation : { ...isolation, ...policy };
}

const words = process.argv.slice(2).map((word) => word.toLowerCase());

const PACKED = "the package is packed and installed";

let failed = 0;

/** One line of the report about problems, or none. @returns whether all is well */
async function attempt(name: string, run: () => Promise<readonly string[]> | readonly string[]): Promise<boolean> {
  if (words.length > 0 && name !== PACKED && !words.some((word) => name.toLowerCase().includes(word))) return true;
  const began = performance.now();
  let problems: readonly string[];
  try {
    problems = await run();
  } catch (error) {
    problems = [error instanceof Error ? error.message : String(error)];
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${problems.length === 0 ? "ok    " : "failed"}  ${name} (${seconds} s)`);
  for (const problem of problems) console.log(problem.trimEnd().replace(/^/gm, "          "));
  if (problems.length > 0) failed++;
  return problems.length === 0;
}

const installed = join(work, "installed");
const packed = await attempt(PACKED, () => {
  installPacked(installed);
  return [];
});
if (!packed) process.exit(1);

const typed = addUser(installed, join(work, "typed"), "");
for (const [version, tsc] of Object.entries(compilers))
  await attempt(`TypeScript ${version}: every entry has its types`, () => compileEntries(tsc, typed));

const browser = await chromium.launch({ executablePath: findChromium(), args: [...chromiumArguments] });

/** Visits a folder's page in every way. */
async function visitServed(name: string, folder: string, policy?: Headers, expected?: Expected): Promise<void> {
  for (const way of ways)
    await attempt(`${name}${way}`, async () => {
      const served = await serve(folder, headersOf(way, policy));
      try {
        const problems = await visit(browser, served.url, way !== ways[0], expected);
        return [...problems, ...served.reports];
      } finally {
        await served.close();
      }
    });
}

/** Visits a folder's page, served by Vite for development, isolated and not. */
async function visitDeveloped(name: string, version: "7" | "8", folder: string, times = 1): Promise<void> {
  for (const way of ways.slice(0, 2))
    await attempt(`${name}${way}`, async () => {
      const served = await develop(version, folder, headersOf(way));
      const isolated = way !== ways[0];
      const expected = { workers: times * (isolated ? 3 : 2), warnings: isolated ? 0 : times };
      try {
        return await visit(browser, served.url, isolated, expected);
      } finally {
        await served.close();
      }
    });
}

const plain = addUser(installed, join(work, "plain"), "/interop/app/spawned.js");
importByPath(plain);
await visitServed("modules from a static server", plain);

const elsewhere = await serve(installed, forEverybody);
const origin = elsewhere.url.replace(/\/$/, "");
for (const file of ["dist/simdgrad.js", "dist/simdgrad-core.js", undefined]) {
  const folder = addUser(installed, join(work, `elsewhere-${file?.replaceAll("/", "-")}`), "/interop/app/spawned.js");
  importByPath(folder, file, origin);
  await visitServed(`${file ?? "modules"} from another origin`, folder, policyFor(origin));
}
await elsewhere.close();

const classroom = addUser(installed, join(work, "classroom"), "/interop/app/spawned.js");
importByPath(classroom, "dist/simdgrad.js");
await visitServed("dist/simdgrad.js", classroom);
writePage(classroom, "/interop/app/served.js");
await visitServed("a service worker", classroom, strictPolicy, { team: false, workers: 0, warnings: 0 });

const predicting = addUser(installed, join(work, "predicting"), "/interop/app/predictor-page.js");
importByPath(predicting);
for (const way of ways)
  await attempt(`a page and its service worker predict from a bundle${way}`, async () => {
    const served = await serve(predicting, headersOf(way));
    try {
      return [...(await visitPredicting(browser, served.url)), ...served.reports];
    } finally {
      await served.close();
    }
  });

for (const version of ["8", "7"] as const) {
  const dev = addUser(installed, join(work, `dev-${version}`), "/interop/app/spawned.js");
  if (version === "7") configure(dev);
  await visitDeveloped(`Vite ${version} dev`, version, dev);
}

for (const [name, bundle] of Object.entries(bundlers)) {
  const folder = addUser(installed, join(work, name.replaceAll(" ", "-")), "/interop/app/spawned.js");
  await attempt(`${name}: bundling without a warning`, () => {
    bundle(folder);
    return [];
  });
  if (existsSync(join(folder, OUT))) await visitServed(name, join(folder, OUT));
}

const react = addUser(installed, join(workAbove, "react"), "");
writeReact(react);
await visitDeveloped("React in StrictMode, Vite 8 dev", "8", react, 2);

const next = addUser(installed, join(workAbove, "next"), "");
const built = await attempt("Next: builds", () => {
  buildNext(next);
  return [];
});
for (const way of built ? ways.slice(0, 2) : [])
  await attempt(`Next${way}`, async () => {
    const served = await startNext(next);
    try {
      return await visit(browser, served.url, way !== ways[0]);
    } finally {
      await served.close();
    }
  });

await browser.close();

for (const [name, problems] of Object.entries(models)) await attempt(`a model of others: ${name}`, problems);

for (const [version, node] of Object.entries(nodes)) {
  await attempt(`Node ${version}: trains, disposes, ends`, () => trainInNode(node, version, installed, "disposed"));
  await attempt(`Node ${version}: trains, disposes of nothing, ends`, () =>
    trainInNode(node, version, installed, "idle"),
  );
  await attempt(`Node ${version}: import does nothing`, () => importInNode(node, installed));
  if (version !== "20") await attempt(`Node ${version}: require() trains`, () => requireInNode(node, installed));
}
for (const [name, train] of Object.entries(runtimes)) await attempt(`${name}: trains, ends`, () => train(installed));
for (const [name, predict] of Object.entries(predictions))
  await attempt(`${name}: predicts from a bundle`, () => predict(installed));
await attempt("Node, Deno and Bun: train together over NATS", () => trainTogether(installed));
await attempt("Vitest with jsdom: trains", () => testInJsdom(addUser(installed, join(workAbove, "vitest"), "")));

await attempt("TensorFlow.js reads and computes what is written for it", tensorFlowProblems);

console.log(failed === 0 ? "all well" : `${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
