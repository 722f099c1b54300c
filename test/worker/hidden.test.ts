// A hidden tab keeps training: neither its timers, which are throttled, nor its frames, of which there are none, hold it up. Vitest's
// own browser has one tab that always counts as visible; here Chromium has two.
import { fileURLToPath } from "node:url";
import { launch } from "puppeteer-core";
import { createServer } from "vite";
import { expect, test } from "vitest";
import { chromiumArguments, findChromium } from "../browser/chromium.ts";
import { resolve } from "../browser/project.ts";

interface Progress {
  readonly steps: number;
  readonly epochs: number;
  readonly hidden: () => boolean;
}

test("a hidden tab keeps training", async () => {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const server = await createServer({
    root,
    configFile: false,
    resolve,
    logLevel: "error",
    server: { host: "127.0.0.1" },
  });
  await server.listen();
  const browser = await launch({ executablePath: findChromium(), headless: true, args: [...chromiumArguments] });
  try {
    const page = await browser.newPage();
    await page.goto(`${server.resolvedUrls?.local[0]}test/worker/hidden/`);
    await page.waitForFunction("window.progress?.steps > 0");
    const other = await browser.newPage();
    await other.bringToFront();
    await page.waitForFunction("window.progress.hidden()", { polling: 100 });
    const look = () => page.evaluate("({ ...window.progress })") as Promise<Progress>;
    const before = await look();
    await new Promise((done) => setTimeout(done, 4000));
    const after = await look();
    // A timer of a hidden tab comes once a second: at one step or one epoch each, these would be four.
    expect(await page.evaluate("window.progress.hidden()")).toBe(true);
    expect(after.steps - before.steps).toBeGreaterThan(200);
    expect(after.epochs - before.epochs).toBeGreaterThan(100);
  } finally {
    await browser.close();
    await server.close();
  }
}, 60_000);
