// Pixels as a canvas gives them, as batches; and what files are told where nothing decodes them.
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { fromImageData, fromImages, type ImageDataLike } from "../../src/images/index.ts";
import { thrown } from "../thrown.ts";

/** Red, green, blue and opacity of every pixel are 10 r, 10 g, ... */
const image: ImageDataLike = {
  data: Uint8ClampedArray.from({ length: 2 * 3 * 4 }, (_, i) => 10 * i),
  width: 3,
  height: 2,
};
const white: ImageDataLike = { data: new Uint8ClampedArray(24).fill(255), width: 3, height: 2 };

describe("fromImageData", () => {
  test("puts the channels into planes", () => {
    const plane = (channel: number) => Array.from({ length: 6 }, (_, i) => image.data[4 * i + channel]);
    const { data, shape } = fromImageData([image, white]);
    expect(shape).toEqual([2, 3, 2, 3]);
    expect([...data.subarray(0, 18)]).toEqual([...plane(0), ...plane(1), ...plane(2)]);
    expect([...data.subarray(18)]).toEqual(new Array(18).fill(255));
    const four = fromImageData([image], { channels: 4 });
    expect(four.shape).toEqual([1, 4, 2, 3]);
    expect([...four.data.subarray(18)]).toEqual(plane(3));
  });

  test("greys are Pillow's: Image.convert('L')", () => {
    // (299 r + 587 g + 114 b) / 1000, by Pillow in 16 bits: these are its answers.
    const colours = [
      [255, 255, 255, 255],
      [255, 0, 0, 76],
      [0, 255, 0, 150],
      [0, 0, 255, 29],
      [12, 200, 77, 130],
      [0, 0, 0, 0],
    ];
    const data = Uint8ClampedArray.from(colours.flatMap(([r, g, b]) => [r, g, b, 255]));
    const found = fromImageData([{ data, width: 6, height: 1 }], { channels: 1 });
    expect([...found.data]).toEqual(colours.map((each) => each[3]));
  });

  test.each<[string, () => unknown, string]>([
    [
      "nothing",
      () => fromImageData([]),
      "ArgumentError: fromImageData: images must be an array with an image at least, got []",
    ],
    [
      "too few bytes",
      () => fromImageData([{ ...image, width: 4 }]),
      "ShapeError: fromImageData: image 0: 24 bytes are not 4 for each of 2 x 4 pixels",
    ],
    [
      "floats",
      () => fromImageData([{ ...image, data: new Float32Array(24) as never }]),
      "ArgumentError: fromImageData: image 0: data must be bytes: a Uint8ClampedArray or a Uint8Array, got Float32Array",
    ],
    [
      "an image without a width",
      () => fromImageData([{ ...image, width: undefined as never }]),
      "ArgumentError: fromImageData: image 0 must be an image { data, width, height } as a canvas gives it, got { data, width, height }",
    ],
    [
      "images of other sizes",
      () => fromImageData([image, { data: white.data, width: 2, height: 3 }]),
      "ShapeError: fromImageData: image 1 is 3 x 2, the first one 2 x 3",
    ],
    [
      "two channels",
      () => fromImageData([image], { channels: 2 as 1 }),
      "ArgumentError: fromImageData: channels must be 1 or 3 or 4, got 2",
    ],
  ])("refuses %s", (_, make, message) => {
    expect(thrown(make)).toBe(message);
  });
});

describe("fromImages", () => {
  const pixels = { raw: { width: 2, height: 2, channels: 3 } } as const;
  const red = sharp(Uint8Array.of(255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0), pixels);

  test("decodes files of several formats in Node, in their order, stretched to one size", async () => {
    const files = [await red.png().toBuffer(), await red.clone().negate().webp({ lossless: true }).toBuffer()];
    const batch = await fromImages([files[0], new Blob([Uint8Array.from(files[1])])], { width: 3, height: 1 });
    expect(batch.shape).toEqual([2, 3, 1, 3]);
    expect([...batch.data]).toEqual([255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255]);
    const grey = await fromImages([await red.greyscale().png().toBuffer()], { width: 1, height: 1, channels: 1 });
    expect(grey.shape).toEqual([1, 1, 1, 1]);
  });

  test("says which file cannot be decoded", async () => {
    const good = await red.clone().png().toBuffer();
    await expect(fromImages([good, Uint8Array.of(1, 2, 3)], { width: 2, height: 2 })).rejects.toThrow(
      "fromImages: file 1 cannot be decoded: ",
    );
    await expect(fromImages([good.subarray(0, good.length - 20)], { width: 2, height: 2 })).rejects.toThrow(
      "fromImages: file 0 cannot be decoded: ",
    );
  });

  test("needs a size", async () => {
    await expect(fromImages([Uint8Array.of(1)], { width: 2 } as never)).rejects.toThrow("fromImages: height must be");
  });
});
