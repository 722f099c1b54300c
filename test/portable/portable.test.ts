// The portable build gives the same bits everywhere: here, in Node 20, and (test/browser/portable.test.ts) in Chromium.
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { WasmExecutor } from "simdgrad";
import { build } from "vite";
import { expect, test } from "vitest";
import { INITIALS_HASH, PORTABLE_HASH } from "./expected.ts";
import { LAYER_HASHES } from "./expected-layers.ts";
import { initialsHash, parametersHash } from "./train.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

test("a training has the committed bits, run after run", async () => {
  for (let run = 0; run < 2; run++) {
    const executor = new WasmExecutor({ build: "portable" });
    expect(await parametersHash(executor)).toBe(PORTABLE_HASH);
    await executor.dispose();
  }
});

test("first values have the committed bits", async () => {
  const executor = new WasmExecutor({ build: "portable", poison: true });
  expect(await initialsHash(executor)).toBe(INITIALS_HASH);
  await executor.dispose();
});

test("the relaxed build repeats its own bits", async () => {
  const hashes = new Set<string>();
  for (let run = 0; run < 2; run++) {
    const executor = new WasmExecutor({ build: "relaxed" });
    hashes.add(await parametersHash(executor));
    await executor.dispose();
  }
  expect(hashes.size).toBe(1);
});

test("poisoned padding and intermediate results change no bit", async () => {
  const executor = new WasmExecutor({ build: "portable", poison: true });
  expect(await parametersHash(executor)).toBe(PORTABLE_HASH);
  await executor.dispose();
});

test("Node 20 has the same bits, with the portable build that it chooses by itself", async () => {
  const folder = await mkdtemp(`${root}build/portable-`);
  try {
    await build({
      root,
      configFile: false,
      logLevel: "silent",
      resolve: {
        alias: [
          { find: /^simdgrad$/, replacement: `${root}src/index.ts` },
          { find: /^simdgrad\/(.*)$/, replacement: `${root}src/$1/index.ts` },
        ],
      },
      build: {
        outDir: folder,
        ssr: `${root}test/portable/node20.ts`,
        rolldownOptions: { output: { entryFileNames: "main.mjs" } },
      },
    });
    const node20 = `${root}node_modules/node20/bin/node`;
    const { stdout } = await promisify(execFile)(node20, [`${folder}/main.mjs`]);
    expect(JSON.parse(stdout)).toEqual({
      node: 20,
      executor: "wasm-portable",
      hash: PORTABLE_HASH,
      initials: INITIALS_HASH,
      layers: LAYER_HASHES,
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
