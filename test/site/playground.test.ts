// The playground, used as a visitor would: changed on the way, drawn on, looked back at, taken along.
import type { Page } from "playwright";
import { WasmExecutor } from "simdgrad";
import { describe, expect, test } from "vitest";
import { short } from "../../demo/web/playground/run-view.ts";
import { Session } from "../../demo/web/playground/session.ts";
import { fields, type Settings } from "../../demo/web/playground/settings.ts";
import { printed, printedLast } from "./code.ts";
import { faults } from "./looks.ts";
import { clean, exactLoss, loaded, pageSuite, patience, step } from "./suite.ts";

const site = pageSuite({
  address: "playground.html#seed=1&data=circles&hidden=4,3",
  still: "playground.html",
  first: ["h1", "#go", "#surface"],
});

async function go(page: Page): Promise<void> {
  await page.locator("#go").click();
}

async function past(page: Page, steps: number): Promise<void> {
  await expect.poll(() => step(page), patience).toBeGreaterThan(steps);
}

async function paused(page: Page): Promise<void> {
  await page.locator("#go", { hasText: "Go on" }).waitFor(patience);
  await page.locator("#go:not([aria-disabled=true])").waitFor(patience);
}

async function pause(page: Page): Promise<void> {
  await go(page);
  await paused(page);
}

async function code(page: Page): Promise<string> {
  await page.locator("#show-code").click();
  await page.locator("#code-box").waitFor();
  return (await page.locator("#code").textContent()) ?? "";
}

test.each([1280, 700, 600, 390])("at %i pixels large figures stay in their card", async (width) => {
  const visit = await loaded(await site().visit("playground.html", { viewport: { width, height: 844 } }));
  const out = await visit.page.evaluate(() => {
    const large = { step: "123,456,789", loss: "1.2×10⁻⁸", test: "1.2×10⁻⁸", rate: "1,230,000" };
    const card = document.querySelector(".run") as HTMLElement;
    const figures = Object.entries(large).map(([name, text]) => {
      const figure = document.getElementById(`figure-${name}`) as HTMLElement;
      figure.textContent = text;
      return figure;
    });
    const right = card.getBoundingClientRect().right - Number.parseFloat(getComputedStyle(card).paddingRight);
    const range = document.createRange();
    return figures.flatMap((figure, i) => {
      range.selectNodeContents(figure);
      const own = range.getBoundingClientRect();
      const next = figures[i + 1]?.getBoundingClientRect();
      const end = next !== undefined && next.top === own.top ? next.left : right;
      return own.right > end ? [`${figure.id} by ${own.right - end}`] : [];
    });
  });
  expect(out).toEqual([]);
  await visit.close();
});

describe("what is changed on the way", () => {
  test("is in the code and in the link, both of which come to the same bits", async () => {
    const visit = await loaded(await site().visit("playground.html#seed=3&data=moons&hidden=5&features=x,y,sx"));
    const { page } = visit;
    await go(page);
    await past(page, 50);
    await page.locator("#rate").fill("-1.5");
    await page.locator("[name=activation]").selectOption("relu");
    await page.locator("[name=penalty]").selectOption("l2");
    await page.locator("[name=batch]").selectOption("20");
    await page.getByRole("button", { name: "Layer 1, unit 2" }).click();
    await page.getByLabel("From Input y").fill("0.5");
    await page.keyboard.press("Enter");
    await page.locator("[name=optimizer]").selectOption("sgd");
    const before = await step(page);
    await past(page, before + 50);
    await pause(page);
    const [made, loss] = [await step(page), await exactLoss(page)];
    await page.locator("#pace").selectOption("100");
    expect(page.url()).toContain(`steps=${made}`);
    expect(await printedLast(await code(page))).toBe(String(loss));

    const other = await loaded(
      await site().visit(new URL(page.url()).pathname.split("/").at(-1) + new URL(page.url()).hash),
    );
    await go(other.page);
    await expect.poll(() => step(other.page), patience).toBe(made);
    await paused(other.page);
    expect(await exactLoss(other.page)).toBe(loss);
    expect(await other.page.locator("[name=activation]").inputValue()).toBe("relu");
    expect(await other.page.locator("[name=optimizer]").inputValue()).toBe("sgd");
    clean(visit);
    clean(other);
    await visit.close();
    await other.close();
  }, 120_000);

  test("at rest, a weight changes the picture at once", async () => {
    const visit = await loaded(await site().visit("playground.html#data=xor&hidden=2"));
    const { page } = visit;
    await page.getByRole("button", { name: "Output of class 1" }).click();
    const bias = page.getByLabel("Bias");
    await expect.poll(() => bias.inputValue(), patience).not.toBe("");
    const picture = () => page.locator("#surface").evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
    const drawn = await picture();
    await bias.fill("5");
    await bias.press("Enter");
    await expect.poll(picture, patience).not.toBe(drawn);
    await page.getByRole("button", { name: "Close" }).click();
    clean(visit);
    await visit.close();
  }, 60_000);
});

describe("a link worth trying", () => {
  test("that is pressed in training trains on with what it brings, and at rest waits to be started", async () => {
    const visit = await loaded(await site().visit("playground.html#data=xor&hidden=2"));
    const { page } = visit;
    await go(page);
    await past(page, 20);
    await page.getByRole("link", { name: "One layer of 4 units draws a ring" }).click();
    await expect.poll(() => page.locator("#size").textContent(), patience).toContain("2-4-2");
    await page.locator("#state", { hasText: "Training" }).waitFor(patience);
    await past(page, 20);
    await pause(page);
    await page.getByRole("link", { name: "No layer cannot learn" }).click();
    await page.locator("#state", { hasText: "Ready." }).waitFor(patience);
    await expect.poll(() => page.locator("#figure-step").textContent(), patience).toBe("–");
    expect(await page.locator("#go").textContent()).toBe("Start training");
    clean(visit);
    await visit.close();
  }, 90_000);
});

describe("the network", () => {
  test("grows and shrinks by clicking, and trains on from new weights", async () => {
    const visit = await loaded(await site().visit("playground.html#data=xor&hidden=2"));
    const { page } = visit;
    await go(page);
    await past(page, 20);
    await page.getByRole("button", { name: /^One unit more in layer 1/ }).click();
    await page.getByRole("button", { name: "Add layer" }).click();
    await page.getByLabel("xy", { exact: true }).check();
    await expect.poll(() => page.locator("#size").textContent()).toContain("3-3-3-2: 32 numbers");
    await past(page, 20);
    await page.getByRole("button", { name: "Remove layer" }).click();
    await page.getByRole("button", { name: "Remove layer" }).click();
    await expect.poll(() => page.locator("#size").textContent()).toContain("3-2: 8 numbers");
    await past(page, 20);
    await page.locator("[name=data]").selectOption("waves");
    await past(page, 20);
    await pause(page);
    expect(page.url()).toContain("data=waves");
    clean(visit);
    await visit.close();
  }, 90_000);
});

describe("points of one's own", () => {
  /** What needs points. */
  const impossible = ["go", "show-code", "show-landscape", "save-weights", "save-onnx"];

  test("by mouse and by keyboard, of three classes, with the bits of the code", async () => {
    const visit = await loaded(await site().visit("playground.html#data=own&hidden=4"));
    const { page } = visit;
    // Waits until the network is there whose end is tested.
    await page.mouse.move(5, 5);
    await expect.poll(() => page.locator("#flow .track").count(), patience).toBe(2);
    await page.getByRole("button", { name: "Clear points" }).click();
    await page.locator("#state", { hasText: "There are no points. Put at least two" }).waitFor();
    const off = () => page.locator("main button[aria-disabled=true]").evaluateAll((all) => all.map(({ id }) => id));
    await expect.poll(off, patience).toEqual(expect.arrayContaining(impossible));
    expect(await page.locator("#flow li").count()).toBe(0);
    await page.locator("#show-code").click({ force: true });
    expect(await page.locator("#code-box").isVisible()).toBe(false);
    await page.locator("#copy-link").click();
    await page.locator("#tools-note", { hasText: "Without points of yours" }).waitFor();
    const marks = page.locator("#marks");
    await marks.click({ position: { x: 60, y: 60 } });
    await page.locator("#state", { hasText: "There is one point. Put at least one more" }).waitFor();
    await marks.click({ position: { x: 80, y: 70 } });
    await expect.poll(() => page.locator("#data-note").textContent()).toBe("2 points to train on, none to test.");
    await expect.poll(() => page.locator("#point-note").textContent(), patience).toMatch(/%\. Not trained yet\.$/);
    await marks.click({ position: { x: 70, y: 90 } });
    await page.getByLabel("3", { exact: true }).check();
    await marks.click({ position: { x: 200, y: 200 } });
    await page.getByLabel("2", { exact: true }).check();
    await marks.focus();
    for (const key of ["ArrowUp", "ArrowRight", "Enter", "ArrowUp", "ArrowUp", "ArrowUp", "Enter"])
      await page.keyboard.press(key);
    await expect.poll(() => page.locator("#data-note").textContent()).toMatch(/^4 points to train on, 2/);
    await expect
      .poll(() => page.locator("#point-note").textContent(), patience)
      .toMatch(/^Cross at 0\.10, 0\.40\. At /);
    await page.keyboard.press("Delete");
    await expect.poll(() => page.locator("#data-note").textContent()).toMatch(/^4 points to train on, 1/);
    await marks.click({ position: { x: 200, y: 100 }, button: "right" });
    await page.locator("#data-note", { hasText: "No point is near there." }).waitFor();
    await marks.click({ position: { x: 72, y: 92 } });
    await page.locator("#data-note", { hasText: /^4 points to train on, 2/ }).waitFor();
    await marks.click({ position: { x: 71, y: 91 }, button: "right" });
    await page.locator("#data-note", { hasText: /^4 points to train on, 1/ }).waitFor();
    await expect.poll(async () => (await off()).filter((id) => impossible.includes(id)), patience).toEqual([]);
    await go(page);
    await past(page, 20);
    await pause(page);
    expect(await printedLast(await code(page))).toBe(String(await exactLoss(page)));
    await marks.hover({ position: { x: 100, y: 100 } });
    await expect.poll(() => page.locator("#point-note").textContent(), patience).toMatch(/class \d, \d+ %\.$/);
    const clear = page.locator("#clear-points");
    await clear.click();
    expect(await clear.textContent()).toBe("Sure? Press again");
    expect(await page.locator("#data-note").textContent()).toMatch(/^4 points to train on, 1/);
    await clear.click();
    await page.locator("#state", { hasText: "There are no points." }).waitFor();
    clean(visit);
    await visit.close();
  }, 90_000);

  test("are taken away by a touch that stays, which adds none", async () => {
    const visit = await loaded(await site().visit("playground.html#data=circles", { hasTouch: true }));
    const { page } = visit;
    expect(await page.locator("#point-note").textContent()).toBe("Not trained yet.");
    const box = await page.locator("#marks").boundingBox();
    const { x, y, width } = box ?? { x: 0, y: 0, width: 0 };
    const touches = await page.context().newCDPSession(page);
    const touchPoints = [{ x: x + width / 2, y: y + width / 2 }];
    await touches.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints });
    await page.locator("#data-note", { hasText: /^209 points to train on, 90/ }).waitFor(patience);
    await touches.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
    await page.touchscreen.tap(touchPoints[0].x, touchPoints[0].y);
    await page.locator("#data-note", { hasText: /^210 points to train on, 90/ }).waitFor(patience);
    clean(visit);
    await visit.close();
  }, 60_000);

  test("from a CSV file; one that is none is refused in words", async () => {
    const visit = await loaded(await site().visit("playground.html"));
    const { page } = visit;
    const file = page.locator("#points-file");
    const of = (name: string, text: string) =>
      file.setInputFiles({ name, mimeType: "text/csv", buffer: Buffer.from(text) });
    await of("nonsense.csv", "hello");
    await expect.poll(() => page.locator("#file-problem").textContent(), patience).toContain("three columns");
    expect(await page.locator("#problem").isVisible()).toBe(false);
    const rows = Array.from({ length: 30 }, (_, i) => `${i},${(i * 7) % 11},${["a", "b", "c"][i % 3]}`);
    await of("three.csv", ["x,y,label", ...rows].join("\n"));
    await expect
      .poll(() => page.locator("#file-note").textContent(), patience)
      .toBe("three.csv: 30 points, of the columns x, y and label.");
    expect(await page.locator("#file-problem").isVisible()).toBe(false);
    expect(await page.locator("#data-note").textContent()).toMatch(/^21 points to train on, 9/);
    expect(await page.locator("#scale-note").textContent()).toContain("x from 0 to 29, and y from 0 to 10, become");
    expect(await page.locator("#class-form label").allTextContents()).toEqual(["a", "b", "c", "4"]);
    await go(page);
    await past(page, 20);
    await pause(page);
    const lines = await printed(await code(page));
    expect(lines.at(-1)).toBe(`loss of the last step: ${await exactLoss(page)}`);
    expect(lines.at(-2)).toMatch(/^x 14.5 y 5 is label [abc]$/);
    const saved = page.waitForEvent("download");
    await page.locator("#save-onnx").click();
    expect((await saved).suggestedFilename()).toBe("playground.onnx");
    await page
      .locator("#tools-note", { hasText: "It takes x and y of your file as they are; of the numbers" })
      .waitFor();
    await page.locator("#copy-link").click();
    await page
      .locator("#tools-note", {
        hasText: /finds this network before its first step: “Start training” makes [\d,]+ steps, and/,
      })
      .waitFor();
    const { hash } = new URL(page.url());
    const other = await loaded(await site().visit(`playground.html${hash}`));
    expect(await other.page.locator("#state").textContent()).toMatch(
      /^Ready. As the link says, “Start training” makes [\d,]+ steps, and stops.$/,
    );
    expect(await other.page.locator("#scale-note").textContent()).toContain("x from 0 to 29");
    expect(await other.page.locator("#class-form label").allTextContents()).toEqual(["a", "b", "c", "4"]);
    clean(other);
    await other.close();
    clean(visit);
    await visit.close();
  }, 180_000);
});

describe("points that are clicked in training", () => {
  test("are each in the code once, which comes to the same bits", async () => {
    const visit = await loaded(await site().visit("playground.html#data=own&hidden=4&features=x,y,xy"));
    const { page } = visit;
    const marks = page.locator("#marks");
    await page.getByRole("button", { name: "Clear points" }).click();
    for (const [x, y] of [
      [40, 60],
      [60, 80],
      [70, 90],
    ])
      await marks.click({ position: { x, y } });
    await page.getByLabel("2", { exact: true }).check();
    await marks.click({ position: { x: 200, y: 200 } });
    await go(page);
    await past(page, 20);
    for (const y of [50, 100, 150, 210]) {
      await marks.click({ position: { x: 180, y } });
      await past(page, (await step(page)) + 20);
    }
    await marks.click({ position: { x: 180, y: 50 }, modifiers: ["Shift"] });
    await past(page, (await step(page)) + 20);
    await page.locator("[name=activation]").selectOption("relu");
    await page.locator("#rate").fill("-2");
    await past(page, (await step(page)) + 20);
    await pause(page);
    const text = await code(page);
    // A busy machine may make several clicks one change, and the last ones after the pause; test/demo/playground.test.ts counts exactly.
    const added = text.match(/own\.push\(.*\);/g) ?? [];
    expect(new Set(added).size).toBe(added.length);
    expect(text.split("new Trainer").length).toBeLessThanOrEqual(3);
    expect(await printedLast(text)).toBe(String(await exactLoss(page)));
    clean(visit);
    await visit.close();
  }, 180_000);
});

describe("looking closer", () => {
  /** Of the network of the spiral before its first step. */
  async function firstLoss(): Promise<string> {
    const fallbacks = Object.entries(fields).map(([name, { fallback }]) => [name, fallback]);
    const settings = Object.fromEntries(fallbacks) as Settings;
    const executor = new WasmExecutor({ build: "portable" });
    const session = new Session(executor, settings, [], () => undefined);
    const { train } = (await session.measures()).answer;
    await session.dispose();
    await executor.dispose();
    return short(train[0]);
  }

  test("the past, the flow of gradients, the curves and the landscape", async () => {
    const visit = await loaded(await site().visit("playground.html#data=spiral&hidden=8,8"));
    const { page } = visit;
    await page.locator("#go").press("Enter"); // there is no network before, as for whoever moves no mouse
    await past(page, 50);
    await pause(page);
    await expect.poll(() => page.locator("#flow .track").count()).toBe(3);
    await page.locator("#loss-chart canvas").waitFor();
    const picture = () => page.locator("#surface").evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
    const now = await picture();
    await page.locator("#time").fill("0");
    await expect.poll(() => page.locator("#time-value").textContent()).toBe("step 0");
    const note = page.locator("#time-note");
    await expect.poll(() => note.textContent(), patience).toMatch(/^Loss there: \S+ of all points to train on, \S+ of/);
    expect(await note.textContent()).toContain(`Loss there: ${await firstLoss()} of all points`);
    await expect.poll(picture, patience).not.toBe(now);
    await page.locator("#time").press("End");
    await expect.poll(picture, patience).toBe(now);
    expect(await note.textContent()).toBe("");
    for (const directions of ["path", "random"]) {
      await page.locator("#directions").selectOption(directions);
      await page.getByRole("button", { name: "Draw" }).click();
      await expect
        .poll(() => page.locator("#landscape-note").textContent(), patience)
        .toMatch(/^Loss here \S+, of all points/);
    }
    await page.locator("#marks").hover({ position: { x: 100, y: 100 } });
    await expect.poll(() => page.locator("#point-note").textContent()).toMatch(/class [12], \d+ %/);
    const [, ...place] = /^At (\S+), (\S+):/.exec((await page.locator("#point-note").textContent()) ?? "") ?? [];
    for (const middle of place.map((text) => ((Number(text) + 3) / 6) * 64 - 0.5))
      expect(Math.abs(middle - Math.round(middle))).toBeLessThan(0.06); // of a square's side, rounded
    expect(place).toHaveLength(2);
    // A weight that is set while one looks back is one of now.
    await page.locator("#time").fill("0");
    await page.getByRole("button", { name: "Output of class 1" }).click();
    await page.getByLabel("Bias").fill("5");
    await page.getByLabel("Bias").press("Enter");
    await expect.poll(() => page.locator("#time-value").textContent(), patience).toBe("now");
    await expect.poll(() => page.getByLabel("Bias").inputValue(), patience).toBe("5");
    clean(visit);
    await visit.close();
  }, 90_000);

  test("a network that learns the noise of its points is said to", async () => {
    const visit = await loaded(await site().visit("playground.html#data=moons&noise=50&share=20&hidden=8,8&rate=0.01"));
    const { page } = visit;
    await go(page);
    await page
      .locator("#state", { hasText: /The test loss has risen since about step [\d,]+, where it was/ })
      .waitFor(patience);
    clean(visit);
    await visit.close();
  }, 60_000);

  test("gradients that vanish are seen, and said, to vanish", async () => {
    const visit = await loaded(
      await site().visit("playground.html#hidden=2,2,2,2,2,2&activation=sigmoid&seed=3&data=spiral"),
    );
    const { page } = visit;
    await page.mouse.move(5, 5);
    await page
      .locator("#flow-note", { hasText: /^It vanishes on its way back: layer 1 is pulled [\d,]+ times less/ })
      .waitFor();
    const lengths = await page
      .locator("#flow .track i")
      .evaluateAll((bars) =>
        bars.map((bar) => bar.getBoundingClientRect().width / (bar.parentElement?.clientWidth ?? 1)),
      );
    expect(lengths).toHaveLength(7);
    expect(lengths[0]).toBeGreaterThan(0);
    expect(lengths[0]).toBeLessThan(lengths[6] / 3);
    expect(await faults(page)).toEqual([]);
    clean(visit);
    await visit.close();
  }, 60_000);

  test("a rate that is too high is told of, and a reset begins anew; nonsense in the address is passed over", async () => {
    const visit = await loaded(
      await site().visit(
        "playground.html#data=waves&optimizer=sgd&rate=10&activation=relu&hidden=99&changes=x*y_2&batch=7",
      ),
    );
    const { page } = visit;
    await go(page);
    await expect.poll(() => page.locator("#problem").textContent(), patience).toContain("Lower the learning rate");
    await page.locator("#rate").fill("-3");
    await go(page);
    await past(page, 20);
    await go(page);
    await page.locator("#reset").dblclick();
    await expect.poll(() => page.locator("#figure-step").textContent(), patience).toBe("–");
    await go(page);
    await past(page, 20);
    clean(visit);
    await visit.close();
  }, 90_000);
});
