// What a visitor waits for on each page of the site: its weight, its first view, and its frames while it trains (../README.md).
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { type Browser, chromium, type Page } from "playwright";
import { build } from "vite";
import { present } from "../../demo/web/frame.ts";
import { chromiumArguments, findChromium } from "../../test/browser/chromium.ts";
import { serve } from "../../test/site/serve.ts";
import { options } from "../options.ts";
import { describe, digits, machine, table, writeReadme } from "../report.ts";

const { write } = options();
const REST = 6000; // ms after which nothing comes any more: the first page measures its baseline after some seconds
const TRAINING = 6000; // ms

interface Seen {
  readonly largest: number;
  readonly shift: number;
}

/** Runs in the page before anything of it. */
function watch(): void {
  const seen = { largest: 0, shift: 0 };
  Object.assign(globalThis, { seen });
  new PerformanceObserver((list) => {
    seen.largest = list.getEntries().at(-1)?.startTime ?? 0;
  }).observe({ type: "largest-contentful-paint", buffered: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[])
      if (!entry.hadRecentInput) seen.shift += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
}

/** The 99th percentile of the milliseconds from frame to frame. */
function frames(length: number): Promise<number> {
  return new Promise((resolve) => {
    const times: number[] = [];
    const next = (now: number) => {
      times.push(now);
      if (now - times[0] < length) return void requestAnimationFrame(next);
      const intervals = times
        .slice(1)
        .map((time, i) => time - times[i])
        .sort((a, b) => a - b);
      resolve(intervals[Math.floor(0.99 * intervals.length)]);
    };
    requestAnimationFrame(next);
  });
}

async function measure(browser: Browser, url: string): Promise<Record<string, string | number | undefined>> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, serviceWorkers: "block" });
  const page = await context.newPage();
  sent.clear();
  await page.addInitScript(watch);
  await page.goto(url);
  await page.locator("main[data-ready]").waitFor({ state: "attached" });
  const before = weight();
  await page.waitForTimeout(REST);
  const after = weight();
  const { largest, shift } = await page.evaluate(() => (globalThis as unknown as { seen: Seen }).seen);
  await go(page);
  const p99 = await page.evaluate(frames, TRAINING);
  await context.close();
  return {
    "scripts and styles until it is ready, kB gzip": digits(before / 1000),
    "what it goes on to load by itself": digits((after - before) / 1000),
    "largest contentful paint, ms": digits(largest),
    "layout shift": shift === 0 ? 0 : shift.toFixed(4),
    "frames while training, p99, ms": digits(p99),
  };
}

/** Bytes of the scripts and styles that were sent, as gzip makes them. */
function weight(): number {
  const names = [...sent].filter((name) => /\.(js|css)$/.test(name));
  return names.reduce((sum, name) => sum + gzipSync(readFileSync(join(folder, name))).length, 0);
}

/** Sets it going, unless it went by itself. */
async function go(page: Page): Promise<void> {
  const button = page.locator("#go:not([aria-disabled=true])");
  await button.waitFor();
  if ((await button.textContent()) !== "Pause") await button.click();
}

const folder = mkdtempSync(join(tmpdir(), "simdgrad-bench-"));
const configFile = fileURLToPath(new URL("../../demo/web/vite.config.ts", import.meta.url));
await build({ configFile, logLevel: "error", build: { outDir: folder } });
/** Files that were asked for since a page was opened. */
const sent = new Set<string>();
const served = await serve(folder, true, (name) => sent.add(name));
const browser = await chromium.launch({ executablePath: findChromium(), args: [...chromiumArguments] });
try {
  const rows = [];
  for (const { file, name } of present) rows.push({ page: name, ...(await measure(browser, served.url + file)) });
  const text = `${describe(machine())}, Chromium ${browser.version()}.\n\n${table(rows)}`;
  console.log(text);
  if (write) writeReadme("first-view", text);
} finally {
  await browser.close();
  await served.close();
  rmSync(folder, { recursive: true });
}
