// The page of digits, used as a visitor would: drawn on, trained, paused, corrected, replayed, saved, loaded, and when things go wrong.
import { readFile } from "node:fs/promises";
import type { Page } from "playwright";
import { parseSafetensors, serializeSafetensors } from "simdgrad/io";
import { fromOnnx } from "simdgrad/onnx";
import { describe, expect, test } from "vitest";
import { printedLast } from "./code.ts";
import { clean, exactLoss, loaded, pageSuite, patience, step } from "./suite.ts";

const site = pageSuite({
  address: "digits.html#seed=1&build=portable",
  first: ["h1", "#go", "#pad", "#bars"],
});

const visiting = async (address = "digits.html", server: "isolated" | "plain" = "isolated") =>
  loaded(await site().visit(address, { reducedMotion: "reduce" }, server));

/** A network that is quick to train. */
const small = "digits.html#layers=dense&hidden1=32&build=portable";

/** What a figure says, as a number. */
async function figure(page: Page, name: string): Promise<number> {
  const text = await page.locator(`#figure-${name}`).textContent();
  return Number.parseFloat((text ?? "").replaceAll(",", ""));
}

/** Waits until an element has this in its text. */
function says(page: Page, selector: string, text: string | RegExp): Promise<void> {
  return page.locator(selector, { hasText: text }).waitFor({ state: "attached", ...patience });
}

async function trainUntil(page: Page, steps: number): Promise<void> {
  await expect.poll(() => step(page), patience).toBeGreaterThanOrEqual(steps);
}

async function pause(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Pause" }).click();
  await says(page, "#state", "It reads");
}

async function openSettings(page: Page): Promise<void> {
  await page.locator("#settings-box summary").click();
}

/** Draws strokes of points between 0 and 1. */
async function draw(page: Page, ...strokes: readonly (readonly (readonly [number, number])[])[]): Promise<void> {
  await page.getByRole("button", { name: "Clear" }).click();
  const box = await page.locator("#pad").boundingBox();
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

/** Asks for the code, and has it print its last line. */
async function lossOfCode(page: Page): Promise<string | undefined> {
  await page.locator("#show-code").click();
  await page.locator("#code-box").waitFor();
  return await printedLast((await page.locator("#code").textContent()) ?? "");
}

describe("a visitor", () => {
  test("draws, which starts the training, sees filters find things, pauses, saves, comes back to the same network", async () => {
    const visit = await visiting("digits.html#epochs=1000");
    const { page } = visit;
    await draw(page, one);
    await says(page, "#go", "Pause");
    await trainUntil(page, 60);
    await says(page, "#answer", /a 1\.$/);
    const ofOne = await pictures(page, "#maps");
    expect(ofOne).toHaveLength(8);
    expect(new Set(ofOne).size).toBeGreaterThan(4);
    const filters = await pictures(page, "#filters");
    await draw(page, zero);
    await says(page, "#answer", /a 0\.$/);
    await expect.poll(() => pictures(page, "#maps"), patience).not.toEqual(ofOne);
    await expect.poll(() => pictures(page, "#filters"), patience).not.toEqual(filters);
    // What the table says on the way, the figure says, too.
    await says(page, ".confusion caption", "around step");
    expect(await figure(page, "accuracy")).toBeGreaterThan(0);
    expect(await figure(page, "rate")).toBeGreaterThan(0);

    await pause(page);
    expect(await figure(page, "accuracy")).toBeGreaterThan(75);
    const paused = await step(page);
    const accuracy = await page.locator("#figure-accuracy").textContent();
    await says(page, "#state", `Paused. It reads ${accuracy} of the test digits right.`);
    const right = ((await page.locator(".confusion caption").textContent()) ?? "").replaceAll(",", "");
    expect(Number.parseFloat(right) / 20).toBeCloseTo(Number.parseFloat(accuracy ?? ""), 2);
    expect(await page.locator(".mistakes li").count()).toBeGreaterThan(0);
    await page.waitForTimeout(300);
    expect(await step(page)).toBe(paused);

    await page.getByRole("button", { name: "A 7 of the test set" }).click();
    await expect.poll(async () => (await probabilities(page))[7], patience).toMatch(/^\d\d/);
    const before = await probabilities(page);
    const found = await pictures(page, "#maps");
    await page.getByRole("button", { name: "Save in this browser" }).click();
    await says(page, "#keep-note", "Saved in this browser: 28 × 28 – 8 – 16 – 10, convolutional, step");
    await page.getByRole("button", { name: "Resume" }).click();
    await trainUntil(page, paused + 20);

    await page.reload();
    await loaded(visit);
    await page.locator("#kept button", { hasText: "Load" }).click();
    await says(page, "#keep-note", "Loaded");
    expect(await step(page)).toBe(paused);
    expect(await page.locator("#figure-accuracy").textContent()).toBe(accuracy);
    await page.getByRole("button", { name: "A 7 of the test set" }).click();
    await expect.poll(() => probabilities(page), patience).toEqual(before);
    expect(await pictures(page, "#maps")).toEqual(found);
    clean(visit);
    await visit.close();
  }, 150_000);

  test("teaches it a digit that it read wrongly, and takes all of that along as code", async () => {
    const visit = await visiting(`${small}&epochs=2`);
    const { page } = visit;
    await page.locator("#go").click();
    await says(page, "#state", "Done.");
    // The same bits everywhere: so it is this digit that is read wrongly, everywhere.
    await page.getByRole("button", { name: "A 5 of the test set" }).click();
    await says(page, "#answer", /a 6\.$/);
    const seen = await page.evaluateHandle(() => {
      const figure = document.getElementById("figure-accuracy") as HTMLElement;
      const texts = [figure.textContent];
      const note = () => texts.push(figure.textContent);
      new MutationObserver(note).observe(figure, { childList: true, characterData: true, subtree: true });
      return texts;
    });
    await page.getByRole("button", { name: "No, it is a 5" }).click();
    await says(page, "#correction-note", "Learnt");
    await says(page, "#answer", /a 5\.$/);
    const note = (await page.locator("#correction-note").textContent()) ?? "";
    expect(note).toContain("as it trains on, the answer may change again");
    const side = async (selector: string) => (await page.locator(selector).boundingBox()) ?? { x: 0, y: 0, height: 0 };
    const [said, teach] = [await side("#correction-note"), await side("#corrections")];
    expect(said.x).toBe(teach.x); // below what it is about
    expect(said.y - (teach.y + teach.height)).toBeGreaterThanOrEqual(0);
    const [after, before] = [...note.matchAll(/([\d.]+) %(?! sure)/g)].map((found) => Number(found[1]));
    expect(after).toBeGreaterThanOrEqual(before - 1);
    expect(await seen.jsonValue()).toEqual(
      expect.arrayContaining([before, after].map((share) => `${share.toFixed(2)} %`)),
    );

    // Another optimizer on top of it, and another learning rate while it trains.
    await openSettings(page);
    await page.selectOption("[name=optimizer]", "momentum");
    await says(page, "#rate-note", "The learning rate is now 0.02");
    await says(page, "#settings-note", "goes on with the same weights");
    await page.fill("[name=epochs]", "1000"); // more than the visit takes
    const made = await step(page);
    await page.getByRole("button", { name: "Continue" }).click();
    await trainUntil(page, made + 10);
    await page.locator("#rate").focus();
    await page.keyboard.press("ArrowLeft");
    await expect.poll(() => page.locator("#figure-learning-rate").textContent(), patience).not.toBe("0.02");
    await trainUntil(page, (await step(page)) + 5);
    await pause(page);
    const loss = await exactLoss(page);
    expect(await lossOfCode(page)).toBe(String(loss));
    expect(await page.locator("#code").textContent()).toContain("toFixed(2)} %");

    // Another network is asked for, and given up: it goes on.
    await page.selectOption("[name=dropout]", "0.5");
    await says(page, "#go", "Start anew");
    await page.getByRole("button", { name: "Keep the network there is" }).click();
    await says(page, "#go", "Resume");
    expect(await page.locator("#keep-network").isVisible()).toBe(false);
    expect(await page.locator("[name=dropout]").inputValue()).toBe("0.25");
    clean(visit);
    await visit.close();
  }, 120_000);

  test("keeps what is changed while it is taught", async () => {
    const visit = await visiting(`${small}&epochs=1000`);
    const { page } = visit;
    await page.locator("#go").click();
    await trainUntil(page, 100);
    await draw(page, one);
    await says(page, "#answer", "a ");
    await openSettings(page);
    const wrong = ((await page.locator("#answer").textContent()) ?? "").includes(" 4") ? "a 7" : "a 4";
    await page.evaluate(() => {
      const state = document.getElementById("state") as HTMLElement;
      new MutationObserver(() => {
        document.body.dataset.states = `${document.body.dataset.states ?? ""} ${state.textContent}`;
      }).observe(state, { childList: true, characterData: true, subtree: true });
    });
    await page.getByRole("button", { name: `No, it is ${wrong}`, exact: true }).click();
    await page.selectOption("[name=shift]", "2");
    await page.locator("#rate").focus();
    await page.keyboard.press("ArrowLeft");
    const rate = (await page.locator("#rate-value").textContent()) ?? "";
    await says(
      page,
      "#correction-note",
      /^(Learnt in .* at step [\d,]+ it read|It could not learn .* as it was at step [\d,]+\.)/,
    );
    expect(await page.locator("body").getAttribute("data-states")).toContain(
      `Learning that your drawing is ${wrong}. Then it goes on as before.`,
    );
    await says(page, "#go", "Pause");
    await expect.poll(() => page.locator("#figure-learning-rate").textContent(), patience).toBe(rate);
    await pause(page);
    await says(page, "#go", "Resume");
    const loss = await exactLoss(page);
    expect(await lossOfCode(page)).toBe(String(loss));
    clean(visit);
    await visit.close();
  }, 120_000);

  test("goes back to what it said before its training", async () => {
    const visit = await visiting(`${small}&epochs=3`);
    const { page } = visit;
    expect(await page.locator("#replay").isDisabled()).toBe(true);
    const no = page.getByRole("button", { name: "No, it is a 5" });
    expect(await no.getAttribute("aria-disabled")).toBe("true");
    await says(page, "#correction-note", "There is no network yet");
    await page.getByRole("button", { name: "A 7 of the test set" }).click(); // which starts the training
    await says(page, "#state", "Done.");
    await says(page, "#answer", /a 7\.$/);
    const now = await probabilities(page);
    await page.locator("#replay").focus();
    await page.keyboard.press("Home");
    await says(page, "#replay-value", "before its training");
    await says(page, "#answer", "Before its training: perhaps");
    expect(await probabilities(page)).not.toEqual(now);
    expect(await no.getAttribute("aria-disabled")).toBe("true");
    await says(page, "#correction-note", "That is what it said earlier");
    await page.keyboard.press("ArrowRight");
    await says(page, "#replay-value", "after epoch 1");
    await page.keyboard.press("End");
    await says(page, "#replay-value", "now");
    await expect.poll(() => probabilities(page), patience).toEqual(now);
    expect(await no.getAttribute("aria-disabled")).toBe("false");
    await says(page, "#correction-note", "It learns your drawing");

    // Another digit is read now, and so is what it learns further.
    await page.locator("#replay").press("Home");
    await says(page, "#answer", "Before its training");
    await page.getByRole("button", { name: "An 8 of the test set" }).click();
    await says(page, "#replay-value", "now");
    await says(page, "#answer", /^(This is|Perhaps) an? \d\.$/);
    await page.locator("#replay").press("Home");
    await says(page, "#answer", "Before its training");
    await page.locator("#go").click();
    await says(page, "#replay-value", "now");
    await says(page, "#answer", /^(This is|Perhaps) an? \d\.$/);
    await page.locator("#clear").click();
    await says(page, "#correction-note", "First draw a digit");
    clean(visit);
    await visit.close();
  }, 60_000);

  test("gives a link by which somebody else comes to the same loss", async () => {
    const visit = await visiting(`${small}&seed=5&activation=gelu&epochs=1000`);
    const { page } = visit;
    await page.locator("#go").click();
    await trainUntil(page, 200);
    await pause(page);
    const [made, loss] = [await step(page), await exactLoss(page)];
    await page.getByRole("button", { name: "Copy link" }).click();
    await says(page, "#tools-note", "makes these");
    expect(page.url()).toContain(`steps=${made}`);
    const other = await visiting(page.url().split("/").at(-1), "plain");
    await other.page.locator("#go").click();
    await says(other.page, "#state", "Done.");
    expect(await step(other.page)).toBe(made);
    expect(await exactLoss(other.page)).toBe(loss);
    clean(other);
    await other.close();

    const [onnx] = await Promise.all([page.waitForEvent("download"), page.locator("#save-onnx").click()]);
    const { inputs, outputs } = fromOnnx(await readFile(await onnx.path()));
    expect(inputs).toEqual([{ name: "pixels", type: "float32", shape: ["batch", 784] }]);
    expect(outputs.map(({ name }) => name)).toEqual(["scores"]);

    // A file says what it is of, and how many steps made it.
    const [download] = await Promise.all([page.waitForEvent("download"), page.locator("#save-weights").click()]);
    expect(download.suggestedFilename()).toBe("digits-784-32-10.safetensors");
    const file = await download.path();
    const accuracy = await page.locator("#figure-accuracy").textContent();
    await page.reload();
    await loaded(visit);
    await page.setInputFiles("#load-file", file);
    await says(page, "#keep-note", "Loaded");
    expect(await page.locator("#size").textContent()).toContain("784 – 32 – 10");
    expect(await page.inputValue("[name=activation]")).toBe("gelu");
    expect(await step(page)).toBe(made);
    expect(await page.locator("#figure-accuracy").textContent()).toBe(accuracy);
    await page.setInputFiles("#load-file", { name: "no.safetensors", mimeType: "", buffer: Buffer.from("nothing") });
    await says(page, "#keep-note", "not a whole safetensors file");

    // Files that do not hold what they say leave the network as it is.
    const { tensors, metadata } = parseSafetensors(await readFile(file));
    const [name] = Object.keys(tensors);
    const { shape, data } = tensors[name];
    const nothing = { ...tensors, [name]: { shape, data: new Float32Array(data.length).fill(Number.NaN) } };
    const wrong = [
      ["do not fit", tensors, { architecture: metadata.architecture.replace("32", "64") }],
      ["does not offer", tensors, { architecture: metadata.architecture.replace("32", "1.5") }],
      ["not all finite", nothing, {}],
      ["steps made its network", tensors, { steps: "9007199254740990" }],
    ] as const;
    for (const [words, weights, said] of wrong) {
      const buffer = Buffer.from(serializeSafetensors(weights, { ...metadata, ...said }));
      await page.setInputFiles("#load-file", { name: "wrong.safetensors", mimeType: "", buffer });
      await says(page, "#keep-note", words);
    }
    expect(await page.locator("#size").textContent()).toContain("784 – 32 – 10");
    expect(await step(page)).toBe(made);
    expect(await page.locator("#figure-accuracy").textContent()).toBe(accuracy);
    clean(visit);
    await visit.close();
  }, 90_000);

  test("chooses another network, which begins anew, and forgets it", async () => {
    const visit = await visiting(`${small}&epochs=1000`);
    const { page } = visit;
    await page.locator("#go").click();
    await trainUntil(page, 20);
    await openSettings(page);
    await page.selectOption("[name=kind]", "convolutional");
    await says(page, "#settings-note", "once you pause");
    expect(await page.locator("[name=hidden1]").isVisible()).toBe(false);
    await pause(page);
    await says(page, "#settings-note", "begins with new random weights");
    await page.getByRole("button", { name: "Start anew" }).click();
    await expect.poll(() => figure(page, "loss"), patience).toBeGreaterThan(0);
    await page.locator("#filters-card").waitFor();
    await page.getByRole("button", { name: "Forget all" }).click();
    const again = page.getByRole("button", { name: "Sure? Press again" });
    await again.waitFor();
    expect(await step(page)).toBeGreaterThan(0);
    await again.click();
    await expect.poll(() => step(page), patience).toBeNaN();
    await page.getByRole("button", { name: "Forget all" }).waitFor();
    expect(await page.locator("#go").textContent()).toBe("Start training");
    clean(visit);
    await visit.close();
  }, 60_000);
});

describe("where it runs", () => {
  test("it moves to where it is told to while it trains, and all places race", async () => {
    const visit = await visiting(`${small}&epochs=1000`);
    const { page } = visit;
    await page.locator("#go").click();
    await trainUntil(page, 50);
    await openSettings(page);
    const moves = [
      ["one", /in a worker with 1 thread\./],
      ["js", /Plain TypeScript, in a worker with 1 thread\./],
      ["page", /on this page’s thread\./],
      ["threads", /in a worker with \d+ threads?\./],
    ] as const;
    for (const [place, words] of moves) {
      const made = await step(page);
      await page.locator(`[name=place][value=${place}]`).check();
      await says(page, "#place-now", words);
      await says(page, "#go", "Pause");
      await trainUntil(page, made + 20);
    }
    await page.getByRole("button", { name: "Let them race" }).click();
    await says(page, "#race-note", "Done.");
    const rates = await page.locator(".race-rate").allTextContents();
    expect(rates.map((text) => Number.parseFloat(text.replaceAll(",", "")) > 0)).toEqual([true, true, true, true]);
    const made = await step(page);
    await trainUntil(page, made + 20); // it went on
    expect(await page.locator("#problem").isVisible()).toBe(false);
    clean(visit);
    await visit.close();
  }, 90_000);
});

describe("what goes wrong is said in words", () => {
  test("a learning rate that is far too high, with a lower one to start anew", async () => {
    const wild = "optimizer=momentum&rate=1&decay=0.1&hidden1=512&hidden2=512&dropout=0&shift=0";
    const visit = await visiting(`digits.html#layers=dense&${wild}`);
    const { page } = visit;
    await page.locator("#go").click();
    await page.locator("#problem").waitFor(patience);
    expect(await page.locator("#problem").textContent()).toMatch(/infinite at step [\d,]+\. Lower the learning rate/);
    await page.getByRole("button", { name: "Start anew with a learning rate of 0.1" }).click();
    await says(page, "#figure-learning-rate", "0.1");
    expect(await page.locator("#rate-value").textContent()).toBe("0.1");
    clean(visit);
    await visit.close();
  }, 60_000);

  test("a file that is missing", async () => {
    const visit = await site().visit("index.html");
    const { page } = visit;
    await page.route("**/data/train-10000-images.gz", (route) => route.fulfill({ status: 404 }));
    await page.getByRole("navigation").getByRole("link", { name: "Digits" }).click();
    await page.locator("#problem").waitFor();
    expect(await page.locator("#problem").textContent()).toContain("missing on the server (it answered 404)");
    await visit.close();
  });

  test("nonsense in the address is passed over", async () => {
    const visit = await visiting("digits.html#seed=x&layers=none&rate=0&epochs=-1&steps=one&place=moon");
    const { page } = visit;
    expect(await page.inputValue("[name=kind]")).toBe("convolutional");
    expect(await page.inputValue("[name=epochs]")).toBe("15");
    clean(visit);
    await visit.close();
  });

  test("the address says the values that are used", async () => {
    const visit = await visiting("digits.html#seed=4294967296&rate=0.00123&steps=7");
    const { page } = visit;
    expect(new URL(page.url()).hash).toBe("#steps=7&rate=0.0012");
    await says(page, "#rate-note", "asks for a learning rate of 0.00123");
    await openSettings(page);
    await page.fill("[name=seed]", "-5");
    await page.locator("[name=seed]").blur();
    expect(await page.inputValue("[name=seed]")).toBe("0");
    clean(visit);
    await visit.close();
  });
});

describe("what it looks like", () => {
  test("the theme is switched, remembered, and there before anything is drawn", async () => {
    const visit = await site().visit("digits.html", { colorScheme: "light" });
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
    const visit = await site().visit("digits.html");
    await visit.page.keyboard.press("Tab");
    expect(await visit.page.evaluate(() => document.activeElement?.textContent)).toBe("Skip to the content");
    await visit.close();
  });
});
