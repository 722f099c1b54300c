// The page of back-propagation, used as a visitor would.
import { describe, expect, test } from "vitest";
import { questions } from "../../demo/web/backpropagation/quiz.ts";
import { faults, overflow } from "./looks.ts";
import { clean, exactLoss, loaded, pageSuite, patience, step } from "./suite.ts";

const site = pageSuite({
  address: "backpropagation.html#seed=1&layers=2,3,1&bias=1&speed=fast",
  still: "backpropagation.html",
  first: ["h1", "#go", "#graph"],
});

describe("a visitor", () => {
  test("has a worker from the first sign of life on, and loses no key that was pressed before it was there", async () => {
    const visit = await loaded(await site().visit("backpropagation.html"));
    const { page } = visit;
    expect(page.workers().length).toBe(0);
    expect(await page.locator("#graph .label").allTextContents()).toEqual(["0.5", "−0.2"]);
    for (let i = 0; i < 4; i++) await page.keyboard.press("ArrowRight");
    await expect.poll(() => step(page), patience).toBe(1);
    await page.locator("#moment-title", { hasText: "Update 1 is made" }).waitFor();
    expect(page.workers().length).toBe(1);
    expect(await page.locator("#go").textContent()).toBe("Play");
    clean(visit);
    await visit.close();
  });

  test.each([320, 360])("on a screen of %i pixels sees the whole network", async (width) => {
    const address = "backpropagation.html#seed=1&layers=4,4,4,1&bias=1&activation=tanh";
    const visit = await loaded(await site().visit(address, { viewport: { width, height: 780 } }));
    const { page } = visit;
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    const beyond = () => page.locator("#graph").evaluate((place) => place.scrollWidth - place.clientWidth);
    expect(await beyond()).toBe(0);
    for (let i = 0; i < 7; i++) await page.getByRole("button", { name: "Forward" }).click();
    await page.locator("#moment-title", { hasText: "Backward pass: hidden layer 1" }).waitFor();
    expect(await beyond()).toBe(0);
    // Of 16 lines between two layers those into one unit show their numbers, and those of another when it is pressed.
    const shown = () =>
      page.locator("#graph .weight:not(.faint)").evaluateAll((all) => all.map(({ ariaLabel }) => ariaLabel));
    const into = async (unit: string) => (await shown()).filter((name) => name?.includes(`→${unit})`)).length;
    expect([await into("h₁"), await into("h₂"), await into("k₁"), await into("k₂")]).toEqual([4, 0, 4, 0]);
    await page.locator("#graph .unit", { hasText: "h₂" }).click();
    expect([await into("h₁"), await into("h₂"), await into("k₁"), await into("k₂")]).toEqual([0, 4, 4, 0]);
    clean(visit);
    await visit.close();
  });

  test.each(["light", "dark"] as const)(
    "sees in the %s theme that the bar has more pages than fit",
    async (colorScheme) => {
      const narrow = { viewport: { width: 390, height: 844 }, colorScheme, reducedMotion: "reduce" } as const;
      const visit = await loaded(await site().visit("index.html", narrow));
      const { page } = visit;
      const arrows = async () => {
        const seen = ["before", "after"].map((side) => page.locator(`.site-header .${side}`).isVisible());
        return (await Promise.all(seen)).join();
      };
      const edge = () => page.locator(".site-header ul").evaluate((list) => getComputedStyle(list).maskImage);
      await expect.poll(arrows, patience).toBe("false,true");
      const fadesAfter = await edge();
      expect(await faults(page)).toEqual([]);
      await page.locator(".site-header .after").click();
      await expect.poll(arrows, patience).toBe("true,true");
      expect(await edge()).not.toBe(fadesAfter);
      expect(await faults(page)).toEqual([]);
      // By the keyboard to the last one: nothing more follows, and no arrow takes the focus.
      await page.locator(".site-header nav a").last().focus();
      await expect.poll(arrows, patience).toBe("true,false");
      await page.keyboard.press("Tab");
      expect(await page.locator("#theme").evaluate((button) => button === document.activeElement)).toBe(true);
      await page.setViewportSize({ width: 1280, height: 800 });
      await expect.poll(arrows, patience).toBe("false,false");
      expect(await overflow(page)).toBeLessThanOrEqual(0);
      clean(visit);
      await visit.close();
    },
  );

  test("steps through the worked exercise, forwards and backwards, and finds the numbers of the textbook", async () => {
    const visit = await loaded(await site().visit("backpropagation.html"));
    const { page } = visit;
    const forward = () => page.getByRole("button", { name: "Forward" }).click();
    const says = (selector: string, text: string) => page.locator(selector, { hasText: text }).waitFor();
    await forward();
    await says("#moment-text", "y = 0.3400");
    await forward();
    await says("#moment-text", "= 0.03380");
    // The picture has the loss before any update was made; what is said of the last update waits for one.
    expect(await page.locator("#graph .loss .value").textContent()).toBe("0.0338");
    expect(await page.locator(".figures dt").allTextContents()).toEqual([
      "Updates made",
      "Loss before the last update",
      "Loss after it",
    ]);
    expect(await page.locator("#figure-after").textContent()).toBe("–");
    await forward();
    await says("#chain", "= −0.2600");
    await says("#moment-text", "the output is too small");
    await forward();
    await expect.poll(() => step(page), patience).toBe(1);
    expect(await exactLoss(page)).toBeCloseTo(0.0338, 6);
    const numbers = (kind: string) => page.locator(`#graph .labels .${kind}`).allTextContents();
    const gradients = ["∂ −0.26", "∂ −0.208"];
    // Old weights, gradients and new weights together, and the step that led from the ones to the others.
    expect([await numbers("old"), await numbers("gradient"), await numbers("label")]).toEqual([
      ["was 0.5", "was −0.2"],
      gradients,
      ["0.526", "−0.1792"],
    ]);
    await says("#chain", "w₁ ← 0.5000 − 0.1000 × (−0.2600) = 0.5260");
    expect(await page.locator("#figure-after").textContent()).toBe("0.02362");
    await page.keyboard.press("ArrowLeft");
    await expect.poll(() => step(page), patience).toBe(0);
    // A line keeps its weight, and the weight's sign, while its gradient of another sign stands beneath.
    expect([await numbers("label"), await numbers("gradient")]).toEqual([["0.5", "−0.2"], gradients]);
    expect(await page.locator("#graph .weight.positive").count()).toBe(1);
    // To another weight by the keyboard: its chain is unrolled.
    await page.locator("#graph [tabindex='0']").focus();
    await page.keyboard.press("ArrowDown");
    await says("#chain", "∂L/∂w₂ = ∂L/∂y × ∂y/∂z × ∂z/∂w₂");
    await says("#chain", "= −0.2080");
    await says(".symbols", "each input times its weight, added up, and its bias where it has one");
    clean(visit);
    await visit.close();
  });

  test("goes back in time by the slider, finds what was, and goes on from there to the same end", async () => {
    const visit = await loaded(await site().visit("backpropagation.html#seed=3&layers=2,2,1&speed=fast&steps=12"));
    const { page } = visit;
    const play = async () => {
      await page.locator("#go").click();
      await expect.poll(() => step(page), patience).toBe(12);
      await page.locator("#go", { hasText: "Play" }).waitFor();
    };
    await play();
    const end = await exactLoss(page);
    await page.locator("#copy-link").click();
    await page.locator("#tools-note", { hasText: "before its first update: Play makes the 12" }).waitFor();
    const numbers = () => page.locator("#graph text").allTextContents();
    const last = await numbers();
    await page.locator("#time").fill("3");
    await expect.poll(() => step(page), patience).toBe(3);
    expect(await exactLoss(page)).toBeGreaterThan(end);
    await play();
    expect(await exactLoss(page)).toBe(end);
    expect(await numbers()).toEqual(last);
    clean(visit);
    await visit.close();
  });

  test("makes a network of their own, and is told in words of what cannot be", async () => {
    const visit = await loaded(
      await site().visit("backpropagation.html#layers=9,x&rate=nonsense&weights=1&speed=fast"),
    );
    const { page } = visit;
    expect(await page.locator("#graph .weight").count()).toBe(2);
    await page.fill("[name=inputs]", "1, zero");
    await page.locator("[name=rate]").focus();
    await page.getByRole("alert").filter({ hasText: "Inputs are one to 4 numbers" }).waitFor();
    expect(await page.locator("[name=inputs]").getAttribute("aria-invalid")).toBe("true");
    await page.fill("[name=inputs]", "1, 0.5, -1");
    await page.selectOption("[name=hidden1]", "2");
    await expect.poll(() => page.locator("#graph .weight").count(), patience).toBe(8);
    await expect.poll(() => page.url(), patience).toContain("layers=3%2C2%2C1");
    await page.locator("#settings-problem").waitFor({ state: "hidden" });
    await page.fill("[name=targets]", "0,6");
    await page.locator("[name=rate]").focus();
    await page.locator("#settings-note", { hasText: "The comma was read as a decimal point: 0.6." }).waitFor();
    expect(await page.locator("#graph .weight").count()).toBe(8);
    await page.fill("[name=targets]", "0.9; 0.1");
    await page.locator("[name=rate]").focus();
    await page.locator("#settings-note", { hasText: "The network has 2 outputs now, one for each target." }).waitFor();
    await page.fill("[name=targets]", "0.9");
    await page.locator("[name=rate]").focus();
    await page.locator("#graph", { hasText: "t = 0.9" }).waitFor();
    await page.fill("[name=rate]", "50");
    await page.selectOption("[name=activation]", "linear");
    await page.locator("#go").click();
    await page.locator("#problem", { hasText: "choose a lower learning rate" }).waitFor();
    await page.locator("#back").click();
    await page.locator("#problem").waitFor({ state: "hidden" });
    clean(visit);
    await visit.close();
  });

  test("solves the first chapters, and finds them solved after a reload", async () => {
    const visit = await loaded(await site().visit("backpropagation.html"));
    const { page } = visit;
    const task = page.locator(".chapter .chapter:not([hidden])");
    const open = async (name: string) => {
      await page.getByRole("button", { name }).click();
      await task.getByRole("heading", { name }).waitFor();
    };
    const verdicts = task.locator(".verdict");
    for (const [label, value] of Object.entries({
      "Output y": "0,34",
      "Loss L": "0.0338",
      "Gradient ∂L/∂w₁": "−0.26",
      "Gradient ∂L/∂w₂": "-0.208",
      "New w₁": "0.474",
      "New w₂": "-0.1792",
    }))
      await task.getByLabel(label).fill(value);
    await task.getByRole("button", { name: "Check" }).click();
    await verdicts.filter({ hasText: "That goes uphill" }).waitFor();
    await task.getByLabel("New w₁").fill("0.526");
    await task.getByRole("button", { name: "Check" }).click();
    await verdicts.filter({ hasText: "All right." }).waitFor();

    await open("2. A rate too high");
    await task.getByLabel("Learning rate").fill("1.3");
    await task.getByLabel("The loss").selectOption("grow");
    await task.getByRole("button", { name: "Try" }).click();
    await verdicts.filter({ hasText: "As you said." }).waitFor();
    await task.getByLabel("Learning rate").fill("5");
    await task.getByRole("button", { name: "Try" }).click();
    await verdicts.filter({ hasText: "grew from 0.03380 beyond all numbers that the computer can write" }).waitFor();
    await task.getByLabel("It diverges above").fill("1.0");
    await task.getByRole("button", { name: "Check" }).click();
    await verdicts.filter({ hasText: "between 1 and 1.3: try the middle, 1.15." }).waitFor();
    await task.getByLabel("It diverges above").fill("1.22");
    await task.getByRole("button", { name: "Check" }).click();
    await verdicts.filter({ hasText: "2 / 1.64" }).waitFor();

    await open("5. Momentum");
    await task.getByRole("button", { name: "Run" }).click();
    await verdicts.filter({ hasText: "With m = 0 it took" }).waitFor();
    await task.getByLabel("Momentum m").fill("0.7");
    await task.getByRole("button", { name: "Run" }).click();
    await verdicts.filter({ hasText: "less than a third" }).waitFor();

    await page.reload();
    const solved = page.locator("#chapter-list button[aria-label$=solved]");
    await expect
      .poll(() => solved.allTextContents(), patience)
      .toEqual(["1. One update by hand ✓", "2. A rate too high ✓", "5. Momentum ✓"]);
    expect(await faults(page)).toEqual([]);
    clean(visit);
    await visit.close();
  });

  test("answers the quiz, and finds the answers after a reload", async () => {
    const visit = await loaded(await site().visit("backpropagation.html#chapter=quiz"));
    const { page } = visit;
    const task = page.locator(".chapter .chapter:not([hidden])");
    for (const question of questions)
      await task.getByLabel(question.answers.find(({ right }) => right)?.text ?? "", { exact: true }).check();
    await task.getByText("10 of 10 right.").waitFor();
    await page.reload();
    await page.getByRole("button", { name: "Quiz, solved" }).waitFor();
    await task.getByText("10 of 10 right.").waitFor();
    const wanted = questions.map(({ answers }) => answers.find(({ right }) => right)?.text);
    const checked = () => task.locator(".choice:has(:checked)").allTextContents();
    expect(await checked()).toEqual(wanted);
    expect(await task.locator(".question .verdict.right").count()).toBe(10);
    await task.getByRole("button", { name: "Begin the quiz again" }).click();
    await task.getByText("0 of 10 right, 10 to go.").waitFor();
    expect(await checked()).toEqual([]);
    expect(await faults(page)).toEqual([]);
    clean(visit);
    await visit.close();
  });

  test("trains what the other chapters are about, on a phone, too", async () => {
    const visit = await loaded(
      await site().visit("backpropagation.html#chapter=vanishing", { viewport: { width: 390, height: 844 } }),
    );
    const { page } = visit;
    const task = page.locator(".chapter .chapter:not([hidden])");
    const verdict = (text: string) => task.locator(".verdict", { hasText: text }).waitFor();
    const train = () => task.getByRole("button", { name: "Train" }).click();
    await train();
    await verdict("It vanished on its way.");
    // To the end: of what is left then, no more digits are shown than are right.
    await task.locator(".hint", { hasText: "update 300 of 300" }).waitFor();
    await task.locator(".hint", { hasText: "leaves no more digits" }).waitFor();
    expect(await task.locator(".gradient-bars li").last().textContent()).toMatch(/^Layer 10≈ \d × 10⁻⁸$/);
    const heights = await task.locator(".gradient-bars li").evaluateAll((all) => all.map((each) => each.clientHeight));
    expect(new Set(heights).size).toBe(1);
    await task.getByLabel("Activation").selectOption("tanh");
    await task.getByLabel("First weights").selectOption("xavier");
    await train();
    await verdict("It came back.");
    const open = async (name: string) => {
      await page.getByRole("button", { name }).click();
      await task.getByRole("heading", { name }).waitFor();
    };
    await open("3. A hidden layer");
    await task.getByLabel("Hidden layer").selectOption("1");
    await train();
    await verdict("one unit draws one line");
    await task.getByLabel("Hidden layer").selectOption("4");
    await train();
    await verdict("all four are right");
    await open("6. Overfitting");
    await train();
    await task.getByRole("img", { name: /Losses/ }).waitFor();
    await task.getByRole("button", { name: "Stop" }).click();
    await verdict("Train to the end without weight decay first");
    await train();
    await task.getByRole("button", { name: "Stop" }).waitFor();
    await open("5. Momentum");
    await page.locator("#chapter-note", { hasText: "What ran in “6. Overfitting” has stopped" }).waitFor();
    await open("6. Overfitting");
    expect(await page.locator("#chapter-note").textContent()).toBe("");
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    expect(await faults(page)).toEqual([]);
    clean(visit);
    await visit.close();
  }, 120_000);
});
