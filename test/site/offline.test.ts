// The site without a connection, after a first visit; and what its service worker leaves alone.
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { present } from "../../demo/web/frame.ts";
import { chromiumArguments, findChromium } from "../browser/chromium.ts";
import { type Served, serve } from "./serve.ts";
import { patience, step } from "./suite.ts";

let browser: Browser;
/** A copy of the site, to be changed. */
let folder: string;
let served: Served;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "simdgrad-offline-"));
  await cp(inject("site"), folder, { recursive: true });
  served = await serve(folder, true);
  browser = await chromium.launch({ executablePath: findChromium(), args: [...chromiumArguments] });
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await served?.close();
  await rm(folder, { recursive: true, force: true });
});

function context(): Promise<BrowserContext> {
  return browser.newContext({ serviceWorkers: "allow", reducedMotion: "reduce" });
}

/** Opens a page, and waits until it can begin. */
async function open(page: Page, name: string): Promise<void> {
  await page.goto(served.url + name);
  await page.locator("main[data-ready]").waitFor({ state: "attached", ...patience });
}

/** What is kept, by the caches' names. */
function kept(page: Page): Promise<Record<string, string[]>> {
  return page.evaluate(async () => {
    const found: Record<string, string[]> = {};
    for (const name of await caches.keys())
      found[name] = (await (await caches.open(name)).keys()).map(({ url }) => url);
    return found;
  });
}

/** Once the worker has all files, and answers this page, which it keeps, too. */
async function settled(page: Page): Promise<void> {
  const isKept = () => page.evaluate(async () => (await caches.match(location.href)) !== undefined);
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await expect.poll(() => page.evaluate(() => navigator.serviceWorker.controller?.state), patience).toBe("activated");
  await expect.poll(isKept, patience).toBe(true);
}

async function trains(page: Page): Promise<void> {
  await page.locator("#go:not([aria-disabled=true])").click();
  await expect.poll(() => step(page), patience).toBeGreaterThan(20);
}

test("after one visit the network may go: every page opens, and trains", async () => {
  const visitor = await context();
  const page = await visitor.newPage();
  await open(page, "index.html");
  await settled(page);
  await visitor.setOffline(true);
  for (const { file } of present) {
    await page.goto(served.url + file);
    expect(await page.locator("h1").isVisible()).toBe(true);
    expect(await page.evaluate(() => getComputedStyle(document.body).margin)).toBe("0px"); // its styles are there
  }
  await open(page, "index.html?from=elsewhere#seed=2");
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  await trains(page);

  // Pages that were never visited have their data, too.
  for (const file of ["digits.html", "text.html"]) {
    await open(page, file);
    await trains(page);
  }
  await visitor.close();
}, 90_000);

test("it begins only once the page has loaded", async () => {
  const visitor = await context();
  const page = await visitor.newPage();
  await page.addInitScript(() => {
    const { register } = navigator.serviceWorker;
    navigator.serviceWorker.register = function (...all) {
      document.documentElement.dataset.registered = document.readyState;
      return register.apply(this, all);
    };
  });
  await open(page, "index.html");
  await settled(page);
  expect(await page.locator("html").getAttribute("data-registered")).toBe("complete");
  await visitor.close();
});

test("another build is fetched as a whole, takes over when no page of the last one is open, and leaves nothing of it", async () => {
  const visitor = await context();
  const first = await visitor.newPage();
  await open(first, "index.html");
  await settled(first);
  const [old] = Object.keys(await kept(first));
  const script = join(folder, "service-worker.js");
  const before = await readFile(script, "utf8");
  const index = await readFile(join(folder, "index.html"), "utf8");
  try {
    await writeFile(script, before.replace(/VERSION = "\w+"/, 'VERSION = "another"'));
    await writeFile(join(folder, "index.html"), index.replace("<title>", "<title>Anew: "));
    await first.reload();
    expect(await first.title()).toMatch(/^Anew/); // with a connection pages are never old
    await expect.poll(async () => Object.keys(await kept(first)).length, patience).toBe(2);
    expect(Object.keys(await kept(first))).toContain(old); // for pages of that build
    await first.evaluate(async () => {
      const { waiting, installing } = (await navigator.serviceWorker.getRegistration()) ?? {};
      if (installing && !waiting)
        await new Promise((resolve) => {
          installing.onstatechange = resolve;
        });
    });
    await first.close();
    const second = await visitor.newPage();
    await open(second, "index.html");
    await expect
      .poll(async () => Object.keys(await kept(second)), patience)
      .toEqual([expect.stringMatching("another")]);
    await visitor.setOffline(true);
    await open(second, "index.html");
    expect(await second.title()).toMatch(/^Anew/);
  } finally {
    await writeFile(script, before);
    await writeFile(join(folder, "index.html"), index);
    await visitor.close();
  }
}, 90_000);

test("where the connection breaks in the middle, the build before stays", async () => {
  const visitor = await context();
  const page = await visitor.newPage();
  await open(page, "index.html");
  await settled(page);
  const [old] = Object.keys(await kept(page));
  const script = join(folder, "service-worker.js");
  const before = await readFile(script, "utf8");
  try {
    // Nobody answers at that port: as if the cable were pulled.
    const broken = before
      .replace(/VERSION = "\w+"/, 'VERSION = "broken"')
      .replace("const FILES = [", 'const FILES = ["http://127.0.0.1:9/", ');
    await writeFile(script, broken);
    const state = await page.evaluate(async () => {
      const registration = await navigator.serviceWorker.getRegistration();
      await registration?.update();
      const worker = registration?.installing;
      if (worker)
        await new Promise<void>((resolve) => {
          worker.onstatechange = () => worker.state !== "installing" && resolve();
        });
      return worker?.state;
    });
    expect(state).toBe("redundant");
    await page.close();
    const next = await visitor.newPage();
    await visitor.setOffline(true);
    await open(next, "index.html");
    expect(Object.keys(await kept(next))).toContain(old);
    await trains(next);
  } finally {
    await writeFile(script, before);
    await visitor.close();
  }
}, 90_000);

test("what is not the site's is left alone: caches of others, other paths, what is sent", async () => {
  const visitor = await context();
  const page = await visitor.newPage();
  await page.goto(`${served.url}icon.svg`); // of the origin, before there is a worker
  const others = ["of another program", `simdgrad ${new URL("../other/", served.url)} 0123`];
  await page.evaluate((names) => Promise.all(names.map((name) => caches.open(name))), others);
  await open(page, "index.html");
  await settled(page);
  await page.reload();
  await page.evaluate(async () => {
    await fetch("/outside.txt").catch(() => undefined);
    await fetch("./icon.svg", { method: "HEAD" });
    navigator.serviceWorker.controller?.postMessage([new URL("/outside.txt", location.href).href, 3, "no address"]);
    navigator.serviceWorker.controller?.postMessage("nonsense");
  });
  await page.waitForTimeout(300);
  const caches_ = await kept(page);
  expect(Object.keys(caches_)).toEqual(expect.arrayContaining(others));
  for (const url of Object.values(caches_).flat()) expect(url.startsWith(served.url)).toBe(true);
  await visitor.close();
});
