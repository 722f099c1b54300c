// The page of digits, used as a visitor would: trained, drawn on, paused, saved, loaded, in every width and theme, and when things go wrong.
import type { Page } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { faults } from "./looks.ts";
import { clean, patience } from "./suite.ts";
import { Site } from "./visit.ts";

let site: Site;

beforeAll(async () => {
  site = await Site.start();
}, 60_000);

afterAll(() => site?.stop());

/** What a figure of the bar says, as a number. */
async function figure(page: Page, name: string): Promise<number> {
  const text = await page.locator(`#figure-${name}`).textContent();
  return Number.parseFloat((text ?? "").replaceAll(",", ""));
}

/** Waits until an element has this in its text. */
function says(page: Page, selector: string, text: string | RegExp): Promise<void> {
  return page.locator(selector, { hasText: text }).waitFor({ state: "attached" });
}

function started(page: Page): Promise<void> {
  return page.locator("#go", { hasText: "Pause" }).waitFor();
}

async function trainUntil(page: Page, step: number): Promise<void> {
  await expect.poll(() => figure(page, "step"), patience).toBeGreaterThan(step);
}

/** Draws strokes of points between 0 and 1. */
async function draw(page: Page, ...strokes: readonly (readonly (readonly [number, number])[])[]): Promise<void> {
  await page.getByRole("button", { name: "Clear" }).click();
  const pad = page.locator("#pad");
  await pad.scrollIntoViewIfNeeded();
  const box = await pad.boundingBox();
  if (box === null) throw new Error("the pad is not to be seen");
  const at = ([x, y]: readonly [number, number]) => [box.x + x * box.width, box.y + y * box.height] as const;
  for (const stroke of strokes) {
    await page.mouse.move(...at(stroke[0]));
    await page.mouse.down();
    for (const point of stroke) await page.mouse.move(...at(point), { steps: 3 });
    await page.mouse.up();
  }
}

const one = [
  [0.5, 0.15],
  [0.5, 0.85],
] as const;
const zero = Array.from({ length: 25 }, (_, i) => {
  const angle = (i / 24) * 2 * Math.PI;
  return [0.5 + 0.2 * Math.sin(angle), 0.5 - 0.32 * Math.cos(angle)] as const;
});

/** Probabilities of the ten digits, as they are shown. */
function probabilities(page: Page): Promise<string[]> {
  return page.locator("#bars .percent").allTextContents();
}

/** The pictures inside an element, to be compared. */
function pictures(page: Page, selector: string): Promise<string[]> {
  return page
    .locator(`${selector} canvas`)
    .evaluateAll((all) => all.map((canvas) => (canvas as HTMLCanvasElement).toDataURL()));
}

describe("a visitor", () => {
  test("trains, draws, pauses, goes on, saves, comes back and finds the same model", async () => {
    const visit = await site.visit("digits.html");
    const { page } = visit;
    await says(page, "#state", "Ready");
    await page.fill("[name=epochs]", "1000"); // more than the visit takes
    await page.getByRole("button", { name: "Start training" }).click();
    await started(page);
    await trainUntil(page, 50);
    const early = await figure(page, "loss");
    expect(await page.locator("#place-now").textContent()).toMatch(/worker with \d+ threads/);

    // Drawn and answered while it trains.
    await trainUntil(page, 700);
    await draw(page, one);
    await says(page, "#answer", /a 1\.$/);
    await draw(page, zero);
    await says(page, "#answer", /a 0\.$/);
    expect(await page.locator("#go").textContent()).toBe("Pause");
    expect(await figure(page, "loss")).toBeLessThan(early);
    expect(await figure(page, "accuracy")).toBeGreaterThan(85);
    expect(await figure(page, "rate")).toBeGreaterThan(0);
    await page.locator(".confusion td").first().waitFor();
    expect(await page.locator(".mistakes li").count()).toBeGreaterThan(0);
    await page.locator("canvas.weights").waitFor();

    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Resume" }).waitFor();
    // Reports of the last steps may still be on their way.
    await page.waitForTimeout(200);
    const paused = await figure(page, "step");
    await page.waitForTimeout(400);
    expect(await figure(page, "step")).toBe(paused);
    await page.getByRole("button", { name: "Resume" }).click();
    await trainUntil(page, paused + 20);

    await page.getByRole("button", { name: "Stop" }).click();
    await says(page, "#state", "Stopped");
    await page.getByRole("button", { name: "A 7 of the test set" }).click();
    await says(page, "#answer", /a 7\.$/);
    const before = await probabilities(page);
    await page.getByRole("button", { name: "Save in this browser" }).click();
    await says(page, "#keep-note", "Saved in this browser");

    await page.reload();
    await says(page, "#state", "Ready");
    await page.locator("#kept button", { hasText: "Load" }).click();
    await says(page, "#keep-note", "Loaded");
    await page.getByRole("button", { name: "A 7 of the test set" }).click();
    await expect.poll(() => probabilities(page), patience).toEqual(before);
    clean(visit);
    await visit.close();
  }, 60_000);

  test("keeps a model of another shape in a file, and loads it from there", async () => {
    const visit = await site.visit("digits.html");
    const { page } = visit;
    await page.selectOption("[name=hidden1]", "32");
    await page.selectOption("[name=hidden2]", "16");
    await page.selectOption("[name=activation]", "gelu");
    await page.getByRole("button", { name: "Start training" }).click();
    await started(page);
    await trainUntil(page, 200);
    await page.getByRole("button", { name: "Stop" }).click();
    await says(page, "#state", "Stopped");
    await page.getByRole("button", { name: "A 3 of the test set" }).click();
    await says(page, "#answer", /a \d\.$/);
    const before = await probabilities(page);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Save to a file" }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("digits-784-32-16-10.safetensors");
    const file = await download.path();

    await page.reload();
    await says(page, "#state", "Ready");
    await page.setInputFiles("#load-file", file);
    await says(page, "#keep-note", "Loaded");
    expect(await page.locator("#size").textContent()).toContain("784 – 32 – 16 – 10");
    expect(await page.inputValue("[name=activation]")).toBe("gelu");
    await page.getByRole("button", { name: "A 3 of the test set" }).click();
    await expect.poll(() => probabilities(page), patience).toEqual(before);
    await page.setInputFiles("#load-file", { name: "no.safetensors", mimeType: "", buffer: Buffer.from("nothing") });
    await says(page, "#keep-note", "not a whole safetensors file");
    clean(visit);
    await visit.close();
  }, 60_000);

  test("chooses filters, sees what they find while it trains and draws, and keeps them", async () => {
    const visit = await site.visit("digits.html", { colorScheme: "light", reducedMotion: "reduce" });
    const { page } = visit;
    await says(page, "#state", "Ready");
    await page.selectOption("[name=kind]", "convolutional");
    expect(await page.locator("#size").textContent()).toBe("28 × 28 – 8 – 16 – 10: 11,274 parameters");
    expect(await page.locator("[name=hidden1]").isVisible()).toBe(false);
    await page.fill("[name=epochs]", "1000"); // more than the visit takes
    await page.getByRole("button", { name: "Start training" }).click();
    await started(page);
    await page.locator("#filters-card").waitFor({ timeout: 20_000 });
    expect(await page.locator("#weights-card").isVisible()).toBe(false);
    const blank = await pictures(page, "#maps");
    expect(blank).toHaveLength(8);
    expect(new Set(blank).size).toBe(1);

    // Other drawings, and other filters, find other things.
    await trainUntil(page, 150);
    await draw(page, one);
    await says(page, "#answer", /a 1\.$/);
    const ofOne = await pictures(page, "#maps");
    expect(new Set(ofOne).size).toBeGreaterThan(4);
    await expect.poll(() => pictures(page, "#maps"), patience).not.toEqual(ofOne);
    const filters = await pictures(page, "#filters");
    await expect.poll(() => pictures(page, "#filters"), patience).not.toEqual(filters);
    await page.getByRole("button", { name: "Stop" }).click();
    await says(page, "#state", "Stopped");
    await page.getByRole("button", { name: "A 7 of the test set" }).click();
    await says(page, "#answer", /a 7\.$/);
    const before = await probabilities(page);
    const found = await pictures(page, "#maps");
    await page.getByRole("button", { name: "A 3 of the test set" }).click();
    await expect.poll(() => pictures(page, "#maps"), patience).not.toEqual(found);
    await page.getByRole("button", { name: "Save in this browser" }).click();
    await says(page, "#keep-note", "Saved in this browser: 28 × 28 – 8 – 16 – 10, convolutional, step");
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Save to a file" }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("digits-28x28-8-16-10.safetensors");
    const file = await download.path();

    const isTheSame = async () => {
      await says(page, "#keep-note", "Loaded");
      expect(await page.inputValue("[name=kind]")).toBe("convolutional");
      await page.getByRole("button", { name: "A 7 of the test set" }).click();
      await expect.poll(() => probabilities(page), patience).toEqual(before);
      expect(await pictures(page, "#maps")).toEqual(found);
      await page.locator("#filters-card").waitFor();
    };
    await page.reload();
    await says(page, "#state", "Ready");
    await page.locator("#kept button", { hasText: "Load" }).click();
    await isTheSame();
    await page.reload();
    await says(page, "#state", "Ready");
    await page.setInputFiles("#load-file", file);
    await isTheSame();

    for (const theme of ["Dark theme", "Light theme"]) {
      expect(await faults(page)).toEqual([]);
      await page.getByRole("button", { name: theme }).click();
    }
    await page.setViewportSize({ width: 390, height: 844 });
    const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    await expect.poll(overflow, patience).toBeLessThanOrEqual(0); // once the charts are as narrow, too
    await page.setViewportSize({ width: 1280, height: 900 });

    // Back to layers that see the whole digit.
    await page.selectOption("[name=kind]", "dense");
    await says(page, "#settings-note", "Another network");
    await page.getByRole("button", { name: "Train on" }).click();
    await started(page);
    await page.locator("canvas.weights").waitFor();
    expect(await page.locator("#filters-card").isVisible()).toBe(false);
    clean(visit);
    await visit.close();
  }, 90_000);

  test("resets to new weights, and changes the learning rate while it trains", async () => {
    const visit = await site.visit("digits.html");
    const { page } = visit;
    await page.getByRole("button", { name: "Start training" }).click();
    await started(page);
    await trainUntil(page, 100);
    await page.locator("#rate").focus();
    await page.keyboard.press("Home");
    expect(await page.locator("#rate-value").textContent()).toContain("10⁻⁵");
    const step = await figure(page, "step");
    await trainUntil(page, step + 50);
    await page.getByRole("button", { name: "Reset" }).click();
    await expect.poll(() => figure(page, "step"), patience).toBeNaN();
    await says(page, "#state", "Reset");
    expect(await page.locator("#go").textContent()).toBe("Start training");
    clean(visit);
    await visit.close();
  }, 60_000);
});

describe("where it runs", () => {
  test("it moves to where it is told to while it trains", async () => {
    const visit = await site.visit("digits.html");
    const { page } = visit;
    await page.selectOption("[name=hidden1]", "16");
    await page.fill("[name=epochs]", "1000");
    await page.getByRole("button", { name: "Start training" }).click();
    await started(page);
    await trainUntil(page, 300);
    const moves = [
      ["one", /in a worker with 1 thread\./],
      ["js", /Plain TypeScript, in a worker with 1 thread\./],
      ["page", /on this page’s thread\./],
      ["threads", /in a worker with \d+ threads?\./],
    ] as const;
    for (const [place, words] of moves) {
      const step = await figure(page, "step");
      await page.locator(`[name=place][value=${place}]`).check();
      await says(page, "#place-now", words);
      await started(page);
      await trainUntil(page, step + 20);
    }
    expect(await page.locator("#problem").isVisible()).toBe(false);
    clean(visit);
    await visit.close();
  }, 60_000);

  test("without isolation one thread trains, and one hint says why", async () => {
    const visit = await site.visit("digits.html", {}, "plain");
    const { page } = visit;
    await page.getByRole("button", { name: "Start training" }).click();
    await started(page);
    await trainUntil(page, 100);
    expect(await page.locator("#place-now").textContent()).toMatch(/with 1 thread\..*Cross-Origin-Opener-Policy/);
    expect(await page.locator("#problem").isVisible()).toBe(false);
    clean(visit);
    await visit.close();
  }, 60_000);
});

describe("what goes wrong is said in words", () => {
  test("a learning rate that is far too high", async () => {
    const visit = await site.visit("digits.html");
    const { page } = visit;
    await page.selectOption("[name=optimizer]", "momentum");
    await page.selectOption("[name=weightDecay]", "0.1");
    await page.locator("#rate").focus();
    await page.keyboard.press("End");
    await page.selectOption("[name=hidden1]", "512");
    await page.selectOption("[name=hidden2]", "512");
    await page.getByRole("button", { name: "Start training" }).click();
    await page.locator("#problem").waitFor({ timeout: 20_000 });
    expect(await page.locator("#problem").textContent()).toMatch(/infinite at step [\d,]+\. Lower the learning rate/);
    clean(visit);
    await visit.close();
  }, 60_000);

  test("a file that is missing", async () => {
    const visit = await site.visit("index.html");
    const { page } = visit;
    await page.route("**/data/train-10000-images.gz", (route) => route.fulfill({ status: 404 }));
    await page.getByRole("link", { name: /^Digits Train/ }).click();
    await page.locator("#problem").waitFor();
    expect(await page.locator("#problem").textContent()).toContain("missing on the server (it answered 404)");
    await visit.close();
  });
});

describe("what it looks like", () => {
  test.each(["light", "dark"] as const)(
    "axe-core finds nothing serious in the %s theme",
    async (colorScheme) => {
      const visit = await site.visit("digits.html", { colorScheme, reducedMotion: "reduce" });
      const { page } = visit;
      await page.getByRole("button", { name: "Start training" }).click();
      await started(page);
      await page.locator(".confusion td").first().waitFor();
      await page.getByRole("button", { name: "Pause" }).click();
      await page.getByRole("button", { name: "A 7 of the test set" }).click();
      expect(await faults(page)).toEqual([]);
      await page.getByRole("link", { name: "Overview" }).click();
      await page.waitForURL("**/index.html");
      expect(await faults(page)).toEqual([]);
      clean(visit);
      await visit.close();
    },
    60_000,
  );

  test("at 390 pixels nothing is wider than the screen, neither at rest nor in training", async () => {
    const visit = await site.visit("digits.html", { viewport: { width: 390, height: 844 }, hasTouch: true });
    const { page } = visit;
    const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(await overflow()).toBeLessThanOrEqual(0);
    await page.getByRole("button", { name: "Start training" }).click();
    await started(page);
    await page.locator(".mistakes li").first().waitFor();
    await page.getByRole("button", { name: "Save in this browser" }).click();
    await page.locator("#kept li").waitFor();
    expect(await overflow()).toBeLessThanOrEqual(0);
    clean(visit);
    await visit.close();
  }, 60_000);

  test("the theme is switched, remembered, and there before anything is drawn", async () => {
    const visit = await site.visit("digits.html", { colorScheme: "light" });
    const { page } = visit;
    const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const light = await paper();
    await page.getByRole("button", { name: "Dark theme" }).click();
    const dark = await paper();
    expect(dark).not.toBe(light);
    await page.reload();
    expect(await paper()).toBe(dark);
    await page.getByRole("button", { name: "Light theme" }).click();
    expect(await paper()).toBe(light);
    clean(visit);
    await visit.close();
  });

  test("the keyboard begins with a link to the content", async () => {
    const visit = await site.visit("digits.html");
    await visit.page.keyboard.press("Tab");
    expect(await visit.page.evaluate(() => document.activeElement?.textContent)).toBe("Skip to the content");
    await visit.close();
  });
});
