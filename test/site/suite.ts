// What holds for every page of the site, whatever it trains. A page's own test names the page, and how it is set going.
import type { Page } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { printedLast } from "./code.ts";
import { faults, overflow } from "./looks.ts";
import { Site, type Visit } from "./visit.ts";

/** For what depends on how busy the machine is. */
export const patience = { timeout: 30_000 };

export interface SitePageRow {
  /** The page, with a state in its address behind # for one that should begin small. */
  readonly address: string;
  /** Sets the page going; default: presses #go. */
  readonly start?: (page: Page) => Promise<void>;
  /** Has it stop where it is; default: presses #go again. */
  readonly stop?: (page: Page) => Promise<void>;
  /** Steps after which it is looked at; default 20. */
  readonly steps?: number;
  /** What must be in the first view of 1280 x 800, and of 390 x 844; default: the title and #go. */
  readonly first?: readonly string[];
  /** Arguments of Chromium's. */
  readonly arguments?: readonly string[];
  /** Where nothing moves while it loads; default: at that address, too. */
  readonly still?: string;
  /** Whether there is code that makes the same loss; default true. */
  readonly code?: boolean;
}

/** What #figure-step says, as a number. */
export async function step(page: Page): Promise<number> {
  const text = await page.locator("#figure-step").textContent();
  return Number.parseFloat((text ?? "").replaceAll(",", ""));
}

/** The loss of the last step, with all of its digits. */
export async function exactLoss(page: Page): Promise<number> {
  return Number(await page.locator("#figure-loss").getAttribute("data-exact"));
}

/** A page that is loaded. */
export async function loaded(visit: Visit): Promise<Visit> {
  await visit.page.locator("main[data-ready]").waitFor({ state: "attached", ...patience });
  return visit;
}

export function clean({ errors, foreign }: Visit): void {
  expect(errors).toEqual([]);
  expect(foreign).toEqual([]);
}

async function press(page: Page): Promise<void> {
  await page.locator("#go").click();
}

async function inFirstView(page: Page, selectors: readonly string[]): Promise<string[]> {
  await page.evaluate(() => scrollTo(0, 0));
  const { height } = page.viewportSize() ?? { height: 0 };
  const missing: string[] = [];
  for (const selector of selectors) {
    const box = await page.locator(selector).first().boundingBox();
    if (box === null || box.y < 0 || box.y + box.height > height) missing.push(selector);
  }
  return missing;
}

/** What has moved since the page was asked for, and how far by Chromium's measure. */
function moved(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const found: string[] = [];
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & { value: number; sources: { node?: Node }[] })[])
        found.push(`${entry.value}: ${entry.sources.map(({ node }) => node?.parentElement?.outerHTML.slice(0, 80))}`);
    }).observe({ type: "layout-shift", buffered: true });
    await new Promise((resolve) => setTimeout(resolve, 500));
    return found;
  });
}

/** What stands out of the card of tools on its right. */
function outOfTools(page: Page): Promise<string[]> {
  return page.locator("#tools").evaluate((card) => {
    const { right } = card.getBoundingClientRect();
    const all = [...card.querySelectorAll(":scope *:not(#code *)")];
    return all.filter((each) => each.getBoundingClientRect().right > right).map(({ id, tagName }) => id || tagName);
  });
}

/** The tests that every page passes; gives the site to tests of its own. */
export function pageSuite(row: SitePageRow): () => Site {
  const { address, start = press, stop = press, steps = 20, first = ["h1", "#go"] } = row;
  let site: Site;

  beforeAll(async () => {
    site = await Site.start(...(row.arguments ?? []));
  }, 60_000);

  afterAll(() => site?.stop());

  const going = async (page: Page) => {
    await start(page);
    await expect.poll(() => step(page), patience).toBeGreaterThanOrEqual(steps);
  };

  describe(`${address}, as every page`, () => {
    test.each(["light", "dark"] as const)(
      "in the %s theme nothing serious is found, at rest and in training, and nothing is on the console",
      async (colorScheme) => {
        const visit = await loaded(await site.visit(address, { colorScheme, reducedMotion: "reduce" }));
        const { page } = visit;
        expect(await inFirstView(page, first)).toEqual([]);
        expect(await faults(page)).toEqual([]);
        await going(page);
        expect(await faults(page)).toEqual([]);
        clean(visit);
        await visit.close();
      },
      90_000,
    );

    test("at 390 pixels nothing is wider than the screen, and what matters is in the first view", async () => {
      const visit = await loaded(await site.visit(address, { viewport: { width: 390, height: 844 }, hasTouch: true }));
      const { page } = visit;
      expect(await inFirstView(page, first)).toEqual([]);
      await expect.poll(() => overflow(page), patience).toBeLessThanOrEqual(0);
      await going(page);
      await expect.poll(() => overflow(page), patience).toBeLessThanOrEqual(0);
      await page.locator("#show-code").click();
      await page.locator("#code:not(:empty)").waitFor();
      await expect.poll(() => overflow(page), patience).toBeLessThanOrEqual(0);
      expect(await outOfTools(page)).toEqual([]);
      clean(visit);
      await visit.close();
    }, 90_000);

    test.each([1280, 390])("at %i pixels nothing moves while it loads", async (width) => {
      const visit = await loaded(await site.visit(row.still ?? address, { viewport: { width, height: 820 } }));
      expect(await moved(visit.page)).toEqual([]);
      await visit.close();
    });

    test("without the headers that isolate it, it trains too", async () => {
      const visit = await loaded(await site.visit(address, {}, "plain"));
      await going(visit.page);
      clean(visit);
      await visit.close();
    }, 90_000);

    test.runIf(row.code ?? true)(
      "its code makes the loss that it shows, to the bit",
      async () => {
        const visit = await loaded(await site.visit(address));
        const { page } = visit;
        await going(page);
        await stop(page);
        await page.locator("#go:not([aria-disabled=true])").waitFor();
        await expect.poll(() => exactLoss(page), patience).toBeGreaterThan(Number.NEGATIVE_INFINITY);
        await page.locator("#show-code").click();
        await page.locator("#code-box").waitFor();
        const loss = await exactLoss(page);
        const code = (await page.locator("#code").textContent()) ?? "";
        expect(await printedLast(code)).toBe(String(loss));
        clean(visit);
        await visit.close();
      },
      180_000,
    );
  });

  return () => site;
}
