// Files that the page hands to the visitor.
import { make } from "./dom.ts";

const KEEP = 10_000; // ms: browsers read the bytes after the click

/** Downloads bytes or a text as a file. */
export function save(name: string, content: Uint8Array | string, type = "application/octet-stream"): void {
  const part = typeof content === "string" ? content : new Uint8Array(content);
  const url = URL.createObjectURL(new Blob([part], { type }));
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), KEEP);
}
