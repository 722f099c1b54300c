// Image files in a page: decoded, brought to one size, and told by number where they are none.
import { expect, test } from "vitest";
import { fromImages } from "../../src/images/index.ts";

/** PNG files of one colour, by Pillow: 8 x 4 pixels of (200, 100, 50), 3 x 3 of (0, 255, 7). */
const [brown, green] = [
  "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAECAIAAAA8r+mnAAAAFUlEQVR42mM8kWLEgA0wMeAApEsAAIiGAWb6RNn/AAAAAElFTkSuQmCC",
  "iVBORw0KGgoAAAANSUhEUgAAAAMAAAADCAIAAADZSiLoAAAAF0lEQVR42mNk+M/OwMDAwMDAxAADCBYAHRkBDN+3l9wAAAAASUVORK5CYII=",
].map((text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0)));

test("files become bytes of one size", async () => {
  const { data, shape } = await fromImages([new Blob([brown]), green], { width: 4, height: 2 });
  expect(shape).toEqual([2, 3, 2, 4]);
  const planes = Array.from({ length: 6 }, (_, i) => [...new Set(data.subarray(8 * i, 8 * (i + 1)))]);
  expect(planes).toEqual([[200], [100], [50], [0], [255], [7]]);
  expect((await fromImages([brown], { width: 1, height: 1, channels: 1 })).data).toEqual(Uint8Array.of(124));
});

test("what is no image is told by its number", async () => {
  const files = [green, new Blob(["no image"])];
  await expect(fromImages(files, { width: 2, height: 2 })).rejects.toThrow(/^fromImages: file 1 cannot be decoded: /);
});
