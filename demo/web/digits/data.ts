// The digits: fetched when they are needed, once.
import type { NumericArray } from "simdgrad/data";
import { parseIdx } from "simdgrad/data";
import { download } from "../shared/download.ts";

export const PIXELS = 28 * 28;

/** Rows of bytes 0 (paper) to 255 (ink), and what they show. */
export interface DigitSet {
  readonly x: NumericArray & { readonly data: Uint8Array };
  readonly y: NumericArray & { readonly data: Uint8Array };
  readonly rows: number;
}

export interface Digits {
  readonly train: DigitSet;
  readonly test: DigitSet;
}

/** How many digits there are to train on: the first view's, or all. */
export type Amount = "10000" | "60000";

const testRows: Readonly<Record<Amount, string>> = { "10000": "2000", "60000": "10000" };
const fetched = new Map<Amount, Promise<Digits>>();

/** The digits of an amount; `onProgress` hears the share that has come. @throws Problem where files are missing */
export function loadDigits(amount: Amount, onProgress: (share: number) => void): Promise<Digits> {
  let digits = fetched.get(amount);
  if (digits === undefined) {
    digits = fetchDigits(amount, onProgress);
    fetched.set(amount, digits);
    digits.catch(() => fetched.delete(amount)); // to be tried again
  }
  return digits;
}

async function fetchDigits(amount: Amount, onProgress: (share: number) => void): Promise<Digits> {
  const train = await fetchSet(`data/train-${amount}`, (share) => onProgress(0.85 * share));
  const test = await fetchSet(`data/test-${testRows[amount]}`, (share) => onProgress(0.85 + 0.15 * share));
  return { train, test };
}

async function fetchSet(path: string, onProgress: (share: number) => void): Promise<DigitSet> {
  const labels = parseIdx(await download(`${path}-labels.gz`));
  const images = parseIdx(await download(`${path}-images.gz`, (received, total) => onProgress(received / total)));
  const rows = labels.shape[0];
  return {
    x: { data: images.data as Uint8Array, shape: [rows, PIXELS] },
    y: { data: labels.data as Uint8Array, shape: [rows] },
    rows,
  };
}

/** One digit's bytes. */
export function imageOf({ x }: DigitSet, row: number): Uint8Array {
  return x.data.subarray(row * PIXELS, (row + 1) * PIXELS);
}
