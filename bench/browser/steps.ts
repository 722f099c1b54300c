// Training steps in headless Chromium, on a cross-origin isolated page, each contender in a dedicated worker of its own (../README.md).
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, type Page } from "playwright";
import { build, preview } from "vite";
import { chromiumArguments, findChromium } from "../../test/browser/chromium.ts";
import { expectedLoss, isWritten, isXor } from "../contenders.ts";
import { type Network, networks } from "../networks.ts";
import { options, report } from "../options.ts";
import { engineOf, packages } from "../peers/versions.mjs";
import { type Answer, compare, type Entry, type Missing, type Runner, type Timing } from "../rounds.ts";
import { startOf } from "../start.ts";
import { encodeStart } from "../start-file.ts";
import type { Request } from "./serve.ts";

interface Contender {
  readonly name: string;
  readonly threads: number;
  /** The worker's file and what it is told. */
  readonly file: "own" | "peer";
  readonly settings: readonly string[];
  readonly takes?: (network: Network) => boolean;
}

const given = options();
const { threads } = given;
const contenders: readonly Contender[] = [
  { name: "wasm-relaxed", threads: 1, file: "own", settings: ["wasm-relaxed", "1"] },
  { name: "wasm-portable", threads: 1, file: "own", settings: ["wasm-portable", "1"] },
  ...(threads > 1
    ? [{ name: "wasm-relaxed", threads, file: "own", settings: ["wasm-relaxed", `${threads}`] } as const]
    : []),
  { name: "js", threads: 1, file: "own", settings: ["js", "1"] },
  { name: "by hand", threads: 1, file: "peer", settings: ["plain"], takes: isXor },
  { name: "jax-js wasm", threads: 1, file: "peer", settings: ["jax", "alone"], takes: isWritten },
  { name: "jax-js wasm", threads: availableParallelism(), file: "peer", settings: ["jax"], takes: isWritten },
  { name: "tfjs wasm", threads: 1, file: "peer", settings: ["tfjs", "wasm"], takes: isWritten },
];
const installed = [packages.tfjs, packages.jax].every((name) => engineOf(name) !== undefined);

const folder = mkdtempSync(join(tmpdir(), "simdgrad-bench-"));
const site = join(folder, "site");
try {
  await buildSite();
  const headers = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
  const server = await preview({ configFile: false, root: folder, build: { outDir: site }, preview: { headers } });
  const browser = await chromium.launch({ executablePath: findChromium(), args: [...chromiumArguments] });
  try {
    const page = await browser.newPage();
    page.on("console", (message) => console.error(message.text()));
    const url = server.resolvedUrls?.local[0];
    if (url === undefined) throw new Error("Vite serves nothing");
    await report("browser-steps", given, `Chromium ${browser.version()}`, (name) => timingsOf(name, page, url));
  } finally {
    await browser.close();
    await server.close();
  }
} finally {
  rmSync(folder, { recursive: true });
}

async function buildSite(): Promise<void> {
  const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  await build({
    configFile: false,
    root: file("."),
    logLevel: "error",
    publicDir: false,
    worker: { format: "es" },
    build: {
      outDir: site,
      emptyOutDir: true,
      target: "esnext",
      modulePreload: false,
      rolldownOptions: {
        input: { own: file("own.ts"), ...(installed ? { peer: file("../peers/page.mjs") } : {}) },
        output: { entryFileNames: "[name].js" },
      },
    },
  });
  writeFileSync(join(site, "index.html"), '<!doctype html><title>Benchmark</title><link rel="icon" href="data:,">');
}

async function timingsOf(name: string, page: Page, url: string): Promise<Timing[]> {
  const network = networks[name];
  const { json, binary } = encodeStart(await startOf(network));
  // For the oracle's process under its own name, for the page under the network's.
  for (const stem of ["start", name]) {
    writeFileSync(join(site, `${stem}.json`), json);
    writeFileSync(join(site, `${stem}.bin`), binary);
  }
  const expected = await expectedLoss("float64", site);
  await page.goto(url); // the workers of the network before end with their page
  const entries: Entry[] = [];
  for (const contender of contenders.filter(given.asked))
    if (contender.takes?.(network) ?? true)
      entries.push({ ...contender, runner: await startWorker(page, name, contender), expected });
  return compare(entries, network.steps, given.rounds);
}

async function startWorker(page: Page, network: string, contender: Contender): Promise<Runner | Missing> {
  const { name, file, settings } = contender;
  if (file === "peer" && !installed) return { missing: "not installed (npm run bench:peers)" };
  const worker = await page.evaluateHandle((file) => new Worker(`/${file}.js`, { type: "module" }), file);
  const tell = (request: Request) =>
    worker.evaluate(
      (worker, request) =>
        new Promise<unknown>((resolve, reject) => {
          worker.onmessage = ({ data }) => (data.failed === undefined ? resolve(data) : reject(new Error(data.failed)));
          worker.onerror = ({ message }) => reject(new Error(message));
          worker.postMessage(request);
        }),
      request,
    );
  try {
    await tell({ network, settings });
  } catch (error) {
    return { missing: error instanceof Error ? error.message.split("\n")[0] : `${error}` };
  }
  const engine = engineOf(packages[settings[0]]) ?? name;
  return { engine, ask: (steps) => tell({ steps }) as Promise<Answer>, async end() {} };
}
