// MNIST's digits of 8 x 8 pixels, means of 3 x 3 pixels of the inner 24 x 24: small enough that a thousand members train in a minute.
import { loadMnist } from "../../demo/node/mnist-data.ts";

export const PIXELS = 64;
export const CLASSES = 10;

/** Rows of pixels from 0 to 1, one after the other, and what they show. */
export interface Digits {
  readonly rows: number;
  readonly x: Float32Array;
  readonly y: Int32Array;
}

export async function loadDigits(): Promise<{ readonly train: Digits; readonly test: Digits }> {
  const { train, test } = await loadMnist();
  return { train: small(train), test: small(test) };
}

function small({ x, y }: Awaited<ReturnType<typeof loadMnist>>["train"]): Digits {
  const rows = y.data.length;
  const pixels = new Float32Array(rows * PIXELS);
  for (let row = 0; row < rows; row++)
    for (let i = 0; i < 24; i++)
      for (let j = 0; j < 24; j++) {
        const at = row * PIXELS + 8 * Math.floor(i / 3) + Math.floor(j / 3);
        pixels[at] += (x.data[784 * row + 28 * (i + 2) + j + 2] as number) / (9 * 255);
      }
  return { rows, x: pixels, y: Int32Array.from(y.data as Uint8Array) };
}
