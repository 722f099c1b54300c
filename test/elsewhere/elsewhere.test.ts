// The files of dist/ that hold all: from another origin in Chromium, in Node, and what is in them. The other engines: test/browsers/elsewhere.test.ts.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { JsExecutor, UnsupportedError } from "simdgrad";
import { connect } from "simdgrad/worker";
import { expect, test } from "vitest";
import { wasm as portable } from "../../src/runtime/wasm/generated/portable.ts";
import { wasm as relaxed } from "../../src/runtime/wasm/generated/relaxed.ts";
import { chromium } from "../browsers/engines.ts";
import { PORTABLE_HASH } from "../portable/expected.ts";
import { parametersHash } from "../portable/train.ts";
import { testElsewhere } from "./suite.ts";
import { visitElsewhere } from "./visit.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const dist = `${root}dist/`;
const { exports, version } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));

/** By their subpaths, which the files have. */
const parts = {
  "simdgrad.js": [
    ...[".", "./audio", "./autodiff", "./callbacks", "./data", "./debug", "./functions", "./generate", "./images"],
    ...["./io", "./metrics", "./nn", "./optim", "./storage", "./tabular", "./text", "./worker"],
  ],
  "simdgrad-core.js": [".", "./callbacks", "./nn", "./optim", "./worker"],
};

testElsewhere(chromium.start, true);

test("the page of the document trains", async () => {
  const [, html] = /```html\n(<!doctype[\s\S]*?)```/.exec(readFileSync(`${root}docs/one-file.md`, "utf8")) ?? [];
  const address = `https://cdn.jsdelivr.net/npm/simdgrad@${version}/dist/`;
  expect(html).toContain(address);
  const browser = await chromium.start();
  const { seen, errors, asked } = await visitElsewhere(browser, {
    html: html.replace(address, "CDN/").replace("<title>", "<head><title>"),
    script: `
      for (let i = 0; i < 400 && /Trains/.test(document.body.textContent); i++) await new Promise((go) => setTimeout(go, 50));
      return document.querySelector("p").textContent;`,
  });
  await browser.close();
  expect({ seen, errors, asked: new Set(asked) }).toEqual({
    seen: "Accuracy 1",
    errors: [],
    asked: new Set(["simdgrad.js"]),
  });
}, 60_000);

test.each(Object.entries(parts))("%s has all that its subpaths have, under the same names", async (file, subpaths) => {
  const names = new Set<string>();
  const values: unknown[] = [];
  for (const subpath of subpaths)
    for (const [name, value] of Object.entries(await import(`${root}${exports[subpath].default}`))) {
      names.add(name);
      if (!values.includes(value)) values.push(value);
    }
  expect(names.size).toBeGreaterThanOrEqual(200);
  expect(names.size).toBe(values.length); // no name stands for two
  expect(Object.keys(await import(`${dist}${file}`)).sort()).toEqual([...names].sort());
});

test.each(Object.keys(parts))("%s trains in Node, with a team in a worker and on its own thread", (file) => {
  const source = stripTypeScriptTypes(readFileSync(`${root}test/portable/train.ts`, "utf8"));
  const script = `${source}
    import { spawn, WasmExecutor } from "simdgrad";
    const options = { threads: 2, build: "portable" };
    for (const executor of [await spawn(options), new WasmExecutor(options)]) {
      console.log(await parametersHash(executor), executor.info.threads);
      await executor.dispose();
    }`;
  const text = script.replace(/(?<= from )"simdgrad[^"]*"/g, JSON.stringify(pathToFileURL(`${dist}${file}`)));
  const printed = execFileSync(process.execPath, ["--input-type=module", "-e", text], { encoding: "utf8" });
  expect(printed).toBe(`${PORTABLE_HASH} 2\n`.repeat(2));
});

test("a worker's file has one executor, with one build of the kernels, and says so where another one is asked for", async () => {
  // Whatever a bundler escapes, it leaves letters, digits and blanks as they are.
  const partsOf = (wasm: string) => wasm.match(/[\w ]{16,}/g) ?? [];
  const kernels = { relaxed: partsOf(relaxed), portable: partsOf(portable) };
  const has = (text: string, build: keyof typeof kernels) => kernels[build].every((part) => text.includes(part));
  for (const [build, other] of [
    ["relaxed", "portable"],
    ["portable", "relaxed"],
  ] as const) {
    const file = `${dist}src/worker/worker-${build}.js`;
    const text = readFileSync(file, "utf8");
    expect([has(text, build), has(text, other)]).toEqual([true, false]);
    const start = () => new Worker(file, { execArgv: [] });
    const executor = await connect(start, { build, threads: 1 });
    expect(executor.info.name).toBe(`wasm-${build}`);
    await parametersHash(executor);
    await executor.dispose();
    const wrong = await connect(start, { build: other, threads: 1 });
    await expect(parametersHash(wrong)).rejects.toThrow(
      "this worker's file has another executor, or build of the kernels, than is asked for",
    );
    await wrong.dispose();
    await expect(connect(start, { executor: "js" })).rejects.toThrow(UnsupportedError);
  }
  const start = () => new Worker(`${dist}src/worker/worker-js.js`, { execArgv: [] });
  const executor = await connect(start, { executor: "js" });
  expect(executor.info.name).toBe("js");
  expect(await parametersHash(executor)).toBe(await parametersHash(new JsExecutor()));
  await executor.dispose();
  await expect(connect(start)).rejects.toThrow(UnsupportedError);
});

test("they tell their version, and their types are those of their subpaths", () => {
  for (const file of Object.keys(parts)) {
    expect(readFileSync(`${dist}${file}`, "utf8").split("\n", 1)[0]).toContain(`simdgrad ${version}`);
    const module = file.replace("simdgrad", "one-file");
    expect(readFileSync(`${dist}${file.replace(".js", ".d.ts")}`, "utf8")).toBe(`export * from "./src/${module}";\n`);
  }
});
