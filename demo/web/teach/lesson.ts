// What a page of teaching is about: a body that stays as it is and makes features of examples, and what is trained on these.
import type { Tensor } from "simdgrad";
import type { NumericArray } from "simdgrad/data";
import type { Layer, Sequential } from "simdgrad/nn";

/** Numbers of one picture or sound. */
export type Sample = Float32Array | Uint8Array;

/** Of a number of a sample: what is far beyond becomes infinite on the way through the network. */
export const LARGEST = 1e4;

/** Whether a network can be shown these numbers. */
export function areUsable(numbers: NumericArray["data"]): boolean {
  return numbers.every((value) => Math.abs(value) <= LARGEST);
}

/** What stays as it is. */
export interface Body {
  /** From rows of samples to their features; it begins with whatever scaling they need. */
  readonly layer: Layer<Tensor, Tensor>;
  /** Its weights; undefined where it has them. */
  readonly state: Readonly<Record<string, NumericArray>> | undefined;
  /** Of one sample, as it is asked about. */
  readonly shape: readonly number[];
  /** Bytes become f32 in the program. */
  readonly dtype: "u8" | "f32";
  /** Of one row. */
  readonly features: readonly number[];
  /** What is trained, for so many classes; its first values follow from the seed of the trainer, but for `start`. */
  readonly trained: (classes: number) => Sequential;
  /** Values that some of what is trained begins with, by name. */
  readonly start: Readonly<Record<string, NumericArray>>;
  readonly variants: Variants;
}

/** Several versions of every example, so that few of them teach more. */
export interface Variants {
  readonly count: number;
  /** Of one example, as it is kept. */
  readonly shape: readonly number[];
  /** From examples [rows, ...] to their versions [rows, count, ...], drawn by a seed. */
  readonly layer: (seed: number) => (x: Tensor) => Tensor;
}

/** A class that is taught. */
export interface Taught {
  readonly name: string;
  readonly examples: readonly Sample[];
}

/** What a training does. */
export interface TeachSettings {
  readonly seed: number;
  readonly rate: number;
  /** Where it ends; 0: nowhere. */
  readonly steps: number;
}

/** Rows of a step. */
export const BATCH = 16;
