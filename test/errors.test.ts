// Errors are told apart by their names, also after a bundler has given their classes others.
import { mkdtemp, rm } from "node:fs/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "vite";
import { expect, test } from "vitest";
import * as errors from "../src/errors.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

function names(classes: object): string[] {
  return Object.values(classes as Record<string, new (message: string) => Error>).map((Kind) => new Kind("why").name);
}

test("every error bears its class's name", () => {
  expect(names(errors)).toEqual(Object.keys(errors));
});

test("every error bears it in a minified bundle, too", async () => {
  const folder = await mkdtemp(`${root}build/errors-`);
  try {
    await build({
      root,
      configFile: false,
      logLevel: "silent",
      build: {
        outDir: folder,
        minify: true,
        lib: { entry: `${root}src/errors.ts`, formats: ["es"], fileName: "errors" },
        rolldownOptions: { output: { minify: true } },
      },
    });
    const bundled = (await import(/* @vite-ignore */ pathToFileURL(`${folder}/errors.js`).href)) as object;
    expect(names(bundled)).toEqual(Object.keys(bundled));
    expect(Object.keys(bundled).sort()).toEqual(Object.keys(errors).sort());
  } finally {
    await rm(folder, { recursive: true });
  }
});
