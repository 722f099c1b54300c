// The portable build gives the same bits in every engine as in Node.
import { WasmExecutor } from "simdgrad";
import { expect, test } from "vitest";
import { INITIALS_HASH, PORTABLE_HASH } from "../portable/expected.ts";
import { LAYER_HASHES } from "../portable/expected-layers.ts";
import { layerHashes } from "../portable/layers.ts";
import { initialsHash, parametersHash } from "../portable/train.ts";

test("a training has the committed bits", async () => {
  const executor = new WasmExecutor({ build: "portable" });
  expect(await parametersHash(executor)).toBe(PORTABLE_HASH);
  await executor.dispose();
});

test("first values have the committed bits", async () => {
  const executor = new WasmExecutor({ build: "portable" });
  expect(await initialsHash(executor)).toBe(INITIALS_HASH);
  await executor.dispose();
});

test("every layer and every activation has the committed bits", async () => {
  const executor = new WasmExecutor({ build: "portable" });
  expect(await layerHashes(executor)).toEqual(LAYER_HASHES);
  await executor.dispose();
});
