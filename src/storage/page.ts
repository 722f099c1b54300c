// Bytes to the files of whoever looks at a page, and back.
import { must } from "../check.ts";
import { UnsupportedError } from "../errors.ts";
import { aName, someBytes } from "./storage.ts";

/** Milliseconds in which a browser begins to read what it saves. */
const LONG = 60_000;

/**
 * Has the browser save bytes as a file of that name.
 * @throws UnsupportedError outside of pages
 *
 * @example
 * import { serializeCheckpoint } from "simdgrad/io";
 * import { download } from "simdgrad/storage";
 * const bytes = serializeCheckpoint({ state: {} });
 * download("digits.safetensors", bytes); // => throws UnsupportedError: download: there is no page here
 */
export function download(name: string, bytes: Uint8Array): void {
  aName(name, "download: name");
  someBytes(bytes, "download: bytes");
  if (typeof document !== "object") throw new UnsupportedError("download: there is no page here");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes.slice()], { type: "application/octet-stream" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), LONG);
}

/**
 * The bytes of a file that somebody chose or dropped.
 *
 * @example
 * import { parseCheckpoint, serializeCheckpoint } from "simdgrad/io";
 * import { upload } from "simdgrad/storage";
 * const file = new Blob([serializeCheckpoint({ state: {}, notes: "mine" })]); // input.files[0]
 * parseCheckpoint(await upload(file)).notes; // => "mine"
 */
export async function upload(file: Blob): Promise<Uint8Array<ArrayBuffer>> {
  must(file instanceof Blob, file, "upload: file", "a File or a Blob");
  return new Uint8Array(await file.arrayBuffer());
}
