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
import { shots } from "./shots.ts";

const MARGIN = 16; // around pictures that are shown whole
const LONGEST = 20_000; // ms of training
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
  const { of, whole = false, width = 1280, before, steps = 100, moment } = shots[file] ?? {};
  const context = await browser.newContext({
    viewport: { width, height: 900 },
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
    const go = page.locator("#go:not([aria-disabled=true])");
    await go.waitFor();
    if ((await go.textContent()) !== "Pause") await go.click();
    // Or what there is by then.
    await page.waitForFunction(hasMade, steps, { timeout: LONGEST }).catch(() => undefined);
    await page.waitForTimeout(500);
    await moment?.(page).catch(() => undefined);
    const picture = of === undefined ? await largest(page) : page.locator(of).first();
    const shot = sharp(await picture.screenshot({ animations: "disabled" })).removeAlpha();
    const corner = shot.clone().extract({ left: 8, top: 8, width: 1, height: 1 });
    const [r, g, b] = await corner.raw().toBuffer();
    const background = { r, g, b };
    const margin = whole ? MARGIN : 0;
    const bytes = await shot
      .resize(
        2 * (WIDTH - 2 * margin),
        2 * (HEIGHT - 2 * margin),
        whole ? { fit: "contain", background } : { fit: "cover", position: "left top" },
      )
      .extend({ top: 2 * margin, bottom: 2 * margin, left: 2 * margin, right: 2 * margin, background })
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

/** Whether so many steps are made; runs in the page. */
function hasMade(steps: number): boolean {
  const text = document.getElementById("figure-step")?.textContent ?? "";
  return Number.parseFloat(text.replaceAll(",", "")) >= steps;
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
