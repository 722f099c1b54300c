// What training in a worker costs the page, and what the façade costs the training, in headless Chromium (../README.md).
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright";
import { build, preview } from "vite";
import { chromiumArguments, findChromium } from "../../test/browser/chromium.ts";
import { options } from "../options.ts";
import { describe, digits, machine, median, table, writeReadme } from "../report.ts";
import type { Page } from "./page.ts";

const { only, rounds, write } = options();
/** Those that take the most of a page, and the least. */
const measured = ["mlp-512-adam", "mlp-128-adam"].filter((name) => only.includes(name));
const folder = mkdtempSync(join(tmpdir(), "simdgrad-bench-"));
const site = join(folder, "site");
const headers = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
try {
  await buildSite(site);
  const server = await preview({ configFile: false, root: folder, build: { outDir: site }, preview: { headers } });
  const browser = await chromium.launch({ executablePath: findChromium(), args: [...chromiumArguments] });
  try {
    const page = await browser.newPage();
    page.on("pageerror", (error) => console.error(error));
    const rows = [];
    const answers = [];
    for (const network of measured) {
      await page.goto(server.resolvedUrls?.local[0] ?? "");
      const ask = <T>(call: string): Promise<T> => page.evaluate(`facade.${call}`) as Promise<T>;
      await ask(`begin("${network}")`);
      const ratios = await ask<Awaited<ReturnType<Page["throughput"]>>>(`throughput(${rounds})`);
      const idle = await ask<Awaited<ReturnType<Page["frames"]>>>("frames(10000, false)");
      const busy = await ask<Awaited<ReturnType<Page["frames"]>>>("frames(10000, true)");
      const controls = await ask<Awaited<ReturnType<Page["controls"]>>>("controls(30)");
      rows.push({
        network,
        "steps a second, of a bare worker's": digits(median(ratios)),
        "frames idle: median, p99, worst, ms": [idle.median, idle.p99, idle.worst].map(digits).join(", "),
        "frames while training": [busy.median, busy.p99, busy.worst].map(digits).join(", "),
        "long tasks": busy.longTasks,
      });
      const at = (name: string, share: number) =>
        digits(controls[name][Math.floor(share * (controls[name].length - 1))]);
      for (const name of Object.keys(controls))
        answers.push({ network, control: name, "median, ms": at(name, 0.5), "slowest of 30, ms": at(name, 1) });
    }
    const text = [`${describe(machine())}, Chromium ${browser.version()}.`, table(rows), table(answers)].join("\n\n");
    console.log(text);
    if (write) writeReadme("page", text);
  } finally {
    await browser.close();
    await server.close();
  }
} finally {
  rmSync(folder, { recursive: true });
}

async function buildSite(outDir: string): Promise<void> {
  await build({
    configFile: false,
    root: fileURLToPath(new URL(".", import.meta.url)),
    logLevel: "error",
    publicDir: false,
    worker: { format: "es" },
    build: {
      outDir,
      emptyOutDir: true,
      target: "esnext",
      rolldownOptions: {
        input: { page: fileURLToPath(new URL("page.ts", import.meta.url)) },
        output: { entryFileNames: "[name].js" },
      },
    },
  });
  writeFileSync(
    join(outDir, "index.html"),
    '<!doctype html><title>Benchmark</title><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>',
  );
}
