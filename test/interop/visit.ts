// Opening a page in Chromium, waiting for its trainings, and listing all that is not as it must be.
import { setTimeout } from "node:timers/promises";
import type { Browser, Page } from "playwright";
import { PORTABLE_HASH } from "../portable/expected.ts";
import { PREDICTED_HASH } from "./app/predicting.ts";
import type { Outcome } from "./app/training.ts";

/** Milliseconds for the trainings of one page. */
const PATIENCE = 60_000;

/** Of the team that isolated pages ask for; others ask for nothing. */
const TEAM = 2;

/** How a page trains, where not in workers that it spawns. */
export interface Expected {
  /** Whether it has a team where it is isolated. Default true. */
  readonly team?: boolean;
  /** How many workers it starts; default one for each of the two executors, and the portable one's further threads. */
  readonly workers?: number;
  /** How many warnings say which header is missing; default one where it is not isolated. */
  readonly warnings?: number;
}

/** What went wrong on the page; nothing if all is well. */
export async function visit(
  browser: Browser,
  url: string,
  isolated: boolean,
  expected: Expected = {},
): Promise<string[]> {
  const problems: string[] = [];
  const warnings: string[] = [];
  const workers: string[] = [];
  const page = await browser.newPage();
  page.on("worker", (worker) => workers.push(worker.url()));
  page.on("pageerror", (error) => problems.push(`error: ${error.message}`));
  page.on("requestfailed", (request) => problems.push(`not loaded: ${request.url()}`));
  page.on("response", (response) => {
    if (response.status() >= 400) problems.push(`${response.status()}: ${response.url()}`);
  });
  page.on("console", (message) => {
    const asked = message.location().url.endsWith("/favicon.ico"); // by the browser itself
    if (message.type() === "error" && !asked) problems.push(`console: ${message.text()}`);
    if (message.type() === "warning") warnings.push(message.text());
  });
  try {
    await page.goto(isolated ? `${url}?threads=${TEAM}` : url);
    if ((await page.evaluate(() => globalThis.crossOriginIsolated)) !== isolated)
      problems.push(`isolated: ${!isolated}`);
    const outcome = (await page.evaluate(outcomeOfPage, PATIENCE)) as Outcome;
    const team = isolated && (expected.team ?? true) ? TEAM : 1;
    same("hash", outcome.hash, PORTABLE_HASH);
    same("threads", outcome.threads, team);
    same("relaxed build", outcome.relaxed, "wasm-relaxed");
    same("workers", workers.length, expected.workers ?? 2 + team - 1);
    for (let told = expected.warnings ?? (isolated ? 0 : 1); told > 0; told--)
      same(
        "what is missing",
        /Cross-Origin-\w+-Policy/.exec(warnings.shift() ?? "")?.[0],
        "Cross-Origin-Opener-Policy",
      );
    same("warnings", warnings.join(), "");
    same("workers left", await workersLeft(page), 0);
  } catch (error) {
    problems.push((error as Error).message);
  } finally {
    await page.close();
  }
  return problems;

  function same(what: string, is: unknown, must: unknown): void {
    if (is !== must) problems.push(`${what}: ${is} instead of ${must}`);
  }
}

/** What went wrong on a page that predicts from a bundle, and has a service worker do so; nothing if all is well. */
export async function visitPredicting(browser: Browser, url: string): Promise<string[]> {
  const problems: string[] = [];
  const page = await browser.newPage();
  page.on("pageerror", (error) => problems.push(`error: ${error.message}`));
  try {
    await page.goto(url);
    const outcome = JSON.stringify(await page.evaluate(outcomeOfPage, PATIENCE));
    const must = JSON.stringify({ page: PREDICTED_HASH, serviceWorker: PREDICTED_HASH });
    if (outcome !== must) problems.push(`${outcome} instead of ${must}`);
  } catch (error) {
    problems.push((error as Error).message);
  } finally {
    await page.close();
  }
  return problems;
}

/** Chromium takes two seconds to end a worker whose threads sleep. */
async function workersLeft(page: Page): Promise<number> {
  for (let waited = 0; waited < 5000 && page.workers().length > 0; waited += 50) await setTimeout(50);
  return page.workers().length;
}

/** Runs in the page. */
function outcomeOfPage(patience: number): Promise<unknown> {
  const late = new Promise((_, reject) =>
    globalThis.setTimeout(() => reject(new Error("no outcome in time")), patience),
  );
  return Promise.race([
    (globalThis as { outcome?: unknown }).outcome ?? Promise.reject(new Error("no script ran")),
    late,
  ]);
}
