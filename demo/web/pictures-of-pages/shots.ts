// How each page is brought to show what it is about, before its picture is taken.
import type { Page } from "playwright";

interface Shot {
  /** What a page shows best, where that is not its largest canvas or drawing. */
  readonly of?: string;
  /** Not cut to the card's shape, but in the middle of it. */
  readonly whole?: boolean;
  /** Of the window in which the page is opened; default 1280. */
  readonly width?: number;
  /** What comes before the training. */
  readonly before?: (page: Page) => Promise<void>;
  /** Steps of training before it is taken, unless they take too long; default 100. */
  readonly steps?: number;
  /** What is waited for then, unless it takes too long. */
  readonly moment?: (page: Page) => Promise<void>;
}

const madeUp = (page: Page) => page.locator("#made-up").click();
const seven = (page: Page) => page.getByRole("button", { name: "A 7 of the test set" }).click();

/** The stage is no wider than the track, and of a card's shape. */
const asCard = (page: Page) =>
  page.locator("#stage").evaluate((stage: HTMLElement) => {
    stage.style.height = `${stage.clientWidth / 1.6}px`;
    stage.style.borderRadius = "0";
  });

const upright = (page: Page) => page.locator("#balanced", { hasText: /Upright for [4-9]/ }).waitFor();

/** A card says what the page is about, not how busy the machine was that took its picture. */
const withoutDoubts = (page: Page) =>
  page.evaluate(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(".results .doubt { display: none }");
    document.adoptedStyleSheets.push(sheet);
  });

export const shots: Readonly<Record<string, Shot>> = {
  "backpropagation.html": { of: "#graph", whole: true, steps: 1 },
  "playground.html": { of: "#graph-picture", whole: true, steps: 5000 },
  "digits.html": { of: ".answer", whole: true, before: seven, steps: 1000 },
  "text.html": { of: ".written-card", steps: 300 },
  "imagination.html": { of: "#plane", steps: 500 },
  "cartpole.html": { of: "#stage", width: 560, before: asCard, steps: 200, moment: upright },
  "pictures.html": { of: "#view-card", before: madeUp },
  "words.html": { of: "#view-card", before: madeUp },
  // As far as it comes.
  "benchmark.html": { of: ".results", steps: Number.POSITIVE_INFINITY, moment: withoutDoubts },
};
