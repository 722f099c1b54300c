// Sheets of images as PNG files, and images from files: sharp does the work.
import sharp from "sharp";
import type { Box } from "./boxes.ts";

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

/** An image file, and boxes to draw into it. */
export interface Drawing {
  readonly path: string;
  readonly boxes: readonly { readonly box: Box; readonly colour: string }[];
}

/** How small images with boxes are drawn. */
const SMALL = 0.6;

/** Writes images of one size with boxes in them, rows of such. */
export async function writeBoxes(
  path: string,
  { rows, width, height }: { rows: readonly (readonly Drawing[])[]; width: number; height: number },
): Promise<void> {
  const [wide, high] = [Math.round(SMALL * width), Math.round(SMALL * height)];
  const parts = rows.flatMap((row, r) =>
    row.map(async ({ path, boxes }, i) => ({
      input: await sharp(path)
        .resize(wide, high)
        .composite([{ input: Buffer.from(outlines(boxes, width, height, wide, high)) }])
        .png()
        .toBuffer(),
      left: i * (wide + GAP),
      top: r * (high + GAP),
    })),
  );
  const columns = Math.max(...rows.map((row) => row.length));
  const size = { width: columns * (wide + GAP) - GAP, height: rows.length * (high + GAP) - GAP };
  await sharp({ create: { ...size, channels: 3, background: "#404040" } })
    .composite(await Promise.all(parts))
    .png()
    .toFile(path);
}

/** An SVG image of boxes. */
function outlines(boxes: Drawing["boxes"], width: number, height: number, wide: number, high: number): string {
  const drawn = boxes.map(
    ({ box: { left, top, right, bottom }, colour }) =>
      `<rect x="${left}" y="${top}" width="${right - left}" height="${bottom - top}" fill="none" stroke="${colour}" stroke-width="4"/>`,
  );
  const view = `width="${wide}" height="${high}" viewBox="0 0 ${width} ${height}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${view}>${drawn.join("")}</svg>`;
}
