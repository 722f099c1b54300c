// Image files in a page: decoded, brought to one size, and told by number where they are none.
import { expect, test } from "vitest";
import { fromImages } from "../../src/images/index.ts";

/** A PNG of one colour. */
async function png(colour: string, width: number, height: number): Promise<Blob> {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("this page has no canvas");
  context.fillStyle = colour;
  context.fillRect(0, 0, width, height);
  return canvas.convertToBlob({ type: "image/png" });
}

test("files become bytes of one size", async () => {
  const files = [await png("rgb(200, 100, 50)", 8, 4), await png("rgb(0, 255, 7)", 3, 3)];
  const { data, shape } = await fromImages(files, { width: 4, height: 2 });
  expect(shape).toEqual([2, 3, 2, 4]);
  const planes = Array.from({ length: 6 }, (_, i) => [...new Set(data.subarray(8 * i, 8 * (i + 1)))]);
  expect(planes).toEqual([[200], [100], [50], [0], [255], [7]]);
  const bytes = new Uint8Array(await files[0].arrayBuffer());
  expect((await fromImages([bytes], { width: 1, height: 1, channels: 1 })).data).toEqual(Uint8Array.of(124));
});

test("what is no image is told by its number", async () => {
  const files = [await png("red", 2, 2), new Blob(["no image"])];
  await expect(fromImages(files, { width: 2, height: 2 })).rejects.toThrow(/^fromImages: file 1 cannot be decoded: /);
});
