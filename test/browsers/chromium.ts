// Chromium by Playwright: an installed one, headless.
import { chromiumArguments } from "../browser/chromium.ts";
import type { Browser } from "./browser.ts";

/** Starts the Chromium that lies at a path. */
export async function startChromium(executablePath: string): Promise<Browser> {
  const { chromium } = await import("playwright"); // large, and only wanted here
  const running = await chromium.launch({ executablePath, args: [...chromiumArguments] });
  return {
    version: `Chromium ${running.version()}`,
    async open(url) {
      for (const context of running.contexts()) await context.close();
      await (await running.newPage()).goto(url);
    },
    close: () => running.close(),
  };
}
