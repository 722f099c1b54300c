// The one door to fflate. The build puts the library itself into this module's output, so that the package has no dependency.
import { inflateSync, zipSync } from "fflate";

/** What DEFLATE made small. @throws an error of the library's for what is none */
export function inflate(bytes: Uint8Array): Uint8Array {
  return inflateSync(bytes);
}

/** A ZIP file of files by their names, with the same bytes whenever it is made. */
export function zip(files: Readonly<Record<string, Uint8Array>>): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(zipSync({ ...files }, { level: 6, mtime: new Date(1980, 0, 1) }));
}
