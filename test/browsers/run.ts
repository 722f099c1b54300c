// Runs the browser tests in each engine that is installed or can be, and says in a line what came of it.
// Usage: node test/browsers/run.ts [chromium] [firefox] [webkit]
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { installPackages } from "../browser/install.ts";
import { type Engine, engines } from "./engines.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const wanted = process.argv.slice(2);

interface Result {
  readonly line: string;
  readonly failed: boolean;
}

const chosen = engines.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
if (chosen.length < wanted.length) throw new Error(`the engines are ${engines.map(({ name }) => name).join(", ")}`);
const results: Result[] = [];
for (const engine of chosen) results.push(await test(engine));
console.log("");
for (const { line } of results) console.log(line);
process.exitCode = results.some(({ failed }) => failed) ? 1 : 0;

async function test(engine: Engine): Promise<Result> {
  const { title, packages, variable } = engine;
  if (!engine.isInstalled()) installPackages(...packages);
  if (!engine.isInstalled()) {
    const advice = `install it (Debian: apt-get install ${packages.join(" ")}) or set ${variable}`;
    return { line: `${title}: skipped, not found: ${advice}`, failed: false };
  }
  const start = performance.now();
  let version: string;
  try {
    version = await versionOf(engine);
  } catch (error) {
    return { line: `${title}: could not be started: ${error instanceof Error ? error.message : error}`, failed: true };
  }
  console.log(`\n${version}`);
  const report = `${root}build/test-browsers-${engine.name}.json`;
  const failed = runVitest(engine, report) !== 0;
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  return { line: `${version}: ${countsOf(report, failed)}, ${seconds} s`, failed };
}

async function versionOf({ start }: Engine): Promise<string> {
  const browser = await start();
  await browser.close();
  return browser.version;
}

function runVitest({ name }: Engine, report: string): number | null {
  mkdirSync(`${root}build`, { recursive: true });
  rmSync(report, { force: true });
  const args = ["--config", "test/browsers/vitest.config.ts", "--project", name, "--project", `${name}-page`];
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const vitest = `${root}node_modules/vitest/vitest.mjs`;
  const { status } = spawnSync(process.execPath, [vitest, "run", ...args, ...reporters], {
    cwd: root,
    stdio: "inherit",
  });
  return status;
}

function countsOf(report: string, failed: boolean): string {
  let counts: { readonly numPassedTests: number; readonly numFailedTests: number; readonly numPendingTests: number };
  try {
    counts = JSON.parse(readFileSync(report, "utf8"));
  } catch {
    return "no test was run";
  }
  const { numPassedTests, numFailedTests, numPendingTests } = counts;
  const broken = failed && numFailedTests === 0 ? ", and the run broke off" : "";
  return `${numPassedTests} tests passed, ${numFailedTests} failed, ${numPendingTests} skipped${broken}`;
}
