// Builds the site with pictures of its pages on the front page: `npm run build:demo`. It is built, each page is opened in Chromium and trained for
// a moment, its main picture is taken in both themes, and with these the site is built again. Without a Chromium, cards have no pictures.
import { mkdir, rename, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright";
import sharp from "sharp";
import { build, preview } from "vite";
import { chromiumArguments, findChromium } from "../../../test/browser/chromium.ts";
import { present } from "../frame.ts";
import { HEIGHT, kept, pictureName, type Theme, themes, WIDTH } from "./files.ts";

interface Shot {
  /** What a page shows best, where that is not its largest canvas or drawing. */
  readonly of?: string;
  /** What comes before the training. */
  readonly before?: (page: Page) => Promise<void>;
  /** Milliseconds of training before it is taken; default 3,000. */
  readonly after?: number;
}

const madeUp = (page: Page) => page.locator("#made-up").click();

const shots: Readonly<Record<string, Shot>> = {
  "backpropagation.html": { of: "#graph" },
  "playground.html": { of: "#graph-picture", after: 5000 },
  "digits.html": { of: ".answer", before: (page) => page.getByRole("button", { name: "A 7 of the test set" }).click() },
  "text.html": { of: ".written-card", after: 8000 },
  "imagination.html": { of: "#plane" },
  "pictures.html": { of: "#view-card", before: madeUp },
  "words.html": { of: "#view-card", before: madeUp },
  "benchmark.html": { of: ".results", after: 8000 },
};
const PATIENCE = 20_000; // ms

const configFile = fileURLToPath(new URL("../vite.config.ts", import.meta.url));
await build({ configFile });
const executablePath = findChromium();
if (executablePath === undefined) console.log("No Chromium was found: the front page's cards have no pictures.");
else {
  await takeAll(executablePath);
  await build({ configFile, logLevel: "warn" });
}

async function takeAll(executablePath: string): Promise<void> {
  await mkdir(kept, { recursive: true });
  const server = await preview({ configFile, preview: { port: 0, host: "127.0.0.1" } });
  const browser = await chromium.launch({ executablePath, args: [...chromiumArguments] });
  try {
    const address = server.resolvedUrls?.local[0] ?? "";
    for (const { file } of present.filter(({ file }) => file !== "index.html"))
      for (const theme of themes)
        await take(browser, address + file, file, theme).catch((error: unknown) =>
          console.log(`No picture of ${file} in the ${theme} theme: ${error instanceof Error ? error.message : error}`),
        );
  } finally {
    await browser.close();
    await server.close();
  }
}

async function take(browser: Browser, address: string, file: string, theme: Theme): Promise<void> {
  const { of, before, after = 3000 } = shots[file] ?? {};
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    deviceScaleFactor: 2,
    colorScheme: theme,
    serviceWorkers: "block",
  });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    await page.goto(address);
    await page.locator("main[data-ready]").waitFor({ state: "attached" });
    await before?.(page);
    await page
      .locator("#go:not([aria-disabled=true])", { hasNotText: /Pause|ing/ })
      .click({ timeout: 5000 })
      .catch(() => undefined); // it goes already
    await page.waitForTimeout(after);
    const picture = of === undefined ? await largest(page) : page.locator(of).first();
    const bytes = await sharp(await picture.screenshot({ animations: "disabled" }))
      .resize(2 * WIDTH, 2 * HEIGHT, { fit: "cover", position: "top" })
      .webp({ quality: 70 })
      .toBuffer();
    const target = new URL(pictureName(file, theme).replace("cards/", ""), kept);
    // Under its name only once it is whole.
    const draft = new URL(`${target.href}.${process.pid}`);
    await writeFile(draft, bytes);
    await rename(draft, target);
  } finally {
    await context.close();
  }
}

/** The largest canvas or drawing of the page. */
async function largest(page: Page) {
  const all = page.locator("main canvas:visible, main svg:visible");
  const sizes = await all.evaluateAll((each) =>
    each.map((element) => element.clientWidth * Math.min(element.clientHeight, 2 * element.clientWidth)),
  );
  if (sizes.length === 0) throw new Error("it shows no picture");
  return all.nth(sizes.indexOf(Math.max(...sizes)));
}
