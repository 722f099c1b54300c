// What training in a worker costs the page, and what the façade costs the training, in headless Chromium (../README.md).
import { options } from "../options.ts";
import { describe, digits, machine, median, table, writeReadme } from "../report.ts";
import type { Page } from "./page.ts";
import { visit } from "./visit.ts";

const { only, rounds, write } = options();
/** Those that take the most of a page, and the least. */
const measured = ["mlp-512-adam", "mlp-128-adam"].filter((name) => only.includes(name));
await visit("page.ts", async (page, url, version) => {
  const rows = [];
  const answers = [];
  for (const network of measured) {
    await page.goto(url);
    const ask = <T>(call: string): Promise<T> => page.evaluate(`facade.${call}`) as Promise<T>;
    await ask(`begin("${network}")`);
    const ratios = await ask<Awaited<ReturnType<Page["throughput"]>>>(`throughput(${rounds})`);
    const idle = await ask<Awaited<ReturnType<Page["frames"]>>>("frames(10000, false)");
    const busy = await ask<Awaited<ReturnType<Page["frames"]>>>("frames(10000, true)");
    const controls = await ask<Awaited<ReturnType<Page["controls"]>>>("controls(30)");
    rows.push({
      network,
      "steps a second, of a bare worker's": digits(median(ratios)),
      "frames idle: median, p99, worst, ms": [idle.median, idle.p99, idle.worst].map(digits).join(", "),
      "frames while training": [busy.median, busy.p99, busy.worst].map(digits).join(", "),
      "long tasks": busy.longTasks,
    });
    const at = (name: string, share: number) => digits(controls[name][Math.floor(share * (controls[name].length - 1))]);
    for (const name of Object.keys(controls))
      answers.push({ network, control: name, "median, ms": at(name, 0.5), "slowest of 30, ms": at(name, 1) });
  }
  const text = [`${describe(machine())}, Chromium ${version}.`, table(rows), table(answers)].join("\n\n");
  console.log(text);
  if (write) writeReadme("page", text);
});
