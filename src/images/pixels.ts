// Pixels of pages and of files as batches of bytes: [N, C, H, W].
import { aWholeNumber, checkOptions, must, oneOf } from "../check.ts";
import type { NumericArray } from "../data/array.ts";
import { DataError, ShapeError, SimdgradError } from "../errors.ts";
import { decoderOf } from "./decode.ts";

/** Red, green, blue and opacity of every pixel, row by row, a byte each: the ImageData of a canvas. */
export interface ImageDataLike {
  readonly data: Uint8ClampedArray | Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Grey, colours, or colours and opacity. */
export type Channels = 1 | 3 | 4;

const channelsCheck = { channels: oneOf(1, 3, 4) };

/** A batch of bytes. */
export interface ImageBatch extends NumericArray {
  readonly data: Uint8Array;
}

function checkImage(image: unknown, what: string): void {
  const { data, width, height } = (image ?? {}) as ImageDataLike;
  const isImage = width !== undefined && height !== undefined;
  must(isImage, image, what, "an image { data, width, height } as a canvas gives it");
  for (const [name, size] of Object.entries({ width, height })) aWholeNumber(1)(size, `${what}: ${name}`);
  const isBytes = data instanceof Uint8ClampedArray || data instanceof Uint8Array;
  must(isBytes, data, `${what}: data`, "bytes: a Uint8ClampedArray or a Uint8Array");
  if (data.length !== 4 * width * height)
    throw new ShapeError(`${what}: ${data.length} bytes are not 4 for each of ${height} x ${width} pixels`);
}

// Grey as ITU-R BT.601 has it, in 16 bits behind the point, as Pillow rounds it: white stays white.
const [RED, GREEN, BLUE] = [19595, 38470, 7471];

/** Writes one image as planes. */
function writePlanes(to: Uint8Array, { data, width, height }: ImageDataLike, channels: Channels): void {
  const size = width * height;
  for (let i = 0; i < size; i++) {
    const [r, g, b] = [data[4 * i], data[4 * i + 1], data[4 * i + 2]];
    if (channels === 1) to[i] = (r * RED + g * GREEN + b * BLUE + 0x8000) >> 16;
    else for (let c = 0; c < channels; c++) to[c * size + i] = data[4 * i + c];
  }
}

/**
 * Images as a canvas gives them, all of one size, as a batch of bytes [N, channels, H, W]: 1 channel is grey (ITU-R BT.601, rounded), 3 are
 * red, green and blue, 4 have the opacity, too. Default 3.
 * @throws ArgumentError for what are no images, ShapeError for sizes that differ
 *
 * @example
 * import { fromImageData } from "simdgrad/images";
 * const red = { data: Uint8ClampedArray.of(255, 0, 0, 255), width: 1, height: 1 };
 * fromImageData([red]); // => { data: [255, 0, 0], shape: [1, 3, 1, 1] }
 * fromImageData([red], { channels: 1 }); // => { data: [76], shape: [1, 1, 1, 1] }
 */
export function fromImageData(
  images: readonly ImageDataLike[],
  options: { readonly channels?: Channels } = {},
): ImageBatch {
  must(Array.isArray(images) && images.length > 0, images, "fromImageData: images", "an array with an image at least");
  for (const [i, image] of Array.from(images).entries()) checkImage(image, `fromImageData: image ${i}`);
  checkOptions(options, "fromImageData", channelsCheck);
  const { channels = 3 } = options;
  const [{ width, height }] = images;
  const step = channels * height * width;
  const data = new Uint8Array(images.length * step);
  for (const [i, image] of images.entries()) {
    if (image.width !== width || image.height !== height)
      throw new ShapeError(
        `fromImageData: image ${i} is ${image.height} x ${image.width}, the first one ${height} x ${width}`,
      );
    writePlanes(data.subarray(i * step, (i + 1) * step), image, channels);
  }
  return { data, shape: [images.length, channels, height, width] };
}

/** What files become. */
export interface ImageFileOptions {
  /** Every image is brought to this size. */
  readonly width: number;
  readonly height: number;
  /** As of fromImageData; default 3. */
  readonly channels?: Channels;
}

/**
 * Image files (PNG, JPEG, WebP, ...) as a batch of bytes [N, channels, height, width], stretched to one size. Pages decode them by
 * createImageBitmap, Node by the package sharp, which is to be installed beside simdgrad.
 * @throws ArgumentError for what are no files, DataError that says which one cannot be decoded, UnsupportedError where nothing decodes
 *
 * @example
 * import { fromImages } from "simdgrad/images";
 * await fromImages(["cat.png"], { width: 32, height: 32 }); // => throws ArgumentError: fromImages: file 0 must be a Blob or bytes
 */
export async function fromImages(
  files: readonly (Blob | Uint8Array)[],
  options: ImageFileOptions,
): Promise<ImageBatch> {
  must(Array.isArray(files) && files.length > 0, files, "fromImages: files", "an array with a file at least");
  const isFile = (file: unknown) => file instanceof Uint8Array || (typeof Blob === "function" && file instanceof Blob);
  for (const [i, file] of Array.from(files).entries())
    must(isFile(file), file, `fromImages: file ${i}`, "a Blob or bytes");
  const size = aWholeNumber(1, 2 ** 15);
  checkOptions(options, "fromImages", { width: size, height: size, ...channelsCheck }, "width", "height");
  const { width, height, channels } = options;
  const decode = decoderOf();
  const images: ImageDataLike[] = [];
  for (const [i, file] of files.entries()) {
    const blob = file instanceof Blob ? file : new Blob([file as Uint8Array<ArrayBuffer>]);
    images.push(
      await decode(blob, width, height).catch((error: unknown) => {
        if (error instanceof SimdgradError) throw error;
        const why = error instanceof Error ? error.message : String(error);
        throw new DataError(`fromImages: file ${i} cannot be decoded: ${why}`);
      }),
    );
  }
  return fromImageData(images, { channels });
}
