// Studies where checkpoints are kept: as those in files, and what is theirs alone.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { afterAll, describe, expect, test } from "vitest";
import { folderStorage, memoryStorage } from "../../src/storage/index.ts";
import { fileStorage, openStudy, studyStorage, uniform } from "../../src/tune/index.ts";
import { studyStorageTests } from "./storage-contract.ts";

const folder = await mkdtemp(`${tmpdir()}/simdgrad-stored-`);
const memory = memoryStorage();
afterAll(() => rm(folder, { recursive: true }));

describe.each([
  ["a file", (name: string) => fileStorage(`${folder}/${name}.jsonl`)],
  ["a folder", (name: string) => studyStorage(folderStorage(`${folder}/stored`), name)],
  ["memory", (name: string) => studyStorage(memory, name)],
] as const)("a study in %s", (_, open) => {
  studyStorageTests(open);
});

test("parts are as long as they say, and one that is missing is told", async () => {
  const kept = memoryStorage();
  const storage = studyStorage(kept, "long");
  for (let i = 0; i < 5; i++) await storage.append(new Uint8Array(40_000).fill(i));
  expect(await kept.list()).toEqual([1, 2, 3].map((i) => `long.0000000${i}.jsonl`));
  const lengths = (await kept.list()).map(async (name) => (await kept.read(name))?.length);
  expect(await Promise.all(lengths)).toEqual([80_000, 80_000, 40_000]);
  await kept.remove("long.00000002.jsonl");
  const opened = openStudy({ space: { x: uniform(0, 1) }, storage: studyStorage(kept, "long") });
  await expect(opened).rejects.toThrow("long: long.00000002.jsonl is missing");
  // Names that begin alike are others, and so is what is no part.
  await kept.write("long.00000001.other.jsonl", Uint8Array.of(1));
  await kept.write("long.1.jsonl", Uint8Array.of(1));
  expect(await studyStorage(kept, "other").read()).toEqual(new Uint8Array());
  await expect(studyStorage(kept, "long.00000001").read()).resolves.toEqual(new Uint8Array());
});

test("a write that fails leaves the study as it was", async () => {
  const kept = memoryStorage();
  let isFull = false;
  const full = {
    ...kept,
    write: (name: string, bytes: Uint8Array) =>
      isFull ? Promise.reject(new Error("QuotaExceededError")) : kept.write(name, bytes),
  };
  const storage = studyStorage(full);
  await storage.append(Uint8Array.of(1));
  isFull = true;
  await expect(storage.append(Uint8Array.of(2))).rejects.toThrow("QuotaExceededError");
  isFull = false;
  await storage.append(Uint8Array.of(3));
  expect(await studyStorage(kept).read()).toEqual(Uint8Array.of(1, 3));
});

test("a name without room for what follows it in those of parts and artifacts is told at once", () => {
  studyStorage(memoryStorage(), "a".repeat(182));
  expect(() => studyStorage(memoryStorage(), "a".repeat(183))).toThrow("name must be 182 letters at the most");
});

test("of two that append at once one is refused, and so is one whose bytes were replaced by as many", async () => {
  const kept = memoryStorage();
  const storages = [studyStorage(kept), studyStorage(kept)];
  for (const storage of storages) await storage.read();
  const ends = await Promise.allSettled(storages.map((storage, i) => storage.append(Uint8Array.of(i, i))));
  expect(ends.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  const won = ends.findIndex(({ status }) => status === "fulfilled");
  expect(await studyStorage(kept).read()).toEqual(Uint8Array.of(won, won));
  await kept.write("study.00000001.jsonl", Uint8Array.of(7, 7));
  await expect(storages[won].append(Uint8Array.of(1))).rejects.toThrow("something else writes to it");
});
