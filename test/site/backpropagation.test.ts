// The page of back-propagation, used as a visitor would.
import { describe, expect, test } from "vitest";
import { clean, exactLoss, loaded, pageSuite, patience, step } from "./suite.ts";

const site = pageSuite({
  address: "backpropagation.html#seed=1&layers=2,3,1&bias=1&speed=fast",
  first: ["h1", "#go", "#graph"],
});

describe("a visitor", () => {
  test("steps through the worked exercise, forwards and backwards, and finds the numbers of the textbook", async () => {
    const visit = await loaded(await site().visit("backpropagation.html"));
    const { page } = visit;
    const forward = () => page.getByRole("button", { name: "Forward" }).click();
    const says = (selector: string, text: string) => page.locator(selector, { hasText: text }).waitFor();
    await forward();
    await says("#moment-text", "y = 0.3400");
    await forward();
    await says("#moment-text", "= 0.03380");
    await forward();
    await says("#chain", "= −0.2600");
    await says("#moment-text", "the output is too small");
    await forward();
    await expect.poll(() => step(page), patience).toBe(1);
    expect(await exactLoss(page)).toBeCloseTo(0.0338, 6);
    expect(await page.locator("#graph .label").allTextContents()).toEqual(["0.526", "−0.1792"]);
    await page.keyboard.press("ArrowLeft");
    await expect.poll(() => step(page), patience).toBe(0);
    expect(await page.locator("#graph .label").allTextContents()).toEqual(["∂ −0.26", "∂ −0.208"]);
    clean(visit);
    await visit.close();
  });
});
