// Every page of the site in one engine, as it is built: it trains and nothing is wrong on the console; with the headers that isolate it
// (threads where the engine has them) and without (one thread, and no error).
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { present } from "../../demo/web/frame.ts";
import type { Browser } from "./browser.ts";
import { engines } from "./engines.ts";
import { serve } from "./serve.ts";
import { trainVisit } from "./visitor.ts";

declare module "vitest" {
  interface ProvidedContext {
    engine: string;
  }
}

const site = fileURLToPath(new URL("../../build/demo", import.meta.url));
const engine = engines.find(({ name }) => name === inject("engine"));
const sharedMemory = engine?.features.sharedMemory ?? false;
const places = { true: /in a worker with \d+ threads?\.$/, false: /in a worker with 1 thread\. .*one thread/is };
let browser: Browser;

beforeAll(async () => {
  if (engine === undefined) throw new Error("no such engine");
  if (!existsSync(site)) throw new Error("the site is not built: npm run build:demo");
  browser = await engine.start();
}, 60_000);

afterAll(() => browser?.close());

describe.each(present.map(({ file }) => file))("%s", (file) => {
  test.each([
    ["with", true],
    ["without", false],
  ])(
    "trains %s isolation, and has no error",
    async (_, isolated) => {
      const served = await serve(site, isolated, trainVisit(file));
      try {
        await browser.open(served.url + file);
        const { seen, errors } = await served.visited;
        expect(seen).toMatchObject({ isolated, problem: "" });
        if (file === "digits.html")
          expect(seen).toMatchObject({ place: expect.stringMatching(places[`${isolated && sharedMemory}`]) });
        expect(errors).toEqual([]);
      } finally {
        await served.close();
      }
    },
    150_000,
  );
});
