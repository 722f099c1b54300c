// The built site, visited: served under some path, opened in a headless Chromium that tells of every error.
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright";
import { inject } from "vitest";
import { chromiumArguments, findChromium } from "../browser/chromium.ts";
import { type Served, serve } from "./serve.ts";

/** A page of the site, and all that went wrong in it. */
export interface Visit {
  readonly page: Page;
  readonly errors: readonly string[];
  /** Addresses it asked for that are not the site's. */
  readonly foreign: readonly string[];
  close(): Promise<void>;
}

export class Site {
  readonly #browser: Browser;
  readonly #servers: Readonly<Record<"isolated" | "plain", Served>>;

  private constructor(browser: Browser, isolated: Served, plain: Served) {
    this.#browser = browser;
    this.#servers = { isolated, plain };
  }

  /** @param more arguments of Chromium's, such as a camera that plays a file */
  static async start(...more: readonly string[]): Promise<Site> {
    const folder = inject("site");
    const browser = await chromium.launch({ executablePath: findChromium(), args: [...chromiumArguments, ...more] });
    return new Site(browser, await serve(folder, true), await serve(folder, false));
  }

  /** Opens a page of the site, such as `digits.html#seed=3`, in a browser without a past. */
  async visit(
    name: string,
    options: BrowserContextOptions = {},
    server: "isolated" | "plain" = "isolated",
  ): Promise<Visit> {
    const { url } = this.#servers[server];
    // Tests that answer requests themselves do not see those of a service worker.
    const context = await this.#browser.newContext({
      viewport: { width: 1280, height: 800 },
      serviceWorkers: "block",
      ...options,
    });
    const page = await context.newPage();
    const errors: string[] = [];
    const foreign: string[] = [];
    page.on("pageerror", (error) => errors.push(`${error}`));
    page.on("console", (message) => {
      // Where a browser has no service workers, the site does without.
      if (message.type() === "error") errors.push(message.text());
    });
    page.on("request", (request) => {
      if (!request.url().startsWith(url) && !request.url().startsWith("blob:")) foreign.push(request.url());
    });
    await page.goto(url + name);
    return { page, errors, foreign, close: () => context.close() };
  }

  async stop(): Promise<void> {
    await this.#browser.close();
    for (const server of Object.values(this.#servers)) await server.close();
  }
}
