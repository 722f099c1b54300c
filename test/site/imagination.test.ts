// The page of imagination, used as a visitor would: both halves trained, dragged through, clicked at, left and found again.
import { readFile } from "node:fs/promises";
import type { Page } from "playwright";
import { describe, expect, test } from "vitest";
import { fromOnnx } from "../../src/onnx/index.ts";
import { printedLast } from "./code.ts";
import { clean, exactLoss, loaded, pageSuite, patience, step } from "./suite.ts";

const site = pageSuite({ address: "imagination.html#seed=1", first: ["h1", "#go", "#plane-title"] });

async function trained(page: Page, steps: number): Promise<void> {
  await page.locator("#go").click();
  await expect.poll(() => step(page), patience).toBeGreaterThanOrEqual(steps);
  await page.locator("#go", { hasText: "Pause" }).click();
  await page.locator("#go", { hasText: "Resume" }).waitFor();
}

async function printedByCode(page: Page): Promise<string | undefined> {
  await page.locator("#show-code").click();
  await page.locator("#code-box").waitFor();
  return await printedLast((await page.locator("#code").textContent()) ?? "");
}

function picture(page: Page, id: string): Promise<string> {
  return page.locator(id).evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
}

describe("digits", () => {
  test("are drawn of any place of the square, and on the way from one to another", async () => {
    const visit = await loaded(await site().visit("imagination.html"));
    const { page } = visit;
    const empty = await picture(page, "#decoded");
    await trained(page, 5);
    await expect.poll(() => picture(page, "#decoded"), patience).not.toBe(empty);
    const plane = page.locator("#plane");
    const before = await picture(page, "#decoded");
    await plane.click({ position: { x: 30, y: 40 } });
    await expect.poll(() => picture(page, "#decoded"), patience).not.toBe(before);
    const clicked = await page.locator("#code-said").textContent();
    await plane.press("ArrowRight");
    await expect.poll(() => page.locator("#code-said").textContent()).not.toBe(clicked);
    const way = await picture(page, "#way");
    await page.locator("#way-from").selectOption("1");
    await expect.poll(() => picture(page, "#way"), patience).not.toBe(way);
    const digits = await picture(page, "#plane");
    await page.locator("#map").check();
    const map = await picture(page, "#plane");
    expect(map).not.toBe(digits);
    await page.locator("#map").uncheck();
    expect(await picture(page, "#plane")).toBe(digits);
    await page.locator("#between").fill("1");
    const saving = page.waitForEvent("download");
    await page.locator("#save-onnx").click();
    const { inputs, outputs } = fromOnnx(await readFile(await (await saving).path()));
    expect([inputs[0].shape, outputs[0].shape]).toEqual([
      ["batch", 2],
      ["batch", 784],
    ]);
    clean(visit);
    await visit.close();
  }, 60_000);
});

test("a half that is left while it starts waits for its visitor, and says nothing in the other's place", async () => {
  const visit = await loaded(await site().visit("imagination.html"));
  const { page } = visit;
  const state = async () => (await page.locator("#state").textContent()) ?? "";
  const empty = await picture(page, "#decoded");
  await page.locator("#go").click();
  expect(await state()).toMatch(/Starting|Fetching/);
  await page.locator("#tab-gan").click();
  await expect.poll(() => picture(page, "#decoded"), patience).not.toBe(empty);
  expect(await state()).toBe("Ready.");
  await page.locator("#tab-vae").click();
  await page.locator("#state", { hasText: "Paused" }).waitFor();
  await page.locator("#seed").fill("1.5");
  await page.locator("#seed").blur();
  await expect.poll(() => page.locator("#seed").inputValue()).toBe("0");
  clean(visit);
  await visit.close();
}, 60_000);

test("trainings go on while the seed is chosen by keys, and end once the field is left", async () => {
  const visit = await loaded(await site().visit("imagination.html#part=gan"));
  const { page } = visit;
  await page.locator("#go").click();
  await expect.poll(() => step(page), patience).toBeGreaterThan(0);
  await page.locator("#seed").press("ArrowUp");
  await page.locator("#seed-note", { hasText: "Enter, or leaving the field" }).waitFor();
  const before = await step(page);
  await expect.poll(() => step(page), patience).toBeGreaterThan(before);
  await page.locator("#seed").press("Tab");
  await page.locator("#seed-note", { hasText: "has ended" }).waitFor();
  await page.locator("#state", { hasText: "Ready." }).waitFor();
  expect(page.url()).toContain("seed=1");
  clean(visit);
  await visit.close();
}, 60_000);

describe("points", () => {
  test.each([
    "part=gan&game=even&data=spiral&seed=3",
    "part=gan&game=wasserstein&data=own&points=0.5:0.5,-0.5:-0.25&nonsense=x",
  ])(
    "the game of %s has the bits of its code",
    async (state) => {
      const visit = await loaded(await site().visit(`imagination.html#${state}`));
      const { page } = visit;
      await trained(page, 50);
      const loss = await exactLoss(page);
      expect(await printedByCode(page)).toBe(String(loss));
      const saving = page.waitForEvent("download");
      await page.locator("#save-onnx").click();
      expect(fromOnnx(await readFile(await (await saving).path())).outputs[0].shape).toEqual(["batch", 2]);
      await expect
        .poll(() => page.locator("#reached").textContent(), patience)
        .toMatch(/reached \d of \d|Orange points are made/);
      clean(visit);
      await visit.close();
    },
    90_000,
  );

  test("of the visitor's own are clicked and typed, and the link holds them", async () => {
    const visit = await loaded(await site().visit("imagination.html#part=gan"));
    const { page } = visit;
    await page.locator("#arena").click({ position: { x: 60, y: 60 } });
    await page.locator("#points-said", { hasText: "9 points of yours" }).waitFor(); // the ring's are there, too
    await page.locator("#arena").press("ArrowUp");
    await page.locator("#arena").press("Enter");
    await page.locator("#points-said", { hasText: "10 points of yours" }).waitFor();
    expect(decodeURIComponent(page.url())).toMatch(/points=0\.8:0,(-?[\d.]+:-?[\d.]+,){8}0:0\.05/);
    await page.locator("#clear").click();
    await page.locator("#state", { hasText: "no points of yours yet" }).waitFor();
    expect(await page.locator("#go").getAttribute("aria-disabled")).toBe("true");
    const place = () => page.locator("#arena").boundingBox();
    const before = await place();
    await page.locator("#arena").click({ position: { x: 60, y: 60 } });
    await page.locator("#state", { hasText: "Ready." }).waitFor();
    expect(await place()).toEqual(before);
    expect(await page.locator("#go").getAttribute("aria-disabled")).toBe("false");
    clean(visit);
    await visit.close();
  }, 60_000);

  test("come among the data's, and end a training only once that was asked", async () => {
    const visit = await loaded(await site().visit("imagination.html#part=gan&data=spiral"));
    const { page } = visit;
    await page.locator("#go").click();
    await expect.poll(() => step(page), patience).toBeGreaterThan(20);
    await page.locator("#arena").click({ position: { x: 60, y: 60 } });
    await page.locator("#points-said", { hasText: "Click again to have it so" }).waitFor();
    expect(await page.locator("#data").inputValue()).toBe("spiral");
    const before = await step(page);
    await expect.poll(() => step(page), patience).toBeGreaterThan(before);
    await page.locator("#arena").click({ position: { x: 60, y: 60 } });
    await page.locator("#points-said", { hasText: /^(25 points of yours|A point of yours)/ }).waitFor();
    // On a slow machine the question may have passed by.
    if ((await page.locator("#data").inputValue()) === "spiral")
      await page.locator("#arena").click({ position: { x: 60, y: 60 } });
    await page.locator("#points-said", { hasText: "25 points of yours" }).waitFor();
    await expect.poll(() => step(page), patience).toBeGreaterThan(0); // it goes on
    clean(visit);
    await visit.close();
  }, 60_000);

  test("of the data are there before anything is trained", async () => {
    for (const data of ["ring", "spiral"]) {
      const visit = await loaded(await site().visit(`imagination.html#part=gan&data=${data}`));
      const { page } = visit;
      const filled = () =>
        page.locator("#arena").evaluate((canvas) => {
          const { width, height } = canvas as HTMLCanvasElement;
          const pixels = (canvas as HTMLCanvasElement).getContext("2d")?.getImageData(0, 0, width, height).data ?? [];
          return pixels.filter((value, i) => i % 4 === 3 && value > 0).length;
        });
      await expect.poll(filled, patience).toBeGreaterThan(2000);
      clean(visit);
      await visit.close();
    }
  }, 60_000);

  test("stop after the steps of the address; the other half is a tab away, and buttons may be pressed fast", async () => {
    const visit = await loaded(await site().visit("imagination.html#part=gan&steps=40"));
    const { page } = visit;
    await page.locator("#go").click();
    await page.locator("#state", { hasText: "Done: 40 steps." }).waitFor();
    const loss = await exactLoss(page);
    expect(await printedByCode(page)).toBe(String(loss));
    await page.locator("#tab-gan").press("ArrowLeft");
    expect(await page.locator("#part-vae").isVisible()).toBe(true);
    expect(await page.locator("#figure-step").textContent()).toBe("–");
    for (let i = 0; i < 5; i++) await page.locator("#go").click();
    await page.locator("#tab-gan").click();
    expect(await step(page)).toBe(40);
    await page.locator("#game").selectOption("wasserstein");
    await page.locator("#state", { hasText: "Ready." }).waitFor();
    clean(visit);
    await visit.close();
  }, 60_000);
});
