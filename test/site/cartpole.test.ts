// The page of the cart and its pole, used as a visitor would: trained, pushed, looked back on, linked to, taken along.
import { readFile } from "node:fs/promises";
import type { Page } from "playwright";
import { describe, expect, test } from "vitest";
import { constant, evaluate } from "../../src/index.ts";
import { parseSafetensors } from "../../src/io/index.ts";
import { fromOnnx } from "../../src/onnx/index.ts";
import { printedLast } from "./code.ts";
import { clean, exactLoss, loaded, pageSuite, patience, step } from "./suite.ts";

const site = pageSuite({
  address: "cartpole.html#seed=1&way=ppo",
  first: ["h1", ".lead", "#go", "#stage"],
});

/** Seconds that the drawn pole has been upright. */
async function upright(page: Page): Promise<number> {
  const text = (await page.locator("#balanced").textContent()) ?? "";
  return text.startsWith("Upright") ? Number.parseFloat(text.slice("Upright for ".length)) : 0;
}

/** Waits until the page has stopped by itself. */
async function stopped(page: Page): Promise<void> {
  await page.locator("#go", { hasText: /Resume|Train again/ }).waitFor(patience);
}

describe("a visitor of the cart", () => {
  test("trains to the end, pushes, looks back, and takes the network along", async () => {
    const visit = await loaded(await site().visit("cartpole.html#seed=1"));
    const { page } = visit;
    const balanced = page.locator("#balanced");
    await page.waitForTimeout(500);
    expect(await balanced.textContent()).toBe("The pole is held until you push.");
    await page.locator("#push-left").click();
    await balanced.filter({ hasText: "Fell" }).waitFor(patience); // nobody balances it
    await balanced.filter({ hasText: /^Last time: [\d.]+ s. It is held/ }).waitFor(patience);
    expect(await page.inputValue("#speed")).toBe("0.25");
    await page.locator("#go").click();
    await page.locator("#go", { hasText: "Train again" }).waitFor({ timeout: 150_000 });
    expect(await page.locator("#state").textContent()).toMatch(
      /^Done: 50 minutes of the cart’s time in [\d.]+ seconds/,
    );
    const length = Number.parseFloat((await page.locator("#figure-length").textContent()) ?? "");
    expect(length).toBeGreaterThan(300); // of 500; chance: 22
    expect(Number.parseFloat((await page.locator("#figure-times").textContent()) ?? "")).toBeGreaterThan(1);
    expect(await page.inputValue("#speed")).toBe("1");
    await page.selectOption("#speed", "3");
    await expect.poll(() => upright(page), patience).toBeGreaterThan(3);
    expect(await page.locator("#number-left").textContent()).toMatch(/^\d+ %$/);

    // The untrained network lets it fall.
    await page.locator("#past").focus();
    await page.keyboard.press("Home");
    expect(await page.locator("#past-value").textContent()).toBe("untrained");
    await page.locator("#balanced", { hasText: "Fell" }).waitFor(patience);
    await page.keyboard.press("End");
    await expect.poll(() => upright(page), patience).toBeGreaterThan(2);

    const download = async (id: string) => {
      const [file] = await Promise.all([page.waitForEvent("download"), page.locator(id).click()]);
      return new Uint8Array(await readFile(await file.path()));
    };
    const { tensors } = parseSafetensors(await download("#save-weights"));
    expect(tensors["0.weight"].shape).toEqual([64, 4]);
    const model = fromOnnx(await download("#save-onnx"));
    // It tilts to the right, and goes on tilting: the cart is to go there, too.
    const [left, right] = await evaluate(model.forward(constant([[0, 0, 0.1, 0.5]])));
    expect(right).toBeGreaterThan(left);
    clean(visit);
    await visit.close();
  }, 240_000);

  test("a link leads to the same bits, another task to a new training, and nonsense to the usual one", async () => {
    const small = "cartpole.html#seed=4&way=dqn&length=0.6&gravity=3&force=6&steps=12";
    const visit = await loaded(await site().visit(small));
    const { page } = visit;
    expect(await page.locator("#length-value").textContent()).toBe("0.6 m");
    await page.locator("#go").click();
    await stopped(page);
    expect(await step(page)).toBe(12);
    const loss = await exactLoss(page);
    await page.locator("#copy-link").click();
    await page.locator("#tools-note", { hasText: "link" }).waitFor();
    expect(page.url().split("#")[1].split("&").sort()).toEqual(small.split("#")[1].split("&").sort());
    await page.locator("#show-code").click();
    expect(await printedLast((await page.locator("#code").textContent()) ?? "")).toBe(String(loss));

    // Resumed, it goes on.
    await page.locator("#go").click();
    await expect.poll(() => step(page), patience).toBeGreaterThan(20);
    await page.selectOption("[name=way]", "reinforce");
    await expect.poll(() => page.locator("#figure-step").textContent(), patience).toBe("–");
    expect(await page.locator("#go").textContent()).toBe("Start training");
    expect(page.url()).not.toContain("steps");
    expect(page.url()).not.toContain("way");
    await page.locator("#go").click();
    await page
      .locator("#reset")
      .click({ trial: false })
      .catch(() => undefined);
    clean(visit);
    await visit.close();

    const between = await loaded(await site().visit("cartpole.html#length=0.35&gravity=9.87"));
    expect(new URL(between.page.url()).hash).toBe("#length=0.4"); // 9.8 is the usual gravity
    await between.close();

    const other = await loaded(await site().visit("cartpole.html#seed=-4&way=magic&length=99&gravity=no&steps=0.5"));
    expect(await other.page.locator("#length-value").textContent()).toBe("1.0 m");
    expect(await other.page.inputValue("[name=way]")).toBe("reinforce");
    expect(await other.page.inputValue("[name=seed]")).toBe("0");
    expect(new URL(other.page.url()).hash).toBe("");
    await other.page.fill("[name=seed]", "-2.5");
    await other.page.locator("#go").focus();
    expect(await other.page.inputValue("[name=seed]")).toBe("0");
    clean(other);
    await other.close();
  }, 90_000);

  test("a training goes on while a number or a slider is changed by keys, and ends once the field is left", async () => {
    const visit = await loaded(await site().visit("cartpole.html#way=dqn"));
    const { page } = visit;
    const note = (text: RegExp) => page.locator("#settings-note", { hasText: text }).waitFor(patience);
    const ended = async () => {
      await expect.poll(() => page.locator("#figure-step").textContent(), patience).toBe("–");
      await note(/has ended/);
      expect(await page.locator("#state").textContent()).toContain("the training has ended");
    };
    for (const [field, end] of [
      ["[name=seed]", (page: Page) => page.keyboard.press("Tab")],
      ["[name=seed]", (page: Page) => page.keyboard.press("Enter")],
      ["#length", (page: Page) => page.keyboard.press("Tab")],
    ] as const) {
      await page.locator("#go").click();
      await expect.poll(() => step(page), patience).toBeGreaterThan(0);
      await page.locator(field).focus();
      await page.keyboard.press("ArrowUp");
      await page.keyboard.press("ArrowUp");
      await note(/^Enter, or leaving/);
      const before = await step(page);
      await expect.poll(() => step(page), patience).toBeGreaterThan(before);
      await end(page);
      await ended();
    }
    expect(await page.inputValue("[name=seed]")).toBe("4");

    // It is said above what it is about, and the network tries the other pole.
    const top = (selector: string) => page.locator(selector).evaluate((each) => each.getBoundingClientRect().top);
    expect(await top("#settings-note")).toBeLessThan(await top("[name=way]"));
    expect(await page.locator("#past-value").textContent()).toBe("that was trained before");
    await page.locator("#number-left", { hasText: /\d/ }).waitFor(patience);
    await page.locator("#balanced", { hasText: "Upright" }).waitFor(patience);
    await page.locator("#reset").click();
    await page.locator("#balanced", { hasText: "held until you push" }).waitFor(patience);
    expect(await page.locator("#number-left").textContent()).toBe("–");
    expect(page.url()).toContain("seed=4");
    clean(visit);
    await visit.close();
  }, 60_000);

  test("pushes by keys, by buttons and by hand move the cart", async () => {
    const visit = await loaded(await site().visit("cartpole.html"));
    const { page } = visit;
    const fell = () => page.locator("#balanced", { hasText: "Fell" }).waitFor(patience);
    /** Seconds until it falls, pushed all the while. */
    const pushed = async (push: () => Promise<void>, letGo: () => Promise<void>) => {
      await page.locator("#balanced", { hasText: "held until you push" }).waitFor(patience);
      await push();
      await fell();
      await letGo();
      return Number.parseFloat(((await page.locator("#balanced").textContent()) ?? "").slice("Fell after ".length));
    };
    // Held, it waits; left alone it takes longer to fall than 0.9 s; pushed, a third of that.
    const button = page.locator("#push-left");
    const box = await page.locator("#stage").boundingBox();
    if (box === null) throw new Error("the stage is not to be seen");
    await page.locator("h1").click();
    expect(
      await pushed(
        () => page.keyboard.down("ArrowRight"),
        () => page.keyboard.up("ArrowRight"),
      ),
    ).toBeLessThan(0.9);
    await button.hover();
    expect(
      await pushed(
        () => page.mouse.down(),
        () => page.mouse.up(),
      ),
    ).toBeLessThan(0.9);
    await page.mouse.move(box.x + 0.95 * box.width, box.y + 0.5 * box.height);
    expect(
      await pushed(
        () => page.mouse.down(),
        () => page.mouse.up(),
      ),
    ).toBeLessThan(0.9);
    clean(visit);
    await visit.close();
  }, 60_000);

  test("pressed fast, the button ends in a state that its words name", async () => {
    const visit = await loaded(await site().visit("cartpole.html#way=dqn"));
    const { page } = visit;
    await page.locator("#go").dblclick();
    for (let i = 0; i < 6; i++) await page.locator("#go").click();
    await page.locator("#reset").click();
    await page.locator("#go:not([aria-disabled=true])").waitFor();
    if ((await page.locator("#go").textContent()) === "Start training") await page.locator("#go").click();
    await expect.poll(() => step(page), patience).toBeGreaterThan(0);
    clean(visit);
    await visit.close();
  }, 60_000);
});
