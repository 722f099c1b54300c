// What is said of a worker that does not come, in Chromium: whether the page may not start it, or its file is not to be had, and which file that is.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Browser } from "../browsers/browser.ts";
import { chromium } from "../browsers/engines.ts";
import { type Visit, visitElsewhere } from "./visit.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await chromium.start();
}, 60_000);
afterAll(() => browser?.close());

async function said(visit: Visit): Promise<string> {
  return `${(await visitElsewhere(browser, visit)).seen}`.replace(/http:\/\/127\.0\.0\.1:\d+/g, "ORIGIN");
}

const library = "simdgrad-core.js";
const worker = "src/worker/worker-portable.js";

/** What is served in the place of its file. */
const lost = {
  missing: { status: 404 },
  "of another type": { type: "text/plain" },
  "a page": { type: "text/html", body: "<!doctype html><title>Start</title>" },
};

test.each(Object.entries(lost))("from another origin, %s", async (_, answer) => {
  expect(await said({ library, answers: { [worker]: answer } })).toMatch(
    /^WorkerError: the worker could not import ORIGIN\/src\/worker\/worker-portable\.js: TypeError: Failed to fetch .*status 200, a JavaScript type, .*Access-Control-Allow-Origin/,
  );
});

test.each(["simdgrad-core.js", "modules"] as const)(
  "from the page's own origin, %s",
  async (library) => {
    for (const answer of Object.values(lost))
      expect(await said({ library, home: true, answers: { [worker]: answer } })).toMatch(
        /^WorkerError: the worker could not be loaded: look at what ORIGIN\/some\/path\/library\/src\/worker\/worker-portable\.js answers: status 200, a JavaScript type, .*without syntax errors.*worker-src 'self'/,
      );
  },
  60_000,
);

test("not for others to read", async () => {
  const seen = await said({ library, answers: { [worker]: { isPrivate: true } } });
  expect(seen).toMatch(
    /could not import ORIGIN\/src\/worker\/worker-portable\.js: TypeError.*Access-Control-Allow-Origin/,
  );
  expect(seen).not.toContain("blob:"); // it ran
});

test("with an error in it", async () => {
  const answers = { [worker]: { body: "}{" } };
  const elsewhere = `WorkerError: the worker could not import ORIGIN/${worker}: SyntaxError: Unexpected token '}'`;
  expect(await said({ library, answers })).toBe(elsewhere);
  // Chromium keeps its message to itself.
  expect(await said({ library, home: true, answers })).toMatch(/could not be loaded: look at .*without syntax errors/);
});

test("which fails", async () => {
  const answers = { [worker]: { body: "throw new Error('no good')" } };
  const elsewhere = `WorkerError: the worker could not import ORIGIN/${worker}: Error: no good`;
  expect(await said({ library, answers })).toBe(elsewhere);
  const home = `WorkerError: the worker threw an error: Uncaught Error: no good (ORIGIN/some/path/library/${worker})`;
  expect(await said({ library, home: true, answers })).toBe(home);
});

test("what the page may not start is told apart from that", async () => {
  const policy = "script-src 'self' 'unsafe-inline' CDN 'wasm-unsafe-eval'; worker-src 'self' CDN";
  expect(await said({ policy })).toMatch(/^WorkerError: the worker could not be (loaded|started): .*by way of a blob:/);
});

test("a worker that somebody else starts is looked for in vain, by no name", async () => {
  const script = 'await simdgrad.connect(new Worker("./none.js", { type: "module" }));';
  expect(await said({ home: true, script })).toMatch(
    /^WorkerError: the worker could not be loaded: look at what its file answers: status 200/,
  );
});
