// Digits and weights as pictures in the theme's colours.
import { drawing } from "../shared/dom.ts";
import { channels } from "../shared/theme.ts";

const SIDE = 28;

type Rgb = readonly [number, number, number];

/** What pictures are painted with. */
export interface Palette {
  readonly paper: Rgb;
  readonly ink: Rgb;
  readonly positive: Rgb;
  readonly negative: Rgb;
}

export function palette(): Palette {
  return {
    paper: channels("surface"),
    ink: channels("ink"),
    positive: channels("accent"),
    negative: channels("second"),
  };
}

/** Paints 28x28 bytes into a canvas of that size. */
export function paintDigit(canvas: HTMLCanvasElement, image: Uint8Array, { paper, ink }: Palette): void {
  const picture = new ImageData(SIDE, SIDE);
  image.forEach((value, i) => {
    mix(picture.data, 4 * i, paper, ink, value / 255);
  });
  drawing(canvas).putImageData(picture, 0, 0);
}

/** Paints units' weights [units, 784] as tiles of 28x28, `columns` in a row, each from its own strongest weight down to 0. */
export function paintWeights(
  canvas: HTMLCanvasElement,
  weights: Float32Array,
  columns: number,
  colours: Palette,
): void {
  const units = weights.length / (SIDE * SIDE);
  const step = SIDE + 2;
  canvas.width = columns * step - 2;
  canvas.height = Math.ceil(units / columns) * step - 2;
  const context = drawing(canvas);
  for (let unit = 0; unit < units; unit++) {
    const own = weights.subarray(unit * SIDE * SIDE, (unit + 1) * SIDE * SIDE);
    context.putImageData(
      square(own, strongest(own), colours),
      (unit % columns) * step,
      Math.floor(unit / columns) * step,
    );
  }
}

/** Paints numbers [canvases, side, side], 0 as paper; in full colour is the strongest of each canvas, or of them all. */
export function paintSquares(
  canvases: readonly HTMLCanvasElement[],
  values: Float32Array,
  full: "each" | "all",
  colours: Palette,
): void {
  const size = values.length / canvases.length;
  const most = strongest(values);
  canvases.forEach((canvas, i) => {
    const own = values.subarray(i * size, (i + 1) * size);
    const picture = square(own, full === "each" ? strongest(own) : most, colours);
    canvas.width = picture.width;
    canvas.height = picture.height;
    drawing(canvas).putImageData(picture, 0, 0);
  });
}

function strongest(values: ArrayLike<number>): number {
  let most = 1e-9;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]));
  return most;
}

/** Numbers as a square picture, `most` in full colour. */
function square(values: ArrayLike<number>, most: number, { paper, positive, negative }: Palette): ImageData {
  const side = Math.sqrt(values.length);
  const picture = new ImageData(side, side);
  for (let i = 0; i < values.length; i++) {
    const share = values[i] / most;
    mix(picture.data, 4 * i, paper, share > 0 ? positive : negative, Math.abs(share));
  }
  return picture;
}

function mix(data: Uint8ClampedArray, at: number, from: Rgb, to: Rgb, share: number): void {
  for (let i = 0; i < 3; i++) data[at + i] = from[i] + (to[i] - from[i]) * share;
  data[at + 3] = 255;
}
