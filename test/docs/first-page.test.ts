// The first page of the documents, made of nothing but their text: its files written, checked by strict TypeScript, built by Vite as a user
// does, and visited: it trains, pauses, answers the mouse, and has its weights again after a reload.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright";
import { build } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chromiumArguments, findChromium } from "../browser/chromium.ts";
import { type Served, serve } from "../interop/serve.ts";
import { root } from "./source.ts";

const text = readFileSync(`${root}docs/first-page.md`, "utf8");

/** Files of the page by their names. */
const files = [...text.matchAll(/^```\w+ ([\w.-]+)\n([\s\S]*?)^```$/gm)].map(([, name, content]) => ({
  name,
  content,
}));

/** For what depends on how busy the machine is. */
const patience = { timeout: 40_000 };

let folder = "";
let browser: Browser;
let served: Served;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "simdgrad-first-page-"));
  for (const { name, content } of files) writeFileSync(join(folder, name), content);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules/simdgrad"));
  symlinkSync(
    join(dirname(fileURLToPath(import.meta.resolve("idb-keyval"))), ".."),
    join(folder, "node_modules/idb-keyval"),
  );
  await build({ root: folder, configFile: false, logLevel: "warn" });
  served = await serve(join(folder, "dist"));
  browser = await chromium.launch({ executablePath: findChromium(), args: [...chromiumArguments] });
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await served?.close();
  rmSync(folder, { recursive: true, force: true });
});

test("it is two files of 60 lines at the most", () => {
  expect(files.map(({ name }) => name)).toEqual(["index.html", "main.ts"]);
  const lines = files.flatMap(({ content }) => content.split("\n")).filter((line) => line.trim() !== "");
  expect(lines.length).toBeLessThanOrEqual(60);
  expect(readFileSync(`${root}README.md`, "utf8")).toContain(`takes ${lines.length} lines`);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(120);
});

test("its code is strict TypeScript", () => {
  const options =
    "--noEmit --strict --module esnext --moduleResolution bundler --target es2022 --lib es2023,dom --types";
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [tsc, ...options.split(" "), "", "main.ts"], { cwd: folder, stdio: "inherit" });
}, 60_000);

/** A point of the red spiral, on the picture of 480 pixels. */
const ON_RED = (() => {
  const i = 200;
  const [radius, angle] = [0.1 + 0.8 * (i / 300), 9 * (i / 300)];
  return [radius * Math.cos(angle), radius * Math.sin(angle)].map((at) => Math.round(240 * (at + 1)));
})();

/** How red the page says that a point is when the mouse comes there, per cent. */
async function redAt(page: Page, [x, y]: readonly number[]): Promise<number> {
  const box = await page.locator("canvas").boundingBox();
  if (box === null) throw new Error("the picture is not to be seen");
  const here = page.locator("#here");
  await here.evaluate((element) => {
    element.textContent = "";
  });
  await page.mouse.move(0, 0);
  await page.mouse.move(box.x + x, box.y + y);
  await here.filter({ hasText: "Red here" }).waitFor();
  return Number(/[\d.]+/.exec((await here.textContent()) ?? ""));
}

/** Loss and epochs that the page tells of. */
async function told(page: Page) {
  const [, epochs, loss] = /after (\d+) epochs: (\S+)/.exec((await page.locator("#loss").textContent()) ?? "") ?? [];
  return { epochs: Number(epochs), loss: Number(loss) };
}

/** The picture, as text; that of an empty one is short. */
function picture(page: Page): Promise<string> {
  return page.locator("canvas").evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
}

/** What a visitor sees. */
async function seen(page: Page) {
  return { told: await told(page), picture: await picture(page), red: await redAt(page, ON_RED) };
}

/** What is seen once it stays: the last report, and the picture after it, may still be on their way. */
async function settled<T>(see: () => Promise<T>): Promise<T> {
  let last = await see();
  const stays = async () => {
    const before = last;
    await new Promise((resolve) => setTimeout(resolve, 300));
    last = await see();
    return JSON.stringify(last) === JSON.stringify(before);
  };
  await expect.poll(stays, patience).toBe(true);
  return last;
}

test("it trains, answers, pauses, and is as it was after a reload", async () => {
  const page = await browser.newPage({ viewport: { width: 560, height: 640 } });
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(`${error}`));
  page.on("console", (message) => {
    const isIcon = message.location().url.endsWith("/favicon.ico"); // asked for by the browser itself
    if (!isIcon && ["error", "warning"].includes(message.type())) errors.push(message.text());
  });
  await page.goto(served.url);
  await expect.poll(async () => (await picture(page)).length, patience).toBeGreaterThan(1000);
  const untrained = await picture(page);
  expect(await redAt(page, ON_RED)).toBeLessThan(80);
  expect(await page.locator("#loss").textContent()).toBe("");

  await page.getByRole("button", { name: "Train" }).click();
  await expect.poll(async () => (await told(page)).loss < 0.1, patience).toBe(true);
  await expect.poll(() => redAt(page, ON_RED), patience).toBeGreaterThan(80);
  expect(await picture(page)).not.toBe(untrained);

  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("button", { name: "Train" }).waitFor();
  const paused = await settled(() => seen(page));
  await page.waitForTimeout(3000); // kept once a second
  expect(await seen(page)).toEqual(paused);

  await page.reload();
  await expect.poll(() => picture(page), patience).toBe(paused.picture);
  expect(await redAt(page, ON_RED)).toBe(paused.red);
  await page.getByRole("button", { name: "Train" }).click();
  await expect.poll(async () => (await told(page)).epochs > 0, patience).toBe(true);
  expect((await told(page)).loss).toBeLessThan(0.3);
  expect(errors).toEqual([]);
  await page.close();
}, 120_000);
