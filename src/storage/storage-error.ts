// What is thrown where a disk, a database or a browser does not do what it is asked.
import { SimdgradError } from "../errors.ts";

/**
 * Bytes that could not be kept or read: the disk is full, a folder may not be written to, somebody else holds a file. Its cause is what the disk, the
 * database or the browser said.
 *
 * @example
 * import { folderStorage } from "simdgrad/storage";
 * await folderStorage("package.json").list(); // => throws StorageError: folderStorage: the names were not read: ENOTDIR
 */
export class StorageError extends SimdgradError {
  override readonly name = "StorageError";
}

/** What a task gives. @throws StorageError saying `what` was not done, and why */
export async function orStorageError<T>(what: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (cause) {
    if (cause instanceof SimdgradError) throw cause;
    const why = cause instanceof Error ? cause.message || cause.name : "no reason was given";
    throw new StorageError(`${what}: ${why}`, { cause });
  }
}
