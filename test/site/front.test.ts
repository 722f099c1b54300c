// The front page, beside what holds for every page: it begins by itself where it may, its example runs, its figures are measured.
import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import type { Page } from "playwright";
import { parseSafetensors } from "simdgrad/io";
import { fromOnnx } from "simdgrad/onnx";
import { expect, test } from "vitest";
import { present } from "../../demo/web/frame.ts";
import { printed } from "./code.ts";
import { clean, exactLoss, loaded, pageSuite, patience, step } from "./suite.ts";

/** It has begun by itself, unless motion is not wanted. */
async function start(page: Page): Promise<void> {
  const go = page.locator("#go:not([aria-disabled=true])");
  await go.waitFor();
  if ((await go.textContent()) !== "Pause") await go.click();
}

const site = pageSuite({ address: "index.html#seed=1", start, first: ["h1", "#go", "#picture"] });

/** The colour in the middle of a corner of the picture. */
function corner(page: Page): Promise<string> {
  return page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>("#picture");
    return `${canvas?.getContext("2d")?.getImageData(10, 10, 1, 1).data}`;
  });
}

async function paused(page: Page): Promise<void> {
  await page.locator("#go", { hasText: "Pause" }).click();
  await page.locator("#go", { hasText: "Resume" }).waitFor();
}

test("it begins by itself, paints what the network answers, is paused and goes on", async () => {
  const visit = await loaded(await site().visit("index.html"));
  const { page } = visit;
  const blank = await corner(page);
  await expect.poll(() => step(page), patience).toBeGreaterThan(20);
  await expect.poll(() => corner(page), patience).not.toBe(blank);
  await paused(page);
  const [before, loss] = [await step(page), await exactLoss(page)];
  await page.waitForTimeout(300);
  expect(await step(page)).toBe(before);
  expect(await exactLoss(page)).toBe(loss);
  await page.locator("#go").click();
  await expect.poll(() => step(page), patience).toBeGreaterThan(before);
  clean(visit);
  await visit.close();
});

test("it waits for who does not want motion, and rests while the page is hidden", async () => {
  const calm = await loaded(await site().visit("index.html", { reducedMotion: "reduce" }));
  expect(await calm.page.locator("#go").textContent()).toBe("Start");
  await calm.close();
  const visit = await loaded(await site().visit("index.html"));
  const { page } = visit;
  const hide = (hidden: boolean) =>
    page.evaluate((hidden) => {
      Object.defineProperty(document, "hidden", { configurable: true, value: hidden });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
  await expect.poll(() => step(page), patience).toBeGreaterThan(20);
  await hide(true);
  await page.locator("#go", { hasText: "Resume" }).waitFor();
  await hide(false);
  await page.locator("#go", { hasText: "Pause" }).waitFor();
  clean(visit);
  await visit.close();
});

test("a look at another tab before it starts, or while it does, keeps it from nothing", async () => {
  const visit = await loaded(await site().visit("index.html", { reducedMotion: "reduce" }));
  const { page } = visit;
  await page.addInitScript(() => {
    let hidden = true;
    Object.defineProperty(document, "hidden", { get: () => hidden });
    const hide = (value: boolean) => {
      hidden = value;
      document.dispatchEvent(new Event("visibilitychange"));
    };
    Object.assign(globalThis, { hide });
  });
  await page.emulateMedia({ reducedMotion: "no-preference" });
  await page.reload();
  await loaded(visit);
  expect(await page.locator("#go").textContent()).toBe("Start");
  const look = () =>
    page.evaluate(() => {
      const { hide } = globalThis as unknown as { hide: (value: boolean) => void };
      hide(false);
      hide(true);
      hide(false);
    });
  await look();
  await expect.poll(() => step(page), patience).toBeGreaterThan(20);
  await look();
  const before = await step(page);
  await expect.poll(() => step(page), patience).toBeGreaterThan(before + 20);
  clean(visit);
  await visit.close();
});

test("an address with steps stops after just so many, always with the same loss; its link says all", async () => {
  const visit = await loaded(await site().visit("index.html#seed=3&steps=70"));
  const { page } = visit;
  await page.locator("#go", { hasText: "Train on" }).waitFor(patience);
  expect(await step(page)).toBe(70);
  const loss = await exactLoss(page);
  await page.locator("#go").click();
  await expect.poll(() => step(page), patience).toBeGreaterThan(70);
  await paused(page);
  const [steps, later] = [await step(page), await exactLoss(page)];
  await page.locator("#copy-link").click();
  await expect.poll(() => page.url()).toMatch(`#seed=3&steps=${steps}`);
  await page.reload();
  await page.locator("#go", { hasText: "Train on" }).waitFor(patience);
  expect(await exactLoss(page)).toBe(later);
  expect(later).not.toBe(loss);
  clean(visit);
  await visit.close();
});

test("nonsense in the address is left out, and another spiral has an address of its own", async () => {
  const visit = await loaded(await site().visit("index.html#seed=none&steps=-4"));
  const { page } = visit;
  await expect.poll(() => step(page), patience).toBeGreaterThan(20);
  await page.locator("#anew").dblclick();
  await expect.poll(() => page.url()).toMatch(/#seed=\d+$/);
  await expect.poll(() => step(page), patience).toBeGreaterThan(20);
  clean(visit);
  await visit.close();
});

test("it measures plain TypeScript beside it, and says what came of it", async () => {
  const visit = await loaded(await site().visit("index.html"));
  const { page } = visit;
  await page.locator("#race-note").scrollIntoViewIfNeeded();
  await page.locator("#race-note", { hasText: "times as fast" }).waitFor(patience);
  for (const name of ["wasm", "plain"]) {
    const text = (await page.locator(`#race-${name}`).textContent()) ?? "";
    expect(Number(text.replaceAll(",", ""))).toBeGreaterThan(0);
  }
  clean(visit);
  await visit.close();
});

test("by then it has brought its kernels and programs, and no more than 150 kB of scripts and styles", async () => {
  const visit = await loaded(await site().visit("index.html", { reducedMotion: "reduce" }));
  const { page } = visit;
  const sizes = new Map<string, number>();
  await page.context().route(/\.(js|css)$/, async (route) => {
    const response = await route.fetch();
    sizes.set(route.request().url(), gzipSync(await response.body()).length);
    await route.fulfill({ response });
  });
  await page.emulateMedia({ reducedMotion: "no-preference" });
  await page.reload();
  await page.locator("#race-note", { hasText: "times as fast" }).waitFor(patience);
  const names = [...sizes.keys()].join(" ");
  expect(names).toMatch(/worker-portable-.*portable-.*worker-js-/s);
  expect(names).not.toMatch(/compile-|autodiff-|trainer-/);
  const all = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  expect(all).toBeLessThanOrEqual(150_000);
  await visit.close();
});

test("where plain TypeScript cannot be measured, it says so, once", async () => {
  const visit = await loaded(await site().visit("index.html", { reducedMotion: "reduce" }));
  const { page } = visit;
  let asked = 0;
  await page.route(/worker-js-/, (route) => {
    asked++;
    return route.abort();
  });
  await start(page);
  const note = page.locator("#race-note");
  await note.filter({ hasText: "It could not be measured." }).waitFor(patience);
  await page.waitForTimeout(500);
  expect(asked).toBe(1);
  expect(await note.textContent()).toContain("It could not be measured.");
  await visit.close();
});

test("without WebAssembly SIMD it trains, and compares nothing with itself", async () => {
  const visit = await loaded(await site().visit("index.html", { reducedMotion: "reduce" }));
  const { page } = visit;
  const without = "WebAssembly.validate = () => false;";
  await page.addInitScript(without);
  await page.route(/worker-js-/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${without}\n${await response.text()}` });
  });
  await page.reload();
  await loaded(visit);
  await start(page);
  await page.locator("#race-note", { hasText: "no WebAssembly SIMD" }).waitFor(patience);
  await expect.poll(() => step(page), patience).toBeGreaterThan(20);
  await visit.close();
});

test("the example on it runs as it stands", async () => {
  const visit = await loaded(await site().visit("index.html", { reducedMotion: "reduce" }));
  const code = (await visit.page.locator("#example").textContent()) ?? "";
  expect(code.split("\n").length).toBeLessThanOrEqual(13);
  const lines = await printed(code);
  expect(lines.join(" ")).toMatch(/data: Int32Array\(1\) \[ 1 \]/);
  await visit.close();
});

test("its model is saved for others", async () => {
  const visit = await loaded(await site().visit("index.html#steps=30"));
  const { page } = visit;
  await page.locator("#go", { hasText: "Train on" }).waitFor(patience);
  const saved = async (button: string) => {
    const [download] = await Promise.all([page.waitForEvent("download"), page.locator(button).click()]);
    return readFile(await download.path());
  };
  const { tensors } = parseSafetensors(await saved("#save-weights"));
  expect(tensors["0.weight"].shape).toEqual([32, 2]);
  const { inputs } = fromOnnx(await saved("#save-onnx"));
  expect(inputs).toEqual([{ name: "point", type: "float32", shape: ["batch", 2] }]);
  // What was asked for is saved, though another spiral takes its place at once.
  const download = page.waitForEvent("download");
  await page.evaluate(() => {
    for (const id of ["save-onnx", "anew"]) document.getElementById(id)?.click();
  });
  expect((await download).suggestedFilename()).toBe("spiral-0.onnx");
  clean(visit);
  await visit.close();
});

test("its cards lead to all other pages", async () => {
  const visit = await loaded(await site().visit("index.html", { reducedMotion: "reduce" }));
  const links = await visit.page.locator(".cards a").evaluateAll((all) => all.map((link) => link.getAttribute("href")));
  expect(links).toEqual(present.filter(({ file }) => file !== "index.html").map(({ file }) => `./${file}`));
  await visit.close();
});
