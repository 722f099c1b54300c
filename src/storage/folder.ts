// Bytes in the files of a folder, in Node.
import { aText, must } from "../check.ts";
import { UnsupportedError } from "../errors.ts";
import { isLeft, ownMark } from "./owner.ts";
import { type BytesStorage, checked, UNFINISHED } from "./storage.ts";

/** What a folder holds. */
interface Entry {
  readonly name: string;
  isFile(): boolean;
  isSymbolicLink(): boolean;
}

/**
 * Keeps bytes in the files of a folder, in Node; it is made with the first of them. A file is written under another name, brought to the disk and
 * renamed, so that whoever reads finds the one before or the new one, whole, also after a crash, and where several processes write it at once.
 * @throws ArgumentError for a path that is no text, UnsupportedError outside Node; StorageError, from its methods, with the file and the cause
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
  /** Removes what writers of a name have left behind who died: others are about to rename theirs. */
  const tidy = async (name: string) => {
    for (const file of (await fs.readdir(path).catch(none)) ?? []) {
      if (!(file.startsWith(name) && file.endsWith(UNFINISHED))) continue;
      const writer = file.slice(name.length, -UNFINISHED.length);
      if (await isLeft(writer, fileOf(file))) await fs.rm(fileOf(file), { force: true });
    }
  };
  const isFile = async (entry: Entry) =>
    entry.isFile() || (entry.isSymbolicLink() && (await fs.stat(fileOf(entry.name)).catch(none))?.isFile() === true);
  return checked(
    "folderStorage",
    {
      read: (name) => fs.readFile(fileOf(name)).then((bytes) => new Uint8Array(bytes), none),
      async write(name, bytes) {
        await fs.mkdir(path, { recursive: true });
        await tidy(name);
        const unfinished = `${fileOf(name)}.${ownMark()}${UNFINISHED}`;
        try {
          const handle = await fs.open(unfinished, "wx");
          try {
            await handle.writeFile(bytes);
            await handle.sync();
          } finally {
            await handle.close();
          }
          await fs.rename(unfinished, fileOf(name));
        } catch (error) {
          await fs.rm(unfinished, { force: true }).catch(() => undefined); // what it failed of tells more
          throw error;
        }
        await settle();
      },
      async list() {
        const entries = (await fs.readdir(path, { withFileTypes: true }).catch(none)) ?? [];
        const areFiles = await Promise.all(entries.map(isFile));
        return entries.flatMap(({ name }, i) => (areFiles[i] ? [name] : []));
      },
      async remove(name) {
        await fs.rm(fileOf(name), { force: true });
        await tidy(name);
      },
    },
    fileOf,
  );
}
