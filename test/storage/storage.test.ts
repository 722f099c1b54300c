// Storages of Node: memory, and the files of a folder.
import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { folderStorage, memoryStorage } from "simdgrad/storage";
import { afterAll, describe, expect, test } from "vitest";
import { storageTests } from "./contract.ts";

const folder = mkdtempSync(`${tmpdir()}/simdgrad-storage-`);
afterAll(() => rmSync(folder, { recursive: true }));

describe("memory", () => {
  const storage = memoryStorage();
  storageTests(() => storage);
});

describe("a folder", () => {
  storageTests(() => folderStorage(`${folder}/deep/er`));

  test("holds a file for each name, and leaves others alone", async () => {
    const path = `${folder}/own`;
    await mkdir(`${path}/sub`, { recursive: true });
    await writeFile(`${path}/torn.new`, "half");
    await writeFile(`${path}/.hidden`, "");
    const storage = folderStorage(path);
    await storage.write("a", Uint8Array.of(1));
    expect(await storage.list()).toEqual(["a"]);
    expect((await readdir(path)).sort()).toEqual([".hidden", "a", "sub", "torn.new"]);
    await storage.write("torn", Uint8Array.of(1));
    expect((await readdir(path)).sort()).toEqual([".hidden", "a", "sub", "torn"]);
  });

  test("that cannot be read is told, not taken as empty", async () => {
    await writeFile(`${folder}/file`, "");
    await expect(folderStorage(`${folder}/file`).list()).rejects.toThrow("ENOTDIR");
  });
});
