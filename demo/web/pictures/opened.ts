// A file of the visitor's as a picture. Drawings in SVG are drawn at a size of ours: browsers make no bitmaps of them by themselves.
import { make } from "../shared/dom.ts";
import { Problem } from "../shared/problems.ts";

/** Pixels of a drawing's longer side, and of both where it says no size. */
const DRAWN = 512;

/** @throws Problem where it is none */
export async function opened(file: File): Promise<ImageBitmap> {
  try {
    return await (file.type === "image/svg+xml" ? drawn(file) : createImageBitmap(file));
  } catch {
    throw new Problem(`${file.name} is no picture that this browser can read.`);
  }
}

async function drawn(file: File): Promise<ImageBitmap> {
  const root = new DOMParser().parseFromString(await file.text(), "image/svg+xml").documentElement;
  const [width, height] = sizeOf(root);
  const scale = DRAWN / Math.max(width, height);
  const canvas = make("canvas", {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
  });
  root.setAttribute("width", String(canvas.width));
  root.setAttribute("height", String(canvas.height));
  if (!root.hasAttribute("viewBox")) root.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const url = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(root)], { type: "image/svg+xml" }));
  try {
    const image = make("img", { src: url });
    await image.decode();
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await createImageBitmap(canvas);
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** Width and height that a drawing says, or its view box, or ours. */
function sizeOf(root: Element): readonly [number, number] {
  const said = ["width", "height"].map((name) => {
    const text = root.getAttribute(name) ?? "";
    return text.endsWith("%") ? Number.NaN : Number.parseFloat(text);
  });
  const box = (root.getAttribute("viewBox") ?? "")
    .trim()
    .split(/[\s,]+/)
    .map(Number)
    .slice(2);
  const areSizes = (sizes: readonly number[]) => sizes.length === 2 && sizes.every((size) => size > 0 && size < 1e6);
  const [width, height] = [said, box].find(areSizes) ?? [DRAWN, DRAWN];
  return [width, height];
}
