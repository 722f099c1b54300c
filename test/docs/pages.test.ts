// Pages of one file that documents show, made of nothing but their text, and visited: a CSV file becomes a model, and a service worker
// isolates a page whose server sets no headers.
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium } from "playwright";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TabularModel } from "../../src/tabular/index.ts";
import { chromiumArguments, findChromium } from "../browser/chromium.ts";
import { type Served, serve } from "../interop/serve.ts";
import { root } from "./source.ts";

let folder = "";
let browser: Browser;
let served: Served;

/** The block of a document that begins so. */
function block(document: string, fence: string): string {
  const text = readFileSync(`${root}docs/${document}.md`, "utf8");
  const start = text.indexOf(`\`\`\`${fence}\n`);
  if (start < 0) throw new Error(`${document} has no block ${fence}`);
  return text.slice(start + fence.length + 4, text.indexOf("\n```", start));
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "simdgrad-pages-"));
  copyFileSync(`${root}dist/simdgrad.js`, join(folder, "simdgrad.js"));
  const page = block("csv-classifier", "html index.html");
  const cdn = /https:\/\/cdn\.jsdelivr\.net\/npm\/simdgrad@[\d.]+\/dist\//;
  expect(page).toMatch(cdn);
  writeFileSync(join(folder, "classifier.html"), page.replace(cdn, "./"));
  writeFileSync(join(folder, "isolate.js"), block("isolation", "js isolate.js"));
  writeFileSync(
    join(folder, "isolated.html"),
    `<!doctype html>\n<title>Isolated</title>\n${block("isolation", "html")}`,
  );
  served = await serve(folder);
  browser = await chromium.launch({ executablePath: findChromium(), args: [...chromiumArguments] });
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await served?.close();
  rmSync(folder, { recursive: true, force: true });
});

test("a CSV file becomes a model, and a column that holds one class a sentence", async () => {
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(`${error}`));
  await page.goto(`${served.url}classifier.html`);
  const lines = Array.from({ length: 60 }, (_, i) => `${i % 10},${i % 10 < 5 ? "low" : "high"},same`);
  const buffer = Buffer.from(`size,kind,all\n${lines.join("\n")}\n`);
  await page.locator("input").setInputFiles({ name: "sizes.csv", mimeType: "text/csv", buffer });
  const button = page.getByRole("button", { name: "Train" });

  await button.click(); // the last column
  await page.locator("output").filter({ hasText: "fitTable" }).waitFor();

  await page.locator("select").selectOption("kind");
  await button.click();
  const link = page.getByRole("link", { name: "Save the model" });
  await link.waitFor({ timeout: 60_000 });
  const [, right] = /^Right on ([\d.]+) % of rows/.exec((await page.locator("output").textContent()) ?? "") ?? [];
  expect(Number(right)).toBeGreaterThan(70);
  const download = page.waitForEvent("download");
  await link.click();
  const model = await TabularModel.load(readFileSync(await (await download).path()));
  expect((await model.predict([{ size: 1 }, { size: 8 }])).map(({ value }) => value)).toEqual(["low", "high"]);
  await model.dispose();
  expect(errors).toEqual([]);
  await page.close();
}, 90_000);

test("a service worker isolates a page whose server sets no headers", async () => {
  const page = await browser.newPage();
  await page.goto(`${served.url}classifier.html`);
  expect(await page.evaluate("crossOriginIsolated")).toBe(false);
  await page.goto(`${served.url}isolated.html`);
  await expect.poll(() => page.evaluate("crossOriginIsolated").catch(() => false), { timeout: 20_000 }).toBe(true);
  expect(await page.evaluate("new SharedArrayBuffer(8).byteLength")).toBe(8);
  await page.close();
}, 60_000);
