// The built site, visited: built once for the tests, served under some path, opened in a headless Chromium that tells of every error.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright";
import { build } from "vite";
import { chromiumArguments, findChromium } from "../browser/chromium.ts";
import { type Served, serve } from "./serve.ts";

const configFile = fileURLToPath(new URL("../../demo/web/vite.config.ts", import.meta.url));

/** A page of the site, and all that went wrong in it. */
export interface Visit {
  readonly page: Page;
  readonly errors: readonly string[];
  /** Addresses it asked for that are not the site's. */
  readonly foreign: readonly string[];
  close(): Promise<void>;
}

export class Site {
  readonly #folder: string;
  readonly #browser: Browser;
  readonly #servers: Readonly<Record<"isolated" | "plain", Served>>;

  private constructor(folder: string, browser: Browser, isolated: Served, plain: Served) {
    this.#folder = folder;
    this.#browser = browser;
    this.#servers = { isolated, plain };
  }

  static async start(): Promise<Site> {
    const folder = await mkdtemp(join(tmpdir(), "simdgrad-site-"));
    await build({ configFile, logLevel: "warn", build: { outDir: folder } });
    const browser = await chromium.launch({ executablePath: findChromium(), args: [...chromiumArguments] });
    return new Site(folder, browser, await serve(folder, true), await serve(folder, false));
  }

  /** Opens a page of the site in a browser without a past. */
  async visit(
    name: string,
    options: BrowserContextOptions = {},
    server: "isolated" | "plain" = "isolated",
  ): Promise<Visit> {
    const { url } = this.#servers[server];
    const context = await this.#browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    const page = await context.newPage();
    const errors: string[] = [];
    const foreign: string[] = [];
    page.on("pageerror", (error) => errors.push(`${error}`));
    page.on("console", (message) => {
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
    await rm(this.#folder, { recursive: true, force: true });
  }
}
