// The page of the benchmark, used as a visitor would: measured, paused, cancelled, compared, copied, linked to.
import type { Page } from "playwright";
import { describe, expect, test } from "vitest";
import { shots } from "../../demo/web/pictures-of-pages/shots.ts";
import { printed } from "./code.ts";
import { clean, loaded, pageSuite, patience, step } from "./suite.ts";

const site = pageSuite({ address: "benchmark.html#networks=tiny&rounds=3", code: false });

/** The cells of the table, row by row. */
function cells(page: Page): Promise<string[][]> {
  return page
    .locator("#table tbody tr")
    .evaluateAll((rows) => rows.map((row) => Array.from(row.children, ({ textContent }) => textContent ?? "")));
}

function finished(page: Page, timeout = 60_000): Promise<void> {
  return page.locator("#go", { hasText: "Measure again" }).waitFor({ timeout });
}

const clipboard = { permissions: ["clipboard-read", "clipboard-write"] };

describe("a visitor of the benchmark", () => {
  test("compares libraries, which are loaded when asked for", async () => {
    const visit = await loaded(await site().visit("benchmark.html#networks=tiny&rounds=1", clipboard));
    const { page } = visit;
    const peers: string[] = [];
    page.on("request", (request) => {
      if (request.url().includes("/peers/")) peers.push(request.url());
    });
    for (const name of ["tfwasm", "tfcpu", "jax"]) await page.locator(`[name=${name}]`).check();
    expect(peers).toEqual([]);
    await page.locator("#go").click();
    await finished(page);
    const rows = await cells(page);
    expect(rows.map(([network, contender]) => `${network}: ${contender}`)).toEqual([
      "2-8-8-2: simdgrad, 1 thread",
      "2-8-8-2: simdgrad, all threads",
      "2-8-8-2: Plain TypeScript",
      "2-8-8-2: TensorFlow.js, WebAssembly",
      "2-8-8-2: TensorFlow.js, JavaScript",
      "2-8-8-2: jax-js, WebAssembly",
    ]);
    for (const row of rows) expect(Number(row[2].replaceAll(",", ""))).toBeGreaterThan(0);
    expect(peers.length).toBeGreaterThan(3);
    expect(rows.map((row) => row[5])).toEqual(rows.map(() => "one round: not known"));
    expect(await page.locator("#summary").textContent()).toMatch(/how far rounds scatter is not known/);

    await page.locator("#copy-markdown").click();
    await page.locator("#copied", { hasText: "Copied." }).waitFor();
    const markdown = (await page.evaluate(() => navigator.clipboard.readText())).split("\n");
    expect(markdown[0]).toBe(
      "| Network | Contender | ms a step | Steps a second | Times plain TypeScript | Least to most ms | What runs |",
    );
    expect(markdown.filter((line) => line.startsWith("| "))).toHaveLength(rows.length + 2);
    expect(markdown.at(-2)).toMatch(/^\d+ processors?, Chrome \d+/);
    await page.locator("#copy-csv").click();
    await expect
      .poll(() => page.evaluate(() => navigator.clipboard.readText()), patience)
      .toMatch(/^Network,Contender/);
    clean(visit);
    await visit.close();
  }, 90_000);

  test("says what a library cannot do", async () => {
    const visit = await loaded(await site().visit("benchmark.html#networks=cnn&rounds=1&tfwasm=1"));
    const { page } = visit;
    const cannot = page.locator("#cannot");
    expect(await cannot.textContent()).toContain("Conv2DBackpropFilter");
    await page.locator("[name=tfwasm]").uncheck();
    expect(await cannot.textContent()).toBe("");
    await page.locator("[name=tfwasm]").check();
    expect(await cannot.textContent()).toContain("Conv2DBackpropFilter");
    await page.locator("#go").click();
    await finished(page);
    const rows = await cells(page);
    expect(rows.map((row) => row[2] === "–")).toEqual([false, false, false, true]);
    expect(rows[3].at(-1)).toBe("not supported: Kernel 'Conv2DBackpropFilter' not registered for backend 'wasm'");
    clean(visit);
    await visit.close();
  }, 90_000);

  test("sends a link with the figures, which whoever opens it sees beside his own; the code measures the same", async () => {
    const visit = await loaded(await site().visit("benchmark.html#networks=tiny&rounds=3", clipboard));
    const { page } = visit;
    await page.locator("#go").click();
    await finished(page);
    expect(await page.locator("#summary").textContent()).toMatch(
      /^2-8-8-2 with (one thread|all threads): [\d,.]+ steps.* Its 3 rounds made between [\d,.]+ and [\d,.]+\.( Rounds lay .*)?$/,
    );
    const own = await cells(page);
    for (const row of own) {
      const [least, most] = row[5]
        .replace(", unsteady", "")
        .split(" to ")
        .map((text) => Number(text.replaceAll(",", "")));
      const ms = Number(row[2].replaceAll(",", ""));
      expect(least).toBeLessThanOrEqual(ms);
      expect(most).toBeGreaterThanOrEqual(ms);
    }
    const unsteady = own.filter((row) => row[5].endsWith(", unsteady")).length;
    expect(await page.locator(".many small").allTextContents()).toHaveLength(own.length);
    expect(await page.locator(".many small", { hasText: "The machine was busy" }).count()).toBe(unsteady);
    expect((await page.locator("#summary").textContent())?.includes("Rounds lay")).toBe(unsteady > 0);
    await page.locator("#copy-link").click();
    await page.locator("#tools-note", { hasText: "copied" }).waitFor();
    const link = await page.evaluate(() => navigator.clipboard.readText());
    await page.locator("#show-code").click();
    const lines = await printed((await page.locator("#code").textContent()) ?? "");
    expect(lines).toHaveLength(3);
    for (const line of lines) {
      expect(line).toMatch(/^2-8-8-2, [\w ,]+: [\d.e-]+ ms a step; rounds from [\d.e-]+ to [\d.e-]+$/);
      const [ms, least, most] = (line.split(": ")[1].match(/\d[\d.e-]*/g) ?? []).map(Number);
      expect(least).toBeLessThanOrEqual(ms);
      expect(most).toBeGreaterThanOrEqual(ms);
      expect(ms).toBeGreaterThan(1e-5);
      expect(ms).toBeLessThan(1000);
    }
    clean(visit);
    await visit.close();

    const name = link.slice(link.indexOf("benchmark.html"));
    const other = await loaded(await site().visit(name));
    expect(await other.page.locator("#theirs").textContent()).toMatch(/of a machine like this one.*Chrome/);
    const theirs = await cells(other.page);
    expect(theirs.map((row) => row[5])).toEqual(own.map((row) => row[2]));
    expect(theirs.map((row) => row[2])).toEqual(own.map(() => "–"));
    await other.page.locator("#go").click();
    await finished(other.page);
    expect((await cells(other.page)).map((row) => row[5])).toEqual(own.map((row) => row[2]));
    expect(await other.page.locator("i.theirs").count()).toBe(own.length);
    clean(other);
    await other.close();
  }, 120_000);

  test("hears of rounds that a busy machine scattered, which the picture of the front page's card leaves out", async () => {
    const visit = await site().visit("index.html");
    const { page } = visit;
    // A clock that jumps further each time, so that rounds take longer and longer, as on a machine that gets busy.
    const jumps = "const clock = performance.now.bind(performance); let late = 0; let asked = 0;";
    await page.route(/own-worker.*\.js$/, async (route) => {
      const response = await route.fetch();
      const body = `${jumps} performance.now = () => clock() + (late += 0.01 * ++asked ** 3);${await response.text()}`;
      await route.fulfill({ response, body });
    });
    await page.goto(new URL("benchmark.html#networks=tiny&rounds=9", page.url()).href);
    await loaded(visit);
    await page.locator("#go").click();
    await finished(page);
    const doubts = /The machine was busy|not to be trusted/;
    const results = () => page.locator(".results > :not(#table-box)").allInnerTexts();
    expect((await results()).join()).toMatch(doubts);
    await shots["benchmark.html"].moment?.(page);
    expect((await results()).join()).not.toMatch(doubts);
    expect((await results()).join()).toContain("steps/s");
    clean(visit);
    await visit.close();
  }, 90_000);

  test("pauses, goes on, cancels and begins again; nonsense in the address is passed over", async () => {
    const nonsense = `networks=no&rounds=1e9&jax=yes&theirs=dense_one_-4*x_y_z&machine=${"x".repeat(300)}`;
    const visit = await loaded(await site().visit(`benchmark.html#${nonsense}`));
    const { page } = visit;
    for (const name of ["dense", "cnn", "tiny"]) expect(await page.locator(`[name=${name}]`).isChecked()).toBe(true);
    expect(await page.inputValue("[name=rounds]")).toBe("7");
    expect(await page.locator("#theirs").isVisible()).toBe(false);
    await page.locator("#go").click();
    await expect.poll(() => step(page), patience).toBeGreaterThan(0);
    await page.locator("#go", { hasText: "Pause" }).click();
    await page.locator("#go", { hasText: "Resume" }).waitFor();
    await page.waitForTimeout(500); // the request under way is answered
    const paused = await step(page);
    await page.waitForTimeout(300);
    expect(await step(page)).toBe(paused);
    await page.locator("#go").click();
    await expect.poll(() => step(page), patience).toBeGreaterThan(paused);
    await page.locator("#cancel").click();
    await page.locator("#state", { hasText: "Cancelled" }).waitFor(patience);

    for (const name of ["dense", "cnn", "tiny"]) await page.locator(`[name=${name}]`).uncheck();
    await page.locator("#go").click();
    await page.locator("#problem", { hasText: "at least one" }).waitFor();
    await page.locator("[name=tiny]").check();
    await page.fill("[name=rounds]", "0");
    await page.press("[name=rounds]", "Tab");
    expect(await page.inputValue("[name=rounds]")).toBe("1");
    await page.locator("#go").click();
    await finished(page);
    expect(await page.locator("#problem").isVisible()).toBe(false);
    clean(visit);
    await visit.close();
  }, 90_000);
});
