// Firefox by WebDriver BiDi, and Chromium by its own protocol: an installed one, headless.
import { chromiumArguments } from "../browser/chromium.ts";
import type { Browser, BrowserPage } from "./browser.ts";

/** Starts the browser that lies at a path. */
export async function startPuppeteer(browser: "chrome" | "firefox", executablePath: string): Promise<Browser> {
  const { launch } = await import("puppeteer-core"); // large, and only wanted here
  const args = browser === "chrome" ? [...chromiumArguments] : [];
  const running = await launch({ browser, executablePath, headless: true, args });
  return {
    version: (await running.version())
      .replace(/^\w*chrome/i, "Chromium")
      .replace(/^firefox/i, "Firefox")
      .replace("/", " "),
    async open(url): Promise<BrowserPage> {
      const page = await running.newPage();
      const errors: string[] = [];
      page.on("console", (message) => {
        if (message.type() === "error") errors.push(message.text());
      });
      page.on("pageerror", (error) => errors.push(error instanceof Error ? error.message : `${error}`));
      await page.goto(url, { timeout: 0 });
      return { run: (body) => page.evaluate(`(async () => {${body}})()`), errors: () => errors };
    },
    close: () => running.close(),
  };
}
