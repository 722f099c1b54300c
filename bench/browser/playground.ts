// The playground as its visitors have it, in headless Chromium: steps a second of its training while its surface is drawn (../README.md).
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, type Page } from "playwright";
import { build, preview } from "vite";
import { chromiumArguments, findChromium } from "../../test/browser/chromium.ts";
import { options } from "../options.ts";
import { describe, digits, machine, median, table, writeReadme } from "../report.ts";

/** Milliseconds of a measurement. */
const SPAN = 3000;
const networks: Readonly<Record<string, string>> = {
  "2-8-8-2": "#hidden=8,8",
  "2-2": "#hidden=",
  "2-16-16-16-16-16-16-2": "#hidden=16,16,16,16,16,16",
};

interface Seen {
  readonly steps: number;
  readonly surfaces: number;
  readonly frames: readonly number[];
}

/** Steps made, surfaces drawn and the intervals between frames, of so many milliseconds. */
async function seen(page: Page, milliseconds: number): Promise<Seen> {
  return page.evaluate(async (span) => {
    const text = () => document.getElementById("figure-step")?.textContent ?? "";
    const step = () => Number.parseFloat(text().replaceAll(",", ""));
    const surface = document.getElementById("surface");
    const prototype = CanvasRenderingContext2D.prototype;
    const put = prototype.putImageData;
    let surfaces = 0;
    prototype.putImageData = function (this: CanvasRenderingContext2D, ...given: unknown[]) {
      if (this.canvas === surface) surfaces++;
      return Reflect.apply(put, this, given);
    };
    const [begin, before] = [performance.now(), step()];
    const times: number[] = [];
    while (performance.now() - begin < span) {
      await new Promise(requestAnimationFrame);
      times.push(performance.now());
    }
    const seconds = (performance.now() - begin) / 1000;
    prototype.putImageData = put;
    return {
      steps: (step() - before) / seconds,
      surfaces: surfaces / seconds,
      frames: times.slice(1).map((time, i) => time - times[i]),
    };
  }, milliseconds);
}

const { rounds, write } = options();
const folder = mkdtempSync(join(tmpdir(), "simdgrad-bench-"));
try {
  const configFile = fileURLToPath(new URL("../../demo/web/vite.config.ts", import.meta.url));
  await build({ configFile, logLevel: "error", build: { outDir: folder } });
  const server = await preview({ configFile, build: { outDir: folder } });
  const browser = await chromium.launch({ executablePath: findChromium(), args: [...chromiumArguments] });
  try {
    const rows = [];
    for (const [network, address] of Object.entries(networks)) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, serviceWorkers: "block" });
      const page = await context.newPage();
      page.on("pageerror", (error) => console.error(error));
      await page.goto(`${server.resolvedUrls?.local[0]}playground.html${address}`);
      await page.locator("main[data-ready]").waitFor({ state: "attached" });
      await page.locator("#go").click();
      await page.waitForTimeout(SPAN); // until everything is compiled
      const found: Seen[] = [];
      for (let round = 0; round < rounds; round++) found.push(await seen(page, SPAN));
      const intervals = found.flatMap(({ frames }) => frames).sort((a, b) => a - b);
      const at = (share: number) =>
        digits(intervals[Math.min(intervals.length - 1, Math.floor(share * intervals.length))]);
      rows.push({
        network,
        "steps a second": digits(median(found.map(({ steps }) => steps))),
        "surfaces a second": digits(median(found.map(({ surfaces }) => surfaces))),
        "frames: median, p99, worst, ms": [0.5, 0.99, 1].map(at).join(", "),
      });
      await context.close();
    }
    const text = [`${describe(machine())}, Chromium ${browser.version()}.`, table(rows)].join("\n\n");
    console.log(text);
    if (write) writeReadme("playground", text);
  } finally {
    await browser.close();
    await server.close();
  }
} finally {
  rmSync(folder, { recursive: true });
}
