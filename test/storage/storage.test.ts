// Storages of Node: memory, and the files of a folder.
import { spawnSync } from "node:child_process";
import fs, { mkdtempSync, rmSync } from "node:fs";
import { mkdir, readdir, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { folderStorage, memoryStorage, StorageError } from "simdgrad/storage";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { ownMark } from "../../src/storage/owner.ts";
import { storageTests } from "./contract.ts";

const folder = mkdtempSync(`${tmpdir()}/simdgrad-storage-`);
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

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
    const listing = folderStorage(`${folder}/file`).list();
    await expect(listing).rejects.toThrow("folderStorage: the names were not read: ENOTDIR");
    await expect(listing).rejects.toThrow(StorageError);
  });

  test("two that write one name at once: it is the one or the other, whole", async () => {
    const path = `${folder}/two`;
    const [one, other] = [folderStorage(path), folderStorage(path)];
    const [ones, twos] = [new Uint8Array(1e6).fill(1), new Uint8Array(2e6).fill(2)];
    for (let round = 0; round < 20; round++) {
      await Promise.all([one.write("a", ones), other.write("a", twos)]);
      const bytes = (await one.read("a")) as Uint8Array;
      expect([1e6, 2e6]).toContain(bytes.length);
      expect(bytes.every((byte) => byte === bytes.length / 1e6)).toBe(true);
    }
    expect(await readdir(path)).toEqual(["a"]);
  });

  test("what a process that died has left goes with the next write, what may be under way stays", async () => {
    const path = `${folder}/left`;
    await mkdir(path);
    const gone = ownMark().replace(/-\d+-/, `-${spawnSync("true").pid}-`);
    const reused = ownMark().replace(/^(\w+-\d+)-\d+/, "$1-1"); // this process's number, begun at another time
    const [alive, elsewhere, old] = [
      ownMark(),
      ownMark().replace(/^\w+/, "00000000"),
      ownMark().replace(/^\w+/, "00000001"),
    ];
    for (const mark of [gone, reused, alive, elsewhere, old]) await writeFile(`${path}/a.${mark}.new`, "half");
    await utimes(`${path}/a.${old}.new`, 1e9, 1e9);
    await writeFile(`${path}/a.b.${gone}.new`, "of another name");
    await folderStorage(path).write("a", Uint8Array.of(1));
    expect((await readdir(path)).sort()).toEqual(
      ["a", `a.${alive}.new`, `a.${elsewhere}.new`, `a.b.${gone}.new`].sort(),
    );
    expect(await folderStorage(path).list()).toEqual(["a"]);
  });

  test("links to files are files, to nothing or to folders are not", async () => {
    const [path, target] = [`${folder}/links`, `${folder}/targets`];
    await folderStorage(target).write("a", Uint8Array.of(1));
    await mkdir(path);
    await symlink("../targets/a", `${path}/a`);
    await symlink("../targets", `${path}/b`);
    await symlink("../targets/c", `${path}/c`);
    expect(await folderStorage(path).list()).toEqual(["a"]);
    await folderStorage(path).write("a", Uint8Array.of(2));
    expect(await folderStorage(path).read("a")).toEqual(Uint8Array.of(2));
    expect(await folderStorage(target).read("a")).toEqual(Uint8Array.of(1));
  });

  test("a write that fails says of which file and why, keeps what was there, and leaves nothing behind", async () => {
    const path = `${folder}/full`;
    const storage = folderStorage(path);
    await storage.write("a", Uint8Array.of(1));
    const { open } = fs.promises;
    vi.spyOn(fs.promises, "open").mockImplementation(async (...given) => {
      const handle = await open(...given);
      handle.writeFile = async () => {
        await handle.write(Uint8Array.of(7));
        throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
      };
      return handle;
    });
    const writing = storage.write("a", Uint8Array.of(2));
    await expect(writing).rejects.toThrow(
      `folderStorage: ${path}/a was not written: ENOSPC: no space left on device, write`,
    );
    await expect(writing).rejects.toThrow(StorageError);
    expect(await readdir(path)).toEqual(["a"]);
    vi.restoreAllMocks();
    expect(await storage.read("a")).toEqual(Uint8Array.of(1));
    await mkdir(`${path}/b`);
    await expect(storage.write("b", Uint8Array.of(2))).rejects.toThrow(`${path}/b was not written: EISDIR`);
    await expect(storage.read("b")).rejects.toThrow(`${path}/b was not read: EISDIR`);
    await expect(storage.remove("b")).rejects.toThrow(`${path}/b was not removed: `);
    expect((await readdir(path)).sort()).toEqual(["a", "b"]);
  });
});
