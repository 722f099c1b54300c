// npm run test:interop: the packed package where users have it. Pages from a static server, with Vite, webpack, esbuild and Rollup,
// under a strict policy, and scripts in four versions of Node: everywhere the same training with the same bits. One line for each.
// Usage: node test/interop/run.ts [word ...], for lines with one of the words alone.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright";
import { chromiumArguments, findChromium } from "../browser/chromium.ts";
import { bundlers, OUT } from "./bundle.ts";
import { models } from "./models/models.ts";
import { importInNode, nodes, trainInNode } from "./node.ts";
import { type Headers, isolation, serve, strictPolicy } from "./serve.ts";
import { tensorFlowProblems } from "./tfjs.ts";
import { addUser, importByPath, installPacked } from "./users.ts";
import { visit } from "./visit.ts";
import { configure, develop } from "./vite.ts";

const work = mkdtempSync(join(tmpdir(), "simdgrad-interop-"));
process.on("exit", () => rmSync(work, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));

const ways: Readonly<Record<string, Headers>> = {
  "": {},
  ", isolated": isolation,
  ", isolated, strict policy": { ...isolation, ...strictPolicy },
};

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

const browser = await chromium.launch({ executablePath: findChromium(), args: [...chromiumArguments] });

/** Visits a folder's page in every way. */
async function visitServed(name: string, folder: string): Promise<void> {
  for (const [way, headers] of Object.entries(ways))
    await attempt(`${name}${way}`, async () => {
      const served = await serve(folder, headers);
      try {
        const problems = await visit(browser, served.url, headers !== ways[""]);
        return [...problems, ...served.reports];
      } finally {
        await served.close();
      }
    });
}

const plain = addUser(installed, join(work, "plain"), "/interop/app/spawned.js");
importByPath(plain);
await visitServed("modules from a static server", plain);

for (const version of ["8", "7"] as const) {
  const dev = addUser(installed, join(work, `dev-${version}`), "/interop/app/spawned.js");
  if (version === "7") configure(dev);
  for (const [way, headers] of Object.entries(ways).slice(0, 2))
    await attempt(`Vite ${version} dev${way}`, async () => {
      const served = await develop(version, dev, headers);
      try {
        return await visit(browser, served.url, headers === isolation);
      } finally {
        await served.close();
      }
    });
}

for (const [name, bundle] of Object.entries(bundlers)) {
  const folder = addUser(installed, join(work, name.replaceAll(" ", "-")), "/interop/app/spawned.js");
  await attempt(`${name}: bundling without a warning`, () => {
    bundle(folder);
    return [];
  });
  if (existsSync(join(folder, OUT))) await visitServed(name, join(folder, OUT));
}

await browser.close();

for (const [name, problems] of Object.entries(models)) await attempt(`a model of others: ${name}`, problems);

for (const [version, node] of Object.entries(nodes)) {
  await attempt(`Node ${version}: trains, disposes, ends`, () => trainInNode(node, version, installed, "disposed"));
  await attempt(`Node ${version}: trains, disposes of nothing, ends`, () =>
    trainInNode(node, version, installed, "idle"),
  );
  await attempt(`Node ${version}: import does nothing`, () => importInNode(node, installed));
}

await attempt("TensorFlow.js reads and computes what is written for it", tensorFlowProblems);

console.log(failed === 0 ? "all well" : `${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
