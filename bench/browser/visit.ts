// A script of this folder as a page of its own, built, served on an isolated page and opened in headless Chromium.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, type Page } from "playwright";
import { build, preview } from "vite";
import { chromiumArguments, findChromium } from "../../test/browser/chromium.ts";

const headers = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

/** `measure` gets an empty page, the address that loads the script, and the browser's version. */
export async function visit(
  script: string,
  measure: (page: Page, url: string, version: string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "simdgrad-bench-"));
  const site = join(folder, "site");
  try {
    await buildSite(script, site);
    const server = await preview({ configFile: false, root: folder, build: { outDir: site }, preview: { headers } });
    const browser = await chromium.launch({ executablePath: findChromium(), args: [...chromiumArguments] });
    try {
      const page = await browser.newPage();
      page.on("pageerror", (error) => console.error(error));
      await measure(page, server.resolvedUrls?.local[0] ?? "", browser.version());
    } finally {
      await browser.close();
      await server.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function buildSite(script: string, outDir: string): Promise<void> {
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
        input: { page: fileURLToPath(new URL(script, import.meta.url)) },
        output: { entryFileNames: "[name].js" },
      },
    },
  });
  writeFileSync(
    join(outDir, "index.html"),
    '<!doctype html><title>Benchmark</title><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>',
  );
}
