// What holds in every engine of pages whose simdgrad comes from another origin.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Browser } from "../browsers/browser.ts";
import { PORTABLE_HASH } from "../portable/expected.ts";
import { type Visit, visitElsewhere } from "./visit.ts";

/** With isolation as many threads as were asked for, where the engine has shared memory. */
export function testElsewhere(start: () => Promise<Browser>, sharedMemory: boolean): void {
  let browser: Browser;
  beforeAll(async () => {
    browser = await start();
  }, 60_000);
  afterAll(() => browser?.close());

  const outcome = (isolated = false) => ({
    seen: { threads: isolated && sharedMemory ? 2 : 1, hash: PORTABLE_HASH },
    errors: [],
  });

  test.each<readonly [Visit["library"], readonly string[]]>([
    ["simdgrad.js", ["simdgrad.js"]],
    ["simdgrad-core.js", ["simdgrad-core.js", "src/worker/worker-portable.js"]],
  ])(
    "%s trains from another origin in a worker, with a team and without, and is asked for no more than that",
    async (library, files) => {
      for (const isolated of [true, false]) {
        const { asked, ...rest } = await visitElsewhere(browser, { library, isolated });
        expect(rest).toEqual(outcome(isolated));
        expect([...new Set(asked)]).toEqual(files);
      }
    },
    60_000,
  );

  test("modules do, too, and one file is the worker's and its threads', with one build of the kernels", async () => {
    const { asked, ...rest } = await visitElsewhere(browser, { library: "modules", isolated: true });
    expect(rest).toEqual(outcome(true));
    expect(new Set(asked.filter((path) => /worker-|start-thread|generated/.test(path)))).toEqual(
      new Set(["src/worker/worker-portable.js"]),
    );
  }, 60_000);

  test("a policy may allow that, or is told of in words", async () => {
    const policy = "script-src 'self' 'unsafe-inline' CDN 'wasm-unsafe-eval'; worker-src";
    for (const isolated of [true, false])
      expect(await visitElsewhere(browser, { isolated, policy: `${policy} blob:` })).toMatchObject(outcome(isolated));
    expect((await visitElsewhere(browser, { policy: `${policy} 'self' CDN` })).seen).toMatch(
      /^WorkerError: the worker could not be (loaded|started): .*it comes from http:.*worker-src blob:/,
    );
  }, 60_000);

  test("from the page's own origin no policy needs blobs", async () => {
    const policy = "script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; worker-src 'self'";
    for (const library of ["simdgrad.js", "simdgrad-core.js", "modules"] as const) {
      const { asked, ...rest } = await visitElsewhere(browser, { library, home: true, isolated: true, policy });
      expect(rest).toEqual(outcome(true));
      expect(asked).toEqual([]);
    }
  }, 60_000);
}
