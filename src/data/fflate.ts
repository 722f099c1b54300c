// The one door to fflate. The build puts the library itself into this module's output, so that the package has no dependency.
import { Inflate, inflateSync, zipSync } from "fflate";

/** What DEFLATE made small. @throws an error of the library's for what is none */
export function inflate(bytes: Uint8Array): Uint8Array {
  return inflateSync(bytes);
}

/** Bytes that are inflated at once: what comes of them is at most a thousand times as much. */
const PIECE = 2 ** 16;

/** What DEFLATE made small, of a size that is known: no more is made than that. @throws an error for what is none, or is larger */
export function inflateTo(size: number, bytes: Uint8Array): Uint8Array {
  const file = new Uint8Array(size);
  let end = 0;
  const inflater = new Inflate((part) => {
    if (end + part.length > size) throw new Error(`more than ${size} bytes`);
    file.set(part, end);
    end += part.length;
  });
  for (let at = 0; at === 0 || at < bytes.length; at += PIECE)
    inflater.push(bytes.subarray(at, at + PIECE), at + PIECE >= bytes.length);
  return file.subarray(0, end);
}

/** A ZIP file of files by their names, with the same bytes whenever it is made. */
export function zip(files: Readonly<Record<string, Uint8Array>>): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(zipSync({ ...files }, { level: 6, mtime: new Date(1980, 0, 1) }));
}
