// Pictures as a network takes them: a square from their middle, red, green and blue apart, each pixel the mean of what it covers.
import { make } from "../shared/dom.ts";

/** Whatever a canvas draws. */
export type Picture = HTMLVideoElement | ImageBitmap | HTMLCanvasElement;

/** Pixels of a side before means are taken, about. */
const FINE = 256;

const scratch = make("canvas");

function sizeOf(picture: Picture): readonly [number, number] {
  return picture instanceof HTMLVideoElement
    ? [picture.videoWidth, picture.videoHeight]
    : [picture.width, picture.height];
}

/** Draws the middle of a picture onto a square canvas; a camera's as in a mirror. */
export function drawSquare(picture: Picture, canvas: HTMLCanvasElement): void {
  const [width, height] = sizeOf(picture);
  const side = Math.min(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null || side === 0) return;
  context.imageSmoothingQuality = "high";
  const sign = picture instanceof HTMLVideoElement ? -1 : 1;
  context.setTransform(sign, 0, 0, 1, sign < 0 ? canvas.width : 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.drawImage(picture, (width - side) / 2, (height - side) / 2, side, side, 0, 0, canvas.width, canvas.height);
}

/** Bytes [3, side, side] of a picture. */
export function pixelsOf(picture: Picture, side: number): Uint8Array {
  const each = Math.max(1, Math.floor(FINE / side));
  const fine = side * each;
  if (scratch.width !== fine) {
    scratch.width = fine;
    scratch.height = fine;
  }
  drawSquare(picture, scratch);
  const pixels = scratch.getContext("2d", { willReadFrequently: true })?.getImageData(0, 0, fine, fine).data;
  const result = new Uint8Array(3 * side * side);
  if (pixels === undefined) return result;
  for (let channel = 0; channel < 3; channel++)
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++) {
        let sum = 0;
        for (let row = y * each; row < (y + 1) * each; row++)
          for (let column = x * each; column < (x + 1) * each; column++)
            sum += pixels[4 * (row * fine + column) + channel];
        result[(channel * side + y) * side + x] = Math.round(sum / (each * each));
      }
  return result;
}

/** Bytes [3, side, side] on a canvas of as many pixels. */
export function pictureOf(pixels: ArrayLike<number>, canvas = make("canvas")): HTMLCanvasElement {
  const side = Math.sqrt(pixels.length / 3);
  if (canvas.width !== side || canvas.height !== side) {
    canvas.width = side;
    canvas.height = side;
  }
  const image = new ImageData(side, side);
  for (let i = 0; i < side * side; i++) {
    for (let channel = 0; channel < 3; channel++) image.data[4 * i + channel] = pixels[channel * side * side + i];
    image.data[4 * i + 3] = 255;
  }
  canvas.getContext("2d")?.putImageData(image, 0, 0);
  return canvas;
}
