// The page of pictures, used as a visitor would: taught by files and by a camera that plays a file, asked, and taken home.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Download, Page } from "playwright";
import sharp, { type Sharp } from "sharp";
import { afterAll, describe, expect, test } from "vitest";
import { Conv2d, Linear, relu, Sequential } from "../../src/nn/index.ts";
import { toOnnx } from "../../src/onnx/index.ts";
import type { Tensor } from "../../src/tensor.ts";
import { printedLast } from "./code.ts";
import { clean, exactLoss, loaded, pageSuite, patience, step } from "./suite.ts";

const kinds = ["ball", "cross"] as const;
const EACH = 4;
const folder = await mkdtemp(join(tmpdir(), "simdgrad-pictures-"));

/** A picture of a kind, somewhere. */
function drawn(kind: (typeof kinds)[number], place: number, width = 96, height = 96): Sharp {
  const [x, y] = [width / 2 + 4 * (place - 2), height / 2 - 3 * (place - 2)];
  const ball = `<circle cx="${x}" cy="${y}" r="26" fill="#d03020"/>`;
  const cross = `<path d="M${x - 26} ${y}h52M${x} ${y - 26}v52" stroke="#2040c0" stroke-width="12"/>`;
  const shape = kind === "ball" ? ball : cross;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="#e8e4d8"/>${shape}</svg>`;
  return sharp(Buffer.from(svg));
}

const fileOf = async (kind: (typeof kinds)[number], place: number) => ({
  name: `${kind}-${place}.png`,
  mimeType: "image/png",
  buffer: await drawn(kind, place).png().toBuffer(),
});
const files = await Promise.all(
  kinds.map((kind) => Promise.all(Array.from({ length: EACH }, (_, i) => fileOf(kind, i)))),
);
const [another] = await Promise.all([fileOf("cross", 5)]);

/** A film of one frame, of a ball, as Chromium's camera plays it. */
const film = join(folder, "ball.mjpeg");
await writeFile(film, await drawn("ball", 3, 128, 96).resize(320, 240).removeAlpha().jpeg({ quality: 95 }).toBuffer());

afterAll(() => rm(folder, { recursive: true, force: true }));

async function show(page: Page): Promise<void> {
  for (const [i, kind] of kinds.entries()) {
    const row = page.locator(".class-row").nth(i);
    await row.locator("input[type=text]").fill(kind);
    await row.locator("input[type=file]").setInputFiles(files[i]);
    await expect.poll(() => row.locator(".count").textContent(), patience).toBe(`${EACH} pictures`);
  }
}

async function train(page: Page): Promise<void> {
  await show(page);
  await page.locator("#go").click();
}

/** Trains to the end of its steps. */
async function trained(page: Page): Promise<void> {
  await train(page);
  await page.getByRole("button", { name: "Train again" }).waitFor({ timeout: 60_000 });
}

const saved = async (page: Page, button: string): Promise<Download> => {
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator(button).click()]);
  return download;
};

const site = pageSuite({
  address: "pictures.html#seed=1&steps=6",
  start: train,
  steps: 4,
  first: ["h1", "#go", "#view"],
  arguments: [
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    `--use-file-for-fake-video-capture=${film}`,
  ],
  code: false,
});

describe("teaching", () => {
  test("two classes by files and by the camera: it is right of the camera, and of a file that it has not seen", async () => {
    const visit = await loaded(await site().visit("pictures.html#steps=25&rate=0.002"));
    const { page } = visit;
    await page.locator("#go").click();
    expect(await page.locator("#problem").textContent()).toContain("needs pictures of two classes");
    await show(page);
    await page.getByRole("button", { name: "Turn the camera on" }).click();
    await page.getByRole("button", { name: "Turn the camera off" }).waitFor();
    await expect.poll(() => page.locator("#view-empty").isHidden(), patience).toBe(true);
    const hold = page.getByRole("button", { name: "Add from the camera" }).first();
    await hold.focus();
    await page.keyboard.press("Enter");
    await hold.click();
    await expect.poll(() => page.locator(".count").first().textContent(), patience).toBe(`${EACH + 2} pictures`);
    await page.locator("#go").click();
    await page.getByRole("button", { name: "Train again" }).waitFor({ timeout: 60_000 });
    expect(await step(page)).toBe(25);
    await expect.poll(() => page.locator("#answer").textContent(), patience).toMatch(/ball$/);
    await page.locator("#ask-file").setInputFiles(another);
    await expect.poll(() => page.locator("#answer").textContent(), patience).toMatch(/cross$/);
    clean(visit);
    await visit.close();
  }, 120_000);

  test("a camera that is refused, and files that are none, are said in words", async () => {
    const visit = await loaded(await site().visit("pictures.html#seed=nonsense&steps=-4&names=one"));
    const { page } = visit;
    expect(await page.locator("#steps").inputValue()).toBe("100");
    await page.evaluate(() => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotAllowedError"));
    });
    await page.locator("#camera").click();
    await expect.poll(() => page.locator("#problem").textContent(), patience).toContain("was not allowed");
    const text = { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("no picture") };
    await page.locator(".class-row input[type=file]").first().setInputFiles(text);
    await expect.poll(() => page.locator("#problem").textContent(), patience).toContain("notes.txt is no picture");
    const page2 = { ...text, name: "page.pdf" };
    await page.locator(".class-row input[type=file]").first().setInputFiles([text, files[0][0], page2]);
    await expect
      .poll(() => page.locator("#problem").textContent(), patience)
      .toMatch(/^notes\.txt is no picture .* page\.pdf is no picture/);
    expect(await page.locator(".count").first().textContent()).toBe("1 picture");
    const svg = (body: string) => Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg"${body}</svg>`);
    const drawings = [
      ' viewBox="0 0 30 10"><rect width="30" height="10" fill="red"/>',
      '><rect width="999" height="999" fill="red"/>',
    ];
    const mimeType = "image/svg+xml";
    await page
      .locator(".class-row input[type=file]")
      .first()
      .setInputFiles(drawings.map((body, i) => ({ name: `${i}.svg`, mimeType, buffer: svg(body) })));
    await expect.poll(() => page.locator(".count").first().textContent(), patience).toBe("3 pictures");
    const middles = await page
      .locator(".class-row")
      .first()
      .locator("canvas")
      .evaluateAll((all) =>
        all
          .slice(0, 2)
          .map((canvas) => [
            ...((canvas as HTMLCanvasElement).getContext("2d")?.getImageData(16, 16, 1, 1).data ?? []),
          ]),
      );
    expect(middles).toEqual([
      [255, 0, 0, 255],
      [255, 0, 0, 255],
    ]);
    await page.locator("#load-examples").setInputFiles(text);
    await expect.poll(() => page.locator("#examples-note").textContent(), patience).toContain("no file of examples");
    clean(visit);
    await visit.close();
  });
});

/** Names of the classes, and what is said of how many pictures each has. */
async function shown(page: Page): Promise<readonly string[]> {
  const names = await page
    .locator(".class-head input")
    .evaluateAll((boxes) => boxes.map((box) => (box as HTMLInputElement).value));
  const counts = await page.locator(".count").allTextContents();
  return names.map((name, i) => `${name}: ${counts[i]}`);
}

/** Whether the page lets itself be left without a question. */
function isLeft(page: Page): Promise<boolean> {
  return page.evaluate(() => dispatchEvent(new Event("beforeunload", { cancelable: true })));
}

describe("pictures that were shown", () => {
  const taught = kinds.map((kind) => `${kind}: ${EACH} pictures`);

  test("are there again after another page, and go once that was asked", async () => {
    const visit = await loaded(await site().visit("pictures.html#steps=3"));
    const { page } = visit;
    const go = async (name: string) => {
      await page.goto("about:blank");
      await page.goto(new URL(name, address).href);
      await loaded(visit);
    };
    const address = page.url();
    await train(page);
    await page.getByRole("button", { name: "Train again" }).waitFor({ timeout: 60_000 });
    expect(await page.locator("#answer").textContent()).toBe("Show it a picture."); // the camera is off
    await expect.poll(() => isLeft(page), patience).toBe(true);
    await go("words.html");
    await go("pictures.html");
    expect(await shown(page)).toEqual(taught);

    // A link of others': what was here is put aside, not lost.
    await go("pictures.html#names=theirs,others");
    expect(await shown(page)).toEqual(["theirs: 0 pictures", "others: 0 pictures"]);
    await page.getByRole("button", { name: "Bring back what was here" }).click();
    expect(await shown(page)).toEqual(taught);

    const clear = page.getByRole("button", { name: "Clear the pictures of cross" });
    await clear.click();
    expect(await clear.textContent()).toBe("Sure? Press again");
    expect(await shown(page)).toEqual(taught);
    await clear.click();
    expect(await shown(page)).toEqual([taught[0], "cross: 0 pictures"]);
    await page.locator("#forget-examples").dblclick();
    expect(await shown(page)).toEqual(kinds.map((kind) => `${kind}: 0 pictures`));
    await page.waitForTimeout(1000); // the browser forgets them
    await go("pictures.html");
    expect(await shown(page)).toEqual(["Class 1: 0 pictures", "Class 2: 0 pictures"]);
    clean(visit);
    await visit.close();
  }, 120_000);

  test("stay as they are where the browser keeps nothing, which is said, and the page asks before it is left", async () => {
    const visit = await loaded(await site().visit("pictures.html"));
    const { page } = visit;
    await page.evaluate(() => {
      IDBObjectStore.prototype.put = () => {
        throw new DOMException("there is no room left", "QuotaExceededError");
      };
    });
    expect(await isLeft(page)).toBe(true);
    await show(page);
    await page.locator("#kept-note", { hasText: /^Your pictures are not kept here.*no room left/ }).waitFor(patience);
    expect(await isLeft(page)).toBe(false);
    expect(await shown(page)).toEqual(taught);
    clean(visit);
    await visit.close();
  }, 60_000);
});

describe("what is taken along", () => {
  test("what changed in a pause is not mixed with what was trained, in words and in the link", async () => {
    const visit = await loaded(await site().visit("pictures.html#seed=3&steps=0"));
    const { page } = visit;
    await train(page);
    await expect.poll(() => step(page), patience).toBeGreaterThanOrEqual(1);
    await page.locator("#go").click();
    await page.locator("#go:not([aria-disabled=true])", { hasText: "Resume" }).waitFor();
    await page.getByRole("button", { name: "Clear the pictures of cross" }).dblclick(); // asks before it does it
    await expect.poll(() => page.locator("#state").textContent(), patience).toMatch(/^Paused.*still answers “cross”/);
    await page.locator("summary", { hasText: "Settings" }).click();
    await page.locator("#rate").fill("0.01");
    await page.locator("#copy-link").click();
    await expect
      .poll(() => page.locator("#tools-note").textContent(), patience)
      .toContain("settings of the next training");
    expect(new URLSearchParams(new URL(page.url()).hash.slice(1)).get("steps")).toBe("0");
    clean(visit);
    await visit.close();
  }, 90_000);

  test("the code makes the same loss of the saved examples, to the bit, after a pause; the link and the file bring all back", async () => {
    const visit = await loaded(await site().visit("pictures.html#seed=3&steps=0"));
    const { page } = visit;
    await train(page);
    await expect.poll(() => step(page), patience).toBeGreaterThanOrEqual(3);
    await page.locator("#go").click();
    await page.locator("#go:not([aria-disabled=true])", { hasText: "Resume" }).waitFor();
    const [made, loss] = [await step(page), await exactLoss(page)];
    const examples = join(folder, "pictures-examples.safetensors");
    await (await saved(page, "#save-examples")).saveAs(examples);
    await page.locator("#show-code").click();
    await page.locator("#code-box").waitFor();
    const code = (await page.locator("#code").textContent()) ?? "";
    const found = await printedLast(code.replace('"pictures-examples.safetensors"', JSON.stringify(examples)));
    expect(found).toBe(String(loss));
    await page.locator("#copy-link").click();
    await expect.poll(() => page.url(), patience).toContain(`steps=${made}`);
    const link = new URL(page.url());

    const other = await loaded(await site().visit(`pictures.html${link.hash}`));
    expect(await other.page.locator(".class-head input").first().inputValue()).toBe("ball");
    await other.page.locator("#load-examples").setInputFiles(examples);
    await expect.poll(() => other.page.locator(".count").first().textContent(), patience).toBe(`${EACH} pictures`);
    await other.page.locator("#go").click();
    await other.page.getByRole("button", { name: "Train again" }).waitFor({ timeout: 60_000 });
    expect(await exactLoss(other.page)).toBe(loss);
    clean(visit);
    clean(other);
    await visit.close();
    await other.close();
  }, 180_000);

  test("one HTML file runs alone, from a folder, and ONNX and weights are saved", async () => {
    const visit = await loaded(await site().visit("pictures.html#steps=25&rate=0.002"));
    const { page } = visit;
    await trained(page);
    const alone = join(folder, "alone.html");
    await (await saved(page, "#save-page")).saveAs(alone);
    expect((await saved(page, "#save-onnx")).suggestedFilename()).toBe("pictures.onnx");
    expect((await saved(page, "#save-weights")).suggestedFilename()).toBe("pictures.safetensors");
    await page.goto(pathToFileURL(alone).href);
    await page.locator("body[data-ready]").waitFor(patience);
    await page.locator("#file").setInputFiles(another);
    await expect.poll(() => page.locator("#answer").textContent(), patience).toMatch(/^cross, \d+ %$/);
    await page.locator("#camera").click();
    await expect.poll(() => page.locator("#answer").textContent(), patience).toMatch(/^ball, \d+ %$/);
    expect(visit.errors).toEqual([]);
    await visit.close();
  }, 120_000);

  test("a network of the visitor's own takes the place of the page's", async () => {
    const network = new Sequential(
      new Conv2d(3, 8, 5, { stride: 2 }),
      relu,
      (x: Tensor) => x.max([2, 3]),
      new Linear(8, 10),
    );
    const bytes = await toOnnx(network, { input: ["batch", 3, 24, 24] }, { state: await first(network) });
    const visit = await loaded(await site().visit("pictures.html#steps=60&rate=0.05"));
    const { page } = visit;
    await page.locator("summary", { hasText: "your own (ONNX)" }).click();
    const file = { name: "theirs.onnx", mimeType: "application/octet-stream", buffer: Buffer.from(bytes) };
    await page.locator("#own-file").setInputFiles(file);
    await page.locator("#own-use").click();
    await expect
      .poll(() => page.locator("#own-note").textContent(), patience)
      .toContain("8 features of 24 x 24 pixels");
    await trained(page);
    expect(await page.locator("#side").textContent()).toBe("24 x 24");
    await page.locator("#ask-file").setInputFiles(another);
    await expect.poll(() => page.locator("#answer").textContent(), patience).toMatch(/cross$/);
    clean(visit);
    await visit.close();
  }, 120_000);
});

/** First values of a network. */
async function first(network: Sequential) {
  const { Predictor } = await import("../../src/index.ts");
  const predictor = new Predictor(network);
  const state = await predictor.stateDict();
  await predictor.dispose();
  return state;
}
