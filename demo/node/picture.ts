// Sheets of images as PNG files, and images from files: sharp does the work.
import sharp from "sharp";

/** Images of one size side by side: rows of a sheet, each of some images. Grey or colour, numbers 0 to 1 in planes [channels, height, width]. */
export interface Sheet {
  readonly rows: readonly (readonly ArrayLike<number>[])[];
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
}

/** Pixels between two images, and how often each pixel is repeated. */
const GAP = 1;
const SCALE = 2;

/** Writes the sheet; an image's numbers outside 0 to 1 are cut off. */
export async function writeSheet(path: string, { rows, width, height, channels }: Sheet): Promise<void> {
  const columns = Math.max(...rows.map((row) => row.length));
  const across = columns * (width + GAP) - GAP;
  const down = rows.length * (height + GAP) - GAP;
  const pixels = new Uint8Array(across * down * channels).fill(64);
  rows.forEach((row, r) => {
    row.forEach((image, i) => {
      const start = r * (height + GAP) * across + i * (width + GAP);
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++)
          for (let c = 0; c < channels; c++) {
            const value = image[(c * height + y) * width + x];
            pixels[(start + y * across + x) * channels + c] = Math.round(255 * Math.min(1, Math.max(0, value)));
          }
    });
  });
  await sharp(pixels, { raw: { width: across, height: down, channels } })
    .resize(across * SCALE, down * SCALE, { kernel: "nearest" })
    .png()
    .toFile(path);
}
