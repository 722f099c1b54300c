// The page of texts, used as a visitor would: its own text and others, a training that goes on after a reload, what it writes and looks at.
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright";
import { describe, expect, test } from "vitest";
import { parseSafetensors } from "../../src/io/index.ts";
import { fromOnnx } from "../../src/onnx/index.ts";
import { printedLast } from "./code.ts";
import { clean, exactLoss, loaded, pageSuite, patience, step } from "./suite.ts";

const site = pageSuite({ address: "text.html#seed=1", first: ["h1", "#go", "#now-note"] });

/** Trains until so many steps are made, and pauses. */
async function trained(page: Page, steps: number): Promise<void> {
  await page.locator("#go").click();
  await expect.poll(() => step(page), patience).toBeGreaterThanOrEqual(steps);
  await page.locator("#go", { hasText: "Pause" }).click();
  await page.locator("#go", { hasText: "Resume" }).waitFor();
}

async function codeOf(page: Page): Promise<string> {
  await page.locator("#show-code").click();
  await page.locator("#code-box").waitFor();
  return (await page.locator("#code").textContent()) ?? "";
}

function says(page: Page, selector: string, text: string | RegExp): Promise<void> {
  return page.locator(selector, { hasText: text }).waitFor({ ...patience });
}

/** A file as a visitor chooses it. */
function file(name: string, content: string | Buffer) {
  return { name, mimeType: "text/plain", buffer: Buffer.from(content) };
}

const rhyme = "Ring a ring of roses, a pocket full of posies.\n".repeat(60);

describe("texts", () => {
  test("writes, looks back and goes on after a reload with the bits of its code", async () => {
    const visit = await loaded(await site().visit("text.html#seed=2"));
    const { page } = visit;
    await trained(page, 10);
    await says(page, "#now-note", /Written after/);
    await says(page, "#looks-said", /looks most at/);
    await says(page, "#kept-note", /after a reload/);
    await page.locator("#forget").waitFor();
    await page.locator("#looks-layer").selectOption({ label: "layer 1" });
    await page.locator("#looks-at").press("ArrowRight");
    await page.locator("#prompt").fill("Whale ");
    await page.locator("#write").click();
    await says(page, "#answer", /^Whale .{50}/);
    for (const id of ["#save-weights", "#save-onnx"]) {
      const saving = page.waitForEvent("download");
      await page.locator(id).click();
      const bytes = await readFile(await (await saving).path());
      const said = id === "#save-onnx" ? fromOnnx(bytes).metadata : parseSafetensors(bytes).metadata;
      expect(JSON.parse(said.characters)).toContain("W");
      if (id === "#save-onnx") expect(fromOnnx(bytes).inputs[0].shape).toEqual(["batch", 64]);
      else expect(Object.keys(parseSafetensors(bytes).tensors)).toContain("blocks.1.narrow.weight");
    }
    await page.reload();
    await loaded(visit);
    const button = page.locator("#continue");
    const from = Number.parseInt(((await button.textContent()) ?? "").replace(/\D+/g, ""), 10);
    expect(from).toBeGreaterThanOrEqual(10);
    await button.click();
    await expect.poll(() => step(page), patience).toBeGreaterThan(from);
    await page.locator("#go", { hasText: "Pause" }).click();
    await page.locator("#go", { hasText: "Resume" }).waitFor();
    const [loss, code] = [await exactLoss(page), await codeOf(page)];
    expect(await printedLast(code)).toBe(String(loss));
    await page.locator("#forget").click();
    await says(page, "#kept-note", "Forgotten");
    await page.reload();
    await loaded(visit);
    expect(await page.locator("#continue").isVisible()).toBe(false);
    clean(visit);
    await visit.close();
  }, 120_000);

  test("what was kept is gone on with beside the start, which asks before it takes its place; a pasted text is learned at once", async () => {
    const visit = await loaded(await site().visit("text.html#seed=9"));
    const { page } = visit;
    await trained(page, 3);
    await says(page, "#kept-note", "keeps the training on “Moby-Dick");
    await page.locator("#file").setInputFiles(file("rhyme.txt", rhyme));
    await says(page, "#state", "Ready to learn “rhyme.txt”: press “Start anew”.");
    await says(page, "#kept-note", /has kept a GPT that learned “Moby-Dick/);
    await page.reload();
    await loaded(visit);
    await says(page, ".run-buttons", /^\s*Continue from step \d+\s*Start anew/);
    const go = page.locator("#go");
    await go.click();
    expect(await go.textContent()).toBe("Sure? Press again");
    await page.locator("#prompt").focus();
    expect(await go.textContent()).toBe("Start anew");

    await page.locator("#continue").click();
    await page.locator("#go", { hasText: "Pause" }).waitFor(patience);
    await expect.poll(() => step(page), patience).toBeGreaterThan(3);
    await page.locator("#paste-open").click();
    await page.locator("#paste").fill(rhyme);
    await page.locator("#paste-use").click();
    await says(page, "#source-name", "Moby-Dick"); // not before a second press
    await page.locator("#paste-use").click();
    await says(page, "#source-name", "The text you pasted");
    await page.locator("#go", { hasText: "Pause" }).waitFor(patience);
    expect(await page.locator("#paste-box").isVisible()).toBe(false);
    await says(page, "#kept-note", "keeps the training on “The text you pasted”");
    clean(visit);
    await visit.close();
  }, 120_000);

  test("an LSTM learns a visitor's text, for as many steps as the address says, with the bits of its code", async () => {
    const visit = await loaded(await site().visit("text.html#network=lstm&seed=3&steps=12&nonsense=1&rate=x"));
    const { page } = visit;
    await page.locator("#file").setInputFiles(file("rhyme.txt", rhyme));
    await says(page, "#source-name", "rhyme.txt");
    await page.locator("#go").click();
    await expect.poll(() => step(page), patience).toBeGreaterThanOrEqual(12);
    await page.locator("#go", { hasText: "Pause" }).click();
    await page.locator("#go", { hasText: "Resume" }).waitFor();
    const [loss, code] = [await exactLoss(page), await codeOf(page)];
    await page.locator("#forget").waitFor();
    const path = fileURLToPath(new URL("../../build/site-code/rhyme.txt", import.meta.url));
    await writeFile(path, rhyme);
    expect(await printedLast(code.replace('"text.txt"', JSON.stringify(path)))).toBe(String(loss));
    await page.reload();
    await loaded(visit);
    await page.locator("#continue").click();
    await says(page, "#source-name", "rhyme.txt");
    await page.locator("#go", { hasText: "Pause" }).waitFor();
    expect(page.url()).toContain("network=lstm");
    clean(visit);
    await visit.close();
  }, 120_000);

  test("keeps each training with its own text, though two tabs train, and from the step where it paused", async () => {
    const visit = await loaded(await site().visit("text.html#seed=5"));
    const { page } = visit;
    const other = await page.context().newPage();
    await other.goto(page.url());
    await page.locator("#file").setInputFiles(file("roses.txt", `\uFEFF${rhyme}`));
    await says(page, "#source-name", "roses.txt");
    await trained(page, 3);
    await says(page, "#kept-note", /after a reload/);
    await other.locator("#file").setInputFiles(file("noses.txt", rhyme.replaceAll("roses", "noses")));
    await says(other, "#source-name", "noses.txt");
    await trained(other, 3);
    await says(other, "#kept-note", /after a reload/);
    const before = await step(page);
    await trained(page, before + 1);
    const at = await step(page);
    await expect
      .poll(async () => {
        await other.reload();
        await other.locator("#continue").waitFor(patience); // shown once the kept training was read
        return other.locator("#continue").textContent();
      }, patience)
      .toBe(`Continue from step ${at}`);
    await other.locator("#continue").click();
    await says(other, "#source-name", "roses.txt");
    await says(other, "#excerpt", /^Ring a ring of roses/);
    await other.close();
    clean(visit);
    await visit.close();
  }, 120_000);

  test("stops after the steps of its address, and its link brings others to the same loss", async () => {
    const visit = await loaded(await site().visit("text.html#seed=4&steps=7"));
    const { page } = visit;
    await page.locator("#go").click();
    await says(page, "#state", "Done: 7 steps.");
    expect(await step(page)).toBe(7);
    const loss = await exactLoss(page);
    await page.locator("#copy-link").click();
    const other = await loaded(await site().visit(`text.html${new URL(page.url()).hash}`));
    await other.page.locator("#go").click();
    await says(other.page, "#state", "Done: 7 steps.");
    expect(await exactLoss(other.page)).toBe(loss);
    clean(visit);
    await visit.close();
    await other.close();
  }, 60_000);

  test("refuses in words what is no text, and takes the first part of what is long", async () => {
    const visit = await loaded(await site().visit("text.html"));
    const { page } = visit;
    const choose = (name: string, content: string | Buffer) => page.locator("#file").setInputFiles(file(name, content));
    await choose("empty.txt", " \n");
    await says(page, "#source-problem", "That text is empty.");
    await choose("short.txt", "To be, or not to be");
    await says(page, "#source-problem", /19 characters\. It takes/);
    await choose("picture.png", Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 3, 0xff, 0xfe]));
    await says(page, "#source-problem", /not a text/);
    await choose("zeros.bin", Buffer.alloc(5000));
    await says(page, "#source-problem", /not a text/);
    await says(page, "#source-name", "Moby-Dick");
    await choose("long.txt", rhyme.repeat(200));
    await says(page, "#source-size", "Its first 500,000 characters");
    expect(await page.locator("#source-problem").isVisible()).toBe(false);
    await page.locator("#paste-open").click();
    await page.locator("#paste").fill(rhyme);
    await page.locator("#paste-use").click();
    await says(page, "#source-name", "The text you pasted");
    await page.locator("#settings [name=seed]").fill("1.5");
    await page.locator("#settings [name=seed]").blur();
    await expect.poll(() => page.locator("#settings [name=seed]").inputValue()).toBe("0");
    await page.locator("#copy-link").click();
    await says(page, "#tools-note", "not your text");
    clean(visit);
    await visit.close();
  }, 60_000);

  test("a text that is refused is said where it was pasted, and nothing else is learned in its place", async () => {
    const visit = await loaded(await site().visit("text.html"));
    const { page } = visit;
    await page.locator("#paste-open").click();
    await page.locator("#paste").fill("To be, or not to be");
    await page.locator("#go").click(); // without “Learn this text”
    await says(page, "#source-problem", /19 characters\. It takes 1,280/);
    const [box, said] = [
      await page.locator("#paste").boundingBox(),
      await page.locator("#source-problem").boundingBox(),
    ];
    if (box === null || said === null) throw new Error("the box and its message are not to be seen");
    expect(said.y - (box.y + box.height)).toBeLessThan(100);
    await says(page, "#problem", "nothing is learned yet");
    await page.locator("#go").click();
    await page.waitForTimeout(300);
    expect(await page.locator("#go").textContent()).toBe("Start training");

    await page.locator("#keep-source", { hasText: "Stay with “Moby-Dick, chapters 1 to 11”" }).click();
    expect(await page.locator("#source-problem").isVisible()).toBe(false);
    expect(await page.locator("#problem").isVisible()).toBe(false);
    await page.locator("#paste").fill(rhyme);
    await trained(page, 1);
    await says(page, "#source-name", "The text you pasted");
    await says(page, "#excerpt", /^Ring a ring of roses/);
    clean(visit);
    await visit.close();
  }, 60_000);

  test("a training goes on while its seed is chosen by keys, and ends once the field is left", async () => {
    const visit = await loaded(await site().visit("text.html#seed=6"));
    const { page } = visit;
    await page.locator("#go").click();
    await expect.poll(() => step(page), patience).toBeGreaterThan(0);
    await page.locator("#settings [name=seed]").press("ArrowUp");
    await says(page, "#settings-note", /^Enter, or leaving/);
    const before = await step(page);
    await expect.poll(() => step(page), patience).toBeGreaterThan(before);
    await page.locator("#settings [name=seed]").press("Enter");
    await says(page, "#settings-note", /is ended/);
    await says(page, "#state", "Ready.");
    expect(page.url()).toContain("seed=7");
    clean(visit);
    await visit.close();
  }, 60_000);

  test("learns at another rate while it trains, and after a pause, with the weights there are and the bits of its code", async () => {
    const visit = await loaded(await site().visit("text.html#seed=8&rate=0.008"));
    const { page } = visit;
    const rate = page.locator("#settings [name=rate]");
    await page.locator("#go").click();
    await expect.poll(() => step(page), patience).toBeGreaterThan(5);
    await rate.selectOption("0.002");
    await says(page, "#settings-note", /From step [\d,]+ on it learns at a rate of 0\.002/);
    const changed = await step(page);
    expect(changed).toBeGreaterThan(5);
    await expect.poll(() => step(page), patience).toBeGreaterThan(changed + 3);
    await page.locator("#go", { hasText: "Pause" }).click();
    await page.locator("#go", { hasText: "Resume" }).waitFor(patience);
    await rate.selectOption("0.0003");
    await says(page, "#settings-note", "It goes on at this learning rate, with the same weights.");
    const paused = await step(page);
    await page.locator("#go").click();
    await says(page, "#settings-note", `From step ${paused.toLocaleString("en")} on it learns at a rate of 0.0003`);
    await expect.poll(() => step(page), patience).toBeGreaterThan(paused + 3);
    await page.locator("#go", { hasText: "Pause" }).click();
    await page.locator("#go", { hasText: "Resume" }).waitFor(patience);
    const [loss, code] = [await exactLoss(page), await codeOf(page)];
    expect(code.match(/setHyperparameters/g)).toHaveLength(2);
    expect(await printedLast(code)).toBe(String(loss));
    await page.locator("#copy-link").click();
    await says(page, "#tools-note", "not the learning rates before");

    await says(page, "#kept-note", /after a reload/);
    await expect
      .poll(async () => {
        await page.reload();
        await page.locator("#continue").waitFor(patience);
        return page.locator("#continue").textContent();
      }, patience)
      .toMatch(/^Continue from step/);
    await page.locator("#continue").click();
    await page.locator("#go", { hasText: "Pause" }).click(patience);
    await page.locator("#go", { hasText: "Resume" }).waitFor(patience);
    expect(await rate.inputValue()).toBe("0.0003");
    const [later, whole] = [await exactLoss(page), await codeOf(page)];
    expect(whole.match(/setHyperparameters/g)).toHaveLength(2);
    expect(await printedLast(whole)).toBe(String(later));
    clean(visit);
    await visit.close();
  }, 180_000);

  test("buttons that are pressed fast break nothing, and a rate that is too high is told of", async () => {
    const visit = await loaded(await site().visit("text.html#rate=10"));
    const { page } = visit;
    for (let i = 0; i < 4; i++) await page.locator("#go").click();
    await page.locator("#go:not([aria-disabled=true])", { hasText: /Pause|Resume/ }).waitFor();
    await page.locator("#reset").click();
    if ((await page.locator("#reset").textContent()) !== "Start over") await page.locator("#reset").click();
    await says(page, "#state", "begins with new weights");
    await page.locator("#go").click();
    await page.locator("#settings [name=size]").selectOption("large"); // while it starts
    await says(page, "#state", "Ready.");
    await page.locator("#settings [name=size]").selectOption("small");
    await page.locator("#settings [name=rate]").selectOption("10");
    await page.locator("#go").click();
    await says(page, "#state", "choose a lower learning rate");
    clean(visit);
    await visit.close();
  }, 60_000);
});
