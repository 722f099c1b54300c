// The page of words, used as a visitor would: taught by files and by a microphone that plays a file, and asked.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Download, Page } from "playwright";
import { afterAll, describe, expect, test } from "vitest";
import { randomOf } from "../../demo/node/random.ts";
import { readClips } from "../../demo/node/spoken-clips.ts";
import { hiss, whistle, whistles } from "../../demo/web/words/made-up.ts";
import { resampled } from "../../demo/web/words/resampler.ts";
import { RATE } from "../../demo/web/words/sounds.ts";
import { serializeWav } from "../../src/data/index.ts";
import { printedLast } from "./code.ts";
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
/** A tenth of a second of 3e38 in a WAV file of floats. */
function tooLoud() {
  const [header, samples] = [Buffer.alloc(44), new Float32Array(RATE / 10).fill(3e38)];
  header.write("RIFF", 0);
  header.writeUInt32LE(36 + samples.byteLength, 4);
  header.write("WAVEfmt ", 8);
  for (const [at, value] of [
    [16, 16],
    [24, RATE],
    [28, 4 * RATE],
    [40, samples.byteLength],
  ])
    header.writeUInt32LE(value, at);
  for (const [at, value] of [
    [20, 3],
    [22, 1],
    [32, 4],
    [34, 32],
  ])
    header.writeUInt16LE(value, at);
  header.write("data", 36);
  return { name: "loud.wav", mimeType: "audio/wav", buffer: Buffer.concat([header, Buffer.from(samples.buffer)]) };
}

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

  const { SIMDGRAD_DATA: data } = process.env;
  test.skipIf(data === undefined)(
    "three spoken words, three times each: others of that speaker are recognised (SIMDGRAD_DATA names the clips' folder)",
    async () => {
      const clips = await readClips(data ?? "");
      const said = (digit: number, index: number) =>
        clips.filter((clip) => clip.speaker === "jackson" && clip.digit === digit && clip.index === index);
      const filesOf = (digit: number, indices: readonly number[]) =>
        indices.flatMap((index) =>
          said(digit, index).map(({ samples }) => wav(`${digit}-${index}.wav`, resampled(samples, 8000, RATE), 48_000)),
        );
      const visit = await loaded(await site().visit("words.html#names=one,two,seven"));
      const { page } = visit;
      for (const [i, files] of [background, ...[1, 2, 7].map((digit) => filesOf(digit, [0, 1, 2]))].entries()) {
        await page.locator(".class-row input[type=file]").nth(i).setInputFiles(files);
        await expect.poll(() => page.locator(".count").nth(i).textContent(), patience).toBe("3 examples");
      }
      await page.locator("#go").click();
      await page.getByRole("button", { name: "Train again" }).waitFor({ timeout: 60_000 });
      for (const [i, digit] of [1, 2, 7, 2, 1, 7].entries()) {
        const [file] = filesOf(digit, [10 + i]);
        await page.locator("#ask-file").setInputFiles(file);
        const name = { 1: "one", 2: "two", 7: "seven" }[digit] ?? "";
        await expect.poll(() => page.locator("#answer").textContent(), patience).toContain(name);
      }
      clean(visit);
      await visit.close();
    },
    120_000,
  );

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

  test("names that are taken get a number, and the file of examples gives each class its own", async () => {
    const visit = await loaded(await site().visit("words.html#names=background,a,a"));
    const { page } = visit;
    const names = () =>
      page.locator(".class-head input").evaluateAll((boxes) => boxes.map((box) => (box as HTMLInputElement).value));
    expect(await names()).toEqual(["background", "background 2", "a", "a 2"]);
    expect(await page.locator("#problem").textContent()).toContain("There is a word “a” already");
    await page.locator(".class-head input").nth(3).fill("background");
    await page.locator(".class-head input").nth(3).press("Enter");
    expect(await names()).toEqual(["background", "background 2", "a", "background 3"]);
    for (const [i, files] of [[sounds[0][0]], sounds[1].slice(0, 2), sounds[1]].entries()) {
      await page
        .locator(".class-row input[type=file]")
        .nth(i + 1)
        .setInputFiles(files);
      await expect
        .poll(
          () =>
            page
              .locator(".count")
              .nth(i + 1)
              .textContent(),
          patience,
        )
        .toMatch(`${files.length} example`);
    }
    const examples = join(folder, "names.safetensors");
    await (await saved(page, "#save-examples")).saveAs(examples);
    await page.locator("#load-examples").setInputFiles(examples);
    await expect.poll(() => page.locator("#examples-note").textContent(), patience).toContain("Loaded from the file");
    expect(await names()).toEqual(["background", "background 2", "a", "background 3"]);
    const counts = await page.locator(".count").allTextContents();
    expect(counts).toEqual(["0 examples", "1 example", "2 examples", "3 examples"]);
    clean(visit);
    await visit.close();
  }, 60_000);

  test("a word that is added waits for its name", async () => {
    const visit = await loaded(await site().visit("words.html"));
    const { page } = visit;
    await page.getByRole("button", { name: "Add a word" }).click();
    const box = page.locator(".class-head input").nth(3);
    expect(await box.inputValue()).toBe("Word 3");
    await page.keyboard.type("maybe");
    expect(await box.inputValue()).toBe("maybe");
    await page.getByRole("button", { name: "Remove the word maybe" }).waitFor();
    expect(decodeURIComponent(page.url())).toContain("names=yes,no,maybe");
    clean(visit);
    await visit.close();
  });

  test("sounds far too loud, silence and nonsense in a box are not used, and the link says what it holds", async () => {
    const visit = await loaded(await site().visit("words.html#steps=50"));
    const { page } = visit;
    await page.locator(".class-row input[type=file]").nth(1).setInputFiles(tooLoud());
    await expect
      .poll(() => page.locator("#problem").textContent(), patience)
      .toContain("loud.wav holds samples beyond");
    const silent = wav("silent.wav", new Float32Array(DEVICE));
    await page.locator(".class-row input[type=file]").nth(1).setInputFiles(silent);
    await expect.poll(() => page.locator("#problem").textContent(), patience).toContain("silent.wav is silent");
    expect(await page.locator(".count").nth(1).textContent()).toBe("0 examples");
    await page.locator("summary", { hasText: "Settings" }).click();
    await page.locator("#steps").fill("-5");
    await page.locator("#steps").press("Enter");
    expect(await page.locator("#steps").inputValue()).toBe("200");
    await page.locator("#copy-link").click();
    await expect.poll(() => page.locator("#tools-note").textContent(), patience).toContain("but no examples");
    clean(visit);
    await visit.close();
  }, 60_000);

  test("a word without examples is said to wait, and is not in the code", async () => {
    const visit = await loaded(await site().visit("words.html#names=rising,falling,later&steps=20"));
    const { page } = visit;
    await show(page);
    const waits = "“later” waits for a first example, and is left out until then.";
    expect(await page.locator("#state").textContent()).toContain(waits);
    await page.locator("#show-code").click();
    await page.locator("#code", { hasText: "background, rising, falling." }).waitFor();
    await page.locator("#go").click();
    await page.getByRole("button", { name: "Train again" }).waitFor({ timeout: 60_000 });
    expect(await page.locator("#state").textContent()).toContain(waits);
    clean(visit);
    await visit.close();
  }, 90_000);

  test("long figures do not run into each other on a small phone", async () => {
    const visit = await loaded(await site().visit("words.html", { viewport: { width: 360, height: 780 } }));
    const { page } = visit;
    const texts = { step: "100,000", loss: "0.00000490", right: "100 %", seconds: "1,234.5 s" };
    const meets = await page.evaluate((texts) => {
      const boxes = Object.entries(texts).map(([name, text]) => {
        const figure = document.getElementById(`figure-${name}`) as HTMLElement;
        figure.textContent = text;
        return figure;
      });
      const places = boxes.map((figure) => {
        const range = document.createRange();
        range.selectNodeContents(figure);
        return range.getBoundingClientRect();
      });
      const isFree = (a: DOMRect, b: DOMRect) =>
        a.right < b.left || b.right < a.left || a.bottom <= b.top || b.bottom <= a.top;
      return places.some((a, i) => places.slice(i + 1).some((b) => !isFree(a, b)));
    }, texts);
    expect(meets).toBe(false);
    await visit.close();
  });

  test("made-up sounds show how it goes, without any device, and give back what they took the place of", async () => {
    const visit = await loaded(
      await site().visit("words.html#seed=1&names=tea,coffee", {
        reducedMotion: "reduce",
        viewport: { width: 390, height: 844 },
      }),
    );
    const { page } = visit;
    const names = () =>
      page.locator(".class-head input").evaluateAll((boxes) => boxes.map((box) => (box as HTMLInputElement).value));
    const isLeft = () => page.evaluate(() => dispatchEvent(new Event("beforeunload", { cancelable: true })));
    const own = page.locator(".class-row").nth(1);
    await own.locator("input[type=file]").setInputFiles(another);
    await expect.poll(() => own.locator(".count").textContent(), patience).toBe("1 example");
    const madeUp = page.getByRole("button", { name: "No microphone?" });
    await madeUp.click();
    expect(await names()).toEqual(["background", "rising", "falling"]);
    await expect
      .poll(() => page.evaluate(() => document.getElementById("go")?.getBoundingClientRect().top))
      .toBeGreaterThanOrEqual(0);
    await madeUp.click(); // what is made up is nothing to bring back
    await expect.poll(isLeft, patience).toBe(true); // the browser keeps what is the visitor's, put aside or not
    await page.reload();
    await loaded(visit);
    expect(await names()).toEqual(["background", "rising", "falling"]);
    await madeUp.click();
    const back = page.getByRole("button", { name: "Bring back what was here" });
    await back.click();
    expect(await names()).toEqual(["background", "tea", "coffee"]);
    expect(await page.locator(".count").allTextContents()).toEqual(["0 examples", "1 example", "0 examples"]);
    await back.click();
    expect(await names()).toEqual(["background", "rising", "falling"]);
    await page.locator("#go").click();
    await page.getByRole("button", { name: "Train again" }).waitFor({ timeout: 60_000 });
    expect(await page.locator("#figure-seconds").textContent()).toMatch(/^([1-9]\d* ms|[1-9]\d*\.\d s)$/);
    await expect.poll(() => page.locator("#answer").textContent(), patience).toMatch(/rising$|falling$/);
    // With another sound, the answer to the one before is gone at once, for the eye and for the ear.
    const said = (press: boolean) => {
      if (press) document.getElementById("another")?.click();
      return ["answer", "answer-spoken"].map((id) => document.getElementById(id)?.textContent ?? "");
    };
    expect(await page.evaluate(said, true)).toEqual(["…", ""]);
    await expect.poll(() => page.locator("#answer").textContent(), patience).toMatch(/rising$|falling$/);
    await expect
      .poll(async () => {
        const [shown, spoken] = await page.evaluate(said, false);
        return spoken === shown;
      }, patience)
      .toBe(true);
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
  const found = await printedLast(code.replace('"words-examples.safetensors"', JSON.stringify(examples)));
  expect(found).toBe(String(loss));
  expect((await saved(page, "#save-onnx")).suggestedFilename()).toBe("words.onnx");
  expect((await saved(page, "#save-weights")).suggestedFilename()).toBe("words.safetensors");
  clean(visit);
  await visit.close();
}, 120_000);
