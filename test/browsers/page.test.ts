// The page of digits in one engine, as it is built: it trains, the loss falls and nothing is wrong on the console; with the headers that
// isolate it (threads where the engine has them) and without (one thread, a word about it, and no error).
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import type { Browser } from "./browser.ts";
import { engines } from "./engines.ts";
import { serve } from "./serve.ts";

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
  if (!existsSync(site)) throw new Error("the page is not built: npm run build:demo");
  browser = await engine.start();
}, 60_000);

afterAll(() => browser?.close());

/** Presses the button, waits until the loss is half of what it was first, and stops. */
const visit = `
  const text = (id) => document.getElementById(id).textContent;
  const until = async (what, isSo) => {
    for (const end = Date.now() + 60000; !isSo(); await new Promise((resolve) => setTimeout(resolve, 20)))
      if (Date.now() > end) throw new Error(what + " did not happen: " + text("state") + " " + text("problem"));
  };
  const go = document.getElementById("go");
  const loss = () => Number.parseFloat(text("figure-loss"));
  await until("loading", () => go.getAttribute("aria-disabled") !== "true" && !/^Loading/.test(text("state")));
  go.click();
  await until("training", () => loss() > 0);
  const first = loss();
  await until("learning", () => loss() < first / 2);
  const place = text("place-now");
  document.getElementById("stop").click();
  await until("stopping", () => /train/i.test(text("go")) && go.getAttribute("aria-disabled") !== "true");
  return { isolated: crossOriginIsolated, place, problem: text("problem") };
`;

test.each([
  ["with", true],
  ["without", false],
])(
  "the page trains %s isolation, and has no error",
  async (_, isolated) => {
    const served = await serve(site, isolated, visit);
    try {
      await browser.open(`${served.url}digits.html`);
      const { seen, errors } = await served.visited;
      expect(seen).toMatchObject({
        isolated,
        problem: "",
        place: expect.stringMatching(places[`${isolated && sharedMemory}`]),
      });
      expect(errors).toEqual([]);
    } finally {
      await served.close();
    }
  },
  150_000,
);
