// A link to a training gives the same loss in one engine and in Chromium, to the last bit.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, inject, test } from "vitest";
import { chromium, type Engine, engines } from "./engines.ts";
import { serve } from "./serve.ts";
import { lossVisit } from "./visitor.ts";

const site = fileURLToPath(new URL("../../build/demo", import.meta.url));
const STEPS = 500;
const addresses = [`index.html#seed=3&steps=${STEPS}`, `playground.html#seed=3&steps=${STEPS}`];

/** The loss of the last step, as the page writes it down. */
async function lossIn({ start }: Engine, address: string): Promise<unknown> {
  const served = await serve(site, true, lossVisit(address.split("#")[0], STEPS));
  const browser = await start();
  try {
    await browser.open(served.url + address);
    const { seen, errors } = await served.visited;
    expect(errors).toEqual([]);
    return seen;
  } finally {
    await browser.close();
    await served.close();
  }
}

test.each(addresses.filter((address) => existsSync(`${site}/${address.split("#")[0]}`)))(
  "%s",
  async (address) => {
    const engine = engines.find(({ name }) => name === inject("engine"));
    if (engine === undefined) throw new Error("no such engine");
    const [there, here] = [await lossIn(engine, address), await lossIn(chromium, address)];
    expect(there).toMatch(/^\d+\.\d{10,}/);
    expect(there).toBe(here);
  },
  180_000,
);
