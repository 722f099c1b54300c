// Microscope images of blood with a box around every cell: the BCCD set, in the folders of the PASCAL VOC challenge.
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { area, type Box } from "./boxes.ts";

export const KINDS = ["RBC", "WBC", "Platelets"] as const;
export type Kind = (typeof KINDS)[number];

/** Of all images, and as they are read: boxes are in pixels of the images, whatever they are read as. */
export const WIDTH = 640;
export const HEIGHT = 480;
export const READ_WIDTH = 384;
export const READ_HEIGHT = 288;

export interface Cells {
  readonly name: string;
  /** The file. */
  readonly path: string;
  /** Red, green and blue of every pixel, READ_WIDTH in a row. */
  readonly pixels: Uint8Array;
  readonly boxes: Readonly<Record<Kind, readonly Box[]>>;
}

/** For each kind of cell something. */
export function eachKind<T>(make: (kind: Kind) => T): Record<Kind, T> {
  return Object.fromEntries(KINDS.map((kind) => [kind, make(kind)])) as Record<Kind, T>;
}

/** The images of a split of the set's makers, "train", "val" or "test", in its order. */
export async function readCells(folder: string, split: string): Promise<Cells[]> {
  const list = join(folder, "ImageSets", "Main", `${split}.txt`);
  if (!existsSync(list))
    throw new Error(`there is no ${list}: give by --data the folder BCCD with JPEGImages, Annotations and ImageSets`);
  const names = (await readFile(list, "utf8")).split(/\s+/).filter((name) => name !== "");
  return Promise.all(names.map((name) => readOne(folder, name)));
}

async function readOne(folder: string, name: string): Promise<Cells> {
  const path = join(folder, "JPEGImages", `${name}.jpg`);
  const image = sharp(path);
  const { width, height } = await image.metadata();
  if (width !== WIDTH || height !== HEIGHT)
    throw new Error(`${path} is ${width} x ${height}, not ${WIDTH} x ${HEIGHT}`);
  const pixels = await image.removeAlpha().toColourspace("srgb").resize(READ_WIDTH, READ_HEIGHT).raw().toBuffer();
  const boxes = annotated(await readFile(join(folder, "Annotations", `${name}.xml`), "utf8"));
  return { name, path, pixels, boxes };
}

/** The boxes of an annotation, but for those without an area, of which the set has two. */
export function annotated(xml: string): Record<Kind, Box[]> {
  const boxes = eachKind<Box[]>(() => []);
  for (const [object] of xml.matchAll(/<object>.*?<\/object>/gs)) {
    const text = (tag: string) => new RegExp(`<${tag}>\\s*(.*?)\\s*</${tag}>`).exec(object)?.[1] ?? "";
    const kind = text("name");
    if (!isKind(kind)) throw new Error(`an annotated cell is none of ${KINDS.join(", ")}, but "${kind}"`);
    const [left, top, right, bottom] = ["xmin", "ymin", "xmax", "ymax"].map((tag) => Number(text(tag)));
    const box = { left, top, right, bottom };
    if (area(box) > 0) boxes[kind].push(box);
  }
  return boxes;
}

function isKind(name: string): name is Kind {
  return (KINDS as readonly string[]).includes(name);
}
