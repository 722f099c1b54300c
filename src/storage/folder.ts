// Bytes in the files of a folder, in Node.
import { aText, must } from "../check.ts";
import { UnsupportedError } from "../errors.ts";
import { type BytesStorage, checked, UNFINISHED } from "./storage.ts";

/**
 * Keeps bytes in the files of a folder, in Node; it is made with the first of them. A file is written under another name, brought to the disk and
 * renamed, so that whoever reads finds the one before or the new one, whole, also after a crash.
 * @throws ArgumentError for a path that is no text, UnsupportedError outside Node
 *
 * @example
 * import { mkdtemp, rm } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { folderStorage } from "simdgrad/storage";
 * const folder = await mkdtemp(`${tmpdir()}/checkpoints-`);
 * await folderStorage(folder).write("a", Uint8Array.of(1, 2));
 * await folderStorage(folder).read("a"); // => [1, 2]
 * await rm(folder, { recursive: true });
 */
export function folderStorage(path: string): BytesStorage {
  aText(path, "folderStorage: path");
  must(path !== "", path, "folderStorage: path", "the path of a folder");
  const fs = typeof process === "object" ? process.getBuiltinModule?.("node:fs").promises : undefined;
  if (fs === undefined)
    throw new UnsupportedError(
      "folderStorage: there are no files here; pages have opfsStorage() and indexedDbStorage()",
    );
  const fileOf = (name: string) => `${path}/${name}`;
  const none = (error: { readonly code?: string }) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  };
  /** Has the disk know a name, where folders can be opened: not in Windows. */
  const settle = async () => {
    const folder = await fs.open(path, "r").catch(() => undefined);
    await folder?.sync().catch(() => undefined);
    await folder?.close();
  };
  return checked("folderStorage", {
    read: (name) => fs.readFile(fileOf(name)).then((bytes) => new Uint8Array(bytes), none),
    async write(name, bytes) {
      await fs.mkdir(path, { recursive: true });
      const unfinished = fileOf(name) + UNFINISHED;
      const handle = await fs.open(unfinished, "w");
      try {
        await handle.writeFile(bytes);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await fs.rename(unfinished, fileOf(name));
      await settle();
    },
    async list() {
      const entries = (await fs.readdir(path, { withFileTypes: true }).catch(none)) ?? [];
      return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
    },
    async remove(name) {
      for (const ending of ["", UNFINISHED]) await fs.rm(fileOf(name) + ending, { force: true });
    },
  });
}
