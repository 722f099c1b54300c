// Bytes in the files that a browser keeps for a site (the origin private file system).
import { UnsupportedError } from "../errors.ts";
import { aName, type BytesStorage, checked } from "./storage.ts";

/**
 * Keeps bytes in the files that a browser keeps for a site, in pages and workers. A file takes the place of the one before when all of it is
 * written.
 * Source: WHATWG, File System, "createWritable".
 * @throws ArgumentError for a name that is none; UnsupportedError, from its methods, where there are no such files
 *
 * @example
 * import { opfsStorage } from "simdgrad/storage";
 * await opfsStorage("runs").list(); // => throws UnsupportedError: opfsStorage: a browser keeps no files here
 */
export function opfsStorage(name = "simdgrad"): BytesStorage {
  aName(name, "opfsStorage: name");
  let opened: Promise<FileSystemDirectoryHandle> | undefined;
  const folder = () => {
    opened ??= open(name).catch((error) => {
      opened = undefined; // it may be allowed the next time
      throw error;
    });
    return opened;
  };
  return checked("opfsStorage", {
    async read(file) {
      const handle = await found((await folder()).getFileHandle(file));
      return handle && new Uint8Array(await (await handle.getFile()).arrayBuffer());
    },
    async write(file, bytes) {
      const handle = await (await folder()).getFileHandle(file, { create: true });
      if (handle.createWritable === undefined)
        throw new UnsupportedError("opfsStorage: this browser writes no file at once; take indexedDbStorage()");
      const writable = await handle.createWritable();
      await writable.write(bytes as Uint8Array<ArrayBuffer>);
      await writable.close();
    },
    async list() {
      const names: string[] = [];
      for await (const handle of (await folder()).values()) if (handle.kind === "file") names.push(handle.name);
      return names;
    },
    async remove(file) {
      await found((await folder()).removeEntry(file));
    },
  });
}

async function open(name: string): Promise<FileSystemDirectoryHandle> {
  const storage = typeof navigator === "object" ? navigator.storage : undefined;
  if (storage?.getDirectory === undefined)
    throw new UnsupportedError(
      "opfsStorage: a browser keeps no files here: it takes https or localhost; indexedDbStorage() takes neither",
    );
  return (await storage.getDirectory()).getDirectoryHandle(name, { create: true });
}

/** Undefined for what is not there. */
async function found<T>(wanted: Promise<T>): Promise<T | undefined> {
  try {
    return await wanted;
  } catch (error) {
    if ((error as DOMException).name === "NotFoundError") return undefined;
    throw error;
  }
}
