// The page of words, used as a visitor would: taught by files and by a microphone that plays a file, and asked.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Download, Page } from "playwright";
import { afterAll, describe, expect, test } from "vitest";
import { randomOf } from "../../demo/node/random.ts";
import { hiss, whistle, whistles } from "../../demo/web/words/made-up.ts";
import { resampled } from "../../demo/web/words/resampler.ts";
import { RATE } from "../../demo/web/words/sounds.ts";
import { serializeWav } from "../../src/data/index.ts";
import { printed } from "./code.ts";
import { clean, exactLoss, loaded, pageSuite, patience, step } from "./suite.ts";

const EACH = 3;
/** Of a device that is not the network's. */
const DEVICE = 44_100;
const folder = await mkdtemp(join(tmpdir(), "simdgrad-words-"));
const random = randomOf(1);

function wav(name: string, samples: Float32Array, sampleRate = DEVICE) {
  const sound = { data: resampled(samples, RATE, sampleRate), sampleRate };
  const buffer = Buffer.from(serializeWav({ ...sound, shape: [1, sound.data.length] }));
  return { name, mimeType: "audio/wav", buffer };
}

const background = Array.from({ length: EACH }, (_, i) => wav(`hiss-${i}.wav`, hiss(random)));
const sounds = whistles.map((kind) =>
  Array.from({ length: EACH }, (_, i) => wav(`${kind}-${i}.wav`, whistle(kind, random))),
);
const another = wav("another.wav", whistle("falling", random), 8000);
/** What the microphone hears, again and again. */
const said = join(folder, "rising.wav");
await writeFile(said, wav("rising.wav", whistle("rising", random), 48_000).buffer);

afterAll(() => rm(folder, { recursive: true, force: true }));

async function show(page: Page): Promise<void> {
  for (const [i, files] of [background, ...sounds].entries()) {
    const row = page.locator(".class-row").nth(i);
    if (i > 0) await row.locator("input[type=text]").fill(whistles[i - 1]);
    await row.locator("input[type=file]").setInputFiles(files);
    await expect.poll(() => row.locator(".count").textContent(), patience).toBe(`${EACH} examples`);
  }
}

async function train(page: Page): Promise<void> {
  await show(page);
  await page.locator("#go").click();
}

const saved = async (page: Page, button: string): Promise<Download> => {
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator(button).click()]);
  return download;
};

const site = pageSuite({
  address: "words.html#seed=1&steps=40",
  start: train,
  first: ["h1", "#go", "#spectrogram"],
  arguments: [
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    `--use-file-for-fake-audio-capture=${said}`,
  ],
  code: false,
});

describe("teaching", () => {
  test("two words: it is right of the microphone, and of a file that it has not heard", async () => {
    const visit = await loaded(await site().visit("words.html#seed=2"));
    const { page } = visit;
    await show(page);
    await page.locator("#go").click();
    await page.getByRole("button", { name: "Train again" }).waitFor({ timeout: 60_000 });
    await page.locator("#ask-file").setInputFiles(another);
    await expect.poll(() => page.locator("#answer").textContent(), patience).toMatch(/falling$/);
    await page.getByRole("button", { name: "Turn the microphone on" }).click();
    await page.getByRole("button", { name: "Turn the microphone off" }).waitFor();
    await expect.poll(() => page.locator("#answer").textContent(), patience).toMatch(/rising$/);
    await page.locator(".class-row").nth(1).getByRole("button", { name: "Record" }).click();
    await expect.poll(() => page.locator(".count").nth(1).textContent(), patience).toBe(`${EACH + 1} examples`);
    await page.getByRole("button", { name: "Turn the microphone off" }).click();
    clean(visit);
    await visit.close();
  }, 120_000);

  test("a microphone that is not there, and files that are none, are said in words", async () => {
    const visit = await loaded(await site().visit("words.html#steps=many&names=a,b,c,d,e,f"));
    const { page } = visit;
    expect(await page.locator(".class-row").count()).toBe(3);
    await page.evaluate(() => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotFoundError"));
    });
    await page.locator("#microphone").click();
    await expect.poll(() => page.locator("#problem").textContent(), patience).toContain("There is no microphone");
    const text = { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("no sound") };
    await page.locator(".class-row input[type=file]").nth(1).setInputFiles(text);
    await expect.poll(() => page.locator("#problem").textContent(), patience).toContain("notes.txt is no WAV file");
    clean(visit);
    await visit.close();
  });

  test("made-up sounds show how it goes, without any device", async () => {
    const visit = await loaded(await site().visit("words.html#seed=1", { reducedMotion: "reduce" }));
    const { page } = visit;
    await page.getByRole("button", { name: "No microphone?" }).click();
    await page.locator("#go").click();
    await page.getByRole("button", { name: "Train again" }).waitFor({ timeout: 60_000 });
    await page.getByRole("button", { name: "Another one" }).click();
    await expect.poll(() => page.locator("#answer").textContent(), patience).toMatch(/rising$|falling$/);
    clean(visit);
    await visit.close();
  }, 90_000);
});

test("the code makes the same loss of the saved examples, to the bit, and ONNX and weights are saved", async () => {
  const visit = await loaded(await site().visit("words.html#seed=3&steps=0"));
  const { page } = visit;
  await train(page);
  await expect.poll(() => step(page), patience).toBeGreaterThanOrEqual(3);
  await page.locator("#go").click();
  await page.locator("#go:not([aria-disabled=true])", { hasText: "Resume" }).waitFor();
  const loss = await exactLoss(page);
  const examples = join(folder, "words-examples.safetensors");
  await (await saved(page, "#save-examples")).saveAs(examples);
  await page.locator("#show-code").click();
  await page.locator("#code-box").waitFor();
  const code = (await page.locator("#code").textContent()) ?? "";
  const found = await printed(code.replace('"words-examples.safetensors"', JSON.stringify(examples)));
  expect(found.at(-1)).toBe(String(loss));
  expect((await saved(page, "#save-onnx")).suggestedFilename()).toBe("words.onnx");
  expect((await saved(page, "#save-weights")).suggestedFilename()).toBe("words.safetensors");
  clean(visit);
  await visit.close();
}, 120_000);
