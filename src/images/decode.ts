// Who decodes image files: the page, or the package sharp in Node, where that is installed.
import { UnsupportedError } from "../errors.ts";
import type { ImageDataLike } from "./pixels.ts";

type Decode = (file: Blob, width: number, height: number) => Promise<ImageDataLike>;

/** @throws UnsupportedError where nothing decodes image files */
export function decoderOf(): Decode {
  if (typeof createImageBitmap === "function" && (hasCanvas() || typeof document === "object")) return inPage;
  const sharp = sharpOf();
  if (sharp !== undefined) return (file, width, height) => bySharp(sharp, file, width, height);
  throw new UnsupportedError(
    "fromImages: nothing here decodes image files; in Node that is the package sharp (npm install sharp)",
  );
}

/** Whether there are canvases outside of the page, in its workers, too. */
function hasCanvas(): boolean {
  return typeof OffscreenCanvas === "function";
}

function canvasOf(width: number, height: number): OffscreenCanvas {
  if (hasCanvas()) return new OffscreenCanvas(width, height);
  return Object.assign(document.createElement("canvas"), { width, height }) as unknown as OffscreenCanvas;
}

async function inPage(file: Blob, width: number, height: number): Promise<ImageDataLike> {
  const bitmap = await createImageBitmap(file, { resizeWidth: width, resizeHeight: height, resizeQuality: "high" });
  try {
    const context = canvasOf(width, height).getContext("2d", { willReadFrequently: true });
    if (context === null) throw new UnsupportedError("fromImages: this page has no canvas of two dimensions");
    context.drawImage(bitmap, 0, 0, width, height); // in engines that do not resize bitmaps this does
    return context.getImageData(0, 0, width, height);
  } finally {
    bitmap.close();
  }
}

/** What of sharp is used. */
interface Sharp {
  resize(width: number, height: number, options: { readonly fit: "fill" }): Sharp;
  toColourspace(name: "srgb"): Sharp;
  ensureAlpha(): Sharp;
  raw(): Sharp;
  toBuffer(): Promise<Uint8Array>;
}

type MakeSharp = (bytes: Uint8Array) => Sharp;

/** The package, if it is there. Not an import, not even a dynamic one: bundlers follow those, and would want it for every page. */
function sharpOf(): MakeSharp | undefined {
  const node = typeof process === "object" ? process.getBuiltinModule?.("node:module") : undefined;
  try {
    return node?.createRequire(import.meta.url)("sharp") as MakeSharp | undefined;
  } catch {
    return undefined;
  }
}

async function bySharp(sharp: MakeSharp, file: Blob, width: number, height: number): Promise<ImageDataLike> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const whole = sharp(bytes).resize(width, height, { fit: "fill" });
  return { data: await whole.toColourspace("srgb").ensureAlpha().raw().toBuffer(), width, height };
}
