// Inputs that tests make by themselves, larger than the golden ones: described in samples, drawn here from a seeded generator.
import { type DType, type Shape, sizeOf } from "../../src/shape.ts";
import type { Value } from "../golden.ts";

/** Random data: numbers from low (included) to high, whole ones for i32 and u8. */
export interface Random {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly low: number;
  readonly high: number;
}

/** "7x33" is [7, 33], "scalar" is []. */
export function shapeOf(text: string): Shape {
  return text === "scalar" ? [] : text.split("x").map(Number);
}

/** f32 of a shape written "7x33". */
export function real(shape: string, low = -2, high = 2): Random {
  return { shape: shapeOf(shape), dtype: "f32", low, high };
}

/** i32, below `high`. */
export function whole(shape: string, low: number, high: number): Random {
  return { shape: shapeOf(shape), dtype: "i32", low, high };
}

/** Any u8. */
export function bytes(shape: string): Random {
  return { shape: shapeOf(shape), dtype: "u8", low: 0, high: 256 };
}

/** Uniform numbers in [0, 1): xorshift32, so that a failing test fails again. */
export function generator(seed: number): () => number {
  let state = (Math.imul(seed, 0x9e3779b9) ^ 0x5bf03635) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Data as described, of numbers that float32 holds. */
export function draw({ shape, dtype, low, high }: Random, next: () => number): Value {
  const number = () => low + next() * (high - low);
  const data = Array.from({ length: sizeOf(shape) }, () =>
    dtype === "f32" ? Math.fround(number()) : Math.floor(number()),
  );
  return { shape, dtype, data };
}
